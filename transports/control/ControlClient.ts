/** A connection to a running node's control socket. */
import { connect, type Socket } from 'node:net';
import { AcademyError, fromErrorRecord } from '../../runtime/protocol/errors.js';
import { controlAddress } from './controlAddress.js';
import { readLines, writeLine } from './controlLines.js';

export interface ControlRequestOptions {
  /** Milliseconds until it fails with ERR_ACADEMY_DEADLINE. @default 30_000 */
  readonly deadlineMs?: number;
}

export interface ControlStreamOptions {
  /** Ends the stream. */
  readonly signal?: AbortSignal;
}

interface Call {
  readonly onEvent: (event: unknown) => void;
  readonly resolve: (result: unknown) => void;
  readonly reject: (error: AcademyError) => void;
}

const deadlineMsDefault = 30_000;

export class ControlClient {
  readonly #socket: Socket;
  readonly #calls = new Map<number, Call>();
  #lastId = 0;

  private constructor(socket: Socket) {
    this.#socket = socket;
    readLines(socket, (line) => this.#hear(line));
    socket.on('error', () => socket.destroy());
    socket.on('close', () => {
      for (const { reject } of this.#calls.values()) reject(hungUp());
      this.#calls.clear();
    });
  }

  /**
   * @param folder absolute path of the node's data folder
   * @throws AcademyError ERR_ACADEMY_NODE_NOT_RUNNING, ERR_ACADEMY_CONTROL
   */
  static async connect(folder: string): Promise<ControlClient> {
    const address = controlAddress(folder);
    try {
      return new ControlClient(await open(address.path));
    } catch (cause) {
      const { code, message } = cause as NodeJS.ErrnoException;
      if (code === 'ENOENT' || code === 'ECONNREFUSED' || code === 'ENOTDIR') {
        throw new AcademyError('ERR_ACADEMY_NODE_NOT_RUNNING', `no node runs on the data folder ${folder}`, {
          remedy: 'start one with "academy up", or name the folder of a running one with --data',
          cause,
        });
      }
      throw new AcademyError('ERR_ACADEMY_CONTROL', `the control socket of ${folder} cannot be used: ${message}`, {
        cause,
      });
    } finally {
      address.release();
    }
  }

  /** @throws AcademyError what the node answered with, ERR_ACADEMY_DEADLINE, ERR_ACADEMY_CONTROL when it hangs up */
  request(method: string, params: unknown, options: ControlRequestOptions = {}): Promise<unknown> {
    const { deadlineMs = deadlineMsDefault } = options;
    const { id, settled } = this.#call(method, params, () => {});
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => {
        this.#calls.delete(id);
        writeLine(this.#socket, { id, cancel: true });
        reject(new AcademyError('ERR_ACADEMY_DEADLINE', `the node did not answer "${method}" within ${deadlineMs} ms`));
      }, deadlineMs);
      settled.then(resolve, reject).finally(() => clearTimeout(timer));
    });
  }

  /**
   * Resolves with the stream's result when it ends, by itself or by the signal.
   * @throws AcademyError as request() does, without a deadline
   */
  async stream(
    method: string,
    params: unknown,
    onEvent: (event: unknown) => void,
    options: ControlStreamOptions = {},
  ): Promise<unknown> {
    const { signal } = options;
    const { id, settled } = this.#call(method, params, onEvent);
    const cancel = (): void => writeLine(this.#socket, { id, cancel: true });
    signal?.addEventListener('abort', cancel, { once: true });
    if (signal?.aborted) cancel();
    try {
      return await settled;
    } finally {
      signal?.removeEventListener('abort', cancel);
    }
  }

  close(): void {
    this.#socket.destroy();
  }

  #call(method: string, params: unknown, onEvent: Call['onEvent']): { id: number; settled: Promise<unknown> } {
    const id = ++this.#lastId;
    const settled = new Promise<unknown>((resolve, reject) => {
      if (this.#socket.destroyed) return reject(hungUp());
      this.#calls.set(id, { onEvent, resolve, reject });
      writeLine(this.#socket, { id, method, params });
    });
    return { id, settled };
  }

  #hear(line: Readonly<Record<string, unknown>>): void {
    const call = this.#calls.get(line.id as number);
    if (!call) return;
    if ('event' in line) return call.onEvent(line.event);
    this.#calls.delete(line.id as number);
    if ('error' in line) call.reject(fromErrorRecord(line.error, 'ERR_ACADEMY_CONTROL'));
    else call.resolve(line.result);
  }
}

function open(path: string): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const socket = connect(path);
    socket.once('error', reject);
    socket.once('connect', () => {
      socket.off('error', reject);
      resolve(socket);
    });
  });
}

function hungUp(): AcademyError {
  return new AcademyError('ERR_ACADEMY_CONTROL', 'the node has ended, or hung up', {
    remedy: 'look at its node.log, and start it again with "academy up"',
  });
}
