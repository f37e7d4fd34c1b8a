/**
 * A node of the scene: `academy up` in a process of its own, with a folder of its own, spoken to over its control
 * socket. It is ended on every path; if this process is killed, the child notices and ends by itself.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { AcademyError } from '../../index.js';
import type { NodeConnection } from '../control/ControlMethods.js';
import { connectToFolder } from '../control/connectToNode.js';
import type { AcademyUserConfig } from '../library.js';

export interface SceneNodeOptions {
  /** Exists; gets the configuration file and the data. */
  readonly folder: string;
  /** Holds what nodes of one user share, so that the scene touches nothing of the person's. */
  readonly userFolder: string;
  readonly config: AcademyUserConfig;
  readonly signal?: AbortSignal | undefined;
}

const startLimitMs = 40_000;
const stopLimitMs = 4_000;

export class SceneNode {
  readonly nodeId: string;
  readonly connection: NodeConnection;
  readonly #child: ChildProcess;

  private constructor(child: ChildProcess, nodeId: string, connection: NodeConnection) {
    this.#child = child;
    this.nodeId = nodeId;
    this.connection = connection;
  }

  /** Resolves when the node is ready. */
  static async start({ folder, userFolder, config, signal }: SceneNodeOptions): Promise<SceneNode> {
    const [configFile, data] = [join(folder, 'academy.config.json'), join(folder, 'data')];
    await writeFile(configFile, JSON.stringify(config));
    signal?.throwIfAborted();
    const args = [academyProgram, 'up', '--no-chat', '--no-scene', '--json', '--config', configFile, '--data', data];
    const child = spawn(process.execPath, args, {
      cwd: folder,
      env: childEnvironment(userFolder),
      stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
    });
    try {
      const { nodeId } = await readiness(child, signal);
      return new SceneNode(child, nodeId, connectToFolder(data));
    } catch (fault) {
      await end(child);
      throw fault;
    }
  }

  async stop(): Promise<void> {
    await end(this.#child);
  }
}

const academyProgram = fileURLToPath(new URL('../academy.js', import.meta.url));

/** Without what configures the person's own nodes. */
function childEnvironment(userFolder: string): NodeJS.ProcessEnv {
  const inherited = Object.entries(process.env).filter(([name]) => !/^(ACADEMY_|NODE_ID$|TAP)/.test(name));
  return {
    ...Object.fromEntries(inherited),
    XDG_CONFIG_HOME: join(userFolder, 'config'),
    XDG_DATA_HOME: join(userFolder, 'share'),
  };
}

/** Resolves with what the node says when it is ready; rejects when it ends first, is too late, or the signal fires. */
async function readiness(child: ChildProcess, signal: AbortSignal | undefined): Promise<{ nodeId: string }> {
  const said: string[] = [];
  child.stderr?.setEncoding('utf8').on('data', (text: string) => said.push(...text.trim().split('\n')));
  const settled = new AbortController();
  const untilSettled = { signal: settled.signal };
  try {
    return await new Promise((resolve, reject) => {
      const fail = (why: string): void =>
        reject(
          new AcademyError('ERR_ACADEMY_NODE_STOPPED', `a node of the scene did not start: ${why}`, {
            remedy: said.length > 0 ? `it said: ${said.slice(-5).join(' / ')}` : undefined,
          }),
        );
      const timer = setTimeout(() => fail(`not ready after ${startLimitMs / 1000} s`), startLimitMs);
      settled.signal.addEventListener('abort', () => clearTimeout(timer));
      signal?.addEventListener('abort', () => reject(signal.reason), untilSettled);
      child.once('error', (fault) => fail(fault.message));
      child.once('exit', (code, signalName) => fail(`it ended with ${code ?? signalName}`));
      if (!child.stdout) return;
      createInterface({ input: child.stdout }).on('line', (line) => {
        const event = parsed(line);
        if (event?.event === 'ready') resolve({ nodeId: String(event.nodeId) });
      });
    });
  } finally {
    settled.abort();
  }
}

function parsed(line: string): Record<string, unknown> | undefined {
  try {
    return JSON.parse(line) as Record<string, unknown>;
  } catch {
    return undefined;
  }
}

async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null || child.pid === undefined) return;
  const gone = once(child, 'exit');
  child.kill('SIGTERM');
  const timer = setTimeout(() => child.kill('SIGKILL'), stopLimitMs);
  await gone;
  clearTimeout(timer);
}
