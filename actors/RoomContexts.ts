/**
 * What an AI knows of each room that it sits in, kept apart: history, topic, members, its role there, and a state of
 * its own. Nothing that was heard in one room can be read through the context of another; a property test plants
 * secrets to hold it to that.
 */
import { compareEntries, entryOfMessage } from '../runtime/protocol/roomLog.js';
import type { ChatMessage } from '../runtime/protocol/schemas/chat.js';
import type { ChatParticipant, RoomConsent } from '../runtime/protocol/schemas/participant.js';
import { contentWordsOf } from './contentWords.js';
import { type AIContextWindow, buildContextWindow, type ContextWindowOptions } from './contextWindow.js';
import type { RoomNotice, RoomNotices } from './messages.js';

export type RoomRole = 'expert' | 'learner' | 'moderator';

/** One room as its reader sees it at one moment; a copy that later messages do not change. */
export interface RoomContext<S> {
  readonly roomId: string;
  /** Oldest first, at most `historyMessagesMax`. */
  readonly conversationHistory: readonly ChatMessage[];
  /** Up to three words, the heaviest first; empty while nothing was said. */
  readonly currentTopic: string;
  readonly participants: readonly ChatParticipant[];
  readonly myRole: RoomRole;
  readonly consent: RoomConsent;
  readonly contextWindow: AIContextWindow;
  readonly personalState: S;
}

export interface RoomContextsOptions<S> {
  readonly self: ChatParticipant;
  /** Makes the state of a room that is new. */
  readonly personalState: (roomId: string) => S;
  readonly roles?: Readonly<Record<string, RoomRole>>;
  /** @default 'expert' */
  readonly role?: RoomRole;
  /** Messages remembered per room. @default 512 */
  readonly historyMessagesMax?: number;
  readonly window?: Partial<ContextWindowOptions>;
}

/** All contexts at rest: plain data, if `S` is. */
export type RoomContextsSnapshot<S> = readonly RoomMemorySnapshot<S>[];

interface RoomMemorySnapshot<S> {
  readonly roomId: string;
  readonly personalState: S;
  readonly consent: RoomConsent;
  readonly isPresent: boolean;
  readonly history: readonly ChatMessage[];
  readonly participants: readonly ChatParticipant[];
  readonly topic: readonly (readonly [word: string, weight: number])[];
}

/** What a notice changed. */
export interface ContextChange {
  /** False: the message was known already, or is not of the room that it was told in. */
  readonly isNew: boolean;
  readonly topicShifted: boolean;
}

const unchanged: ContextChange = { isNew: false, topicShifted: false };
const historyMessagesMaxDefault = 512;

/** Contexts by room. `S` is the state that the reader keeps for itself in each room. */
export class RoomContexts<S> {
  readonly #options: RoomContextsOptions<S>;
  readonly #rooms = new Map<string, RoomMemory<S>>();

  constructor(options: RoomContextsOptions<S>) {
    this.#options = options;
  }

  static restore<S>(rooms: RoomContextsSnapshot<S>, options: RoomContextsOptions<S>): RoomContexts<S> {
    const contexts = new RoomContexts(options);
    for (const room of rooms) contexts.#rooms.set(room.roomId, RoomMemory.restore(room, options));
    return contexts;
  }

  snapshot(): RoomContextsSnapshot<S> {
    return [...this.#rooms.values()].map((room) => room.snapshot());
  }

  /** Rooms that it sits in. */
  get roomIds(): readonly string[] {
    return [...this.#rooms].filter(([, room]) => room.isPresent).map(([roomId]) => roomId);
  }

  /** Takes in what a room told; notices without a bearing on the context change nothing. */
  note({ type, data }: Pick<RoomNotice, 'type' | 'data'>): ContextChange {
    const { roomId } = data;
    switch (type) {
      case 'room.joined':
        return this.#room(roomId).join(data as RoomNotices['room.joined']);
      case 'room.message':
        return this.#room(roomId).say((data as RoomNotices['room.message']).message);
      case 'room.member-joined':
        return this.#room(roomId).enter((data as RoomNotices['room.member-joined']).participant);
      case 'room.member-left':
        return this.#room(roomId).leave((data as RoomNotices['room.member-left']).participantId);
      default:
        return unchanged;
    }
  }

  /** Undefined for a room that it does not sit in. */
  get(roomId: string, current?: ChatMessage): RoomContext<S> | undefined {
    const room = this.#rooms.get(roomId);
    return room?.isPresent ? room.view(current) : undefined;
  }

  /** A room of which nothing is known keeps everything to itself. */
  consentOf(roomId: string): RoomConsent {
    return this.#rooms.get(roomId)?.consent ?? 'local';
  }

  personalState(roomId: string): S {
    return this.#room(roomId).personalState;
  }

  setPersonalState(roomId: string, state: S): void {
    this.#room(roomId).personalState = state;
  }

  /** For saving; the histories come back from the rooms. */
  personalStates(): ReadonlyMap<string, S> {
    return new Map([...this.#rooms].map(([roomId, room]) => [roomId, room.personalState]));
  }

  #room(roomId: string): RoomMemory<S> {
    let room = this.#rooms.get(roomId);
    if (!room) {
      room = new RoomMemory(roomId, this.#options);
      this.#rooms.set(roomId, room);
    }
    return room;
  }
}

class RoomMemory<S> {
  personalState: S;
  consent: RoomConsent = 'local';
  /** False before the room has told anything, and after the reader has left it. */
  isPresent = false;
  readonly #roomId: string;
  readonly #options: RoomContextsOptions<S>;
  readonly #historyMax: number;
  readonly #history: ChatMessage[] = [];
  readonly #known = new Set<string>();
  readonly #participants = new Map<string, ChatParticipant>();
  #topic = new Topic();

  constructor(roomId: string, options: RoomContextsOptions<S>) {
    this.#roomId = roomId;
    this.#options = options;
    this.#historyMax = options.historyMessagesMax ?? historyMessagesMaxDefault;
    this.personalState = options.personalState(roomId);
  }

  static restore<S>(memory: RoomMemorySnapshot<S>, options: RoomContextsOptions<S>): RoomMemory<S> {
    const { roomId, personalState, consent, isPresent, history, participants, topic } = memory;
    const room = new RoomMemory(roomId, options);
    room.personalState = personalState;
    room.consent = consent;
    room.isPresent = isPresent;
    room.#history.push(...history);
    for (const { messageId } of history) room.#known.add(messageId);
    for (const participant of participants) room.#participants.set(participant.id, participant);
    room.#topic = new Topic(topic);
    return room;
  }

  snapshot(): RoomMemorySnapshot<S> {
    return {
      roomId: this.#roomId,
      personalState: this.personalState,
      consent: this.consent,
      isPresent: this.isPresent,
      history: [...this.#history],
      participants: [...this.#participants.values()],
      topic: this.#topic.words,
    };
  }

  join({ members, consent, recent }: RoomNotices['room.joined']): ContextChange {
    this.consent = consent;
    this.isPresent = true;
    this.#participants.clear();
    for (const member of members) this.#participants.set(member.id, copyOf(member));
    let topicShifted = false;
    for (const message of recent) topicShifted = this.say(message).topicShifted || topicShifted;
    return { isNew: true, topicShifted };
  }

  say(message: ChatMessage): ContextChange {
    // A message told in one room that claims another would carry what is said there across.
    if (message.roomId !== this.#roomId || this.#known.has(message.messageId)) return unchanged;
    this.#known.add(message.messageId);
    this.isPresent = true;
    this.#insert(message);
    return { isNew: true, topicShifted: this.#topic.hear(message) };
  }

  enter(participant: ChatParticipant): ContextChange {
    this.#participants.set(participant.id, copyOf(participant));
    return { isNew: true, topicShifted: false };
  }

  leave(participantId: string): ContextChange {
    if (participantId === this.#options.self.id) this.isPresent = false;
    return { isNew: this.#participants.delete(participantId), topicShifted: false };
  }

  view(current?: ChatMessage): RoomContext<S> {
    const { self, role = 'expert', roles = {}, window } = this.#options;
    const history = this.#history.slice(-this.#historyMax);
    return {
      roomId: this.#roomId,
      conversationHistory: history,
      currentTopic: this.#topic.name,
      participants: [...this.#participants.values()],
      myRole: (Object.hasOwn(roles, this.#roomId) ? roles[this.#roomId] : undefined) ?? role,
      consent: this.consent,
      contextWindow: buildContextWindow(history, self, window, current),
      personalState: this.personalState,
    };
  }

  /** Repaired messages come late, so the place is looked for from the end. */
  #insert(message: ChatMessage): void {
    const entry = entryOfMessage(message);
    let place = this.#history.length;
    while (place > 0 && compareEntries(entryOfMessage(this.#history[place - 1] as ChatMessage), entry) > 0) place -= 1;
    this.#history.splice(place, 0, message);
    // Trimmed in batches: dropping the first of an array moves all others.
    if (this.#history.length < this.#historyMax * 2) return;
    for (const { messageId } of this.#history.splice(0, this.#history.length - this.#historyMax)) {
      this.#known.delete(messageId);
    }
  }
}

/** Rooms keep their own copies, so that not even an object is shared between two of them. */
function copyOf(participant: ChatParticipant): ChatParticipant {
  return structuredClone(participant);
}

/** Share of a new message's words that the topic must have for it to go on. */
const overlapMin = 0.15;
/** A message of fewer words neither shifts a topic nor says which one it is ("yes", "thanks a lot"). */
const wordsMin = 2;
/** How much of a word's weight is left after one more message. */
const fading = 0.7;
const topicWordsMax = 64;

/** What a room talks about: its words, fading; a person's message that shares too few of them begins a new topic. */
class Topic {
  #weights: ReadonlyMap<string, number>;

  constructor(words: readonly (readonly [word: string, weight: number])[] = []) {
    this.#weights = new Map(words);
  }

  get words(): readonly (readonly [word: string, weight: number])[] {
    return [...this.#weights];
  }

  get name(): string {
    return [...this.#weights]
      .sort(([, left], [, right]) => right - left)
      .slice(0, 3)
      .map(([word]) => word)
      .join(' ');
  }

  /** @returns whether a topic that was there has ended */
  hear(message: ChatMessage): boolean {
    const words = new Set(contentWordsOf(message.text));
    if (words.size < wordsMin) return false;
    const shared = [...words].filter((word) => this.#weights.has(word)).length;
    // An answer brings words of its own, yet stays on the subject; so does whoever replies.
    const continues = message.aiGenerated || message.replyTo !== undefined || shared / words.size >= overlapMin;
    const shifted = !continues && this.#weights.size > 0;
    const before = shifted ? [] : [...this.#weights].map(([word, weight]) => [word, weight * fading] as const);
    const weights = new Map<string, number>(before);
    for (const word of words) weights.set(word, (weights.get(word) ?? 0) + 1);
    this.#weights = new Map([...weights].sort(([, left], [, right]) => right - left).slice(0, topicWordsMax));
    return shifted;
  }
}
