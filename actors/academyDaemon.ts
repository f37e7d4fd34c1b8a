/**
 * The academy's own daemon on a node: takes training material that other nodes send, hands it to the personas that it
 * is for, and answers for everything under /academy that has no handler of its own.
 */
import { assign, enqueueActions, setup } from 'xstate';
import {
  type ActorDefinition,
  type ActorEffect,
  type ActorInput,
  type DeliveredEvent,
  type DeliveredMessage,
  failure,
} from '../runtime/protocol/actors.js';
import { ACADEMY_EVENTS, type AcademyEventData } from '../runtime/protocol/events.js';
import type { TrainingSignal } from '../runtime/protocol/schemas/training.js';
import { actorNames } from './messages.js';

/** A message that the router hands over: what follows the category in the path, and the payload. */
export interface AcademyMessage {
  readonly category: string;
  readonly rest: readonly string[];
  readonly payload: unknown;
}

type AcademyDaemonEvent = DeliveredEvent | DeliveredMessage<'academy.message', AcademyMessage>;

interface AcademyDaemonContext {
  readonly input: ActorInput;
  /** Labelled items taken in so far. */
  readonly itemsReceived: number;
  readonly messagesHandled: number;
}

const machine = setup({
  types: {} as {
    context: AcademyDaemonContext;
    events: AcademyDaemonEvent;
    input: ActorInput;
    emitted: ActorEffect;
  },
  actions: {
    subscribe: enqueueActions(({ enqueue }) => {
      enqueue.emit({ type: 'subscribe', event: ACADEMY_EVENTS.TRAINING_DATA, roomId: null });
    }),
    countItems: assign({
      itemsReceived: ({ context, event }) =>
        context.itemsReceived + (event.type === 'academy.event' ? trainingDataOf(event).items.length : 0),
    }),
    countMessage: assign({ messagesHandled: ({ context }) => context.messagesHandled + 1 }),
    train: enqueueActions(({ context, event, enqueue }) => {
      if (event.type !== 'academy.event') return;
      for (const signal of signalsOf(trainingDataOf(event), event, context.input.academyId)) {
        enqueue.emit({
          type: 'tell',
          to: { name: actorNames.personaManager },
          message: { type: 'persona.updateTraining', data: { personaId: signal.personaId, signal } },
        });
      }
    }),
    answer: enqueueActions(({ context, event, enqueue }) => {
      if (event.type !== 'academy.message' || !event.ask) return;
      const { category } = event.data;
      if (category !== 'training' && category !== 'status') {
        const error = failure('ERR_ACADEMY_COMMAND_UNKNOWN', `/academy/${category} has no handler on this node`);
        enqueue.emit({ type: 'reply', ask: event.ask, error });
        return;
      }
      const { itemsReceived, messagesHandled } = context;
      enqueue.emit({ type: 'reply', ask: event.ask, result: { itemsReceived, messagesHandled } });
    }),
  },
}).createMachine({
  id: 'academyDaemon',
  context: ({ input }) => ({ input, itemsReceived: 0, messagesHandled: 0 }),
  entry: 'subscribe',
  initial: 'serving',
  states: {
    serving: {
      on: {
        'academy.event': { actions: ['train', 'countItems'] },
        'academy.message': { actions: ['answer', 'countMessage'] },
      },
    },
  },
});

export const academyDaemon: ActorDefinition = { kind: 'academy-actor', machine, restart: { kind: 'permanent' } };

function trainingDataOf(event: DeliveredEvent): AcademyEventData['academy.training.data'] {
  return event.data.data as AcademyEventData['academy.training.data'];
}

/** Training material as signals, one an item, so that personas learn from it as from any judgement. */
function signalsOf(
  data: AcademyEventData['academy.training.data'],
  event: DeliveredEvent,
  academyId: string,
): readonly TrainingSignal[] {
  return data.items.map((item, index) => ({
    personaId: data.personaId ?? '*',
    academyId,
    roomId: 'academy-training',
    sessionId: event.data.id,
    messageId: `${event.data.id}-${index}`,
    judge: `material@${event.data.sourceNode}`,
    signal: {
      type: 'meta',
      value: 1,
      category: 'technical',
      source: 'test_outcome',
      inputContext: item.input,
      expectedBehavior: item.expected ?? 'silence',
      actualBehavior: '',
      improvementSuggestion: '',
    },
    expectedAnswerId: item.expected,
    propagateToNetwork: false,
    timestamp: data.timestamp,
  }));
}
