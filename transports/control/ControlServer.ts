/**
 * The running node's end of the control socket, by which the command line talks to the node of a data folder. Only the
 * user who owns the folder can connect (mode 0600). A client that goes away cancels what it has asked for.
 */
import { chmodSync, lstatSync, unlinkSync } from 'node:fs';
import { connect, createServer, type Server, type Socket } from 'node:net';
import { AcademyError, toErrorRecord } from '../../runtime/protocol/errors.js';
import { type ControlAddress, controlAddress } from './controlAddress.js';
import {
  type ControlReply,
  type ControlRequest,
  LineReader,
  parseRequest,
  replyBytesMax,
  requestBytesMax,
} from './controlLines.js';

export interface ControlContext {
  /** Aborted when the client has gone or the server stops. */
  readonly signal: AbortSignal;
  /** Sends an event of a subscription; without effect once the signal is aborted. */
  emit(event: unknown): void;
}

/** What it resolves with is the result; what it throws is sent as an error record. */
export type ControlHandler = (method: string, params: unknown, context: ControlContext) => Promise<unknown>;

export interface ControlServerOptions {
  /** The data folder; it must exist. */
  readonly folder: string;
  readonly handler: ControlHandler;
  /** Clients at a time. @default 256 */
  readonly clientsMax?: number;
  /** Requests of one client at a time. @default 256 */
  readonly requestsMax?: number;
  /** Bytes that one client may leave unread before it is cut off. @default 64 MB */
  readonly unreadBytesMax?: number;
}

const defaults = { clientsMax: 256, requestsMax: 256, unreadBytesMax: 64 * 1024 * 1024 };
/** How long stop() waits for answers to what it has aborted. */
const lastAnswersMs = 300;

export class ControlServer {
  readonly #options: Required<ControlServerOptions>;
  readonly #clients = new Set<Client>();
  #server: Server | null = null;
  #address: ControlAddress | null = null;

  constructor(options: ControlServerOptions) {
    this.#options = { ...defaults, ...options };
  }

  /**
   * @throws AcademyError ERR_ACADEMY_DATA_IN_USE when a node answers on the socket already; ERR_ACADEMY_CONTROL when it
   * cannot be made
   */
  async start(): Promise<void> {
    if (this.#server) throw new AcademyError('ERR_ACADEMY_CONTROL', 'the control socket is open already');
    const { folder } = this.#options;
    const address = openAddress(folder);
    const server = createServer((socket) => this.#accept(socket));
    this.#server = server;
    try {
      if (!(await listens(server, address))) {
        await clearStale(address, folder);
        if (!(await listens(server, address))) throw inUse(folder);
      }
    } catch (fault) {
      this.#server = null;
      address.release();
      throw fault instanceof AcademyError ? fault : cannotOpen(folder, fault);
    }
    // A failed accept (no descriptors left) ends that connection only.
    server.on('error', () => {});
    this.#address = address;
  }

  /** Takes nothing more, aborts what is being handled, lets it answer (a command that ends the node is one), closes. */
  async stop(): Promise<void> {
    const server = this.#server;
    if (!server) return;
    this.#server = null;
    const closed = new Promise<void>((resolve) => server.close(() => resolve()));
    await Promise.all([...this.#clients].map((client) => client.finish()));
    await closed;
    this.#address?.release();
    this.#address = null;
  }

  #accept(socket: Socket): void {
    const client = new Client(socket, this.#options, () => this.#clients.delete(client));
    this.#clients.add(client);
    if (this.#clients.size <= this.#options.clientsMax) return;
    client.refuse(new AcademyError('ERR_ACADEMY_CONTROL', `${this.#options.clientsMax} clients are connected already`));
  }
}

/** One connection. */
class Client {
  readonly #socket: Socket;
  readonly #options: Required<ControlServerOptions>;
  readonly #reader = new LineReader(requestBytesMax);
  /** Cancels everything that this client has asked for. */
  readonly #gone = new AbortController();
  /** Ids of requests that are being handled, with what settles when they are answered. */
  readonly #open = new Map<number, Promise<void>>();

  constructor(socket: Socket, options: Required<ControlServerOptions>, onClose: () => void) {
    this.#socket = socket;
    this.#options = options;
    socket.on('data', (chunk) => this.#onData(chunk));
    socket.on('error', () => {});
    socket.on('end', () => this.#gone.abort());
    socket.on('close', () => {
      this.#gone.abort();
      onClose();
    });
  }

  /** Aborts the handlers, waits a moment for what they still answer, and closes. */
  async finish(): Promise<void> {
    this.#gone.abort();
    let timer: NodeJS.Timeout | undefined;
    const deadline = new Promise<void>((resolve) => {
      timer = setTimeout(resolve, lastAnswersMs);
    });
    await Promise.race([Promise.all(this.#open.values()), deadline]);
    clearTimeout(timer);
    this.#socket.destroySoon();
  }

  refuse(fault: AcademyError): void {
    this.#send({ id: null, error: toErrorRecord(fault, 'ERR_ACADEMY_CONTROL') });
    this.#gone.abort();
    this.#socket.destroySoon();
  }

  #onData(chunk: Buffer): void {
    if (this.#gone.signal.aborted) return;
    const lines = this.#reader.push(chunk);
    if (!lines) {
      const message = `a line is longer than ${requestBytesMax} bytes`;
      return this.refuse(new AcademyError('ERR_ACADEMY_BAD_ARGUMENT', message));
    }
    for (const line of lines) {
      const request = parseRequest(line);
      if (!request || this.#open.has(request.id)) {
        return this.refuse(new AcademyError('ERR_ACADEMY_BAD_ARGUMENT', 'a line is no request, or reuses an id'));
      }
      const answered = this.#handle(request).finally(() => this.#open.delete(request.id));
      this.#open.set(request.id, answered);
    }
  }

  /** Never rejects. */
  async #handle({ id, method, params }: ControlRequest): Promise<void> {
    let hasEvents = false;
    const emit = (event: unknown): void => {
      if (this.#gone.signal.aborted) return;
      hasEvents = true;
      this.#send({ id, event: event ?? null });
    };
    try {
      if (this.#open.size >= this.#options.requestsMax) {
        throw new AcademyError('ERR_ACADEMY_CONTROL', `${this.#options.requestsMax} requests are open already`);
      }
      const result = await this.#options.handler(method, params, { signal: this.#gone.signal, emit });
      this.#send({ id, ...(hasEvents ? { done: true } : {}), result: result ?? null });
    } catch (fault) {
      this.#send({ id, error: toErrorRecord(fault, 'ERR_ACADEMY_COMMAND_FAILED') });
    }
  }

  /** @throws whatever JSON cannot hold, to the handler that has made it */
  #send(reply: ControlReply): void {
    if (!this.#socket.writable) return;
    const line = `${JSON.stringify(reply)}\n`;
    if (Buffer.byteLength(line) > replyBytesMax) {
      throw new AcademyError('ERR_ACADEMY_PACKET_TOO_LARGE', 'the answer is too long for the control socket', {
        remedy: 'ask for less at a time',
      });
    }
    this.#socket.write(line);
    if (this.#socket.writableLength > this.#options.unreadBytesMax) this.#socket.destroy();
  }
}

function openAddress(folder: string): ControlAddress {
  try {
    return controlAddress(folder);
  } catch (fault) {
    throw fault instanceof AcademyError ? fault : cannotOpen(folder, fault);
  }
}

/** @returns false when something is there already */
async function listens(server: Server, address: ControlAddress): Promise<boolean> {
  const outcome = new Promise<boolean>((resolve, reject) => {
    const onError = (error: NodeJS.ErrnoException): void => {
      server.off('listening', onListening);
      if (error.code === 'EADDRINUSE') resolve(false);
      else reject(error);
    };
    const onListening = (): void => {
      server.off('error', onError);
      resolve(true);
    };
    server.once('error', onError);
    server.once('listening', onListening);
  });
  restricted(() => server.listen(address.path));
  const isListening = await outcome;
  // Where the mask could not be set; and no mask can add what the owner needs.
  if (isListening && address.file !== null) chmodSync(address.path, 0o600);
  return isListening;
}

/**
 * The socket's file is made inside `listen`, before it returns: under this mask nobody else can connect, not even for a
 * moment. Worker threads cannot set a mask; there the folder's own mode protects that moment.
 */
function restricted(action: () => void): void {
  let mask: number | null = null;
  try {
    mask = process.umask(0o177);
  } catch {
    mask = null;
  }
  try {
    action();
  } finally {
    if (mask !== null) process.umask(mask);
  }
}

/**
 * Removes the socket of a node that was killed.
 * @throws AcademyError ERR_ACADEMY_DATA_IN_USE when it lives, ERR_ACADEMY_CONTROL for a file that is no socket
 */
async function clearStale(address: ControlAddress, folder: string): Promise<void> {
  if (address.file === null) throw inUse(folder);
  const found = lstatSync(address.path, { throwIfNoEntry: false });
  if (!found) return;
  if (!found.isSocket()) {
    throw new AcademyError('ERR_ACADEMY_CONTROL', `${address.file} is no socket`, {
      remedy: 'move that file away, or choose another data folder with --data DIR',
    });
  }
  if (await answers(address.path)) throw inUse(folder);
  // Only what was probed is removed: in the meantime another node may have taken the place.
  if (lstatSync(address.path, { throwIfNoEntry: false })?.ino === found.ino) unlinkSync(address.path);
}

function answers(path: string): Promise<boolean> {
  return new Promise((resolve, reject) => {
    const socket = connect(path);
    socket.once('connect', () => {
      socket.destroy();
      resolve(true);
    });
    socket.once('error', (error: NodeJS.ErrnoException) => {
      if (error.code === 'ECONNREFUSED' || error.code === 'ENOENT') resolve(false);
      // A full backlog is a sign of life.
      else if (error.code === 'EAGAIN') resolve(true);
      else reject(error);
    });
  });
}

function inUse(folder: string): AcademyError {
  return new AcademyError('ERR_ACADEMY_DATA_IN_USE', `a node runs on ${folder}`, {
    remedy: `talk to it with "academy chat", or start another node with "academy up --data DIR"`,
  });
}

function cannotOpen(folder: string, cause: unknown): AcademyError {
  const reason = cause instanceof Error ? cause.message : String(cause);
  return new AcademyError('ERR_ACADEMY_CONTROL', `the control socket in ${folder} cannot be opened: ${reason}`, {
    remedy: 'check that the data folder exists and belongs to you',
    cause,
  });
}
