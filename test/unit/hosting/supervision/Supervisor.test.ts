import t from 'tap';
import { defaultRestart } from '../../../../runtime/hosting/supervision/restartPolicy.js';
import { Supervisor } from '../../../../runtime/hosting/supervision/Supervisor.js';
import { seededRandom } from '../../../../runtime/protocol/Random.js';
import { VirtualClock } from '../../../../transports/memory/VirtualClock.js';

const options = { ...defaultRestart, intensity: 2, withinMs: 1_000, backoffMs: 100, backoffMaxMs: 1_000 };

function makeSupervisor() {
  const clock = new VirtualClock();
  const supervisor = new Supervisor<{ name: string }>(clock, { ...seededRandom(1), next: () => 1 - 2 ** -32 });
  const restarted: string[] = [];
  const crash = (child: { name: string }) =>
    supervisor.childEnded(child, 'crash', options, ({ name }) => restarted.push(name));
  return { clock, supervisor, restarted, crash };
}

t.test('each child is started again by itself, later every time, until it is given up', async (t) => {
  const { clock, restarted, crash } = makeSupervisor();
  const [ada, ben] = [{ name: 'ada' }, { name: 'ben' }];
  t.equal(crash(ada), 'restarting');
  t.strictSame(restarted, [], 'not before the call has returned');
  clock.advance(100);
  t.equal(crash(ada), 'restarting');
  clock.advance(100);
  t.strictSame(restarted, ['ada']);
  t.equal(crash(ben), 'restarting', 'the troubles of one are not those of the other');
  clock.advance(100);
  t.strictSame(restarted, ['ada', 'ada', 'ben']);
  t.equal(crash(ada), 'failed');
  t.equal(clock.pendingTimers, 0);
});

t.test('a quiet window clears the slate', async (t) => {
  const { clock, restarted, crash } = makeSupervisor();
  const ada = { name: 'ada' };
  for (let round = 0; round < 10; round++) {
    t.equal(crash(ada), 'restarting');
    clock.advance(1_000);
  }
  t.equal(restarted.length, 10);
});

t.test('a child that is forgotten, and a supervisor that is closed, start nothing', async (t) => {
  const { clock, supervisor, restarted, crash } = makeSupervisor();
  const [ada, ben] = [{ name: 'ada' }, { name: 'ben' }];
  crash(ada);
  supervisor.forget(ada);
  supervisor.forget(ben);
  crash(ben);
  supervisor.close();
  t.equal(clock.pendingTimers, 0);
  clock.advance(10_000);
  t.strictSame(restarted, []);
});
