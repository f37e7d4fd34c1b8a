/** Rings between real threads: in both directions, with a slow reader, and with a thread that dies at either end. */
import { once } from 'node:events';
import { setImmediate as turn } from 'node:timers/promises';
import { Worker } from 'node:worker_threads';
import t, { type Test } from 'tap';
import { Ring } from '../../runtime/hosting/rings/Ring.js';
import { RingReader } from '../../runtime/hosting/rings/RingReader.js';
import { RingWriter } from '../../runtime/hosting/rings/RingWriter.js';
import { until } from '../../testing/realTime.js';
import { frameOf, isFrame, type RingWorkerData } from './ringWorker.js';

const capacity = 4_096;

function start(t: Test, ring: Ring, does: RingWorkerData['does'], first: number, count: number) {
  const progress = new Int32Array(new SharedArrayBuffer(4));
  const workerData: RingWorkerData = { memory: ring.memory, does, first, count, progress };
  const worker = new Worker(new URL('./ringWorker.js', import.meta.url), { workerData });
  t.teardown(() => worker.terminate());
  return { worker, progress, done: once(worker, 'message') };
}

/** Reads frames in this thread, sleeping in between. @returns number of the one after the last */
async function readHere(reader: RingReader, first: number, end: number): Promise<number> {
  let number = first;
  while (number < end) {
    while (number < end && reader.next()) {
      if (!isFrame(reader.frame(), number)) throw new Error(`frame ${number} is another`);
      number++;
    }
    reader.release();
    if (number < end) await (reader.sleep() ?? turn());
  }
  return number;
}

async function writeHere(writer: RingWriter, first: number, count: number): Promise<void> {
  for (let number = first; number < first + count; number++) {
    while (!writer.write(1, frameOf(number))) {
      writer.flush();
      await writer.sleep();
    }
    if (number % 7 === 0) writer.flush();
  }
  writer.flush();
}

t.test('20,000 frames from another thread arrive in order through a ring of 4 KB', async (t) => {
  const ring = Ring.allocate(capacity);
  const { done } = start(t, ring, 'write', 0, 20_000);
  t.equal(await readHere(new RingReader(ring), 0, 20_000), 20_000);
  await done;
});

t.test('20,000 frames to another thread arrive in order through a ring of 4 KB', async (t) => {
  const ring = Ring.allocate(capacity);
  const { done, progress } = start(t, ring, 'read', 0, 20_000);
  await writeHere(new RingWriter(ring), 0, 20_000);
  await done;
  t.equal(progress[0], 20_000);
});

t.test('when the reading thread dies, a new one goes on after the last frame that was released', async (t) => {
  const ring = Ring.allocate(capacity);
  const writer = new RingWriter(ring);
  let first = 0;
  for (let life = 0; life < 4; life++) {
    const { worker, progress } = start(t, ring, 'read', first, 0);
    const written = writeHere(writer, life * 3_000, 3_000);
    await until('it is in the middle', () => Atomics.load(progress, 0) > life * 3_000 + 1_500);
    await worker.terminate();
    first = Atomics.load(progress, 0);
    // Ended between its count and its release, it has left one frame that it had counted.
    const reader = new RingReader(ring);
    if (reader.next() && isFrame(reader.frame(), first - 1)) first--;
    if (life === 3) {
      await readHere(new RingReader(ring), first, 12_000);
    } else {
      const next = start(t, ring, 'read', first, (life + 1) * 3_000 - first);
      await next.done;
      first = (life + 1) * 3_000;
    }
    await written;
  }
  t.notOk(new RingReader(ring).next(), 'nothing is left, and nothing came twice');
});

t.test('when the writing thread dies, nothing half-written is seen, and a new one goes on', async (t) => {
  const ring = Ring.allocate(capacity);
  const dead = start(t, ring, 'write half a frame', 0, 20);
  await dead.done;
  await dead.worker.terminate();
  const reader = new RingReader(ring);
  t.equal(await readHere(reader, 0, 20), 20);
  t.notOk(reader.next());
  const heir = start(t, ring, 'write', 20, 5_000);
  t.equal(await readHere(reader, 20, 5_020), 5_020);
  await heir.done;
});

t.test('a writer that is killed anywhere leaves whole frames only', async (t) => {
  const ring = Ring.allocate(capacity);
  let end = 0;
  for (let life = 0; life < 5; life++) {
    const { worker } = start(t, ring, 'write', end, 1_000_000);
    const reader = new RingReader(ring);
    end = await readHere(reader, end, end + 500 + life * 37);
    await worker.terminate();
    while (reader.next()) {
      if (!isFrame(reader.frame(), end)) throw new Error(`frame ${end} is another`);
      end++;
    }
    reader.release();
  }
  t.pass();
});
