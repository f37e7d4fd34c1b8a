/** What each way between threads is given to do: single round trips, streams in both constellations, and a fan-out. */
import { setImmediate as turn } from 'node:timers/promises';
import { Worker } from 'node:worker_threads';
import type { Frame } from '../../runtime/hosting/frames.js';
import { HopCounters } from '../../runtime/hosting/rings/HopCounters.js';
import { makeLinkChannels, RingLink } from '../../runtime/hosting/rings/RingLink.js';
import type { ShardLink } from '../../runtime/hosting/shards/ShardLink.js';
import { expectCount, timed } from '../actors/measure.js';
import type { Measured } from '../actors/Workload.js';
import { type LinkName, makeLink, messageFrame, remark } from './links.js';
import type { Heard, LinkThreadData } from './linkThread.js';
import { StreamSender } from './StreamSender.js';

export const fanOutWidth = 1_000;
const threadUrl = new URL('./linkThread.js', import.meta.url);

/** Two threads with a link to each other, and one from here to each of them. */
class Threads {
  readonly near: ShardLink;
  readonly far: ShardLink;
  readonly sender = new StreamSender();
  readonly #workers: Worker[];
  readonly #waiting = new Map<string, (data: unknown) => void>();

  constructor(link: LinkName) {
    const [nearHere, nearThere] = makeLinkChannels();
    const [farHere, farThere] = makeLinkChannels();
    const [nearPeer, farPeer] = makeLinkChannels();
    const start = (data: LinkThreadData): Worker =>
      new Worker(threadUrl, {
        workerData: data,
        transferList: [data.main.port, ...(data.peer ? [data.peer.port] : [])],
      });
    this.#workers = [start({ link, main: nearThere, peer: nearPeer }), start({ link, main: farThere, peer: farPeer })];
    this.near = makeLink(link, nearHere, (frame) => this.#receive(frame));
    this.far = makeLink(link, farHere, (frame) => this.#receive(frame));
  }

  tell(link: ShardLink, type: string, data: unknown): void {
    link.post(messageFrame(type, data));
    link.flush();
  }

  /** The data of the next message of that type. */
  next(type: string): Promise<unknown> {
    return new Promise((resolve) => this.#waiting.set(type, resolve));
  }

  async ask(link: ShardLink, type: string, data: unknown, answer: string): Promise<unknown> {
    const answered = this.next(answer);
    this.tell(link, type, data);
    return answered;
  }

  async end(): Promise<void> {
    this.near.close();
    this.far.close();
    await Promise.all(this.#workers.map((worker) => worker.terminate()));
  }

  #receive(frame: Frame): void {
    if (frame[0] !== 'message') return;
    if (frame[3] === 'credit') return this.sender.credit();
    const waiting = this.#waiting.get(frame[3]);
    this.#waiting.delete(frame[3]);
    waiting?.(frame[4]);
  }
}

async function withThreads(link: LinkName, work: (threads: Threads) => Promise<Measured>): Promise<Measured> {
  const threads = new Threads(link);
  try {
    return await work(threads);
  } finally {
    await threads.end();
  }
}

/** One message there and one back, `count` times, one after the other. */
export function roundTrips(link: LinkName, count: number): Promise<Measured> {
  return withThreads(link, async (threads) => {
    let returned = 0;
    const play = async (strokes: number): Promise<void> => {
      for (let stroke = 0; stroke < strokes; stroke++) {
        await threads.ask(threads.near, 'ball', null, 'ball');
        returned++;
      }
    };
    await play(Math.ceil(count / 5));
    returned = 0;
    return timed(
      count,
      () => play(count),
      () => expectCount('balls', returned, count),
    );
  });
}

/** Remarks from here to another thread. */
export function streamToThread(link: LinkName, count: number): Promise<Measured> {
  return stream(link, count, (threads) => ({
    receiver: threads.near,
    send: (messages) => threads.sender.send(threads.near, messages),
  }));
}

/** Remarks from one thread to another, while this one has nothing to do. */
export function streamBetweenThreads(link: LinkName, count: number): Promise<Measured> {
  return stream(link, count, (threads) => ({
    receiver: threads.far,
    send: (messages) => threads.ask(threads.near, 'stream', messages, 'sent') as Promise<number>,
  }));
}

function stream(
  link: LinkName,
  count: number,
  constellation: (threads: Threads) => {
    readonly receiver: ShardLink;
    readonly send: (messages: number) => Promise<number>;
  },
): Promise<Measured> {
  return withThreads(link, async (threads) => {
    const { receiver, send } = constellation(threads);
    let heard: Heard = { count: 0, weight: 0 };
    let sent = 0;
    const run = async (messages: number): Promise<void> => {
      await threads.ask(receiver, 'await', messages, 'ready');
      const all = threads.next('heard');
      sent = await send(messages);
      heard = (await all) as Heard;
    };
    await run(Math.ceil(count / 2));
    return timed(
      count,
      () => run(count),
      () => expectCount('messages', heard.count, count) ?? expectCount('weight of messages', heard.weight, sent),
    );
  });
}

/** One frame with one remark for a thousand actors of the other thread. */
export function fanOut(link: LinkName, count: number): Promise<Measured> {
  return withThreads(link, async (threads) => {
    const targets = Array.from({ length: fanOutWidth }, (_, index) => [index + 1, 1]).flat();
    const frames = Math.max(2, Math.round(count / fanOutWidth));
    let heard: Heard = { count: 0, weight: 0 };
    const run = async (): Promise<void> => {
      await threads.ask(threads.near, 'await', frames * fanOutWidth, 'ready');
      const all = threads.next('heard');
      for (let frame = 0; frame < frames; frame++) {
        threads.near.post(['many', targets, 'said', remark(frame), null]);
        threads.near.flush();
        await turn();
      }
      heard = (await all) as Heard;
    };
    await run();
    return timed(frames * fanOutWidth, run, () => expectCount('messages', heard.count, frames * fanOutWidth));
  });
}

export type Hop = 'bytes in' | 'bytes out' | 'allocations';

/**
 * What a frame costs on its way through a ring, counted: the payload of a packet as it lies in the socket's buffer, or
 * a remark of an actor.
 */
export async function hops(frameName: 'event' | 'message', hop: Hop, count: number): Promise<Measured> {
  const counters = new HopCounters();
  const [here, there] = makeLinkChannels();
  let received = 0;
  const end = {
    receive: () => {
      received++;
    },
    received: () => {},
    pending: () => {},
    unsendable: () => {},
    overfull: () => {},
    broken: () => {},
  };
  const options = { defer: setImmediate, hops: counters };
  const [from, to] = [new RingLink(here, end, options), new RingLink(there, end, options)];
  const payload = new Uint8Array(1_200);
  const measured = await timed(
    count,
    () => {
      for (let index = 0; index < count; index++) {
        from.post(frameName === 'event' ? ['event', header, payload] : messageFrame('said', remark(index)));
        from.flush();
        to.drain();
      }
    },
    () => expectCount('frames', received, count),
  );
  from.close();
  to.close();
  const out = counters.perFrame('out of the ring');
  const values = {
    'bytes in': counters.perFrame('into the ring').bytesCopied,
    'bytes out': out.bytesCopied,
    allocations: out.allocations,
  };
  return { ...measured, value: values[hop] };
}

const header = {
  eventId: 1,
  channel: 'training',
  priority: 'normal',
  hops: 0,
  timestampMs: 1_700_000_000_000,
  session: 1,
  sequence: 1,
  sourceNode: '11'.repeat(16),
  traceId: '0'.repeat(32),
  topic: 0,
} as Extract<Frame, readonly ['event', ...unknown[]]>[1];
