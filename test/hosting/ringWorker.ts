/** A thread at one end of a ring: it writes numbered frames, or reads them and tells what it has read. */
import { setImmediate as turn } from 'node:timers/promises';
import { parentPort, workerData } from 'node:worker_threads';
import { Ring } from '../../runtime/hosting/rings/Ring.js';
import { RingReader } from '../../runtime/hosting/rings/RingReader.js';
import { RingWriter } from '../../runtime/hosting/rings/RingWriter.js';

export interface RingWorkerData {
  readonly memory: SharedArrayBuffer;
  readonly does: 'write' | 'read' | 'write half a frame';
  /** Of the first frame, and how many: 0 for no end. */
  readonly first: number;
  readonly count: number;
  /** Its first cell counts what has been read, so that a test sees it when the thread is dead. */
  readonly progress: Int32Array;
}

/** A frame of a size that follows from its number; every byte of it too. */
export function frameOf(number: number): Uint8Array {
  const frame = new Uint8Array(4 + ((number * 7) % 120)).fill(number & 0xff);
  new DataView(frame.buffer).setUint32(0, number, true);
  return frame;
}

export function isFrame(bytes: Uint8Array, number: number): boolean {
  return Buffer.compare(bytes, frameOf(number)) === 0;
}

async function write({ memory, first, count, does }: RingWorkerData): Promise<void> {
  const writer = new RingWriter(new Ring(memory));
  for (let number = first; number < first + count; number++) {
    while (!writer.write(1, frameOf(number))) {
      writer.flush();
      await writer.sleep();
    }
    if (number % 9 === 0) writer.flush();
    if (number % 100 === 0) await turn();
  }
  writer.flush();
  if (does === 'write half a frame') {
    writer.write(1, frameOf(first + count));
    writer.ring.bytes.fill(0xff, writer.claim(16), writer.claim(16) + 16);
  }
  parentPort?.postMessage('written');
}

async function read({ memory, first, count, progress }: RingWorkerData): Promise<void> {
  const reader = new RingReader(new Ring(memory));
  for (let number = first; ; ) {
    while (reader.next()) {
      if (!isFrame(reader.frame(), number)) throw new Error(`frame ${number} is another`);
      number++;
      // The count and the release in one step, as far as a thread that is ended between them allows.
      Atomics.store(progress, 0, number);
      reader.release();
    }
    if (count > 0 && number === first + count) break;
    await (reader.sleep() ?? turn());
  }
  parentPort?.postMessage('read');
}

if (workerData) {
  // Nothing else keeps a thread that waits for shared memory alive.
  parentPort?.on('message', () => {});
  const data = workerData as RingWorkerData;
  await (data.does === 'read' ? read(data) : write(data));
  parentPort?.removeAllListeners('message');
}
