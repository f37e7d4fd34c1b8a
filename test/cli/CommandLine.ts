/**
 * The built command line in a world of its own: an academy id, a home and folders that nothing else uses, and
 * processes that are ended with the test.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import type { Test } from 'tap';
import type { NodeConnection } from '../../cli/control/ControlMethods.js';
import { connectToFolder } from '../../cli/control/connectToNode.js';

export const academyProgram = fileURLToPath(new URL('../../cli/academy.js', import.meta.url));

export interface Finished {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

const processLimitMs = 60_000;

export class CommandLine {
  readonly folder: string;
  readonly #program: string;
  readonly #cwd: string;
  readonly academyId = `test-${randomBytes(6).toString('hex')}`;
  readonly #children: ChildProcess[] = [];

  private constructor(folder: string, program: string, cwd: string) {
    this.folder = folder;
    this.#program = program;
    this.#cwd = cwd;
  }

  /** @param place another program than the built one, and where it is called; by default an empty folder */
  static async open(t: Test, place: { program?: string; cwd?: string } = {}): Promise<CommandLine> {
    const folder = await mkdtemp(join(tmpdir(), 'academy-cli-'));
    const { program = academyProgram, cwd = join(folder, 'cwd') } = place;
    await mkdir(cwd, { recursive: true });
    const commandLine = new CommandLine(folder, program, cwd);
    t.teardown(async () => {
      await Promise.all(commandLine.#children.map((child) => killed(child)));
      await rm(folder, { recursive: true, force: true });
    });
    return commandLine;
  }

  get environment(): NodeJS.ProcessEnv {
    const inherited = Object.entries(process.env).filter(([name]) => !/^(ACADEMY_|NODE_ID$|TAP)/.test(name));
    return {
      ...Object.fromEntries(inherited),
      XDG_CONFIG_HOME: join(this.folder, 'config'),
      XDG_DATA_HOME: join(this.folder, 'share'),
      ACADEMY_ID: this.academyId,
    };
  }

  /** Runs `academy` with these arguments to its end. */
  async run(args: readonly string[], environment: NodeJS.ProcessEnv = {}): Promise<Finished> {
    const child = this.spawn(args, environment);
    const timer = setTimeout(() => child.kill('SIGKILL'), processLimitMs);
    const [stdout, stderr] = [collected(child.stdout), collected(child.stderr)];
    const [code] = (await once(child, 'close')) as [number | null];
    clearTimeout(timer);
    return { code, stdout: await stdout, stderr: await stderr };
  }

  /** What `academy … --json` prints. */
  async json<T>(args: readonly string[], environment: NodeJS.ProcessEnv = {}): Promise<T> {
    const { code, stdout, stderr } = await this.run([...args, '--json'], environment);
    if (code !== 0) throw new Error(`academy ${args.join(' ')} ended with ${code}: ${stderr}`);
    return JSON.parse(stdout) as T;
  }

  /** Starts a node and waits until it is ready. */
  async up(data: string, args: readonly string[] = []): Promise<RunningNode> {
    const folder = join(this.folder, data);
    const child = this.spawn(['up', '--no-scene', '--json', '--data', folder, ...args]);
    const stderr = collected(child.stderr);
    for await (const line of createInterface({ input: child.stdout as NodeJS.ReadableStream })) {
      const event = JSON.parse(line) as Record<string, unknown>;
      if (event.event === 'ready') return new RunningNode(child, folder, String(event.nodeId));
    }
    throw new Error(`academy up ${args.join(' ')} did not become ready: ${await stderr}`);
  }

  spawn(args: readonly string[], environment: NodeJS.ProcessEnv = {}): ChildProcess {
    const child = spawn(process.execPath, [this.#program, ...args], {
      cwd: this.#cwd,
      env: { ...this.environment, ...environment },
      // With a channel a node ends when this process is killed.
      stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
    });
    this.#children.push(child);
    return child;
  }
}

export class RunningNode {
  readonly data: string;
  readonly nodeId: string;
  readonly child: ChildProcess;
  /** Its control socket, for looking often without a process each time. */
  readonly connection: NodeConnection;

  constructor(child: ChildProcess, data: string, nodeId: string) {
    this.child = child;
    this.data = data;
    this.nodeId = nodeId;
    this.connection = connectToFolder(data);
    child.stdout?.resume();
  }

  /** @returns the exit code */
  async end(signal: NodeJS.Signals): Promise<number | null> {
    const gone = once(this.child, 'exit');
    this.child.kill(signal);
    const [code] = (await gone) as [number | null];
    return code;
  }

  /** What a node that has ended must not leave in its folder. */
  get leftovers(): readonly string[] {
    return ['control.sock', 'node.lock'].filter((name) => existsSync(join(this.data, name)));
  }
}

/** Looks until there is something; a test that waits in vain is ended by the runner. */
export async function eventually<T>(look: () => Promise<T | undefined | false>): Promise<T> {
  for (;;) {
    const found = await look();
    if (found !== undefined && found !== false) return found;
    await delay(50);
  }
}

async function collected(stream: NodeJS.ReadableStream | null): Promise<string> {
  let text = '';
  for await (const chunk of stream ?? []) text += String(chunk);
  return text;
}

async function killed(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const gone = once(child, 'exit');
  child.kill('SIGKILL');
  await gone;
}
