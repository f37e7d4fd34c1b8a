/** An actor that does what it is told: it notes, answers, passes on, crashes, ends, and kills its thread. */
import { emit, enqueueActions, fromCallback, setup } from 'xstate';
import { defineActor } from '../../../runtime/hosting/defineActor.js';
import type {
  ActorEffect,
  ActorInput,
  ActorMessage,
  ActorReference,
  AskToken,
  DeadLetter,
  Departure,
  Settled,
} from '../../../runtime/protocol/actors.js';
import type { EventMessage } from '../../../runtime/protocol/EventMessage.js';

export interface ProbeReport {
  readonly notes: readonly string[];
  readonly restarts: number;
  readonly seed: number;
  readonly self: ActorInput['self'];
  readonly options: unknown;
}

interface Context {
  readonly input: ActorInput;
  notes: string[];
}

type Envelope = { readonly from: ActorReference | null; readonly atMs: number; readonly ask?: AskToken };
type ProbeEvent = Envelope &
  (
    | { type: 'note'; data: string }
    | { type: 'report'; data: null }
    | { type: 'emit'; data: ActorEffect | readonly ActorEffect[] }
    | { type: 'pass'; data: { to: ActorReference; message: ActorMessage } }
    | { type: 'crash'; data: string }
    | { type: 'crash-later'; data: string }
    | { type: 'finish'; data: null }
    | { type: 'keep'; data: null }
    | { type: 'work'; data: number }
    | { type: 'hang'; data: Int32Array }
    | { type: 'exit'; data: number }
    | { type: 'loop-promises'; data: null }
    | { type: 'invoke'; data: null }
    | { type: 'settled'; data: Settled }
    | { type: 'academy.event'; data: EventMessage }
    | { type: 'academy.undelivered'; data: DeadLetter }
    | { type: 'academy.stopping'; data: null }
    | { type: 'academy.down'; data: Departure }
    | { type: 'academy.exit'; data: Departure }
  );

const machine = setup({
  types: {} as { context: Context; events: ProbeEvent; emitted: ActorEffect; input: ActorInput },
  actors: {
    /** Ticks for ever, and says so to the counter in the options, which the test shares. */
    ticking: fromCallback<{ type: string }, { ticks: Int32Array | undefined }>(({ input }) => {
      const timer = setInterval(() => input.ticks && Atomics.add(input.ticks, 0, 1), 1);
      return () => clearInterval(timer);
    }),
  },
}).createMachine({
  id: 'probe',
  context: ({ input }) => ({ input, notes: [] }),
  initial: 'running',
  entry: enqueueActions(({ context, enqueue }) => {
    const { onStart = [] } = (context.input.options ?? {}) as { onStart?: readonly ActorEffect[] };
    for (const effect of onStart) enqueue.emit(effect);
  }),
  states: {
    running: {
      on: { invoke: 'ticking' },
    },
    ticking: {
      invoke: {
        src: 'ticking',
        input: ({ context }) => ({ ticks: (context.input.options as { ticks?: Int32Array }).ticks }),
      },
    },
    finished: { type: 'final' },
  },
  on: {
    note: {
      actions: ({ context, event }) => {
        context.notes.push(event.data);
      },
    },
    report: {
      actions: enqueueActions(({ context, event, enqueue }) => {
        const { notes, input } = context;
        const { restarts, seed, self, options } = input;
        const result: ProbeReport = { notes: [...notes], restarts, seed, self, options };
        if (event.ask) enqueue.emit({ type: 'reply', ask: event.ask, result });
      }),
    },
    emit: {
      actions: enqueueActions(({ event, enqueue }) => {
        for (const effect of [event.data].flat() as ActorEffect[]) enqueue.emit(effect);
      }),
    },
    pass: { actions: emit(({ event }) => ({ type: 'tell', to: event.data.to, message: event.data.message })) },
    crash: {
      actions: ({ event }) => {
        throw new Error(event.data);
      },
    },
    'crash-later': {
      actions: ({ self, event }) => {
        setTimeout(() => self.send({ ...event, type: 'crash' }), 1);
      },
    },
    finish: '.finished',
    keep: {},
    work: {
      actions: ({ event }) => {
        const end = performance.now() + event.data;
        while (performance.now() < end);
      },
    },
    /** Until whoever shares the memory lets go. */
    hang: {
      actions: ({ event }) => {
        Atomics.store(event.data, 0, 1);
        Atomics.wait(event.data, 0, 1, 10_000);
      },
    },
    exit: {
      actions: ({ event }) => {
        process.exit(event.data);
      },
    },
    'loop-promises': {
      actions: () => {
        const again = (): Promise<void> => Promise.resolve().then(again);
        void again();
      },
    },
    settled: {
      actions: ({ context, event }) => {
        const { tag, error, result } = event.data;
        context.notes.push(`${tag}: ${error ? error.code : JSON.stringify(result)}`);
      },
    },
    'academy.event': {
      actions: ({ context, event }) => {
        context.notes.push(`${event.data.name} ${JSON.stringify(event.data.data)}`);
      },
    },
    'academy.undelivered': {
      actions: ({ context, event }) => {
        context.notes.push(`undelivered ${event.data.messageType}`);
      },
    },
    'academy.down': {
      actions: ({ context, event }) => {
        context.notes.push(`down ${departureText(event.data)}`);
      },
    },
    'academy.exit': {
      actions: ({ context, event }) => {
        context.notes.push(`exit ${departureText(event.data)}`);
      },
    },
    'academy.stopping': {
      actions: enqueueActions(({ context, enqueue }) => {
        const { lastWord } = (context.input.options ?? {}) as { lastWord?: ActorEffect };
        if (lastWord) enqueue.emit(lastWord);
      }),
    },
  },
});

function departureText({ target, reason, error, tag }: Departure): string {
  const who = 'name' in target ? target.name : 'an address';
  return [who, reason, ...(error ? [error.message] : []), ...(tag === undefined ? [] : [`(${tag})`])].join(' ');
}

const restart = { backoffMs: 1, backoffMaxMs: 5 } as const;

export const probe = defineActor({ machine, restart, remoteMessages: ['note', 'report'] });
export const permanentProbe = defineActor({ machine, restart: { ...restart, kind: 'permanent' } });
export const temporaryProbe = defineActor({ machine, restart: { ...restart, kind: 'temporary' } });
export const narrowProbe = defineActor({ machine, restart, mailbox: { capacity: 3 } });
export const forgetfulProbe = defineActor({ machine, restart, mailbox: { capacity: 3, policy: 'drop-oldest' } });
export const trappingProbe = defineActor({ machine, restart, traps: true });

/** Not an actor. */
export const plainMachine = machine;
