/**
 * What a signal costs at each hop of its way: bytes that are copied there, counted by the parts that could copy them,
 * and bytes that are allocated, by the heap's own account. Runs in a process whose young generation is so large that
 * nothing is collected meanwhile. What the kernel, and what libuv and Node do is named as theirs.
 */
import { setImmediate as turn } from 'node:timers/promises';
import { StreamedEvents } from '../../runtime/hosting/events/StreamedEvents.js';
import { HopCounters } from '../../runtime/hosting/rings/HopCounters.js';
import { makeLinkChannels, RingLink } from '../../runtime/hosting/rings/RingLink.js';
import { requireEvent } from '../../runtime/protocol/events.js';
import { identityFromSeed } from '../../runtime/protocol/identity.js';
import { systemRandom } from '../../runtime/system/systemRandom.js';
import { UdpGroupSockets } from '../../transports/udp/UdpGroupSockets.js';
import type { HopCost } from '../runner/BenchmarkDocument.js';
import type { AllocationMeter } from './AllocationMeter.js';
import { frameKinds, HopSignals, payloadsOf } from './HopSignals.js';

const loopback = '127.0.0.1';
const multicastAddress = '239.255.77.1';
const slotBytes = 1_400;
/** What libuv gives for each message, which Node then cuts to its length. */
const libuvBufferBytes = 64 * 1_024;
const receiveDeadlineMs = 5_000;
/** Frames that a ring is given at a time; it holds some 800 of them. */
const ringBatch = 250;
const eventId = requireEvent('academy.training.signal').id;

/** @param count signals of each hop; some thousands, since the memory for them is kept */
export async function signalHops(seed: number, count: number, meter: AllocationMeter): Promise<readonly HopCost[]> {
  const signals = new HopSignals(seed, count);
  try {
    const first = await signals.publish();
    signals.receive(first);
    const sent = await meter.measure(count, () => signals.publish());
    const runs = sent.result;
    const inTurn = await copying(meter, signals, count, runs);
    // The first gap makes the memory for what waits.
    signals.receive(behindGap(await signals.publish()));
    const late = await copying(meter, signals, count, behindGap(await signals.publish()));
    return [
      { hop: 'object to slot', by: 'academy', bytesCopied: strayBytes(runs) / count, bytesAllocated: sent.bytes },
      ...(await throughKernel(meter, runs, count)),
      { hop: 'buffer to object', by: 'academy', ...inTurn },
      { hop: 'the same behind a gap', by: 'academy', ...late },
      ...(await throughRing(meter, payloadsOf(first, frameKinds.definitions), payloadsOf(runs, frameKinds.event))),
    ];
  } finally {
    signals.close();
  }
}

/** Bytes that do not lie in the memory where most of them do: those were copied on their way out. */
function strayBytes(runs: readonly Buffer[]): number {
  const home = runs[0]?.buffer;
  return runs.reduce((sum, { buffer, length }) => sum + (buffer === home ? 0 : length), 0);
}

/** All runs but the first, and then that. */
function behindGap(runs: readonly Buffer[]): readonly Buffer[] {
  return [...runs.slice(1), ...runs.slice(0, 1)];
}

async function copying(meter: AllocationMeter, signals: HopSignals, count: number, runs: readonly Buffer[]) {
  const before = signals.bytesCopied;
  const { bytes } = await meter.measure(count, () => signals.receive(runs));
  return { bytesCopied: (signals.bytesCopied - before) / count, bytesAllocated: bytes };
}

/** The same runs once more, over real sockets. */
async function throughKernel(
  meter: AllocationMeter,
  runs: readonly Buffer[],
  count: number,
): Promise<readonly HopCost[]> {
  const group = { name: 'hops', multicastAddress, interfaceAddress: loopback };
  const receiver = await UdpGroupSockets.open({ ...group, port: 0 });
  const sender = await UdpGroupSockets.open({ ...group, port: receiver.port });
  let received = 0;
  receiver.onGroupMessage((bytes) => {
    received += bytes.length;
  });
  const send = async (run: Buffer): Promise<void> => {
    const due = received + run.length;
    const dueMs = performance.now() + receiveDeadlineMs;
    await new Promise<void>((resolve, reject) => {
      sender.sendToGroup([run], slotBytes, (fault) => (fault ? reject(fault) : resolve()));
    });
    for (; received < due; await turn()) if (performance.now() > dueMs) throw new Error('loopback has lost a run');
  };
  try {
    for (const run of runs.slice(0, 4)) await send(run);
    const messagesBefore = receiver.stats().messagesReceived;
    const before = received;
    const { bytes } = await meter.measure(count, async () => {
      for (const run of runs) await send(run);
    });
    const given = (receiver.stats().messagesReceived - messagesBefore) * libuvBufferBytes;
    const copied = (received - before) / count;
    return [
      { hop: 'slot to kernel', by: 'kernel', bytesCopied: copied, bytesAllocated: null },
      { hop: 'kernel to buffer', by: 'kernel', bytesCopied: copied, bytesAllocated: null },
      { hop: 'sending, and the buffer', by: 'libuv, Node', bytesCopied: null, bytesAllocated: bytes + given / count },
    ];
  } finally {
    await Promise.all([sender.close(), receiver.close()]);
  }
}

/** From the socket's thread into the ring of a shard, and from there to an object; here both ends are in one thread. */
async function throughRing(
  meter: AllocationMeter,
  definitions: readonly Buffer[],
  payloads: readonly Buffer[],
): Promise<readonly HopCost[]> {
  const counters = new HopCounters();
  const events = new StreamedEvents();
  const { nodeId } = identityFromSeed(systemRandom.bytes(32));
  events.open(1, { nodeId, session: '0123456789abcdef', channel: 'training' }, 'ordered');
  for (const message of definitions) events.define(1, message);
  let heard = 0;
  const end = {
    receive: (frame: readonly unknown[]): void => {
      const [, stream, id, position, bytes, start, end] = frame as [
        string,
        number,
        number,
        number,
        Buffer,
        number,
        number,
      ];
      if (events.read(stream, id, position, bytes, start, end)) heard += 1;
    },
    received: (): void => {},
    pending: () => {},
    unsendable: () => {},
    overfull: () => {},
    broken: () => {},
  };
  const [here, there] = makeLinkChannels();
  const options = { defer: setImmediate, hops: counters };
  const [from, to] = [new RingLink(here, end, options), new RingLink(there, end, options)];
  const bytes = { in: 0, out: 0 };
  const batches = Math.floor(payloads.length / ringBatch);
  for (let batch = -1; batch < batches; batch++) {
    const first = Math.max(0, batch) * ringBatch;
    const frames = payloads.slice(first, first + ringBatch);
    const into = await meter.measure(ringBatch, () => {
      for (const payload of frames) from.post(['stream-event', 1, eventId, first, payload, 0, payload.length]);
      from.flush();
    });
    const out = await meter.measure(ringBatch, () => to.drain());
    // The first time warms up.
    if (batch < 0) continue;
    bytes.in += into.bytes / batches;
    bytes.out += out.bytes / batches;
  }
  from.close();
  to.close();
  const due = (batches + 1) * ringBatch;
  if (heard !== due) throw new Error(`${due - heard} of ${due} signals did not leave the ring`);
  const { bytesCopied: copiedIn } = counters.perFrame('into the ring');
  const { bytesCopied: copiedOut } = counters.perFrame('out of the ring');
  return [
    { hop: 'socket thread to ring', by: 'academy', bytesCopied: copiedIn, bytesAllocated: bytes.in },
    { hop: 'ring to object', by: 'academy', bytesCopied: copiedOut, bytesAllocated: bytes.out },
  ];
}
