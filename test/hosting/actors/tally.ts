/** An actor that adds up what it is told, says so to a witness, and falls when it is asked to or cannot bear a number. */
import { assign, enqueueActions, setup } from 'xstate';
import { defineActor } from '../../../runtime/hosting/defineActor.js';
import type { ActorEffect, ActorInput, DeliveredMessage } from '../../../runtime/protocol/actors.js';
import { AcademyError, type AcademyErrorCode } from '../../../runtime/protocol/errors.js';

export interface TallyReport {
  readonly sum: number;
  readonly restarts: number;
}

interface TallyOptions {
  /** Name of the actor that hears of starts, ends and numbers. */
  readonly witness?: string;
  /** The number that it cannot bear. */
  readonly poison?: number;
}

type TallyEvent =
  | DeliveredMessage<'add', number>
  | DeliveredMessage<'crash', AcademyErrorCode | 'TypeError' | 'Error'>
  | DeliveredMessage<'work', number>
  | DeliveredMessage<'report', null>
  | DeliveredMessage<'academy.stopping', null>;

function testify({ name, options }: ActorInput, words: string): ActorEffect[] {
  const { witness } = (options ?? {}) as TallyOptions;
  if (witness === undefined) return [];
  return [{ type: 'tell', to: { name: witness }, message: { type: 'note', data: `${name} ${words}` } }];
}

const machine = setup({
  types: {} as {
    context: { readonly input: ActorInput; readonly sum: number };
    events: TallyEvent;
    emitted: ActorEffect;
    input: ActorInput;
  },
}).createMachine({
  id: 'tally',
  context: ({ input }) => ({ input, sum: 0 }),
  entry: enqueueActions(({ context, enqueue }) => {
    for (const effect of testify(context.input, 'starts')) enqueue.emit(effect);
  }),
  on: {
    add: {
      actions: [
        ({ context, event }) => {
          const { poison } = (context.input.options ?? {}) as TallyOptions;
          if (event.data === poison) throw new RangeError(`cannot bear ${poison}`);
        },
        assign({ sum: ({ context, event }) => context.sum + event.data }),
        enqueueActions(({ context, event, enqueue }) => {
          for (const effect of testify(context.input, `adds ${event.data}`)) enqueue.emit(effect);
        }),
      ],
    },
    crash: {
      actions: ({ event }) => {
        if (event.data === 'TypeError') throw new TypeError('on purpose');
        if (event.data === 'Error') throw new Error('on purpose');
        throw new AcademyError(event.data, 'on purpose');
      },
    },
    work: {
      actions: ({ event }) => {
        const end = performance.now() + event.data;
        while (performance.now() < end);
      },
    },
    report: {
      actions: enqueueActions(({ context, event, enqueue }) => {
        const result: TallyReport = { sum: context.sum, restarts: context.input.restarts };
        if (event.ask) enqueue.emit({ type: 'reply', ask: event.ask, result });
      }),
    },
    'academy.stopping': {
      actions: enqueueActions(({ context, enqueue }) => {
        for (const effect of testify(context.input, 'stops')) enqueue.emit(effect);
      }),
    },
  },
});

const restart = { backoffMs: 1, backoffMaxMs: 2 } as const;

export const tally = defineActor({ machine, restart });
export const redeliveringTally = defineActor({ machine, restart, poison: { redeliver: true } });
export const carefulTally = defineActor({
  machine,
  restart,
  onError: { TypeError: 'resume', ERR_ACADEMY_STORE: 'restore', ERR_ACADEMY_DEADLINE: 'stop', '*': 'restart' },
});
export const proudTally = defineActor({ machine, restart, onError: () => 'escalate' });
