/**
 * The command line's end of the control socket. Each call has a connection of its own, so that ending the connection
 * cancels the call, and a client that is not calling holds nothing open.
 *
 * ```ts
 * const control = new ControlClient({ folder, clock });
 * const status = await control.request('status', {}, { deadlineMs: 5_000 });
 * await control.stream('messages', { room: 'lobby' }, (message) => show(message), { signal });
 * ```
 */
import { connect, type Socket } from 'node:net';
import type { Clock } from '../../runtime/protocol/Clock.js';
import { AcademyError, fromErrorRecord } from '../../runtime/protocol/errors.js';
import type { RequestOptions } from '../../runtime/protocol/Transport.js';
import { type ControlAddress, controlAddress } from './controlAddress.js';
import { LineReader, parseLine, replyBytesMax, requestBytesMax } from './controlLines.js';

export interface ControlClientOptions {
  /** The data folder of the node. */
  readonly folder: string;
  readonly clock: Clock;
}

export interface ControlStreamOptions {
  /** Ends the subscription; the promise then resolves. */
  readonly signal?: AbortSignal;
}

/** How a call ends: at most once, by whatever comes first. */
interface Call {
  readonly onEvent: (event: unknown) => void;
  settle(outcome: { readonly result: unknown } | { readonly fault: AcademyError }): void;
}

const requestId = 1;

export class ControlClient {
  readonly #folder: string;
  readonly #clock: Clock;

  constructor({ folder, clock }: ControlClientOptions) {
    this.#folder = folder;
    this.#clock = clock;
  }

  /**
   * Events, if the method has any, are not told.
   * @throws AcademyError ERR_ACADEMY_NODE_NOT_RUNNING, ERR_ACADEMY_DEADLINE, ERR_ACADEMY_CONTROL, or what the node
   * answered with
   */
  async request(method: string, params: unknown, { deadlineMs, signal }: RequestOptions): Promise<unknown> {
    const giveUp = new AbortController();
    const timer = this.#clock.setTimeout(() => giveUp.abort(`no answer within ${deadlineMs} ms`), deadlineMs);
    const onAbort = (): void => giveUp.abort('the caller gave up');
    if (signal?.aborted) onAbort();
    signal?.addEventListener('abort', onAbort, { once: true });
    try {
      return await this.#call(method, params, () => {}, giveUp.signal);
    } catch (fault) {
      if (!giveUp.signal.aborted) throw fault;
      throw new AcademyError('ERR_ACADEMY_DEADLINE', `${method}: ${String(giveUp.signal.reason)}`, {
        remedy: 'try again when the machine is less busy; "academy tree" shows which actors are behind',
      });
    } finally {
      this.#clock.clearTimeout(timer);
      signal?.removeEventListener('abort', onAbort);
    }
  }

  /**
   * Tells events until the node has no more or the signal is aborted.
   * @returns the method's result; undefined after an abort
   * @throws AcademyError as `request` does, without a deadline; and what `onEvent` throws ends the call with it
   */
  async stream(
    method: string,
    params: unknown,
    onEvent: (event: unknown) => void,
    { signal }: ControlStreamOptions = {},
  ): Promise<unknown> {
    try {
      return await this.#call(method, params, onEvent, signal);
    } catch (fault) {
      if (signal?.aborted) return undefined;
      throw fault;
    }
  }

  #call(
    method: string,
    params: unknown,
    onEvent: (event: unknown) => void,
    signal: AbortSignal | undefined,
  ): Promise<unknown> {
    const line = `${JSON.stringify({ id: requestId, method, params: params ?? null })}\n`;
    if (Buffer.byteLength(line) > requestBytesMax) {
      throw new AcademyError('ERR_ACADEMY_PACKET_TOO_LARGE', `${method}: more than ${requestBytesMax} bytes`);
    }
    signal?.throwIfAborted();
    const address = this.#openAddress();
    const socket = connect(address.path);
    return new Promise((resolve, reject) => {
      const end = (): void => {
        signal?.removeEventListener('abort', onAbort);
        socket.destroy();
        address.release();
      };
      const fail = (fault: unknown): void => {
        end();
        reject(fault);
      };
      const onAbort = (): void => fail(signal?.reason);
      signal?.addEventListener('abort', onAbort, { once: true });
      const call: Call = {
        onEvent,
        settle: (outcome) => {
          if ('fault' in outcome) return fail(outcome.fault);
          end();
          resolve(outcome.result);
        },
      };
      socket.once('connect', () => socket.write(line));
      socket.on('error', (error) => fail(this.#connectionError(error)));
      socket.on('close', () => fail(cutOff));
      this.#listen(socket, call, fail);
    });
  }

  #listen(socket: Socket, call: Call, fail: (fault: unknown) => void): void {
    const reader = new LineReader(replyBytesMax);
    socket.on('data', (chunk) => {
      try {
        const lines = reader.push(chunk);
        if (!lines) throw new AcademyError('ERR_ACADEMY_CONTROL', 'the node sent a line that is too long');
        for (const line of lines) if (!socket.destroyed) readReply(line, call);
      } catch (fault) {
        fail(fault);
      }
    });
  }

  #openAddress(): ControlAddress {
    try {
      return controlAddress(this.#folder);
    } catch (fault) {
      throw fault instanceof AcademyError ? fault : this.#connectionError(fault as NodeJS.ErrnoException);
    }
  }

  #connectionError(cause: NodeJS.ErrnoException): AcademyError {
    if (cause.code === 'ENOENT' || cause.code === 'ECONNREFUSED' || cause.code === 'ENOTDIR') {
      return new AcademyError('ERR_ACADEMY_NODE_NOT_RUNNING', `no node runs on ${this.#folder}`, {
        remedy: 'start one with "academy up", or name its data folder with --data DIR',
        cause,
      });
    }
    const message = `the control socket in ${this.#folder}: ${cause.message}`;
    const remedy =
      cause.code === 'EACCES' ? 'the node belongs to another user: run the command as that user' : undefined;
    return new AcademyError('ERR_ACADEMY_CONTROL', message, { cause, remedy });
  }
}

const cutOff = new AcademyError('ERR_ACADEMY_CONTROL', 'the node closed the connection before it answered', {
  remedy: 'look at its log, or start it again with "academy up"',
});

function readReply(line: string, call: Call): void {
  const reply = parseLine(line);
  if (!reply || (reply.id !== requestId && reply.id !== null)) {
    throw new AcademyError('ERR_ACADEMY_CONTROL', 'the node sent a line that is no reply');
  }
  if ('error' in reply) call.settle({ fault: fromErrorRecord(reply.error, 'ERR_ACADEMY_CONTROL') });
  else if ('event' in reply) call.onEvent(reply.event);
  else call.settle({ result: reply.result });
}
