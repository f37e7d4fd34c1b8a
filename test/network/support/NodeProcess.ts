/** Drives a node in a child process; ends it by pid when the test ends. */
import { type ChildProcess, fork } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const modulePath = fileURLToPath(new URL('./nodeChild.js', import.meta.url));

/** What the nodes of one test share: an academy of their own, and a folder that is removed at the end. */
export class TestAcademy {
  readonly academyId: string;
  readonly #folder = mkdtempSync(join(tmpdir(), 'academy-mesh-'));
  readonly #nodes: NodeProcess[] = [];

  constructor() {
    this.academyId = `test-${process.pid}-${Math.floor(performance.now() * 1000).toString(36)}`;
  }

  /** Starts a node; given the name of one that was killed, it starts that one again. */
  async node(name: string, options: object = {}): Promise<NodeProcess> {
    const node = new NodeProcess({ ...process.env, XDG_CONFIG_HOME: join(this.#folder, 'config') });
    this.#nodes.push(node);
    const { nodeId } = (await node.call('start', {
      academyId: this.academyId,
      data: join(this.#folder, name),
      rooms: [{ id: 'lobby', consent: 'academy' }],
      personas: [],
      threads: 1,
      ...options,
    })) as { nodeId: string };
    node.nodeId = nodeId;
    return node;
  }

  async close(): Promise<void> {
    await Promise.all(this.#nodes.map((node) => node.end()));
    rmSync(this.#folder, { recursive: true, force: true });
  }
}

export class NodeProcess {
  nodeId = '';
  readonly #child: ChildProcess;
  readonly #open = new Map<number, { resolve: (value: unknown) => void; reject: (fault: Error) => void }>();
  readonly #exited: Promise<void>;
  #calls = 0;

  constructor(environment: NodeJS.ProcessEnv) {
    this.#child = fork(modulePath, { env: environment, stdio: ['ignore', 'inherit', 'inherit', 'ipc'] });
    this.#exited = new Promise((resolve) => this.#child.once('exit', () => resolve()));
    this.#child.on('message', (message) => {
      const { id, result, error } = message as {
        id: number;
        result?: unknown;
        error?: { code: string; message: string };
      };
      const call = this.#open.get(id);
      this.#open.delete(id);
      if (error) call?.reject(Object.assign(new Error(error.message), { code: error.code }));
      else call?.resolve(result);
    });
    void this.#exited.then(() => {
      for (const { reject } of this.#open.values()) reject(new Error('the node has ended'));
    });
  }

  call(call: string, ...args: readonly unknown[]): Promise<unknown> {
    const id = ++this.#calls;
    return new Promise((resolve, reject) => {
      this.#open.set(id, { resolve, reject });
      this.#child.send({ id, call, args }, (fault) => fault && reject(fault));
    });
  }

  /** As the kernel does it: no goodbye, no flush. */
  async kill(): Promise<void> {
    this.#child.kill('SIGKILL');
    await this.#exited;
  }

  async end(): Promise<void> {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return;
    await this.call('stop').catch(() => this.#child.kill('SIGKILL'));
    await this.#exited;
  }
}

/** Waits for a condition; the test's own time limit ends it. */
export async function until(condition: () => Promise<boolean>): Promise<void> {
  while (!(await condition())) await new Promise((resolve) => setTimeout(resolve, 10));
}
