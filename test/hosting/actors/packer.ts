/** An actor with an instance of a class in its context, which changes in place: what of it can be kept, its codec says. */
import { assign, enqueueActions, setup } from 'xstate';
import { defineActor } from '../../../runtime/hosting/defineActor.js';
import type {
  ActorAddress,
  ActorEffect,
  ActorInput,
  DeliveredMessage,
  ResumedMessage,
} from '../../../runtime/protocol/actors.js';
import { AcademyError } from '../../../runtime/protocol/errors.js';
import type { ContextCodec } from '../../../runtime/protocol/persistence.js';

class Tally {
  readonly #words: string[];

  constructor(words: readonly string[]) {
    this.#words = [...words];
  }

  get words(): readonly string[] {
    return [...this.#words];
  }

  /** As it is, and not a copy. */
  get list(): readonly string[] {
    return this.#words;
  }

  add(word: string): void {
    this.#words.push(word);
  }
}

interface Context {
  readonly input: ActorInput<{ readonly first: string }>;
  readonly tally: Tally;
}

export interface PackerReport {
  readonly words: readonly string[];
  readonly self: ActorAddress;
  readonly nowMs: number;
}

const machine = setup({
  types: {} as {
    context: Context;
    events: DeliveredMessage<'add', string> | DeliveredMessage<'report', null>;
    emitted: ActorEffect;
    input: ActorInput<{ readonly first: string }>;
  },
}).createMachine({
  id: 'packer',
  context: ({ input }) => ({ input, tally: new Tally([input.options.first]) }),
  on: {
    add: {
      actions: enqueueActions(({ context, event, enqueue }) => {
        context.tally.add(event.data);
        if (event.ask) enqueue.emit({ type: 'reply', ask: event.ask, result: null });
      }),
    },
    report: {
      actions: enqueueActions(({ context: { tally, input }, event, enqueue }) => {
        const result: PackerReport = { words: tally.words, self: input.self, nowMs: input.nowMs() };
        if (event.ask) enqueue.emit({ type: 'reply', ask: event.ask, result });
      }),
    },
  },
});

const restart = { backoffMs: 1, backoffMaxMs: 5, intensity: 1_000 } as const;

export const packer = defineActor({
  machine,
  restart,
  contextCodec: {
    pack: ({ tally }) => ({ words: tally.words }),
    unpack: ({ words }, input) => ({ input, tally: new Tally(words) }),
  },
});

/** Remembers each time that it is told that it goes on from an image. */
export const resumer = defineActor({
  machine: setup({
    types: {} as {
      context: { readonly times: readonly string[] };
      events: ResumedMessage | DeliveredMessage<'times', null>;
      emitted: ActorEffect;
    },
  }).createMachine({
    id: 'resumer',
    context: { times: [] },
    on: {
      'academy.resumed': { actions: assign({ times: ({ context, event }) => [...context.times, event.data] }) },
      times: {
        actions: enqueueActions(({ context, event, enqueue }) => {
          if (event.ask) enqueue.emit({ type: 'reply', ask: event.ask, result: context.times });
        }),
      },
    },
  }),
  restart,
});

/** It hands out what it goes on to change. */
export const carelessPacker = defineActor({
  machine,
  restart,
  contextCodec: {
    pack: ({ tally }) => ({ words: tally.list }),
    unpack: ({ words }, input) => ({ input, tally: new Tally(words) }),
  },
});

/** It says in another way what it was told; `migrate` is given what the packer has packed. */
export const laterPacker = defineActor({
  machine,
  restart,
  snapshotVersion: 2,
  migrate: (kept) => {
    const snapshot = kept as { readonly context: { readonly words: readonly string[] } };
    return { ...snapshot, context: snapshot.context.words.join(' ') };
  },
  contextCodec: {
    pack: ({ tally }) => tally.words.join(' '),
    unpack: (text: string, input) => ({ input, tally: new Tally(['migrated', ...text.split(' ')]) }),
  },
});

const broken = (codec: Partial<ContextCodec<Context, unknown, { readonly first: string }>>) =>
  defineActor({
    machine,
    restart,
    contextCodec: { pack: ({ tally }) => tally.words, unpack: () => fail('it has forgotten how'), ...codec },
  });

function fail(why: string): never {
  throw new Error(why);
}

export const packsInstances = broken({ pack: ({ tally }) => ({ list: [{ tally }] }) });
export const packsNothing = broken({ pack: () => fail('it does not know how') });
export const unpacksNothing = broken({});
export const neverMoves = broken({
  pack: () => {
    throw new AcademyError('ERR_ACADEMY_NOT_MOVABLE', 'it holds a camera', { remedy: 'start another one over there' });
  },
});
