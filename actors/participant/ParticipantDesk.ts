/**
 * What stands between a participant's callbacks and its machine: keeps each room's memory apart, turns calls into
 * effects, and gives every rejection to the machine, so that nothing fails unseen.
 */
import type { ActorEffect, ActorInput, LogLevel } from '../../runtime/protocol/actors.js';
import { fromErrorRecord } from '../../runtime/protocol/errors.js';
import { type Random, seededRandom } from '../../runtime/protocol/Random.js';
import type { ChatMessage } from '../../runtime/protocol/schemas/chat.js';
import type { FeedbackParams, SendMessageResult } from '../../runtime/protocol/schemas/commands.js';
import type { ChatParticipant } from '../../runtime/protocol/schemas/participant.js';
import type { ParticipantCallbacks, ParticipantContext, ParticipantRoom, SayOptions } from '../defineParticipant.js';
import { actorNames, chatCommands, type RoomNotice, type SettledAs } from '../messages.js';
import { participantEffects } from './participantEffects.js';

type DeskEvent =
  | { readonly type: 'participant.emit'; readonly effect: ActorEffect }
  | { readonly type: 'participant.failed'; readonly error: unknown };

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
const commandDeadlineMs = 30_000;
const typingMs = 4_000;

export class ParticipantDesk {
  readonly #participant: ChatParticipant;
  readonly #callbacks: ParticipantCallbacks;
  readonly #rooms = new Map<string, RoomMemory>();
  readonly #waiting = new Map<number, { resolve: (value: unknown) => void; reject: (error: unknown) => void }>();
  readonly #context: ParticipantContext;
  #send: (event: DeskEvent) => void = () => {};
  #asks = 0;

  constructor(participant: ChatParticipant, callbacks: ParticipantCallbacks, input: ActorInput) {
    this.#participant = participant;
    this.#callbacks = callbacks;
    this.#context = this.#contextOf(input, seededRandom(input.seed));
  }

  start(send: (event: DeskEvent) => void): void {
    this.#send = send;
    this.#run(this.#callbacks.onStart && (() => this.#callbacks.onStart?.(this.#context)));
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

  settle(settled: SettledAs<unknown>): void {
    const id = settled.tag as number;
    const waiting = this.#waiting.get(id);
    this.#waiting.delete(id);
    if (settled.error) waiting?.reject(fromErrorRecord(settled.error, 'ERR_ACADEMY_ASK_FAILED'));
    else waiting?.resolve(settled.result);
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

  #ask(message: { type: string; data: unknown }): Promise<unknown> {
    const id = ++this.#asks;
    return new Promise((resolve, reject) => {
      this.#waiting.set(id, { resolve, reject });
      this.#emit({
        type: 'ask',
        to: { name: actorNames.chatDaemon },
        message,
        deadlineMs: commandDeadlineMs,
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
    const rooms = this.#rooms;
    const say = (roomId: string, text: string, options: SayOptions = {}): Promise<SendMessageResult> =>
      this.#ask(participantEffects.sayCommand(participant, roomId, text, options)) as Promise<SendMessageResult>;
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
        await this.#ask({ type: chatCommands.feedback, data: params });
      },
      typing: (roomId, expiresInMs = typingMs) =>
        this.#emit({
          type: 'tell',
          to: { name: actorNames.room(roomId) },
          message: { type: 'room.typing', data: { participantId: participant.id, expiresInMs } },
        }),
      room: (roomId) => this.#memory(roomId),
      get rooms() {
        return [...rooms.keys()];
      },
      log: (level: LogLevel, text: string, fields?: Record<string, unknown>) =>
        this.#emit({ type: 'log', level, text, ...(fields ? { fields } : {}) }),
      nowMs: () => input.nowMs(),
      random: () => random.next(),
    };
  }
}
