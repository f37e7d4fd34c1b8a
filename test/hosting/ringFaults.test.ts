/** Threads whose rings are full or damaged: nothing grows without bound, nothing is lost in silence, nothing hangs. */
import t from 'tap';
import { Ring, ringPlaces } from '../../runtime/hosting/rings/Ring.js';
import { ACADEMY_CHAT_EVENTS } from '../../runtime/protocol/events.js';
import { limits } from '../../runtime/protocol/limits.js';
import { MessageCodec } from '../../runtime/protocol/MessageCodec.js';
import { topicOf } from '../../runtime/protocol/packet.js';
import { headerOf } from '../../testing/RecordingMesh.js';
import { until } from '../../testing/realTime.js';
import { openShards, otherNode, probeSpec, reportOf } from './probes.js';

t.test('events for a thread that hangs wait up to a bound; the rest is counted and the others are heard', async (t) => {
  const { system } = await openShards(t, { threads: 1 });
  const event = ACADEMY_CHAT_EVENTS.TYPING;
  const subscribe = { type: 'subscribe', event, roomId: 'kitchen' };
  const hanging = new Int32Array(new SharedArrayBuffer(4));
  await system.spawn(probeSpec('ada', { options: { onStart: [subscribe] } }));
  const header = headerOf({ eventId: 3, topic: topicOf('kitchen') }, otherNode);
  const payload = new MessageCodec().encode({
    participantId: 'cy',
    username: 'Cy',
    roomId: 'kitchen',
    academyId: 'test',
    expiresInMs: 5_000,
    timestamp: 1_700_000_000_000,
  });
  await until('it listens', () => system.deliverEvent(header, new Uint8Array([0xc1])) === 1);
  system.tell({ name: 'ada' }, { type: 'hang', data: hanging });
  await until('it hangs', () => Atomics.load(hanging, 0) === 1);
  const count = 3 * limits.linkEventsMax;
  for (let index = 0; index < count; index++) system.deliverEvent(header, payload);
  const { dropsMailboxFull = 0 } = await system.counters();
  const inRingMax = limits.ringBytes / payload.length;
  t.ok(dropsMailboxFull > 2 * limits.linkEventsMax - inRingMax, `${dropsMailboxFull} dropped`);
  Atomics.store(hanging, 0, 2);
  Atomics.notify(hanging, 0);
  await until('it has heard the others', async () => {
    const { eventsDelivered } = await system.counters();
    return eventsDelivered === count - dropsMailboxFull;
  });
  t.equal((await reportOf(system, 'ada')).notes.length, count - dropsMailboxFull);
});

t.test('a ring whose memory is damaged costs the thread, and its actors come back on fresh memory', async (t) => {
  const rings: Ring[] = [];
  const { allocate } = Ring;
  Ring.allocate = (...bytes) => {
    const ring = allocate(...bytes);
    rings.push(ring);
    return ring;
  };
  t.teardown(() => {
    Ring.allocate = allocate;
  });
  const { system, ups } = await openShards(t, { threads: 1 });
  await system.spawn(probeSpec('ada'));
  // The first life's ring from the main thread to the shard, then the second life's in the other direction.
  for (const [death, index] of [0, 3].entries()) {
    const { control } = rings[index] as Ring;
    const hanging = new Int32Array(new SharedArrayBuffer(4));
    system.tell({ name: 'ada' }, { type: 'hang', data: hanging });
    await until('it hangs', () => Atomics.load(hanging, 0) === 1);
    const tail = Atomics.load(control, ringPlaces.tail);
    const log = { type: 'log', level: 'info', text: 'here I am' };
    system.tell({ name: 'ada' }, { type: 'emit', data: log });
    if (index === 0) await until('it is flushed', () => Atomics.load(control, ringPlaces.tail) !== tail);
    else await new Promise((resolve) => setTimeout(resolve, 5));
    if (index === 0) Atomics.store(control, ringPlaces.tail, 3);
    Atomics.store(hanging, 0, 2);
    Atomics.notify(hanging, 0);
    // In the other direction this thread holds still until the shard has answered.
    if (index === 3) {
      while (Atomics.load(control, ringPlaces.tail) === tail);
      Atomics.store(control, ringPlaces.tail, 3);
    }
    await until('the shard is back', () => ups.length === death + 1);
    t.equal((await reportOf(system, 'ada')).restarts, death + 1);
  }
});
