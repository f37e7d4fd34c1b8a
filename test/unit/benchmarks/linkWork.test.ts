import t from 'tap';
import type { LinkName } from '../../../benchmarks/threads/links.js';
import {
  fanOut,
  hops,
  roundTrips,
  streamBetweenThreads,
  streamToThread,
} from '../../../benchmarks/threads/linkWork.js';

// The benchmark's processes run with --expose-gc; here only the work is looked at.
const { gc } = globalThis;
globalThis.gc = (() => {}) as NonNullable<typeof globalThis.gc>;
t.teardown(() => {
  globalThis.gc = gc;
});

for (const link of ['ring', 'posts', 'post each'] satisfies LinkName[]) {
  t.test(`threads with the link "${link}" do all of each work, by their own counts`, async (t) => {
    t.match(await roundTrips(link, 50), { count: 50, fault: null });
    t.match(await streamToThread(link, 20_000), { count: 20_000, fault: null });
    t.match(await streamBetweenThreads(link, 20_000), { count: 20_000, fault: null });
    t.match(await fanOut(link, 5_000), { count: 5_000, fault: null });
  });
}

t.test('what a frame costs at each hop is counted', async (t) => {
  const bytesIn = await hops('event', 'bytes in', 20);
  t.match(bytesIn, { count: 20, fault: null });
  t.ok(Number(bytesIn.value) > 1_200, 'the payload is copied once, with a header');
  t.ok(Number((await hops('message', 'bytes out', 20)).value) < Number((await hops('message', 'bytes in', 20)).value));
  t.ok(Number((await hops('message', 'allocations', 20)).value) >= 6, 'its data, their author and their texts');
});
