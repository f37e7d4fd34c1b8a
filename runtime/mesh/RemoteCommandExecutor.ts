/**
 * Commands between nodes, over the reliable transport: request and answer, with one total deadline and the retries
 * inside it. Each request has a key that its retries share, and whoever serves it keeps what came of each key, so that
 * a retried command runs once. A call always settles, with a result or a coded error.
 */
import { LRUCache } from 'lru-cache';
import type { ActorMessage } from '../protocol/actors.js';
import type { Clock } from '../protocol/Clock.js';
import { AcademyError, type AcademyErrorCode, fromErrorRecord, toErrorRecord } from '../protocol/errors.js';
import type { NodeId } from '../protocol/identity.js';
import { limits } from '../protocol/limits.js';
import type { MessageCodec } from '../protocol/MessageCodec.js';
import type { Random } from '../protocol/Random.js';
import type { ReliableTransport } from '../protocol/Transport.js';
import type { CommandRegistry } from './CommandRegistry.js';
import type { MeshCounters } from './MeshCounters.js';
import type { RateLimitedLog } from './RateLimitedLog.js';
import { decodeAnswer, decodeRequest, type RemoteRequest } from './RemoteRequest.js';
import { withDeadline } from './withDeadline.js';

/** The actors of this node, as other nodes may speak to them; what they may say is the hosting's to decide. */
export interface RemotelyReachableActors {
  tell(name: string, message: ActorMessage, from: NodeId): void;
  ask(name: string, message: ActorMessage, deadlineMs: number, from: NodeId): Promise<unknown>;
}

export interface ExecutorParts {
  readonly nodeId: NodeId;
  readonly reliable: Pick<ReliableTransport, 'request' | 'onRequest'>;
  readonly codec: MessageCodec;
  readonly clock: Clock;
  readonly random: Random;
  readonly commands: CommandRegistry;
  readonly actors: RemotelyReachableActors;
  /** @throws AcademyError ERR_ACADEMY_NODE_UNKNOWN */
  readonly resolveNode: (idOrAlias: string) => NodeId;
  readonly counters: MeshCounters;
  readonly log: RateLimitedLog;
}

export interface CommandCallOptions {
  /** Total time, connecting and retries included. @default limits.commandDeadlineMs */
  readonly deadlineMs?: number;
  /** The same key for the same piece of work, over restarts of the caller too. @default drawn */
  readonly idempotencyKey?: string;
}

const retriesMax = 3;
const firstPauseMs = 50;
/** Results kept for retries: enough for the commands of a busy minute; what is larger than this is not kept. */
const keptResultBytesMax = 64 * 1024 * 1024;
/** What answers need around a result, within one frame. */
const answerOverheadBytes = 1_024;

/** Trying again does not help against these. */
const finalFaults: ReadonlySet<AcademyErrorCode> = new Set<AcademyErrorCode>([
  'ERR_ACADEMY_NODE_STOPPED',
  'ERR_ACADEMY_NODE_UNKNOWN',
  'ERR_ACADEMY_PACKET_TOO_LARGE',
  'ERR_ACADEMY_BAD_ARGUMENT',
]);

export class RemoteCommandExecutor {
  readonly #parts: ExecutorParts;
  readonly #running = new Map<string, Promise<Uint8Array>>();
  readonly #answered = new LRUCache<string, Uint8Array>({
    max: limits.idempotencyKeysMax,
    maxSize: keptResultBytesMax,
    sizeCalculation: (answer) => answer.length + answerOverheadBytes,
  });

  /** Begins to serve what other nodes ask for. */
  constructor(parts: ExecutorParts) {
    this.#parts = parts;
    parts.reliable.onRequest((from, request) => this.serve(from, request));
  }

  /**
   * Runs a command on a node, at most once.
   * @param nodeIdOrAlias this node's own too, which then runs it without a socket
   * @throws AcademyError ERR_ACADEMY_NODE_UNKNOWN, ERR_ACADEMY_DEADLINE, ERR_ACADEMY_COMMAND_DENIED,
   * ERR_ACADEMY_COMMAND_UNKNOWN, ERR_ACADEMY_COMMAND_FAILED, or the code that the command itself failed with
   */
  async executeRemoteCommand(
    nodeIdOrAlias: string,
    command: string,
    payload: unknown,
    options: CommandCallOptions = {},
  ): Promise<unknown> {
    const { nodeId, commands, clock, resolveNode } = this.#parts;
    const { deadlineMs = limits.commandDeadlineMs, idempotencyKey } = options;
    const node = resolveNode(nodeIdOrAlias);
    if (node === nodeId) {
      const work = commands.run(command, payload, { nodeId, local: true });
      return withDeadline(clock, deadlineMs, `command ${command}`, work);
    }
    const request = { kind: 'command', name: command, payload, key: this.#key(idempotencyKey), deadlineMs } as const;
    return this.#request(node, request, `command ${command} on node ${nodeIdOrAlias}`);
  }

  /**
   * Asks an actor of another node, at most once.
   * @throws AcademyError as executeRemoteCommand does, and ERR_ACADEMY_ASK_FAILED
   */
  async ask(node: NodeId, name: string, message: ActorMessage, options: CommandCallOptions = {}): Promise<unknown> {
    const { deadlineMs = limits.commandDeadlineMs, idempotencyKey } = options;
    const request = { kind: 'ask', actor: name, message, key: this.#key(idempotencyKey), deadlineMs } as const;
    return this.#request(node, request, `${message.type} to ${name} on node ${node}`);
  }

  /** Tells an actor of another node, at most once; what goes wrong is counted and logged. */
  tell(node: NodeId, name: string, message: ActorMessage): void {
    const deadlineMs = limits.commandDeadlineMs;
    const request = { kind: 'tell', actor: name, message, key: this.#key(), deadlineMs } as const;
    this.#request(node, request, `${message.type} to ${name} on node ${node}`).catch((fault: unknown) => {
      this.#parts.counters.sendFailures += 1;
      this.#parts.log.report('remote tell', 'warn', 'a message to an actor of another node was lost', {
        fault: fault instanceof Error ? fault.message : String(fault),
      });
    });
  }

  /** Answers a request of a peer; whatever goes wrong is in the answer. Handed to the reliable transport. */
  async serve(from: NodeId, bytes: Uint8Array): Promise<Uint8Array> {
    const { codec, counters } = this.#parts;
    const request = decodeRequest(codec, bytes);
    if (!request) {
      counters.dropped('invalid-payload', from);
      return this.#failure(new AcademyError('ERR_ACADEMY_BAD_ARGUMENT', 'this is no request that a node understands'));
    }
    const key = `${from} ${request.key}`;
    const earlier = this.#running.get(key) ?? this.#answered.get(key);
    if (earlier) {
      counters.commandsAnsweredAgain += 1;
      return earlier;
    }
    if (this.#running.size >= limits.idempotencyKeysMax) {
      return this.#failure(new AcademyError('ERR_ACADEMY_MAILBOX_FULL', 'this node has too many commands in hand'));
    }
    const work = this.#work(from, request);
    this.#running.set(key, work);
    const answer = await work;
    this.#running.delete(key);
    const isKept = request.kind !== 'command' || !this.#parts.commands.isRepeatable(request.name);
    if (isKept) this.#answered.set(key, answer);
    return answer;
  }

  /** Never rejects. */
  async #work(from: NodeId, request: RemoteRequest): Promise<Uint8Array> {
    const { clock, codec, counters } = this.#parts;
    counters.commandsServed += 1;
    try {
      const what = request.kind === 'command' ? `command ${request.name}` : `${request.kind} ${request.actor}`;
      const result = await withDeadline(clock, request.deadlineMs, what, this.#perform(from, request));
      const answer = codec.encode({ result: result ?? null });
      if (answer.length <= limits.frameBytesMax - answerOverheadBytes) return answer;
      throw new AcademyError('ERR_ACADEMY_PACKET_TOO_LARGE', `${what}: its result of ${answer.length} bytes`);
    } catch (fault) {
      if (fault instanceof AcademyError && fault.code === 'ERR_ACADEMY_COMMAND_DENIED') counters.commandsDenied += 1;
      return this.#failure(fault);
    }
  }

  async #perform(from: NodeId, request: RemoteRequest): Promise<unknown> {
    const { commands, actors } = this.#parts;
    switch (request.kind) {
      case 'command':
        return commands.run(request.name, request.payload, { nodeId: from, local: false });
      case 'ask':
        return actors.ask(request.actor, request.message, request.deadlineMs, from);
      case 'tell':
        return actors.tell(request.actor, request.message, from);
    }
  }

  #failure(fault: unknown): Uint8Array {
    return this.#parts.codec.encode({ error: toErrorRecord(fault, 'ERR_ACADEMY_COMMAND_FAILED') });
  }

  /** The time that is left is shared out among the attempts that are left, so that a lost answer can be asked for. */
  async #request(node: NodeId, request: RemoteRequest, what: string): Promise<unknown> {
    const { clock, counters, random } = this.#parts;
    const endsAtMs = clock.monotonicMs() + request.deadlineMs;
    counters.commandsSent += 1;
    for (let attempt = 0; ; attempt += 1) {
      const leftMs = Math.max(1, Math.floor(endsAtMs - clock.monotonicMs()));
      try {
        return await this.#attempt(node, { ...request, deadlineMs: leftMs }, leftMs / (retriesMax + 1 - attempt), what);
      } catch (fault) {
        if (!(fault instanceof LostAttempt)) throw fault;
        const pauseMs = firstPauseMs * 2 ** attempt * (0.5 + random.next() / 2);
        const isOver = attempt === retriesMax || clock.monotonicMs() + pauseMs >= endsAtMs;
        if (isOver) throw gaveUp(what, attempt + 1, fault.cause);
        counters.commandRetries += 1;
        await new Promise<void>((resolve) => clock.setTimeout(resolve, pauseMs));
      }
    }
  }

  async #attempt(node: NodeId, request: RemoteRequest, deadlineMs: number, what: string): Promise<unknown> {
    const { reliable, codec, clock } = this.#parts;
    const bytes = codec.encode(request);
    let answered: Uint8Array;
    try {
      answered = await withDeadline(clock, deadlineMs, what, reliable.request(node, bytes, { deadlineMs }));
    } catch (cause) {
      if (cause instanceof AcademyError && finalFaults.has(cause.code)) throw cause;
      throw new LostAttempt(what, { cause });
    }
    const answer = decodeAnswer(codec, answered);
    if (!answer) throw new AcademyError('ERR_ACADEMY_COMMAND_FAILED', `${what}: the answer cannot be read`);
    if ('error' in answer) throw fromErrorRecord(answer.error, 'ERR_ACADEMY_COMMAND_FAILED');
    return answer.result;
  }

  #key(given: string = this.#parts.random.id()): string {
    if (given.length > 0 && given.length <= limits.idCharactersMax) return given;
    throw new AcademyError('ERR_ACADEMY_BAD_ARGUMENT', `a key has 1 to ${limits.idCharactersMax} characters`);
  }
}

/** The answer did not come: the command may have run or not, and the same key may be sent again. */
class LostAttempt extends Error {}

function gaveUp(what: string, attempts: number, cause: unknown): AcademyError {
  const reason = cause instanceof Error ? cause.message : String(cause);
  const message = `${what} was not answered after ${attempts} attempts: ${reason}`;
  return new AcademyError('ERR_ACADEMY_DEADLINE', message, { cause });
}
