/**
 * An actor that answers questions with plain functions: the form of services that own something which no thread can
 * share, such as the store. Questions are answered in the order in which their answers are ready.
 */
import { assign, enqueueActions, setup } from 'xstate';
import type { ActorDefinition, ActorEffect, ActorInput, DeliveredMessage } from '../runtime/protocol/actors.js';
import { AcademyError, type ErrorRecord, toErrorRecord } from '../runtime/protocol/errors.js';

/** Answers by message type; what a handler throws goes back to the asker as an error record. */
export type ServiceHandlers = Readonly<Record<string, (data: never, atMs: number) => unknown>>;

interface Answered {
  readonly type: 'service.answered';
  readonly question: DeliveredMessage;
  readonly result?: unknown;
  readonly error?: ErrorRecord;
}

type ServiceEvent = DeliveredMessage<`${string}.${string}`> | Answered;

/** The definition of a service; its handlers are given at spawn, by reference, so it lives on the main thread. */
export const serviceActor: ActorDefinition = {
  kind: 'academy-actor',
  mailbox: { capacity: 100_000 },
  machine: setup({
    types: {} as {
      context: { readonly handlers: ServiceHandlers; readonly answered: number };
      events: ServiceEvent;
      input: ActorInput<ServiceHandlers>;
      emitted: ActorEffect;
    },
    actions: {
      reply: enqueueActions(({ event, enqueue }) => {
        const { question, result, error } = event as Answered;
        if (question.ask) enqueue.emit({ type: 'reply', ask: question.ask, ...(error ? { error } : { result }) });
      }),
      count: assign({ answered: ({ context }) => context.answered + 1 }),
      answer: ({ context, event, self }) => {
        const question = event as DeliveredMessage;
        const handler = context.handlers[question.type] as ((data: unknown, atMs: number) => unknown) | undefined;
        const settle = (outcome: Pick<Answered, 'result' | 'error'>): void =>
          self.send({ type: 'service.answered', question, ...outcome });
        if (!handler) {
          const unknown = new AcademyError('ERR_ACADEMY_COMMAND_UNKNOWN', `the service has no "${question.type}"`);
          return settle({ error: toErrorRecord(unknown, 'ERR_ACADEMY_COMMAND_UNKNOWN') });
        }
        // The call is inside the chain, so that a handler that throws at once is answered like one that rejects.
        Promise.resolve()
          .then(() => handler(question.data, question.atMs))
          .then(
            (result) => settle({ result: result ?? null }),
            (thrown) => settle({ error: toErrorRecord(thrown, 'ERR_ACADEMY_ASK_FAILED') }),
          );
      },
    },
  }).createMachine({
    id: 'service',
    context: ({ input }) => ({ handlers: input.options, answered: 0 }),
    initial: 'serving',
    states: {
      serving: { on: { 'service.answered': { actions: ['reply', 'count'] }, '*': { actions: 'answer' } } },
    },
  }),
};
