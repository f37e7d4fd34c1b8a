/**
 * What stands between a participant's callbacks and its machine: keeps each room's memory apart, turns calls into
 * effects, and gives every rejection to the machine, so that nothing fails unseen.
 */
import type {
  ActorEffect,
  ActorInput,
  ActorReference,
  AskToken,
  DeliveredMessage,
  LogLevel,
  Settled,
} from '../../runtime/protocol/actors.js';
import { AcademyError, fromErrorRecord, toErrorRecord } from '../../runtime/protocol/errors.js';
import { inspectedAs } from '../../runtime/protocol/inspectedAs.js';
import { type Random, seededRandom } from '../../runtime/protocol/Random.js';
import type { ChatMessage } from '../../runtime/protocol/schemas/chat.js';
import type { FeedbackParams, SendMessageResult } from '../../runtime/protocol/schemas/commands.js';
import type { ChatParticipant } from '../../runtime/protocol/schemas/participant.js';
import type { ParticipantCallbacks, ParticipantContext, ParticipantRoom, SayOptions } from '../defineParticipant.js';
import { actorNames, chatCommands, type RoomNotice } from '../messages.js';
import { participantEffects } from './participantEffects.js';

type DeskEvent =
  | { readonly type: 'participant.emit'; readonly effect: ActorEffect }
  | { readonly type: 'participant.failed'; readonly error: unknown }
  | { readonly type: 'participant.set-timer'; readonly id: number; readonly delayMs: number }
  | { readonly type: 'participant.clear-timer'; readonly id: number };

/** By id, since in a large room members come and go by the hundred. */
class RoomMemory implements ParticipantRoom {
  readonly roomId: string;
  readonly membersById = new Map<string, ChatParticipant>();
  history: readonly ChatMessage[] = [];
  state: unknown;

  constructor(roomId: string) {
    this.roomId = roomId;
  }

  get members(): readonly ChatParticipant[] {
    return [...this.membersById.values()];
  }
}

const historyKept = 50;
const askDeadlineMs = 30_000;
const typingMs = 4_000;
/** Longest delay that Node's timers keep: 2^31 - 1 ms. */
const timerMsMax = 0x7fffffff;

export class ParticipantDesk {
  readonly #participant: ChatParticipant;
  readonly #callbacks: ParticipantCallbacks;
  #rooms = new Map<string, RoomMemory>();
  #waiting = new Map<number, { resolve: (value: unknown) => void; reject: (error: unknown) => void }>();
  #timers = new Map<number, () => unknown>();
  readonly #context: ParticipantContext;
  /** Said before there is a machine to say it to. */
  readonly #unsent: DeskEvent[] = [];
  #send: (event: DeskEvent) => void = (event) => this.#unsent.push(event);
  #asks = 0;
  #lastTimer = 0;

  constructor(participant: ChatParticipant, callbacks: ParticipantCallbacks, input: ActorInput) {
    this.#participant = participant;
    this.#callbacks = callbacks;
    this.#context = this.#contextOf(input, seededRandom(input.seed));
  }

  [inspectedAs](): object {
    const rooms = [...this.#rooms.values()].map(({ roomId, membersById, history, state }) => {
      const members = [...membersById.keys()];
      return [roomId, { members, messagesKept: history.length, ...(state === undefined ? {} : { state }) }];
    });
    return { rooms: Object.fromEntries(rooms), questionsOpen: this.#waiting.size, timers: this.#timers.size };
  }

  start(send: (event: DeskEvent) => void): void {
    this.#send = send;
    this.#run(this.#callbacks.onStart && (() => this.#callbacks.onStart?.(this.#context)));
  }

  /**
   * Takes the place of the desk of an earlier module: its rooms, what it waits for and its timers, which keep the
   * callbacks that they were set with. What the earlier one still says, it says by this one.
   */
  takeOver(earlier: ParticipantDesk): this {
    this.#rooms = earlier.#rooms;
    this.#waiting = earlier.#waiting;
    this.#timers = earlier.#timers;
    this.#asks = earlier.#asks;
    this.#lastTimer = earlier.#lastTimer;
    earlier.#send = (event) => this.#send(event);
    return this;
  }

  /** The machine goes on that the earlier desk had. */
  goOn(send: (event: DeskEvent) => void): void {
    this.#send = send;
    for (const event of this.#unsent.splice(0)) send(event);
  }

  hear(notice: RoomNotice): void {
    const context = this.#context;
    const callbacks = this.#callbacks;
    switch (notice.type) {
      case 'room.joined': {
        const memory = this.#memory(notice.data.roomId);
        memory.membersById.clear();
        for (const member of notice.data.members) memory.membersById.set(member.id, member);
        memory.history = notice.data.recent.slice(-historyKept);
        return this.#run(callbacks.onJoin && (() => callbacks.onJoin?.(notice.data, context)));
      }
      case 'room.message':
        return this.#hearMessage(notice.data.message);
      case 'room.signal':
        return this.#run(callbacks.onSignal && (() => callbacks.onSignal?.(notice.data.signal, context)));
      case 'room.member-joined': {
        this.#memory(notice.data.roomId).membersById.set(notice.data.participant.id, notice.data.participant);
        return this.#run(callbacks.onMemberJoined && (() => callbacks.onMemberJoined?.(notice.data, context)));
      }
      case 'room.member-left': {
        this.#memory(notice.data.roomId).membersById.delete(notice.data.participantId);
        return this.#run(callbacks.onMemberLeft && (() => callbacks.onMemberLeft?.(notice.data, context)));
      }
      case 'room.evolution':
        return this.#run(callbacks.onEvolution && (() => callbacks.onEvolution?.(notice.data.evolution, context)));
      case 'room.typing':
      case 'room.presence':
        return;
    }
  }

  settle(settled: Settled): void {
    const id = settled.tag as number;
    const waiting = this.#waiting.get(id);
    this.#waiting.delete(id);
    if (settled.error) waiting?.reject(fromErrorRecord(settled.error, 'ERR_ACADEMY_ASK_FAILED'));
    else waiting?.resolve(settled.result);
  }

  /** A message of another actor; one that the participant has no answer for is passed over, unless somebody waits. */
  answer({ type, data, from, ask }: DeliveredMessage): void {
    const answers = this.#callbacks.answers ?? {};
    const handler = Object.hasOwn(answers, type) ? answers[type] : undefined;
    if (handler) {
      this.#run(() => this.#settleWith(ask, () => handler(data as never, this.#context, from)));
    } else if (ask) {
      const unknown = new AcademyError('ERR_ACADEMY_COMMAND_UNKNOWN', `"${this.#participant.id}" takes no "${type}"`, {
        remedy: `it takes: ${Object.keys(answers).join(', ') || 'nothing, since it has no answers'}`,
      });
      this.#emit({ type: 'reply', ask, error: toErrorRecord(unknown, 'ERR_ACADEMY_COMMAND_UNKNOWN') });
    }
  }

  /** A timer is due. */
  ring(id: number): void {
    const callback = this.#timers.get(id);
    this.#run(callback);
  }

  /** An AcademyError is an answer; what else goes wrong is the participant's failure, of which the host tells. */
  #settleWith(ask: AskToken | undefined, handler: () => unknown): unknown {
    const succeed = (result: unknown): void => {
      if (ask) this.#emit({ type: 'reply', ask, result: result ?? null });
    };
    const fail = (thrown: unknown): void => {
      if (!ask || !(thrown instanceof AcademyError)) throw thrown;
      this.#emit({ type: 'reply', ask, error: toErrorRecord(thrown, 'ERR_ACADEMY_ASK_FAILED') });
    };
    try {
      const result = handler();
      if (result instanceof Promise) return result.then(succeed, fail);
      return succeed(result);
    } catch (thrown) {
      return fail(thrown);
    }
  }

  #setTimer(delayMs: number, ring: (id: number) => unknown): () => void {
    if (!(delayMs >= 0 && delayMs <= timerMsMax)) {
      throw new AcademyError('ERR_ACADEMY_BAD_ARGUMENT', `a timer of ${delayMs} ms; 0 to ${timerMsMax} are possible`);
    }
    const id = ++this.#lastTimer;
    this.#timers.set(id, () => ring(id));
    this.#send({ type: 'participant.set-timer', id, delayMs });
    return () => {
      if (this.#timers.delete(id)) this.#send({ type: 'participant.clear-timer', id });
    };
  }

  #after(delayMs: number, callback: () => unknown): () => void {
    return this.#setTimer(delayMs, (id) => {
      this.#timers.delete(id);
      return callback();
    });
  }

  #every(periodMs: number, callback: () => unknown): () => void {
    return this.#setTimer(periodMs, (id) => {
      this.#send({ type: 'participant.set-timer', id, delayMs: periodMs });
      return callback();
    });
  }

  #hearMessage(message: ChatMessage): void {
    const memory = this.#memory(message.roomId);
    memory.history = [...memory.history.slice(-(historyKept - 1)), message];
    if (message.participantId === this.#participant.id) return;
    const { onMention, onMessage } = this.#callbacks;
    const called = message.mentions?.includes(this.#participant.id) ? (onMention ?? onMessage) : onMessage;
    this.#run(called && (() => called(message, this.#context)));
  }

  /** Runs a callback; what it throws now or rejects with later becomes the machine's failure. */
  #run(callback: (() => unknown) | undefined): void {
    if (!callback) return;
    const result = callback();
    if (result instanceof Promise) result.catch((error) => this.#send({ type: 'participant.failed', error }));
  }

  #memory(roomId: string): RoomMemory {
    let memory = this.#rooms.get(roomId);
    if (!memory) {
      memory = new RoomMemory(roomId);
      this.#rooms.set(roomId, memory);
    }
    return memory;
  }

  #askDaemon(message: { type: string; data: unknown }): Promise<unknown> {
    return this.#ask({ name: actorNames.chatDaemon }, message, askDeadlineMs);
  }

  #ask(to: ActorReference, message: { type: string; data: unknown }, deadlineMs: number): Promise<unknown> {
    const id = ++this.#asks;
    return new Promise((resolve, reject) => {
      this.#waiting.set(id, { resolve, reject });
      this.#emit({
        type: 'ask',
        to,
        message,
        deadlineMs,
        settles: 'participant.settled',
        tag: id,
      });
    });
  }

  #emit(effect: ActorEffect): void {
    this.#send({ type: 'participant.emit', effect });
  }

  #contextOf(input: ActorInput, random: Random): ParticipantContext {
    const participant = this.#participant;
    const roomIds = (): string[] => [...this.#rooms.keys()];
    const say = (roomId: string, text: string, options: SayOptions = {}): Promise<SendMessageResult> =>
      this.#askDaemon(participantEffects.sayCommand(participant, roomId, text, options)) as Promise<SendMessageResult>;
    return {
      self: participant,
      options: input.options,
      say,
      reply: (message, text, options) => say(message.roomId, text, { ...options, replyTo: message.messageId }),
      judge: async (message, judgement) => {
        const params: FeedbackParams = {
          ...judgement,
          roomId: message.roomId,
          messageId: message.messageId,
          judgeId: participant.id,
        };
        await this.#askDaemon({ type: chatCommands.feedback, data: params });
      },
      typing: (roomId, expiresInMs = typingMs) =>
        this.#emit({
          type: 'tell',
          to: { name: actorNames.room(roomId) },
          message: { type: 'room.typing', data: { participantId: participant.id, expiresInMs } },
        }),
      tell: (to, type, data) => this.#emit({ type: 'tell', to, message: { type, data } }),
      ask: (to, type, data, { deadlineMs = askDeadlineMs } = {}) =>
        this.#ask(to, { type, data }, deadlineMs) as Promise<never>,
      after: (delayMs, callback) => this.#after(delayMs, callback),
      every: (periodMs, callback) => this.#every(periodMs, callback),
      room: (roomId) => this.#memory(roomId),
      get rooms() {
        return roomIds();
      },
      log: (level: LogLevel, text: string, fields?: Record<string, unknown>) =>
        this.#emit({ type: 'log', level, text, ...(fields ? { fields } : {}) }),
      nowMs: () => input.nowMs(),
      random: () => random.next(),
    };
  }
}
