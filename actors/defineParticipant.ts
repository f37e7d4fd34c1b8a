/**
 * The door for those who write a participant of their own: an XState machine, or just callbacks. Either way it becomes
 * a supervised actor that sits in rooms like any other; what hosts it, on which thread, and how it is restarted is
 * not its concern.
 */
import { type AnyActorLogic, enqueueActions, setup } from 'xstate';
import type {
  ActorDefinition,
  ActorEffect,
  ActorInput,
  ActorReference,
  DeliveredMessage,
  LogLevel,
  MailboxOptions,
  RestartOptions,
  Settled,
} from '../runtime/protocol/actors.js';
import type {
  ActorContract,
  AnswerOf,
  ContextOf,
  ContractOf,
  DataOf,
  MessageType,
  OptionsOf,
  QuestionType,
  ReferenceTo,
} from '../runtime/protocol/contract.js';
import { AcademyError } from '../runtime/protocol/errors.js';
import type { MessageSchema } from '../runtime/protocol/messageSchema.js';
import type { ContextCodec } from '../runtime/protocol/persistence.js';
import type { ChatMessage } from '../runtime/protocol/schemas/chat.js';
import type { SendMessageResult } from '../runtime/protocol/schemas/commands.js';
import type { ChatParticipant, ParticipantType } from '../runtime/protocol/schemas/participant.js';
import type { RoomNotice, RoomNotices } from './messages.js';
import { ParticipantDesk } from './participant/ParticipantDesk.js';

export interface SayOptions {
  /** Id of the message that is answered. */
  readonly replyTo?: string;
  /** 0 to 1; of several AIs that answer the same message the surest is heard. @default 1 */
  readonly confidence?: number;
  readonly mentions?: readonly string[];
  /** Global id of the answer, by which feedback can name it. */
  readonly answerId?: string;
  readonly threadId?: string;
}

/** What a callback may do. Bound to one participant; valid until it is stopped. `S`: its state in a room. `O`: its options. */
export interface ParticipantContext<S = unknown, O = unknown> {
  readonly self: ChatParticipant;
  /** Resolves when the message is stored, or was withdrawn because another answer stands. */
  say(roomId: string, text: string, options?: SayOptions): Promise<SendMessageResult>;
  /** Answers a message in its room. */
  reply(message: ChatMessage, text: string, options?: Omit<SayOptions, 'replyTo'>): Promise<SendMessageResult>;
  /** Judges a message: a value from -1 to 1, or the id of the answer that should have been given. */
  judge(message: ChatMessage, judgement: { value?: number; expected?: string | null }): Promise<void>;
  /** Says that it is writing; expires by itself. */
  typing(roomId: string, expiresInMs?: number): void;
  /** What the room has said lately, its members, and this participant's own state there. Rooms never share any of it. */
  room(roomId: string): ParticipantRoom<S>;
  /** Rooms that it sits in now. */
  readonly rooms: readonly string[];
  /** Tells another actor something, by its name or address; nobody says whether it arrived. */
  tell<C, T extends MessageType<C>>(to: ReferenceTo<C>, type: T, data: DataOf<C, T>): void;
  /**
   * Asks another actor. Always settles: with the answer, or with an AcademyError, by the deadline at the latest.
   * @param options deadlineMs: @default 30_000
   */
  ask<C, T extends QuestionType<C>>(
    to: ReferenceTo<C>,
    type: T,
    data: DataOf<C, T>,
    options?: { readonly deadlineMs?: number },
  ): Promise<AnswerOf<C, T>>;
  /** Calls back once, after this time. @returns what calls it off */
  after(delayMs: number, callback: () => unknown): () => void;
  /** Calls back again and again; the next time is counted from the last. @returns what ends it */
  every(periodMs: number, callback: () => unknown): () => void;
  log(level: LogLevel, text: string, fields?: Record<string, unknown>): void;
  /** Wall time, milliseconds since the epoch. */
  nowMs(): number;
  /** Uniform in [0, 1), from the node's seed. */
  random(): number;
  /** What `spawn` gave this participant. */
  readonly options: O;
}

export interface ParticipantRoom<S = unknown> {
  readonly roomId: string;
  /** Newest last, at most 50. */
  readonly history: readonly ChatMessage[];
  readonly members: readonly ChatParticipant[];
  /** Kept for this room as long as the actor lives. */
  state: S | undefined;
}

type Handler<D, S, O> = (data: D, context: ParticipantContext<S, O>) => unknown;

/**
 * What other actors may ask it or tell it, by message type. What is returned is the answer; a thrown AcademyError is
 * the answer too, and anything else that is thrown crashes the participant.
 */
export type ParticipantAnswers<S = unknown, O = unknown> = Readonly<
  Record<string, (data: never, context: ParticipantContext<S, O>, from: ActorReference | null) => unknown>
>;

/** Callbacks of a participant. What they throw or reject with crashes the actor, and its supervisor starts it again. */
export interface ParticipantCallbacks<S = unknown, O = unknown, A = ParticipantAnswers<S, O>> {
  onStart?: (context: ParticipantContext<S, O>) => unknown;
  onJoin?: Handler<RoomNotices['room.joined'], S, O>;
  /** Messages of others; its own are not among them. */
  onMessage?: Handler<ChatMessage, S, O>;
  /** Messages that call it by `@id` or `@name`; without this callback they go to onMessage. */
  onMention?: Handler<ChatMessage, S, O>;
  onSignal?: Handler<RoomNotices['room.signal']['signal'], S, O>;
  onMemberJoined?: Handler<RoomNotices['room.member-joined'], S, O>;
  onMemberLeft?: Handler<RoomNotices['room.member-left'], S, O>;
  onEvolution?: Handler<RoomNotices['room.evolution']['evolution'], S, O>;
  answers?: A;
}

interface ParticipantCommon {
  readonly name: string;
  /** Defaults to the name in lower case. */
  readonly id?: string;
  /** @default 'ai_assistant' */
  readonly type?: ParticipantType;
  readonly traits?: readonly string[];
  readonly capabilities?: readonly string[];
  /** Rooms to sit in from the start. @default ['lobby'] */
  readonly rooms?: readonly string[];
  readonly mailbox?: Partial<MailboxOptions>;
  readonly restart?: Partial<RestartOptions>;
  /** Schemas of what other actors tell and ask it, by message type. */
  readonly messages?: Readonly<Record<string, MessageSchema>>;
}

/** `P`: what its contextCodec packs. */
export interface MachineParticipant<L extends AnyActorLogic = AnyActorLogic, P = unknown> extends ParticipantCommon {
  /** An XState v5 machine: receives RoomNotices as events, acts by emitting effects (see participantEffects). */
  readonly machine: L;
  /** For a context with instances of classes, so that the participant can be moved. */
  readonly contextCodec?: ContextCodec<ContextOf<L>, P, OptionsOf<ContractOf<L>>>;
}

export type CallbackParticipant<S = unknown, O = unknown, A = ParticipantAnswers<S, O>> = ParticipantCommon &
  ParticipantCallbacks<S, O, A>;

/** What other actors know of a participant with these answers. */
type AnswersContract<O, A> = ActorContract<
  O,
  {
    [T in keyof A & string]: A[T] extends (data: infer D, ...rest: never[]) => infer R
      ? DeliveredMessage<T, D, Awaited<R>>
      : never;
  }[keyof A & string]
>;

/** What a participant's module exports. */
export interface ParticipantDefinition<C = unknown> extends ActorDefinition<C> {
  readonly participant: ChatParticipant;
  readonly rooms: readonly string[];
}

/**
 * @example
 * ```ts
 * export default defineParticipant({
 *   name: 'Echo',
 *   rooms: ['lobby'],
 *   onMention: (message, me) => me.reply(message, `You said: ${message.text}`),
 * });
 * ```
 * @throws AcademyError ERR_ACADEMY_BAD_ARGUMENT naming the field that does not fit
 */
export function defineParticipant<L extends AnyActorLogic, P = unknown>(
  participant: MachineParticipant<L, P>,
): ParticipantDefinition<ContractOf<L>>;
export function defineParticipant<S = unknown, O = unknown, A = ParticipantAnswers<S, O>>(
  participant: CallbackParticipant<S, O, A & ParticipantAnswers<S, O>>,
): ParticipantDefinition<AnswersContract<O, A>>;
export function defineParticipant(participant: CallbackParticipant | MachineParticipant): ParticipantDefinition {
  refuseUnknownFields(participant);
  const identity = participantOf(participant);
  const { mailbox, restart, messages, rooms = ['lobby'] } = participant;
  return {
    kind: 'academy-actor',
    ...('machine' in participant ? machineParts(participant) : callbackParts(identity, participant)),
    participant: identity,
    rooms,
    ...(mailbox ? { mailbox } : {}),
    ...(restart ? { restart } : {}),
    ...(messages ? { messages } : {}),
  };
}

export function isParticipantDefinition(value: unknown): value is ParticipantDefinition {
  return (
    typeof value === 'object' &&
    value !== null &&
    (value as { kind?: unknown }).kind === 'academy-actor' &&
    'participant' in value
  );
}

const commonFields = ['name', 'id', 'type', 'traits', 'capabilities', 'rooms', 'mailbox', 'restart', 'messages'];
const callbackFields = [
  ...['onStart', 'onJoin', 'onMessage', 'onMention', 'onSignal', 'onMemberJoined', 'onMemberLeft', 'onEvolution'],
  'answers',
];

/** A mistyped callback would never be called, and JavaScript has no compiler that says so. */
function refuseUnknownFields(given: CallbackParticipant | MachineParticipant): void {
  const known = [...commonFields, ...('machine' in given ? ['machine', 'contextCodec'] : callbackFields)];
  const unknown = Object.keys(given).find((field) => !known.includes(field));
  if (unknown === undefined) return;
  const what = 'machine' in given && callbackFields.includes(unknown) ? 'is not called beside a machine' : 'is unknown';
  throw new AcademyError('ERR_ACADEMY_BAD_ARGUMENT', `defineParticipant: ${unknown} ${what}`, {
    remedy: `it takes ${known.join(', ')}`,
  });
}

const participantTypes: readonly string[] = ['human', 'ai_assistant', 'persona', 'system'];

function participantOf(given: ParticipantCommon): ChatParticipant {
  const { name, id = given.name?.toLowerCase(), type = 'ai_assistant', traits, capabilities } = given;
  const refuse = (field: string, fault: string): never => {
    throw new AcademyError('ERR_ACADEMY_BAD_ARGUMENT', `defineParticipant: ${field} ${fault}`, {
      remedy: "give at least { name: 'Echo' }; type is one of human, ai_assistant, persona, system",
    });
  };
  if (typeof name !== 'string' || name.length === 0) refuse('name', 'is missing');
  if (!/^[\p{L}\p{N}_.-]{1,128}$/u.test(id)) refuse('id', 'may hold letters, digits and _ . - only');
  if (!participantTypes.includes(type)) refuse('type', `"${type}" is unknown`);
  return {
    id,
    name,
    type,
    ...(traits ? { traits: [...traits] } : {}),
    ...(capabilities ? { capabilities: [...capabilities] } : {}),
  };
}

type ParticipantEvent =
  | RoomNotice
  | { readonly type: 'participant.emit'; readonly effect: ActorEffect }
  | { readonly type: 'participant.failed'; readonly error: unknown }
  | { readonly type: 'participant.set-timer'; readonly id: number; readonly delayMs: number }
  | { readonly type: 'participant.clear-timer'; readonly id: number }
  | { readonly type: 'participant.timer'; readonly id: number }
  | DeliveredMessage<'academy.reloaded', null>
  | DeliveredMessage<'participant.settled', Settled>;

function machineParts({
  machine,
  contextCodec,
}: MachineParticipant): Pick<ActorDefinition, 'machine' | 'contextCodec'> {
  return { machine, ...(contextCodec ? { contextCodec } : {}) };
}

/** Callbacks close over what they were made with, so a changed module takes over what the desk of the old one has. */
function callbackParts(
  participant: ChatParticipant,
  callbacks: ParticipantCallbacks,
): Pick<ActorDefinition, 'machine' | 'carryOver'> {
  return {
    machine: callbackMachine(participant, callbacks),
    carryOver: (context, input) => {
      const { desk } = context as { readonly desk: ParticipantDesk };
      return { desk: new ParticipantDesk(participant, callbacks, input).takeOver(desk) };
    },
  };
}

/** The machine under the callbacks. Effects of asynchronous code come back to it as events, so that it stays the only voice. */
function callbackMachine(participant: ChatParticipant, callbacks: ParticipantCallbacks): AnyActorLogic {
  return setup({
    types: {} as {
      context: { readonly desk: ParticipantDesk };
      events: ParticipantEvent;
      input: ActorInput;
      emitted: ActorEffect;
    },
    actions: {
      start: ({ context, self }) => context.desk.start((event) => self.send(event)),
      goOn: ({ context, self }) => context.desk.goOn((event) => self.send(event)),
      hear: ({ context, event }) => context.desk.hear(event as RoomNotice),
      settle: ({ context, event }) => {
        if (event.type === 'participant.settled') context.desk.settle(event.data);
      },
      answer: ({ context, event }) => context.desk.answer(event as DeliveredMessage),
      emit: enqueueActions(({ event, enqueue }) => {
        if (event.type === 'participant.emit') enqueue.emit(event.effect);
      }),
      crash: ({ event }) => {
        throw event.type === 'participant.failed' ? event.error : new Error('a participant failed');
      },
      setTimer: enqueueActions(({ event, enqueue }) => {
        if (event.type !== 'participant.set-timer') return;
        const { id, delayMs } = event;
        enqueue.raise({ type: 'participant.timer', id }, { delay: delayMs, id: timerId(id) });
      }),
      clearTimer: enqueueActions(({ event, enqueue }) => {
        if (event.type === 'participant.clear-timer') enqueue.cancel(timerId(event.id));
      }),
      ring: ({ context, event }) => {
        if (event.type === 'participant.timer') context.desk.ring(event.id);
      },
    },
    guards: {
      // What other actors send comes as a message; these words are the desk's alone.
      isOwn: ({ event }) => !('from' in event),
    },
  }).createMachine({
    id: `participant:${participant.id}`,
    context: ({ input }) => ({ desk: new ParticipantDesk(participant, callbacks, input) }),
    entry: 'start',
    initial: 'participating',
    states: {
      participating: {
        on: {
          'room.*': { actions: 'hear' },
          'participant.emit': { guard: 'isOwn', actions: 'emit' },
          'participant.settled': { actions: 'settle' },
          'participant.failed': { guard: 'isOwn', actions: 'crash' },
          'participant.set-timer': { guard: 'isOwn', actions: 'setTimer' },
          'participant.clear-timer': { guard: 'isOwn', actions: 'clearTimer' },
          'participant.timer': { guard: 'isOwn', actions: 'ring' },
          'academy.reloaded': { actions: 'goOn' },
          '*': { actions: 'answer' },
        },
      },
    },
  });
}

function timerId(id: number): string {
  return `timer.${id}`;
}
