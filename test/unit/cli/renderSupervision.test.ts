import t from 'tap';
import { renderSupervision } from '../../../cli/renderSupervision.js';
import type { ActorInfo, SupervisorInfo } from '../../../index.js';

const supervisor = (name: string, rest: Partial<SupervisorInfo>): SupervisorInfo => ({
  name,
  parent: null,
  strategy: 'one-for-one',
  intensity: 3,
  withinMs: 60_000,
  status: 'running',
  restarts: 0,
  recentRestarts: 0,
  children: [],
  ...rest,
});

const actor = (name: string, rest: Partial<ActorInfo> = {}): ActorInfo => ({
  name,
  address: { shard: 1, slot: 1, generation: 1 },
  machine: 'm',
  state: 'idle',
  status: 'running',
  restarts: 0,
  mailboxDepth: 0,
  messagesHandled: 0,
  ...rest,
});

t.test('supervisors are shown with strategy, restarts, and what was set aside below them', async (t) => {
  const many = Array.from({ length: 33 }, (_, index) => `room/${index}`);
  const text = renderSupervision(
    [
      supervisor('node', { children: ['daemons', 'rooms'] }),
      supervisor('daemons', { parent: 'node', strategy: 'one-for-all', recentRestarts: 1, children: ['a', 'b'] }),
      supervisor('rooms', { parent: 'node', strategy: 'dynamic', intensity: null, restarts: 2, children: many }),
    ],
    [actor('a', { restarts: 1, quarantined: 2 })],
  );
  t.match(text, /^ {2}node +one-for-one +running, 0 of 3 restarts within 60 s$/m);
  t.match(text, /^ {4}daemons +one-for-all +running, 1 of 3 restarts within 60 s$/m);
  t.match(text, /^ {6}a +running, 1 restart, 2 messages set aside$/m);
  t.match(text, /^ {6}b +not running$/m);
  t.match(text, /^ {4}rooms +dynamic +running, 0 falls, itself restarted 2 times$/m);
  t.match(text, /^ {6}room\/29 +not running\n {6}… and 3 more/m);
  t.equal(renderSupervision([], []), 'no supervisors');
});

t.test('a child that its supervisor has given up and forgotten is shown below it, with its error', async (t) => {
  const lastError = { code: 'ERR_ACADEMY_ACTOR_STOPPED', message: 'no table', place: '/bot.js:3:7' } as const;
  const text = renderSupervision(
    [supervisor('node', { children: ['rooms'] }), supervisor('rooms', { parent: 'node', children: ['room/a'] })],
    [
      actor('room/a', { supervisor: 'rooms', lastError }),
      actor('room/b', { supervisor: 'rooms', status: 'failed', restarts: 5, lastError }),
      actor('lonely', { status: 'failed', lastError }),
    ],
  );
  t.match(text, /^ {6}room\/a +running\n {6}room\/b +failed, 5 restarts: no table \(\/bot\.js:3:7\)$/m);
  t.notMatch(text, /lonely/);
});
