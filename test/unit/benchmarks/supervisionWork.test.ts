import t from 'tap';
import { restarts, shardRecovery } from '../../../benchmarks/supervision/academySupervision.js';
import { xstateRestore } from '../../../benchmarks/supervision/peerSupervision.js';

// The benchmark's processes run with --expose-gc; here only the work is looked at.
const { gc } = globalThis;
globalThis.gc = (() => {}) as NonNullable<typeof globalThis.gc>;
t.teardown(() => {
  globalThis.gc = gc;
});

t.test('children crash and come up again as often as they are told to, by the count of the supervisor', async (t) => {
  t.match(await restarts(250), { count: 250, fault: null });
});

t.test('all actors of a thread that ends answer on another', async (t) => {
  t.match(await shardRecovery(50), { count: 50, fault: null, value: Number });
});

t.test('actors restored from snapshots know what they knew', async (t) => {
  t.match(await xstateRestore(50), { count: 50, fault: null, value: Number });
});
