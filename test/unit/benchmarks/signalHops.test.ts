import t from 'tap';
import { measureHops } from '../../../benchmarks/multicast/measureHops.js';
import type { HopCost } from '../../../benchmarks/runner/BenchmarkDocument.js';
import { describeMachine } from '../../../benchmarks/runner/describeMachine.js';
import { renderDocument } from '../../../benchmarks/runner/renderDocument.js';

const inOrder: readonly HopCost['hop'][] = [
  'object to slot',
  'slot to kernel',
  'kernel to buffer',
  'sending, and the buffer',
  'buffer to object',
  'the same behind a gap',
  'socket thread to ring',
  'ring to object',
];

t.test('a signal is copied where the documents say it is, and nowhere else', async (t) => {
  const hops = await measureHops(1, new AbortController().signal);
  t.strictSame(
    hops.map(({ hop }) => hop),
    inOrder,
  );
  const of = (name: string): HopCost => hops.find(({ hop }) => hop === name) as HopCost;
  const wireBytes = of('slot to kernel').bytesCopied ?? 0;
  t.ok(wireBytes > 200 && wireBytes < 500, `${wireBytes} bytes a signal on the wire`);
  for (const name of ['object to slot', 'buffer to object', 'ring to object']) t.equal(of(name).bytesCopied, 0, name);
  for (const name of ['the same behind a gap', 'socket thread to ring']) {
    const { bytesCopied } = of(name);
    t.ok(bytesCopied && bytesCopied > wireBytes * 0.8 && bytesCopied < wireBytes * 1.2, `${name}: once`);
  }
  t.equal(of('kernel to buffer').bytesCopied, wireBytes);
  const ours = hops.filter(({ by }) => by === 'academy').map(({ bytesAllocated }) => bytesAllocated ?? 0);
  t.ok(
    ours.every((bytes) => bytes > 0 && bytes < 5_000),
    `allocated: ${ours.map(Math.round)}`,
  );
});

t.test('hops are a table of their own, with nothing where a figure is not ours to tell', async (t) => {
  const text = renderDocument({
    name: 'multicast',
    machine: describeMachine(),
    rounds: 1,
    results: [],
    ratios: {},
    guards: {},
    hops: [
      { hop: 'object to slot', by: 'academy', bytesCopied: 0, bytesAllocated: 700.4 },
      { hop: 'slot to kernel', by: 'kernel', bytesCopied: 350, bytesAllocated: null },
    ],
  });
  t.match(
    text,
    /hop +by +bytes copied +bytes allocated\nobject to slot +academy +0 +700\nslot to kernel +kernel +350 *\n/,
  );
});
