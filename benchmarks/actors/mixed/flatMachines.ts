/** Machines of the mixed load without nesting: assignments, guards, entry and exit actions, `always`, wildcards. */
import { and, assign, emit, enqueueActions, not, or, raise, setup } from 'xstate';
import type { ActorEffect, ActorInput, ActorReference } from '../../../runtime/protocol/actors.js';
import {
  defined,
  type MixedMachine,
  type Report,
  reply,
  type SinkOptions,
  said,
  sinkName,
  type Told,
} from './MixedMachine.js';

const trafficLight = setup({
  types: {} as {
    context: { readonly rounds: number; readonly pressed: boolean };
    events: Told<'tick'> | Told<'press'> | Report;
    emitted: ActorEffect;
  },
  guards: { isPressed: ({ context }) => context.pressed },
  actions: {
    round: assign({ rounds: ({ context }) => context.rounds + 1 }),
    press: assign({ pressed: true }),
    release: assign({ pressed: false }),
    report: emit(({ context, event }) => reply(context, event)),
  },
}).createMachine({
  id: 'trafficLight',
  context: { rounds: 0, pressed: false },
  initial: 'red',
  on: { report: { actions: 'report' }, press: { actions: 'press' } },
  states: {
    red: { entry: 'round', on: { tick: 'green' } },
    green: { on: { tick: [{ guard: 'isPressed', target: 'walking' }, { target: 'yellow' }] } },
    walking: { exit: 'release', on: { tick: 'yellow', press: {} } },
    yellow: { on: { tick: 'red' } },
  },
});

const door = setup({
  types: {} as {
    context: { readonly code: number; readonly tries: number; readonly opened: number };
    events: Told<'enter', { readonly code: number }> | Told<'push'> | Told<'pull'> | Told<'lock'> | Report;
    emitted: ActorEffect;
  },
  guards: {
    fits: ({ context, event }) => event.type === 'enter' && event.data.code === context.code,
    isAlarming: ({ context }) => context.tries >= 2,
  },
  actions: {
    fail: assign({ tries: ({ context }) => context.tries + 1 }),
    forgive: assign({ tries: 0 }),
    open: assign({ opened: ({ context }) => context.opened + 1 }),
    report: emit(({ context, event }) => reply(context, event)),
  },
}).createMachine({
  id: 'door',
  context: { code: 42, tries: 0, opened: 0 },
  initial: 'locked',
  on: { report: { actions: 'report' } },
  states: {
    locked: {
      on: {
        enter: [
          { guard: 'fits', target: 'closed', actions: 'forgive' },
          { guard: 'isAlarming', target: 'alarming' },
          { actions: 'fail' },
        ],
      },
    },
    alarming: { on: { enter: { guard: 'fits', target: 'locked', actions: 'forgive' } } },
    closed: { on: { push: 'open', lock: 'locked' } },
    open: { entry: 'open', on: { pull: 'closed' } },
  },
});

/** Gives change by going through states that are left at once. */
const vendingMachine = setup({
  types: {} as {
    context: { readonly cents: number; readonly price: number; readonly sold: number; readonly returned: number };
    events: Told<'coin', { readonly cents: number }> | Told<'cancel'> | Report;
    emitted: ActorEffect;
  },
  guards: {
    isEnough: ({ context }) => context.cents >= context.price,
    hasRest: ({ context }) => context.cents > 0,
  },
  actions: {
    insert: assign({ cents: ({ context, event }) => context.cents + (event.type === 'coin' ? event.data.cents : 0) }),
    sell: assign({
      cents: ({ context }) => context.cents - context.price,
      sold: ({ context }) => context.sold + 1,
    }),
    giveBack: assign({ returned: ({ context }) => context.returned + context.cents, cents: 0 }),
    report: emit(({ context, event }) => reply(context, event)),
  },
}).createMachine({
  id: 'vendingMachine',
  context: { cents: 0, price: 120, sold: 0, returned: 0 },
  initial: 'waiting',
  on: { report: { actions: 'report' } },
  states: {
    waiting: {
      always: { guard: 'isEnough', target: 'selling' },
      on: { coin: { actions: 'insert' }, cancel: 'returning' },
    },
    selling: { entry: 'sell', always: [{ guard: 'hasRest', target: 'returning' }, { target: 'waiting' }] },
    returning: { entry: 'giveBack', always: 'waiting' },
  },
});

/** Parameters for guards and actions. */
const account = setup({
  types: {} as {
    context: { readonly balance: number; readonly refused: number };
    events:
      | Told<'deposit', { readonly sum: number }>
      | Told<'withdraw', { readonly sum: number }>
      | Told<'close'>
      | Told<'reopen'>
      | Report;
    emitted: ActorEffect;
  },
  guards: { covers: ({ context }, params: { readonly sum: number }) => context.balance >= params.sum },
  actions: {
    book: assign({ balance: ({ context }, params: { readonly sum: number }) => context.balance + params.sum }),
    refuse: assign({ refused: ({ context }) => context.refused + 1 }),
    report: emit(({ context, event }) => reply(context, event)),
  },
}).createMachine({
  id: 'account',
  context: { balance: 100, refused: 0 },
  initial: 'open',
  on: { report: { actions: 'report' } },
  states: {
    open: {
      on: {
        deposit: { actions: { type: 'book', params: ({ event }) => ({ sum: event.data.sum }) } },
        withdraw: [
          {
            guard: { type: 'covers', params: ({ event }) => ({ sum: event.data.sum }) },
            actions: { type: 'book', params: ({ event }) => ({ sum: -event.data.sum }) },
          },
          { actions: 'refuse' },
        ],
        close: 'closed',
      },
    },
    closed: { on: { reopen: 'open', report: { actions: 'report' }, '*': { actions: 'refuse' } } },
  },
});

/** Combined guards, and hysteresis between two thresholds. */
const thermostat = setup({
  types: {} as {
    context: { readonly degrees: number; readonly switches: number; readonly away: boolean };
    events: Told<'measured', { readonly degrees: number }> | Told<'leave'> | Told<'return'> | Report;
    emitted: ActorEffect;
  },
  guards: {
    isCold: ({ context }) => context.degrees < 19,
    isFreezing: ({ context }) => context.degrees < 6,
    isWarm: ({ context }) => context.degrees > 21,
    isAway: ({ context }) => context.away,
  },
  actions: {
    note: assign({ degrees: ({ event }) => (event.type === 'measured' ? event.data.degrees : 0) }),
    leave: assign({ away: true }),
    return: assign({ away: false }),
    count: assign({ switches: ({ context }) => context.switches + 1 }),
    report: emit(({ context, event }) => reply(context, event)),
  },
}).createMachine({
  id: 'thermostat',
  context: { degrees: 20, switches: 0, away: false },
  initial: 'idle',
  on: {
    report: { actions: 'report' },
    measured: { actions: 'note' },
    leave: { actions: 'leave' },
    return: { actions: 'return' },
  },
  states: {
    idle: { always: { guard: or(['isFreezing', and(['isCold', not('isAway')])]), target: 'heating' } },
    heating: {
      entry: 'count',
      exit: 'count',
      always: { guard: or(['isWarm', and(['isAway', not('isFreezing')])]), target: 'idle' },
    },
  },
});

/** Sends itself events that are handled in the same step. */
const pipeline = setup({
  types: {} as {
    context: { readonly parsed: number; readonly checked: number; readonly stored: number };
    events: Told<'item', { readonly size: number }> | Told<'parsed'> | Told<'checked'> | Report;
    emitted: ActorEffect;
  },
  guards: { isSmall: ({ event }) => event.type === 'item' && event.data.size < 100 },
  actions: {
    parse: assign({ parsed: ({ context }) => context.parsed + 1 }),
    check: assign({ checked: ({ context }) => context.checked + 1 }),
    store: assign({ stored: ({ context }) => context.stored + 1 }),
    saidParsed: raise({ type: 'parsed', data: null }),
    saidChecked: raise({ type: 'checked', data: null }),
    report: emit(({ context, event }) => reply(context, event)),
  },
}).createMachine({
  id: 'pipeline',
  context: { parsed: 0, checked: 0, stored: 0 },
  initial: 'ready',
  on: { report: { actions: 'report' } },
  states: {
    ready: { on: { item: { guard: 'isSmall', target: 'parsing' } } },
    parsing: { entry: ['parse', 'saidParsed'], on: { parsed: 'checking' } },
    checking: { entry: ['check', 'saidChecked'], on: { checked: { target: 'ready', actions: 'store' } } },
  },
});

/** Sorts what it hears by wildcards. */
const router = setup({
  types: {} as {
    context: { readonly readings: number; readonly alarms: number; readonly others: number };
    events:
      | Told<'sensor.heat', { readonly value: number }>
      | Told<'sensor.smoke', { readonly value: number }>
      | Told<'operator.call'>
      | Report;
    emitted: ActorEffect;
  },
  guards: { isHigh: ({ event }) => 'value' in (event.data ?? {}) && (event.data as { value: number }).value > 70 },
  actions: {
    read: assign({ readings: ({ context }) => context.readings + 1 }),
    alarm: assign({ alarms: ({ context }) => context.alarms + 1 }),
    other: assign({ others: ({ context }) => context.others + 1 }),
    report: emit(({ context, event }) => reply(context, event)),
  },
}).createMachine({
  id: 'router',
  context: { readings: 0, alarms: 0, others: 0 },
  initial: 'routing',
  states: {
    routing: {
      on: {
        report: { actions: 'report' },
        'sensor.smoke': { guard: 'isHigh', actions: 'alarm' },
        'sensor.*': { actions: 'read' },
        '*': { actions: 'other' },
      },
    },
  },
});

interface Stock {
  readonly items: number;
  readonly ordered: number;
  readonly missed: number;
}

function isLow({ context }: { readonly context: Stock }): boolean {
  return context.items < 10;
}

/** Decides in code what is done. */
const stock = setup({
  types: {} as {
    context: Stock;
    events: Told<'take', { readonly items: number }> | Told<'arrived'> | Report;
    emitted: ActorEffect;
  },
  actions: {
    take: enqueueActions(({ context, event, enqueue, check }) => {
      if (event.type !== 'take') return;
      const taken = Math.min(context.items, event.data.items);
      enqueue.assign({ items: context.items - taken });
      if (taken < event.data.items) enqueue.assign({ missed: context.missed + event.data.items - taken });
      if (check(isLow)) enqueue.assign({ ordered: context.ordered + 1 });
    }),
    refill: assign({ items: 20 }),
    report: emit(({ context, event }) => reply(context, event)),
  },
}).createMachine({
  id: 'stock',
  context: { items: 20, ordered: 0, missed: 0 },
  initial: 'stocked',
  states: {
    stocked: { on: { take: { actions: 'take' }, arrived: { actions: 'refill' }, report: { actions: 'report' } } },
  },
});

/** Speaks to another actor with every third thing that it hears. */
const announcer = setup({
  types: {} as {
    context: { readonly sink: ActorReference; readonly heard: number };
    events: Told<'news', { readonly text: string }> | Report;
    input: ActorInput<SinkOptions>;
    emitted: ActorEffect;
  },
  guards: { isThird: ({ context }) => context.heard % 3 === 2 },
  actions: {
    hear: assign({ heard: ({ context }) => context.heard + 1 }),
    announce: emit(({ context, event }) => ({
      type: 'tell' as const,
      to: context.sink,
      message: { type: 'announced', data: event.data },
    })),
    report: emit(({ context, event }) => reply({ heard: context.heard }, event)),
  },
}).createMachine({
  id: 'announcer',
  context: ({ input }) => ({ sink: input.options.sink, heard: 0 }),
  initial: 'listening',
  states: {
    listening: {
      on: {
        news: [{ guard: 'isThird', actions: ['announce', 'hear'] }, { actions: 'hear' }],
        report: { actions: 'report' },
      },
    },
  },
});

const coins = [20, 50, 50, 10, 100, 100].map((cents) => said('coin', { cents }));

export const flatMachines: readonly MixedMachine[] = [
  {
    name: 'trafficLight',
    definition: defined(trafficLight),
    script: ['tick', 'tick', 'tick', 'press', 'tick', 'tick', 'press', 'tick', 'tick'].map((type) => said(type)),
    reports: true,
  },
  {
    name: 'door',
    definition: defined(door),
    script: [
      said('enter', { code: 1 }),
      said('push'),
      said('enter', { code: 42 }),
      ...['push', 'pull', 'push', 'pull', 'lock'].map((type) => said(type)),
      ...[1, 2, 3, 42].map((code) => said('enter', { code })),
    ],
    reports: true,
  },
  {
    name: 'vendingMachine',
    definition: defined(vendingMachine),
    script: [...coins, said('cancel'), ...coins],
    reports: true,
  },
  {
    name: 'account',
    definition: defined(account),
    script: [
      said('deposit', { sum: 50 }),
      said('withdraw', { sum: 120 }),
      said('withdraw', { sum: 100 }),
      said('close'),
      said('deposit', { sum: 5 }),
      said('reopen'),
      said('deposit', { sum: 70 }),
    ],
    reports: true,
  },
  {
    name: 'thermostat',
    definition: defined(thermostat),
    script: [
      ...[18, 20, 22, 20].map((degrees) => said('measured', { degrees })),
      said('leave'),
      ...[15, 5, 10].map((degrees) => said('measured', { degrees })),
      said('return'),
    ],
    reports: true,
  },
  {
    name: 'pipeline',
    definition: defined(pipeline),
    script: [10, 20, 300, 40].map((size) => said('item', { size })),
    reports: true,
  },
  {
    name: 'router',
    definition: defined(router),
    script: [
      said('sensor.heat', { value: 20 }),
      said('sensor.smoke', { value: 80 }),
      said('operator.call'),
      said('sensor.smoke', { value: 10 }),
    ],
    reports: true,
  },
  {
    name: 'stock',
    definition: defined(stock),
    script: [...[3, 7, 6, 2, 9].map((items) => said('take', { items })), said('arrived')],
    reports: true,
  },
  {
    name: 'announcer',
    definition: defined(announcer),
    script: ['rain', 'sun', 'wind'].map((text) => said('news', { text })),
    options: { sink: { name: sinkName } } satisfies SinkOptions,
    reports: true,
    speaks: true,
  },
];
