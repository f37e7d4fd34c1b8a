/** Machines as XState's documentation teaches them, written anew, each with what happens to it in a test. */
import {
  type AnyStateMachine,
  and,
  assign,
  cancel,
  emit,
  enqueueActions,
  log,
  not,
  or,
  raise,
  sendTo,
  setup,
  stateIn,
} from 'xstate';
import { probe } from './TierWorld.js';

export type ExampleDeed = { readonly type: string; readonly [key: string]: unknown } | number;

interface Example {
  readonly name: string;
  readonly machine: AnyStateMachine;
  /** Events, and milliseconds to wait. */
  readonly deeds: readonly ExampleDeed[];
  /** Where it ends, so that an example which does nothing is noticed. */
  readonly ends: unknown;
}

const toggle = setup({
  types: {} as { context: { switched: number }; events: { type: 'toggle' } | { type: 'break' } },
  actions: { count: assign({ switched: ({ context }) => context.switched + 1 }) },
  guards: { isWorn: ({ context }) => context.switched >= 3 },
}).createMachine({
  id: 'toggle',
  context: { switched: 0 },
  initial: 'off',
  on: { break: '.broken' },
  states: {
    off: {
      on: {
        toggle: [
          { guard: 'isWorn', target: 'broken' },
          { target: 'on', actions: 'count' },
        ],
      },
    },
    on: { tags: 'lit', on: { toggle: 'off' } },
    broken: { type: 'final' },
  },
});

const trafficLight = setup({
  delays: { rush: ({ context }: { context: { cars: number } }) => (context.cars > 2 ? 30 : 10) },
  actions: { pass: assign({ cars: ({ context }) => context.cars + 1 }) },
}).createMachine({
  id: 'light',
  context: { cars: 0 },
  initial: 'green',
  on: { powerOut: '.blinking' },
  states: {
    green: { after: { rush: 'yellow' }, on: { car: { actions: 'pass' } } },
    yellow: { after: { 5: 'red' } },
    red: {
      initial: 'walk',
      states: {
        walk: { tags: 'people', after: { 10: 'wait' } },
        wait: { after: { 5: 'stop' } },
        stop: { type: 'final' },
      },
      onDone: 'green',
    },
    blinking: { on: { powerIn: 'red' } },
  },
});

const formWizard = setup({
  types: {} as {
    context: { fields: Record<string, string>; errors: string[] };
    events: { type: 'fill'; name: string; value: string } | { type: 'next' } | { type: 'back' } | { type: 'submit' };
  },
  guards: {
    has: ({ context }, { name }: { name: string }) => (context.fields[name] ?? '') !== '',
    isPolite: ({ context }) => !(context.fields.comment ?? '').includes('!'),
  },
  actions: {
    complain: assign({ errors: ({ context }, { about }: { about: string }) => [...context.errors, about] }),
    forgive: assign({ errors: () => [] }),
  },
}).createMachine({
  id: 'wizard',
  context: { fields: {}, errors: [] },
  initial: 'name',
  on: {
    fill: { actions: assign({ fields: ({ context, event }) => ({ ...context.fields, [event.name]: event.value }) }) },
  },
  states: {
    name: {
      on: {
        next: [
          { guard: { type: 'has', params: { name: 'name' } }, target: 'comment', actions: 'forgive' },
          { actions: { type: 'complain', params: { about: 'name' } } },
        ],
      },
    },
    comment: {
      on: {
        back: 'name',
        next: [
          { guard: and([{ type: 'has', params: { name: 'comment' } }, 'isPolite']), target: 'review' },
          { guard: not('isPolite'), actions: { type: 'complain', params: { about: 'manners' } } },
        ],
      },
    },
    review: { on: { back: 'comment', submit: 'sent' } },
    sent: { type: 'final', output: ({ context }) => context.fields },
  },
  output: ({ event }) => ({ sent: (event as unknown as { output: unknown }).output }),
});

const editor = setup({}).createMachine({
  id: 'editor',
  initial: 'writing',
  on: { bold: '#bold.toggling' },
  states: {
    writing: {
      type: 'parallel',
      on: { pause: 'paused', done: { guard: stateIn({ writing: { saving: 'saved' } }) as never, target: 'closed' } },
      states: {
        bold: {
          id: 'bold',
          initial: 'off',
          states: { off: { on: { toggleBold: 'on' } }, on: { on: { toggleBold: 'off' } }, toggling: { always: 'on' } },
        },
        list: {
          initial: 'none',
          states: {
            none: { on: { bullets: 'bullets', numbers: 'numbers' } },
            bullets: { on: { none: 'none', numbers: 'numbers' } },
            numbers: {
              initial: 'arabic',
              on: { none: 'none' },
              states: { arabic: { on: { roman: 'roman' } }, roman: {} },
            },
          },
        },
        saving: {
          initial: 'saved',
          states: {
            saved: { on: { toggleBold: 'unsaved', bullets: 'unsaved', numbers: 'unsaved' } },
            unsaved: { after: { 20: { target: 'saved', actions: emit({ type: 'stored' }) } } },
          },
        },
        remembered: { type: 'history', history: 'deep' },
        rough: { type: 'history', history: 'shallow' },
      },
    },
    paused: { on: { resume: 'writing.remembered', restart: 'writing.rough', afresh: 'writing' } },
    closed: { type: 'final' },
  },
});

const search = setup({
  types: {} as { context: { text: string; asked: number }; events: { type: 'type'; text: string } | { type: 'found' } },
}).createMachine({
  id: 'search',
  context: { text: '', asked: 0 },
  initial: 'idle',
  on: {
    type: { target: '.typing', reenter: true, actions: assign({ text: ({ event }) => event.text }) },
  },
  states: {
    idle: {},
    typing: { after: { 25: 'asking' } },
    asking: {
      entry: [
        assign({ asked: ({ context }) => context.asked + 1 }),
        sendTo(() => probe.friend as never, (({ context }: { context: { text: string } }) => ({
          type: 'query',
          text: context.text,
        })) as never),
      ],
      on: { found: 'idle' },
    },
  },
});

const coffeeMachine = setup({
  types: {} as {
    context: { water: number; beans: number; coins: number };
    events: { type: 'coin' } | { type: 'refill' } | { type: 'choose'; drink: string };
    input: { n: number };
  },
  guards: {
    isPaid: ({ context }) => context.coins >= 2,
    isEmpty: or([({ context }) => context.water < 1, ({ context }) => context.beans < 1]),
  },
  actions: {
    swallow: assign(({ context }) => ({ coins: context.coins + 1 })),
    brew: enqueueActions(({ context, event, enqueue, check }) => {
      if (event.type !== 'choose') return;
      enqueue.assign({ coins: context.coins - 2, water: context.water - 1 });
      if (event.drink !== 'tea') enqueue.assign(({ context: { beans } }) => ({ beans: beans - 1 }));
      enqueue.raise({ type: 'ready' } as never, { delay: 15, id: 'brewing' });
      if (check('isEmpty' as never)) enqueue.emit({ type: 'last cup' });
      enqueue(({ context: { water } }) => probe.lines.push(['water', water]));
    }),
    stopBrewing: cancel('brewing'),
  },
}).createMachine({
  id: 'coffee',
  context: ({ input }) => ({ water: input.n, beans: 2, coins: 0 }),
  initial: 'idle',
  states: {
    idle: {
      always: { guard: 'isEmpty', target: 'empty' },
      on: { coin: { actions: 'swallow' }, choose: { guard: 'isPaid', target: 'brewing', actions: 'brew' } },
    },
    brewing: {
      exit: 'stopBrewing',
      on: {
        ready: { target: 'idle', actions: emit(({ context }) => ({ type: 'served', left: context.water })) },
        '*': { actions: log('busy') },
      } as never,
    },
    empty: { tags: ['out of order'], on: { refill: { target: 'idle', actions: assign({ water: 5, beans: 5 }) } } },
  },
});

const player = setup({
  actions: { note: ({ event }) => probe.lines.push(event.type) },
}).createMachine({
  id: 'player',
  initial: 'stopped',
  entry: raise({ type: 'tape.insert' }),
  on: { 'tape.*': { actions: 'note' }, '*': { actions: 'note' } },
  states: {
    stopped: { on: { 'transport.play': 'playing', 'transport.*': undefined } },
    playing: {
      on: {
        'transport.stop': 'stopped',
        'tape.end': { target: 'stopped', actions: ['note', raise({ type: 'rewound' })] },
      },
    },
  },
});

export const examples: readonly Example[] = [
  {
    name: 'a toggle that wears out',
    machine: toggle,
    deeds: Array.from({ length: 7 }, () => ({ type: 'toggle' })),
    ends: 'broken',
  },
  {
    name: 'a traffic light with people, and a power cut',
    machine: trafficLight,
    deeds: [
      { type: 'car' },
      10,
      5,
      10,
      5,
      { type: 'car' },
      { type: 'car' },
      9,
      { type: 'powerOut' },
      100,
      { type: 'powerIn' },
      20,
      29,
      6,
    ],
    ends: { red: 'walk' },
  },
  {
    name: 'a form in steps',
    machine: formWizard,
    deeds: [
      { type: 'next' },
      { type: 'fill', name: 'name', value: 'Ada' },
      { type: 'next' },
      { type: 'fill', name: 'comment', value: 'Fix it!' },
      { type: 'next' },
      { type: 'fill', name: 'comment', value: 'thank you' },
      { type: 'back' },
      { type: 'next' },
      { type: 'next' },
      { type: 'submit' },
    ],
    ends: 'sent',
  },
  {
    name: 'an editor that remembers how it was left',
    machine: editor,
    deeds: [
      { type: 'toggleBold' },
      { type: 'numbers' },
      { type: 'roman' },
      { type: 'pause' },
      50,
      { type: 'resume' },
      { type: 'pause' },
      { type: 'restart' },
      20,
      { type: 'bold' },
      { type: 'done' },
      { type: 'pause' },
      { type: 'afresh' },
      { type: 'done' },
    ],
    ends: 'closed',
  },
  {
    name: 'a search that waits until one has typed',
    machine: search,
    deeds: [
      { type: 'type', text: 'a' },
      20,
      { type: 'type', text: 'ab' },
      20,
      { type: 'type', text: 'abc' },
      25,
      { type: 'found' },
      30,
    ],
    ends: 'idle',
  },
  {
    name: 'a coffee machine',
    machine: coffeeMachine,
    deeds: [
      { type: 'choose', drink: 'tea' },
      { type: 'coin' },
      { type: 'coin' },
      { type: 'choose', drink: 'tea' },
      { type: 'coin' },
      15,
      { type: 'coin' },
      { type: 'coin' },
      { type: 'choose', drink: 'mocha' },
      20,
      { type: 'refill' },
    ],
    ends: 'idle',
  },
  {
    name: 'a player that hears by wildcards',
    machine: player,
    deeds: ['transport.pause', 'transport.play', 'tape.end', 'tape.eject', 'knock'].map((type) => ({ type })),
    ends: 'stopped',
  },
];
