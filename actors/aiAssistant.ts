/**
 * An AI assistant: it sits in rooms like a persona, but what it says comes from a model behind a ModelAdapter. The
 * model can be exchanged while it runs; the members of its rooms see the same participant before, meanwhile and after.
 */
import { assign, enqueueActions, setup } from 'xstate';
import {
  type ActorDefinition,
  type ActorEffect,
  type ActorInput,
  type AskToken,
  type DeliveredMessage,
  failure,
  type ResumedMessage,
} from '../runtime/protocol/actors.js';
import { AcademyError, type ErrorRecord, toErrorRecord } from '../runtime/protocol/errors.js';
import { limits } from '../runtime/protocol/limits.js';
import type { ContextCodec } from '../runtime/protocol/persistence.js';
import type { ChatMessage } from '../runtime/protocol/schemas/chat.js';
import type { SendMessageParams } from '../runtime/protocol/schemas/commands.js';
import type { ChatParticipant } from '../runtime/protocol/schemas/participant.js';
import { addressOf, withoutCalls } from './addressOf.js';
import type { ContextWindowOptions } from './contextWindow.js';
import { loadModelAdapter, type ModelAdapter, type ModelAdapterReference, type ModelAnswer } from './ModelAdapter.js';
import { type Asked, type AssistantQuestions, actorNames, chatCommands, type RoomNotice } from './messages.js';
import { RoomContexts, type RoomContextsOptions, type RoomContextsSnapshot, type RoomRole } from './RoomContexts.js';

export interface AIAssistantOptions {
  readonly participant: ChatParticipant;
  /** The model it starts with, e.g. retrievalModel(knowledge). */
  readonly adapter: ModelAdapterReference;
  readonly roles?: Readonly<Record<string, RoomRole>>;
  readonly role?: RoomRole;
  readonly window?: Partial<ContextWindowOptions>;
  /** Confidence below which it speaks only when it is called by name. @default 0.3 */
  readonly confidenceMin?: number;
  /** How long a model may think. @default 30_000 */
  readonly respondWithinMs?: number;
}

/** The built-in model, see retrievalAdapter. */
export function retrievalModel(knowledge: string, resemblanceMin?: number): ModelAdapterReference {
  const module = new URL('./retrievalAdapter.js', import.meta.url).href;
  const options = { knowledge, ...(resemblanceMin === undefined ? {} : { resemblanceMin }) };
  return { module, exportName: 'retrievalAdapter', options };
}

interface Loaded {
  readonly type: 'assistant.loaded';
  /** Null for the first model. */
  readonly ask: AskToken | null;
  readonly model: ModelAdapterReference;
  readonly adapter?: ModelAdapter;
  readonly error?: ErrorRecord;
}

interface Thought {
  readonly type: 'assistant.thought';
  readonly messageId: string;
  readonly answer?: ModelAnswer | null;
  readonly error?: ErrorRecord;
}

type AssistantEvent =
  | RoomNotice
  | Asked<AssistantQuestions>
  | Loaded
  | Thought
  | ResumedMessage
  | DeliveredMessage<'academy.reloaded', null>
  | { readonly type: 'assistant.give-up'; readonly messageId: string };

interface AssistantContext {
  readonly input: ActorInput<AIAssistantOptions>;
  readonly contexts: RoomContexts<null>;
  /** Null before it is loaded, here and in every other thread to which the assistant comes. */
  readonly adapter: ModelAdapter | null;
  /** Where that comes from. */
  readonly model: ModelAdapterReference;
  /** Who waits for another model. */
  readonly swapAsk: AskToken | null;
  /** Messages that a model thinks about; changes in place. */
  readonly thinking: Map<string, ChatMessage>;
  /** What arrived before the first model was there. */
  readonly early: readonly AssistantEvent[];
}

/** What a handler works with. */
interface Desk {
  readonly context: AssistantContext;
  readonly adapter: ModelAdapter;
  readonly emit: (effect: ActorEffect) => void;
  readonly later: (event: AssistantEvent & { type: 'assistant.give-up' }, delayMs: number, id: string) => void;
  readonly cancel: (id: string) => void;
  readonly send: (event: Thought) => void;
}

const confidenceMinDefault = 0.3;
const respondWithinMsDefault = 30_000;
const earlyEventsMax = 1_024;
/** Messages a model may think about at a time; what comes on top is not answered. */
const thinkingMax = 32;

/** It goes on in another thread, or with the code of a changed module: without a model. */
const again = { target: '#aiAssistant.loading', reenter: true, actions: 'giveUpSwap' } as const;
const beginAnew = { 'academy.resumed': again, 'academy.reloaded': again } as const;

const machine = setup({
  types: {} as {
    context: AssistantContext;
    events: AssistantEvent;
    input: ActorInput<AIAssistantOptions>;
    emitted: ActorEffect;
  },
  actions: {
    load: ({ context, self }) => load(context.model, null, self),
    loadAnother: enqueueActions(({ event, enqueue, self }) => {
      if (event.type !== 'assistant.swap-model') return;
      enqueue.assign({ swapAsk: event.ask ?? null });
      load(event.data, event.ask ?? null, self);
    }),
    take: assign(({ event }) => {
      if (event.type !== 'assistant.loaded') return {};
      return { swapAsk: null, ...(event.adapter ? { adapter: event.adapter, model: event.model } : {}) };
    }),
    giveUpSwap: enqueueActions(({ context, enqueue }) => {
      if (!context.swapAsk) return;
      const error = failure('ERR_ACADEMY_COMMAND_FAILED', 'the assistant has moved before the model was loaded');
      enqueue.emit({ type: 'reply', ask: context.swapAsk, error });
      enqueue.assign({ swapAsk: null });
    }),
    thinkAgain: enqueueActions(({ context, event, enqueue, self }) => {
      if (event.type !== 'assistant.loaded' || !event.adapter) return;
      const desk = deskOf({ ...context, adapter: event.adapter }, enqueue, self);
      for (const message of context.thinking.values()) consider(desk, message);
    }),
    answerSwap: enqueueActions(({ event, enqueue }) => {
      if (event.type !== 'assistant.loaded' || !event.ask) return;
      const { ask, adapter, error } = event;
      if (adapter) enqueue.emit({ type: 'reply', ask, result: { model: adapter.name } });
      else if (error) enqueue.emit({ type: 'reply', ask, error });
    }),
    refuseToStart: enqueueActions(({ event, enqueue }) => {
      if (event.type === 'assistant.loaded' && event.error) enqueue.emit({ type: 'fail', error: event.error });
    }),
    refuseToSwap: enqueueActions(({ event, enqueue }) => {
      if (event.type !== 'assistant.swap-model' || !event.ask) return;
      const error = failure('ERR_ACADEMY_COMMAND_FAILED', 'another model is being loaded already');
      enqueue.emit({ type: 'reply', ask: event.ask, error });
    }),
    keepForLater: assign(({ context, event }) => ({ early: [...context.early, event].slice(-earlyEventsMax) })),
    catchUp: enqueueActions(({ context, enqueue }) => {
      for (const event of context.early) enqueue.raise(event);
      enqueue.assign({ early: [] });
    }),
    handle: enqueueActions(({ context, event, enqueue, self }) => handle(deskOf(context, enqueue, self), event)),
  },
  guards: {
    isLoaded: ({ event }) => event.type === 'assistant.loaded' && event.adapter !== undefined,
    /** What was asked for before it began anew. */
    isAnother: ({ context, event }) => event.type === 'assistant.loaded' && event.model !== context.model,
    hasNoModel: ({ context }) => context.adapter === null,
  },
}).createMachine({
  id: 'aiAssistant',
  context: ({ input }) => ({
    input,
    contexts: new RoomContexts(contextsOptions(input)),
    adapter: null,
    model: input.options.adapter,
    swapAsk: null,
    thinking: new Map(),
    early: [],
  }),
  initial: 'loading',
  states: {
    loading: {
      entry: 'load',
      on: {
        'assistant.loaded': [
          { guard: 'isAnother' },
          { guard: 'isLoaded', target: 'attending', actions: ['take', 'thinkAgain'] },
          { actions: 'refuseToStart' },
        ],
        // A load that was under way is of the thread that it has left.
        ...beginAnew,
        '*': { actions: 'keepForLater' },
      },
    },
    attending: {
      entry: 'catchUp',
      on: {
        ...beginAnew,
        'assistant.swap-model': [
          { guard: 'hasNoModel', actions: 'keepForLater' },
          { target: 'swapping', actions: 'loadAnother' },
        ],
        '*': [{ guard: 'hasNoModel', actions: 'keepForLater' }, { actions: 'handle' }],
      },
    },
    // The old model answers on until the new one is there.
    swapping: {
      on: {
        ...beginAnew,
        'assistant.loaded': { target: 'attending', actions: ['take', 'answerSwap'] },
        'assistant.swap-model': { actions: 'refuseToSwap' },
        '*': [{ guard: 'hasNoModel', actions: 'keepForLater' }, { actions: 'handle' }],
      },
    },
  },
});

/** An assistant at rest. Its model is loaded anew, and thinks once more about what it had not answered. */
interface PackedAssistant extends Pick<AssistantContext, 'model' | 'swapAsk' | 'early'> {
  readonly contexts: RoomContextsSnapshot<null>;
  readonly thinking: readonly ChatMessage[];
}

const contextCodec: ContextCodec<AssistantContext, PackedAssistant, AIAssistantOptions> = {
  pack: ({ contexts, adapter, model, swapAsk, thinking, early }) => {
    if (adapter?.learn) throw livesInItsThread(adapter.name);
    return { contexts: contexts.snapshot(), model, swapAsk, thinking: [...thinking.values()], early };
  },
  unpack: ({ contexts, thinking, ...rest }, input) => ({
    ...rest,
    input,
    contexts: RoomContexts.restore(contexts, contextsOptions(input)),
    adapter: null,
    thinking: new Map(thinking.map((message) => [message.messageId, message])),
  }),
};

function livesInItsThread(model: string): AcademyError {
  return new AcademyError(
    'ERR_ACADEMY_NOT_MOVABLE',
    `the model "${model}" learns, and keeps what it learns in its thread`,
    {
      remedy: 'stop the assistant and start it where it is to live, or give it a model without learn()',
    },
  );
}

export const aiAssistant: ActorDefinition = {
  kind: 'academy-actor',
  machine,
  restart: { kind: 'permanent' },
  contextCodec,
};

interface Self {
  getSnapshot(): { readonly status: string };
  send(event: Loaded | Thought): void;
}

/** A model may answer after the assistant was stopped; then nobody wants to hear it. */
function sendIfActive(self: Self, event: Loaded | Thought): void {
  if (self.getSnapshot().status === 'active') self.send(event);
}

function load(model: ModelAdapterReference, ask: AskToken | null, self: Self): void {
  loadModelAdapter(model).then(
    (adapter) => sendIfActive(self, { type: 'assistant.loaded', ask, model, adapter }),
    (thrown) => {
      const error = toErrorRecord(thrown, 'ERR_ACADEMY_ACTOR_MODULE');
      sendIfActive(self, { type: 'assistant.loaded', ask, model, error });
    },
  );
}

function contextsOptions({ options }: ActorInput<AIAssistantOptions>): RoomContextsOptions<null> {
  const { participant, roles, role, window } = options;
  return {
    self: participant,
    personalState: () => null,
    ...(roles ? { roles } : {}),
    ...(role ? { role } : {}),
    ...(window ? { window } : {}),
  };
}

function deskOf(
  context: AssistantContext,
  enqueue: {
    emit(effect: ActorEffect): void;
    raise(event: AssistantEvent, options: { delay: number; id: string }): void;
    cancel(id: string): void;
  },
  self: Self,
): Desk {
  if (!context.adapter) throw new Error('the assistant has no model');
  return {
    context,
    adapter: context.adapter,
    emit: (effect) => enqueue.emit(effect),
    later: (event, delay, id) => enqueue.raise(event, { delay, id }),
    cancel: (id) => enqueue.cancel(id),
    send: (event) => sendIfActive(self, event),
  };
}

function handle(desk: Desk, event: AssistantEvent): void {
  const { contexts, thinking } = desk.context;
  switch (event.type) {
    case 'room.message':
      if (contexts.note(event).isNew) think(desk, event.data.message);
      return;
    case 'room.joined':
    case 'room.member-joined':
    case 'room.member-left':
      contexts.note(event);
      return;
    case 'room.signal':
      return desk.adapter.learn?.(event.data.signal);
    case 'assistant.thought':
      return thought(desk, event);
    case 'assistant.give-up':
      if (thinking.delete(event.messageId)) warn(desk, 'the model took too long', { messageId: event.messageId });
      return;
    case 'assistant.inspect':
      if (!event.ask) return;
      return desk.emit({
        type: 'reply',
        ask: event.ask,
        result: { model: desk.adapter.name, thinking: thinking.size, rooms: contexts.roomIds },
      });
    default:
      return;
  }
}

function think(desk: Desk, message: ChatMessage): void {
  const { context } = desk;
  const { participant, respondWithinMs = respondWithinMsDefault } = context.input.options;
  const { messageId } = message;
  if (addressOf(message, participant) === 'none') return;
  if (!context.contexts.roomIds.includes(message.roomId)) return;
  if (context.thinking.size >= thinkingMax) return warn(desk, 'the model is too busy to answer', { messageId });
  context.thinking.set(messageId, message);
  desk.later({ type: 'assistant.give-up', messageId }, respondWithinMs, `think/${messageId}`);
  consider(desk, message);
}

/** Asks the model. A room that it has left meanwhile has no context: then the message is given up in its time. */
function consider(desk: Desk, message: ChatMessage): void {
  const { context, adapter } = desk;
  const { participant } = context.input.options;
  const { messageId } = message;
  const room = context.contexts.get(message.roomId, message);
  if (!room) return;
  const question = withoutCalls(message.text, participant);
  // Inside the chain, so that a model that throws at once is treated like one that rejects.
  Promise.resolve()
    .then(() => adapter.respond({ self: participant, message, question, room }))
    .then(
      (answer) => desk.send({ type: 'assistant.thought', messageId, answer }),
      (thrown) => {
        const error = toErrorRecord(thrown, 'ERR_ACADEMY_ASK_FAILED');
        desk.send({ type: 'assistant.thought', messageId, error });
      },
    );
}

function thought(desk: Desk, { messageId, answer, error }: Thought): void {
  const { context } = desk;
  const message = context.thinking.get(messageId);
  if (!message) return;
  context.thinking.delete(messageId);
  desk.cancel(`think/${messageId}`);
  if (error) return warn(desk, 'the model failed', { ...error });
  if (!answer || answer.text === '') return;
  const { participant, confidenceMin = confidenceMinDefault } = context.input.options;
  const confidence = Math.max(0, Math.min(1, answer.confidence || 0));
  if (confidence < confidenceMin && addressOf(message, participant) !== 'called') return;
  const params: SendMessageParams = {
    roomId: message.roomId,
    participantId: participant.id,
    text: answer.text.slice(0, limits.textCharactersMax),
    messageType: 'text',
    replyTo: messageId,
    ...(message.threadId === undefined ? {} : { threadId: message.threadId }),
    trainingMode: message.trainingMode,
    ...(answer.answerId === undefined ? {} : { answerId: answer.answerId }),
    sessionId: message.sessionId,
    performanceTracking: {
      technicalAccuracy: null,
      collaborationQuality: null,
      humanSatisfaction: null,
      contextAwareness: null,
      responseLatencyMs: Math.max(0, context.input.nowMs() - message.timestamp),
    },
    metadata: { aiGenerated: true, participantType: participant.type, confidence },
  };
  desk.emit({
    type: 'tell',
    to: { name: actorNames.chatDaemon },
    message: { type: chatCommands.sendMessage, data: params },
  });
}

function warn({ emit, adapter }: Desk, text: string, fields: Record<string, unknown>): void {
  emit({ type: 'log', level: 'warn', text, fields: { model: adapter.name, ...fields } });
}
