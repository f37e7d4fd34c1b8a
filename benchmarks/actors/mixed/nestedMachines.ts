/** Machines of the mixed load with structure: nested and parallel states, history, final states, `after`. */
import { assign, emit, raise, setup, stateIn } from 'xstate';
import type { ActorEffect } from '../../../runtime/protocol/actors.js';
import { defined, type MixedMachine, type Report, reply, said, type Told } from './MixedMachine.js';

/** Far beyond any round: these timers are started and cancelled, which is what most timers are for. */
const longMs = 600_000;

const order = setup({
  types: {} as {
    context: { readonly items: number; readonly placed: number };
    events: Told<'add'> | Told<'checkout'> | Told<'back'> | Told<'next'> | Told<'again'> | Report;
    emitted: ActorEffect;
  },
  guards: { hasItems: ({ context }) => context.items > 0 },
  actions: {
    add: assign({ items: ({ context }) => context.items + 1 }),
    place: assign({ placed: ({ context }) => context.placed + 1, items: 0 }),
    report: emit(({ context, event }) => reply(context, event)),
  },
}).createMachine({
  id: 'order',
  context: { items: 0, placed: 0 },
  initial: 'cart',
  on: { report: { actions: 'report' } },
  states: {
    cart: { on: { add: { actions: 'add' }, checkout: { guard: 'hasItems', target: 'checkout' } } },
    checkout: {
      initial: 'address',
      on: { back: 'cart' },
      onDone: { target: 'placed', actions: 'place' },
      states: {
        address: { on: { next: 'payment' } },
        payment: { on: { next: 'confirmed', back: 'address' } },
        confirmed: { type: 'final' },
      },
    },
    placed: { on: { again: 'cart' } },
  },
});

const player = setup({
  types: {} as {
    context: { readonly volume: number; readonly played: number };
    events: Told<'play'> | Told<'pause'> | Told<'louder'> | Told<'mute'> | Told<'light'> | Report;
    emitted: ActorEffect;
  },
  guards: { isLoudest: ({ context }) => context.volume >= 3 },
  actions: {
    start: assign({ played: ({ context }) => context.played + 1 }),
    louder: assign({ volume: ({ context }) => context.volume + 1 }),
    quiet: assign({ volume: 0 }),
    report: emit(({ context, event }) => reply(context, event)),
  },
}).createMachine({
  id: 'player',
  context: { volume: 1, played: 0 },
  type: 'parallel',
  on: { report: { actions: 'report' } },
  states: {
    playback: {
      initial: 'paused',
      states: { paused: { on: { play: 'playing' } }, playing: { entry: 'start', on: { pause: 'paused' } } },
    },
    sound: {
      initial: 'on',
      states: {
        on: {
          on: { louder: [{ guard: 'isLoudest' }, { actions: 'louder' }], mute: { target: 'off', actions: 'quiet' } },
        },
        off: { on: { louder: { target: 'on', actions: 'louder' } } },
      },
    },
    display: {
      initial: 'dark',
      states: { dark: { on: { light: 'lit' } }, lit: { on: { light: 'dark', pause: 'dark' } } },
    },
  },
});

/** Regions that look at each other. */
const editor = setup({
  types: {} as {
    context: { readonly typed: number; readonly bold: number };
    events: Told<'bold'> | Told<'italic'> | Told<'type', { readonly characters: number }> | Told<'lock'> | Report;
    emitted: ActorEffect;
  },
  guards: { isOpen: stateIn({ access: 'open' }) },
  actions: {
    type: assign({
      typed: ({ context, event }) => context.typed + (event.type === 'type' ? event.data.characters : 0),
    }),
    bold: assign({ bold: ({ context }) => context.bold + 1 }),
    report: emit(({ context, event }) => reply(context, event)),
  },
}).createMachine({
  id: 'editor',
  context: { typed: 0, bold: 0 },
  type: 'parallel',
  on: { report: { actions: 'report' } },
  states: {
    weight: {
      initial: 'normal',
      states: {
        normal: { on: { bold: { guard: 'isOpen', target: 'bold' } } },
        bold: { entry: 'bold', on: { bold: 'normal' } },
      },
    },
    slant: {
      initial: 'upright',
      states: { upright: { on: { italic: 'italic' } }, italic: { on: { italic: 'upright' } } },
    },
    access: {
      initial: 'open',
      states: { open: { on: { type: { actions: 'type' }, lock: 'locked' } }, locked: { on: { lock: 'open' } } },
    },
  },
});

/** Goes back to where it was interrupted. */
const wizard = setup({
  types: {} as {
    context: { readonly helped: number; readonly finished: number };
    events: Told<'next'> | Told<'help'> | Told<'close'> | Report;
    emitted: ActorEffect;
  },
  actions: {
    help: assign({ helped: ({ context }) => context.helped + 1 }),
    finish: assign({ finished: ({ context }) => context.finished + 1 }),
    report: emit(({ context, event }) => reply(context, event)),
  },
}).createMachine({
  id: 'wizard',
  context: { helped: 0, finished: 0 },
  initial: 'steps',
  on: { report: { actions: 'report' } },
  states: {
    steps: {
      initial: 'name',
      on: { help: 'helping' },
      states: {
        name: { on: { next: 'colour' } },
        colour: { on: { next: 'size' } },
        size: { on: { next: { target: 'name', actions: 'finish' } } },
        last: { type: 'history' },
      },
    },
    helping: { entry: 'help', on: { close: 'steps.last' } },
  },
});

/** The same for what lies deeper, after a call. */
const phone = setup({
  types: {} as {
    context: { readonly calls: number; readonly songs: number };
    events: Told<'music'> | Told<'next'> | Told<'home'> | Told<'ring'> | Told<'hang-up'> | Report;
    emitted: ActorEffect;
  },
  actions: {
    call: assign({ calls: ({ context }) => context.calls + 1 }),
    song: assign({ songs: ({ context }) => context.songs + 1 }),
    report: emit(({ context, event }) => reply(context, event)),
  },
}).createMachine({
  id: 'phone',
  context: { calls: 0, songs: 0 },
  initial: 'using',
  on: { report: { actions: 'report' } },
  states: {
    using: {
      initial: 'home',
      on: { ring: 'calling' },
      states: {
        home: { on: { music: 'music' } },
        music: {
          initial: 'list',
          on: { home: 'home' },
          states: {
            list: { on: { next: 'song' } },
            song: { entry: 'song', on: { next: { target: 'song', reenter: true } } },
          },
        },
        before: { type: 'history', history: 'deep' },
      },
    },
    calling: { entry: 'call', on: { 'hang-up': 'using.before' } },
  },
});

/** Starts a timer over with each key. */
const search = setup({
  types: {} as {
    context: { readonly text: string; readonly searches: number };
    events: Told<'key', { readonly text: string }> | Told<'enter'> | Told<'found'> | Report;
    emitted: ActorEffect;
  },
  actions: {
    note: assign({ text: ({ context, event }) => (event.type === 'key' ? event.data.text : context.text) }),
    search: assign({ searches: ({ context }) => context.searches + 1 }),
    report: emit(({ context, event }) => reply(context, event)),
  },
  delays: { quiet: longMs },
}).createMachine({
  id: 'search',
  context: { text: '', searches: 0 },
  initial: 'idle',
  on: { report: { actions: 'report' } },
  states: {
    idle: { on: { key: { target: 'typing', actions: 'note' } } },
    typing: {
      after: { quiet: 'searching' },
      on: { key: { target: 'typing', reenter: true, actions: 'note' }, enter: 'searching' },
    },
    searching: { entry: 'search', after: { [longMs]: 'idle' }, on: { found: 'idle' } },
  },
});

/** Logs a person out who is silent for long. */
const session = setup({
  types: {} as {
    context: { readonly user: string | null; readonly actions: number; readonly failures: number };
    events: Told<'login', { readonly user: string }> | Told<'act'> | Told<'logout'> | Told<'expire'> | Report;
    emitted: ActorEffect;
  },
  guards: { isKnown: ({ event }) => event.type === 'login' && event.data.user !== 'stranger' },
  actions: {
    enter: assign({ user: ({ event }) => (event.type === 'login' ? event.data.user : null) }),
    leave: assign({ user: null }),
    act: assign({ actions: ({ context }) => context.actions + 1 }),
    fail: assign({ failures: ({ context }) => context.failures + 1 }),
    report: emit(({ context, event }) => reply(context, event)),
  },
}).createMachine({
  id: 'session',
  context: { user: null, actions: 0, failures: 0 },
  initial: 'outside',
  on: { report: { actions: 'report' } },
  states: {
    outside: { on: { login: [{ guard: 'isKnown', target: 'inside', actions: 'enter' }, { actions: 'fail' }] } },
    inside: {
      initial: 'active',
      exit: 'leave',
      after: { [longMs]: 'outside' },
      on: { logout: 'outside' },
      states: {
        active: { on: { act: { target: 'active', reenter: true, actions: 'act' } }, after: { [longMs / 2]: 'away' } },
        away: { on: { act: { target: 'active', actions: 'act' } } },
      },
    },
  },
});

/** A game between regions that raise events for each other. */
const match = setup({
  types: {} as {
    context: { readonly home: number; readonly guest: number; readonly sets: number };
    events: Told<'goal', { readonly by: 'home' | 'guest' }> | Told<'set'> | Told<'whistle'> | Report;
    emitted: ActorEffect;
  },
  guards: {
    isHome: ({ event }) => event.type === 'goal' && event.data.by === 'home',
    isOver: ({ context }) => Math.max(context.home, context.guest) >= 3,
  },
  actions: {
    home: assign({ home: ({ context }) => context.home + 1 }),
    guest: assign({ guest: ({ context }) => context.guest + 1 }),
    sayOver: raise({ type: 'set', data: null }),
    reset: assign({ home: 0, guest: 0, sets: ({ context }) => context.sets + 1 }),
    report: emit(({ context, event }) => reply(context, event)),
  },
}).createMachine({
  id: 'match',
  context: { home: 0, guest: 0, sets: 0 },
  type: 'parallel',
  on: { report: { actions: 'report' } },
  states: {
    score: {
      initial: 'counting',
      states: {
        counting: {
          always: { guard: 'isOver', target: 'over' },
          on: { goal: [{ guard: 'isHome', actions: 'home' }, { actions: 'guest' }] },
        },
        over: { entry: 'sayOver', on: { whistle: { target: 'counting', actions: 'reset' } } },
      },
    },
    referee: {
      initial: 'watching',
      states: { watching: { on: { set: 'pausing' } }, pausing: { on: { whistle: 'watching' } } },
    },
  },
});

export const nestedMachines: readonly MixedMachine[] = [
  {
    name: 'order',
    definition: defined(order),
    script: ['checkout', 'add', 'add', 'checkout', 'next', 'back', 'next', 'next', 'again'].map((type) => said(type)),
    reports: true,
  },
  {
    name: 'player',
    definition: defined(player),
    script: ['play', 'louder', 'light', 'pause', 'louder', 'mute', 'play', 'louder', 'light'].map((type) => said(type)),
    reports: true,
  },
  {
    name: 'editor',
    definition: defined(editor),
    script: [
      said('type', { characters: 12 }),
      said('bold'),
      said('italic'),
      said('type', { characters: 3 }),
      said('lock'),
      said('bold'),
      said('bold'),
      said('lock'),
    ],
    reports: true,
  },
  {
    name: 'wizard',
    definition: defined(wizard),
    script: ['next', 'help', 'close', 'next', 'help', 'next', 'close', 'next'].map((type) => said(type)),
    reports: true,
  },
  {
    name: 'phone',
    definition: defined(phone),
    script: ['music', 'ring', 'hang-up', 'next', 'next', 'ring', 'next', 'hang-up', 'next', 'home'].map((type) =>
      said(type),
    ),
    reports: true,
  },
  {
    name: 'search',
    definition: defined(search),
    script: [...['a', 'ac', 'aca'].map((text) => said('key', { text })), said('enter'), said('found')],
    reports: true,
  },
  {
    name: 'session',
    definition: defined(session),
    script: [
      said('login', { user: 'stranger' }),
      said('login', { user: 'ann' }),
      said('act'),
      said('act'),
      said('logout'),
      said('act'),
    ],
    reports: true,
  },
  {
    name: 'match',
    definition: defined(match),
    script: [...['home', 'guest', 'home', 'home', 'guest'].map((by) => said('goal', { by })), said('whistle')],
    reports: true,
  },
];
