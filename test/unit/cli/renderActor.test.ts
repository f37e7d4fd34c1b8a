import t from 'tap';
import { renderActor } from '../../../cli/renderActor.js';
import type { ActorReport } from '../../../index.js';

const failed: ActorReport = {
  name: 'participant/bot',
  address: { shard: 0, slot: 3, generation: 2 },
  machine: 'bot',
  state: '',
  status: 'failed',
  restarts: 5,
  mailboxDepth: 0,
  messagesHandled: 1,
  supervisor: 'node/participants',
  quarantined: 1,
  lastError: { code: 'ERR_ACADEMY_ACTOR_STOPPED', message: 'no such\ntable', remedy: 'make one', place: '/bot.js:1:2' },
  lastErrorAtMs: 1_000,
  module: null,
  exportName: null,
  parent: null,
  persist: 'none',
  restart: null,
  quarantine: [
    {
      name: 'participant/bot',
      to: { shard: 0, slot: 3, generation: 2 },
      from: null,
      messageType: 'room.message',
      data: '{}',
      failures: 3,
      error: { code: 'ERR_ACADEMY_ACTOR_STOPPED', message: 'bad' },
      atMs: 500,
    },
  ],
  running: null,
};

t.test('what is known of a failed actor is shown, and nothing that is empty', async (t) => {
  t.equal(
    renderActor(failed, 301_000),
    [
      'participant/bot: failed; this is what was known last',
      '  machine         bot',
      '  address         0/3/2, in the main thread',
      '  supervisor      node/participants',
      '  restarts        5',
      '  handled         1 message',
      '  last error      ERR_ACADEMY_ACTOR_STOPPED, 5 min ago',
      '                  no such',
      '                  table (/bot.js:1:2)',
      '                  remedy: make one',
      '  set aside       1 message; "academy quarantine" shows the data',
      '                  room.message, 5 min ago, by bad',
    ].join('\n'),
  );
});

t.test('a context stands below its actor by name, and what is long is counted', async (t) => {
  const context = {
    $class: 'Notes',
    count: 2,
    room: { id: 'lobby', members: ['ada', { id: 'bo', name: 'Bo' }] },
    empty: {},
    none: [],
    text: 'one\ntwo',
    $more: 4,
  };
  const running: ActorReport['running'] = {
    context,
    options: null,
    mailbox: { depth: 3, oldestAgeMs: 1_500, nextType: 'note', capacity: 10, policy: 'reject' },
    timers: [{ type: 'tick', dueInMs: 7_300_000 }],
    subscriptions: [
      { event: 'academy.chat.typing', roomId: 'lobby' },
      { event: 'academy.node.joined', roomId: null },
    ],
    watches: [{ name: 'bo', isLink: true }],
    watchedBy: [],
    children: ['a#1.1'],
    counts: { timers: 1, subscriptions: 2, watches: 1, watchedBy: 0, children: 7, unanswered: 2 },
  };
  const restart = { kind: 'permanent', intensity: 5, withinMs: 10_000, recent: 2, strategy: 'dynamic' } as const;
  t.equal(
    renderActor(
      { ...failed, status: 'running', mailboxDepth: 3, alarm: 'age', restart, running, quarantine: [] },
      2_000,
    ),
    [
      'participant/bot: running',
      '  machine         bot',
      '  address         0/3/2, in the main thread',
      '  supervisor      node/participants, dynamic',
      '  restarts        5; permanent, 2 of 5 within 10 s',
      '  mailbox         3 messages of 10, the next is note, the oldest has waited 1.5 s, when full: reject, ALARM: age',
      '  handled         1 message',
      '  unanswered      2 questions, unless passed on to others',
      '  timers          tick in 2 h',
      '  subscriptions   academy.chat.typing of lobby',
      '                  academy.node.joined',
      '  watches         bo (link)',
      '  children        a#1.1',
      '                  … and 6 more',
      '  last error      ERR_ACADEMY_ACTOR_STOPPED, 1 s ago',
      '                  no such',
      '                  table (/bot.js:1:2)',
      '                  remedy: make one',
      '  set aside       1 message; "academy quarantine" shows the data',
      '  context         [Notes]',
      '                  count: 2',
      '                  room:',
      '                    id: lobby',
      '                    members:',
      '                      - ada',
      '                      -',
      '                        id: bo',
      '                        name: Bo',
      '                  empty: {}',
      '                  none: []',
      '                  text: one',
      '                    two',
      '                  … and 4 more',
    ].join('\n'),
  );
});
