/**
 * The local socket by which the command line reaches a running node: in the node's data folder, mode 0600, so that
 * who can open it is who owns the node.
 */
import { chmodSync, rmSync } from 'node:fs';
import { connect, createServer, type Server, type Socket } from 'node:net';
import { AcademyError, toErrorRecord } from '../../runtime/protocol/errors.js';
import { type ControlAddress, controlAddress } from './controlAddress.js';
import { readLines, writeLine } from './controlLines.js';

export interface ControlCall {
  /** Fires when the caller cancels or hangs up. */
  readonly signal: AbortSignal;
  /** Sends one event of a stream. */
  readonly emit: (event: unknown) => void;
}

/** What it throws goes back as an error record. */
export type ControlHandler = (method: string, params: unknown, call: ControlCall) => Promise<unknown>;

export interface ControlServerOptions {
  /** Absolute path of the node's data folder. */
  readonly folder: string;
  readonly handler: ControlHandler;
  /** Connections at a time; more are refused. @default 64 */
  readonly clientsMax?: number;
}

/** How long stop() lets calls end that it has cancelled: the answer to "stop" itself is one of them. */
const answersLimitMs = 300;
/** Calls that one connection may have open. */
const callsMax = 256;
const clientsMaxDefault = 64;

export class ControlServer {
  readonly #options: ControlServerOptions;
  readonly #sockets = new Set<Socket>();
  readonly #calls = new Map<AbortController, Promise<void>>();
  #server: Server | undefined;
  #address: ControlAddress | undefined;

  constructor(options: ControlServerOptions) {
    this.#options = options;
  }

  /**
   * Listens. A socket that a node left behind when it was killed is replaced.
   * @throws AcademyError ERR_ACADEMY_DATA_IN_USE when a node answers there, ERR_ACADEMY_CONTROL
   */
  async start(): Promise<void> {
    const address = controlAddress(this.#options.folder);
    this.#address = address;
    try {
      this.#server = await this.#listen(address).catch(async (fault: NodeJS.ErrnoException) => {
        if (fault.code !== 'EADDRINUSE' || address.file === undefined) throw fault;
        if (await isAnswered(address.path)) throw inUse(this.#options.folder);
        rmSync(address.file, { force: true });
        return this.#listen(address);
      });
    } catch (cause) {
      address.release();
      if (cause instanceof AcademyError) throw cause;
      const reason = cause instanceof Error ? cause.message : String(cause);
      throw new AcademyError('ERR_ACADEMY_CONTROL', `the control socket cannot be opened: ${reason}`, {
        remedy: 'choose another data folder with --data',
        cause,
      });
    }
  }

  /** Cancels what is open, hangs up on everyone and removes the socket. */
  async stop(): Promise<void> {
    const server = this.#server;
    if (!server) return;
    this.#server = undefined;
    const closed = new Promise<void>((resolve) => server.close(() => resolve()));
    for (const call of this.#calls.keys()) call.abort();
    await this.#answers();
    // What was answered still goes out: this flushes, destroy() would not.
    for (const socket of this.#sockets) socket.destroySoon();
    await closed;
    this.#address?.release();
  }

  async #answers(): Promise<void> {
    let timer: NodeJS.Timeout | undefined;
    const limit = new Promise<void>((resolve) => {
      timer = setTimeout(resolve, answersLimitMs);
    });
    await Promise.race([Promise.all(this.#calls.values()), limit]);
    clearTimeout(timer);
  }

  #listen(address: ControlAddress): Promise<Server> {
    const server = createServer((socket) => this.#serve(socket));
    server.maxConnections = this.#options.clientsMax ?? clientsMaxDefault;
    return new Promise((resolve, reject) => {
      server.once('error', reject);
      // The socket is made with this mask, inside listen(): at no moment may another user connect.
      const mask = process.umask(0o177);
      try {
        server.listen(address.path, () => {
          server.off('error', reject);
          resolve(server);
        });
      } finally {
        process.umask(mask);
      }
    }).then((listening) => {
      if (address.file !== undefined) chmodSync(address.file, 0o600);
      return listening as Server;
    });
  }

  #serve(socket: Socket): void {
    this.#sockets.add(socket);
    const calls = new Map<unknown, AbortController>();
    socket.on('error', () => socket.destroy());
    socket.on('close', () => {
      this.#sockets.delete(socket);
      for (const call of calls.values()) call.abort();
    });
    readLines(socket, ({ id, method, params, cancel }) => {
      if (cancel === true) calls.get(id)?.abort();
      else if (typeof method !== 'string' || calls.has(id) || calls.size >= callsMax) socket.destroy();
      else this.#take(socket, calls, id, method, params);
    });
  }

  #take(socket: Socket, calls: Map<unknown, AbortController>, id: unknown, method: string, params: unknown): void {
    const controller = new AbortController();
    calls.set(id, controller);
    const answer = this.#answer(socket, id, method, params, controller).finally(() => {
      calls.delete(id);
      this.#calls.delete(controller);
    });
    this.#calls.set(controller, answer);
  }

  async #answer(
    socket: Socket,
    id: unknown,
    method: string,
    params: unknown,
    controller: AbortController,
  ): Promise<void> {
    try {
      const result = await this.#options.handler(method, params, {
        signal: controller.signal,
        emit: (event) => writeLine(socket, { id, event }),
      });
      writeLine(socket, { id, result: result ?? null });
    } catch (thrown) {
      writeLine(socket, { id, error: toErrorRecord(thrown, 'ERR_ACADEMY_COMMAND_FAILED') });
    }
  }
}

function isAnswered(path: string): Promise<boolean> {
  return new Promise((resolve) => {
    const probe = connect(path);
    probe.once('connect', () => {
      probe.destroy();
      resolve(true);
    });
    probe.once('error', () => resolve(false));
  });
}

function inUse(folder: string): AcademyError {
  return new AcademyError('ERR_ACADEMY_DATA_IN_USE', `the data folder ${folder} belongs to a running node`, {
    remedy: `talk to that node with "academy chat --data ${folder}", or start another one with "academy up --data <another folder>"`,
  });
}
