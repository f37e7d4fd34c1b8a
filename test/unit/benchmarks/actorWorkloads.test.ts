import t from 'tap';
import { academyMillion } from '../../../benchmarks/actors/academyMillion.js';
import { academyWorkload } from '../../../benchmarks/actors/academyWorkload.js';
import { bareFanOut } from '../../../benchmarks/actors/bareTable.js';
import { eventEmitterWorkload } from '../../../benchmarks/actors/eventEmitterWorkload.js';
import { expectCount, slope } from '../../../benchmarks/actors/measure.js';
import { threadsWorkload } from '../../../benchmarks/actors/threadsWorkload.js';
import type { Workload } from '../../../benchmarks/actors/Workload.js';
import { xstateWorkload } from '../../../benchmarks/actors/xstateWorkload.js';

// The benchmark's processes run with --expose-gc; here only the work is looked at.
const { gc } = globalThis;
globalThis.gc = (() => {}) as NonNullable<typeof globalThis.gc>;
t.teardown(() => {
  globalThis.gc = gc;
});

const workloads: Readonly<Record<string, Workload>> = {
  'the actors of a host': academyWorkload,
  XState: xstateWorkload,
  eventemitter3: eventEmitterWorkload,
};

for (const [name, workload] of Object.entries(workloads)) {
  t.test(`${name} do all of each work, by their own counts`, async (t) => {
    t.match(await workload.spawn(50), { count: 50, fault: null });
    t.match(await workload.idle(50), { count: 50, fault: null, value: Number });
    t.match(await workload.pingPong(100), { count: 100, fault: null });
    t.match(await workload.fanOut(2_000), { count: 2_000, fault: null });
  });
}

t.test('the actors of a node do all of each work across threads, too', async (t) => {
  t.match(await threadsWorkload.pingPong(100), { count: 100, fault: null });
  t.match(await threadsWorkload.fanOut(2_000), { count: 2_000, fault: null });
});

t.test('machines in a bare table hear all of the fan-out', async (t) => {
  t.match(await bareFanOut(2_000), { count: 2_000, fault: null });
});

t.test('idle actors by the number are all there', async (t) => {
  t.match(await academyMillion(500), { count: 500, fault: null, value: Number });
});

t.test('memory is the slope over the numbers of actors, whatever the process has besides', async (t) => {
  t.equal(slope([100, 103, 106, 109, 112]), 3);
  t.equal(slope([1_000, 1_003, 1_006, 1_009, 1_012]), 3);
  t.equal(slope([5, 5, 5, 5, 5]), 0);
});

t.test('a count that falls short is a fault', async (t) => {
  t.equal(expectCount('messages', 10, 10), null);
  t.equal(expectCount('messages', 9, 10), '9 of 10 messages');
});
