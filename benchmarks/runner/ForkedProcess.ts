/**
 * A process of a benchmark: a module of ours run by itself, spoken to in questions and answers. It never outlives its
 * parent: it ends when the channel to the parent closes, however that came about, and the parent ends it by its id.
 */
import { type ChildProcess, fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';

/** The questions of a process: what each is given, and what it answers. */
export type Questions = Readonly<Record<string, { readonly given: unknown; readonly answer: unknown }>>;

export interface ForkOptions {
  /** The process is ended and its questions reject when this fires. */
  readonly signal: AbortSignal;
  /** Flags of Node for this process, `--expose-gc` for instance. */
  readonly nodeFlags?: readonly string[];
  /** Variables that the process has besides those of its parent. */
  readonly environment?: Readonly<Record<string, string>>;
}

interface Question {
  readonly id: number;
  readonly name: string;
  readonly given: unknown;
}

interface Answer {
  readonly id: number;
  readonly answer?: unknown;
  readonly error?: { readonly message: string; readonly stack: string | undefined };
}

interface OpenQuestion {
  readonly resolve: (answer: unknown) => void;
  readonly reject: (error: Error) => void;
}

const stderrCharactersKept = 4_000;
/** How long a process may take to end by itself once its channel is closed. */
const endMs = 5_000;

export class ForkedProcess<Q extends Questions> {
  readonly #child: ChildProcess;
  readonly #module: string;
  readonly #open = new Map<number, OpenQuestion>();
  readonly #signal: AbortSignal;
  readonly #ended: Promise<void>;
  #questions = 0;
  #said = '';
  #stopping = false;

  /** Starts the module as a process; it must call answerQuestions. */
  constructor(module: URL, options: ForkOptions) {
    options.signal.throwIfAborted();
    this.#module = fileURLToPath(module);
    this.#signal = options.signal;
    this.#child = fork(this.#module, [], {
      serialization: 'advanced',
      execArgv: [...(options.nodeFlags ?? [])],
      env: { ...process.env, ...options.environment },
      stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
    });
    this.#child.on('message', (answer) => this.#settle(answer as Answer));
    this.#ended = this.#watch();
    options.signal.addEventListener('abort', this.#abort, { once: true });
  }

  get pid(): number | undefined {
    return this.#child.pid;
  }

  /** Rejects with what the process threw, when the process ends before it has answered, and when the run is given up. */
  ask<N extends keyof Q & string>(name: N, given: Q[N]['given']): Promise<Q[N]['answer']> {
    if (!this.#child.connected) return Promise.reject(this.#endedError('its channel is closed'));
    const question: Question = { id: ++this.#questions, name, given };
    return new Promise<unknown>((resolve, reject) => {
      this.#open.set(question.id, { resolve, reject });
      this.#child.send(question, (error) => {
        if (error) this.#fail(error);
      });
    });
  }

  /** Resolves when the process is gone. */
  async stop(): Promise<void> {
    this.#stopping = true;
    this.#signal.removeEventListener('abort', this.#abort);
    if (this.#child.connected) this.#child.disconnect();
    const kill = setTimeout(() => this.#child.kill('SIGKILL'), endMs);
    await this.#ended;
    clearTimeout(kill);
  }

  readonly #abort = (): void => {
    this.#fail(this.#signal.reason instanceof Error ? this.#signal.reason : new Error('the run was given up'));
    void this.stop();
  };

  /** Resolves when the process is gone and all that it said has been read; its 'close' does not come after a disconnect. */
  #watch(): Promise<void> {
    const child = this.#child;
    const exit = new Promise<string>((resolve) => {
      child.once('exit', (code, killedBy) => resolve(killedBy ?? `code ${code}`));
      // A process that could not be started at all has no 'exit'.
      child.once('error', (error) => {
        this.#fail(error);
        if (child.pid === undefined) resolve('it did not start');
      });
    });
    const silence = new Promise<void>((resolve) => {
      child.stderr?.once('close', resolve);
      child.stderr?.setEncoding('utf8').on('data', (text: string) => {
        this.#said = (this.#said + text).slice(-stderrCharactersKept);
      });
    });
    return Promise.all([exit, silence]).then(([how]) => this.#fail(this.#endedError(how)));
  }

  #settle({ id, answer, error }: Answer): void {
    const open = this.#open.get(id);
    this.#open.delete(id);
    if (!error) open?.resolve(answer);
    else open?.reject(Object.assign(new Error(error.message), { stack: error.stack }));
  }

  #fail(error: Error): void {
    for (const { reject } of this.#open.values()) reject(error);
    this.#open.clear();
  }

  #endedError(how: string): Error {
    const said = this.#stopping || !this.#said ? '' : `; it said: ${this.#said.trim()}`;
    return new Error(`the process of ${this.#module} has ended (${how})${said}`);
  }
}

/** Stops processes, all at once, and waits for all. */
export async function stopAll(processes: readonly { stop(): Promise<void> }[]): Promise<void> {
  await Promise.all(processes.map((each) => each.stop()));
}

/**
 * In the forked process: answers the questions, one handler each.
 * @param onParentGone what to do before the process ends because its parent has closed the channel or died
 */
export function answerQuestions<Q extends Questions>(
  handlers: { readonly [N in keyof Q]: (given: Q[N]['given']) => Q[N]['answer'] | Promise<Q[N]['answer']> },
  onParentGone: () => void | Promise<void> = () => {},
): void {
  const answer = (reply: Answer): void => {
    if (process.connected) process.send?.(reply);
  };
  process.on('message', async ({ id, name, given }: Question) => {
    try {
      const handler = handlers[name];
      if (!handler) throw new Error(`this process has no answer to "${name}"`);
      answer({ id, answer: await handler(given) });
    } catch (thrown) {
      const error = thrown instanceof Error ? thrown : new Error(String(thrown));
      answer({ id, error: { message: error.message, stack: error.stack } });
    }
  });
  process.once('disconnect', async () => {
    try {
      await onParentGone();
    } finally {
      process.exit(0);
    }
  });
  // Ctrl-C reaches the whole group; the parent decides when this process ends.
  process.on('SIGINT', () => {});
}
