/**
 * Training signals from the main thread to actors of another one, object in to all fields read by an actor: as messages
 * and as hot events over the product's ring, and posted one by one to the same actors.
 */
import { setImmediate as turn } from 'node:timers/promises';
import { Worker } from 'node:worker_threads';
import type { ActorSystem } from '../../runtime/hosting/ActorSystem.js';
import type { ActorAddress } from '../../runtime/protocol/actors.js';
import { nodeIdOf } from '../../runtime/protocol/identity.js';
import { needsDefinitions } from '../../runtime/protocol/layout/encodeResults.js';
import { IdDictionary } from '../../runtime/protocol/layout/IdDictionary.js';
import { IdTable } from '../../runtime/protocol/layout/IdTable.js';
import { streamLayoutOf } from '../../runtime/protocol/layout/streamLayouts.js';
import { limits } from '../../runtime/protocol/limits.js';
import { topicOf } from '../../runtime/protocol/packet.js';
import type { TrainingSignal } from '../../runtime/protocol/schemas/training.js';
import { deadlineMs, inSystem } from '../actors/inSystem.js';
import { expectCount, timed } from '../actors/measure.js';
import type { Measured } from '../actors/Workload.js';
import { trainingSignals } from '../multicast/trainingSignals.js';
import { type SignalListenerOptions, type SignalsRead, weighSignal } from './signalListener.js';
import type { Posted, PostedAnswer, SignalPostThreadData } from './signalPostThread.js';

export type SignalWay = 'ring' | 'fixed' | 'post each';

/** How signals get to their room's listener, and what the listeners say. */
interface Way {
  send(signal: TrainingSignal, room: number): void;
  read(room: number): Promise<SignalsRead>;
}

/** Signals that leave in a turn, and those under way: half of what a ring holds. */
const [perTurn, perCredit, creditsUnderWay] = [64, 192, 2] as const;
const distinct = 4_096;
const streamClass = 'ordered';

export async function signalStream(way: SignalWay, count: number): Promise<Measured> {
  const signals = trainingSignals(1, distinct);
  const rooms = [...new Set(signals.map(({ roomId }) => roomId))];
  if (way === 'post each') return withPosts(rooms.length, (posts) => measure(posts, signals, rooms, count));
  return inSystem({ threads: 1 }, async (system) => {
    const addresses = await Promise.all(
      rooms.map((roomId) => spawnListener(system, way === 'fixed' ? { roomId } : {}, roomId)),
    );
    const ring = way === 'fixed' ? hotEvents(system, addresses, rooms) : messages(system, addresses);
    return measure(ring, signals, rooms, count);
  });
}

async function measure(
  way: Way,
  signals: readonly TrainingSignal[],
  rooms: readonly string[],
  count: number,
): Promise<Measured> {
  const plan = { way, signals, rooms: signals.map(({ roomId }) => rooms.indexOf(roomId)), listeners: rooms.length };
  await send(plan, Math.ceil(count / 2));
  const before = await readAll(plan);
  let weight = 0;
  let after = before;
  return timed(
    count,
    async () => {
      weight = await send(plan, count);
      after = await readAll(plan);
    },
    () =>
      expectCount('signals', after.count - before.count, count) ??
      expectCount('weight of signals', after.weight - before.weight, weight),
  );
}

interface SignalPlan {
  readonly way: Way;
  readonly signals: readonly TrainingSignal[];
  /** The number of each signal's room. */
  readonly rooms: readonly number[];
  readonly listeners: number;
}

/** @returns the weight of what was sent */
async function send({ way, signals, rooms }: SignalPlan, count: number): Promise<number> {
  const credits: Promise<unknown>[] = [];
  let weight = 0;
  for (let sent = 0; sent < count; ) {
    const last = Math.min(count, sent + perTurn);
    for (; sent < last; sent++) {
      const signal = signals[sent % distinct] as TrainingSignal;
      weight += weighSignal(signal);
      way.send(signal, rooms[sent % distinct] as number);
    }
    // The answer comes behind what was sent before, and so is the credit for it.
    if (sent % perCredit === 0) credits.push(way.read(0));
    if (credits.length > creditsUnderWay) await credits.shift();
    await turn();
  }
  return weight;
}

async function readAll({ way, listeners }: SignalPlan): Promise<SignalsRead> {
  const read = await Promise.all(Array.from({ length: listeners }, (_, room) => way.read(room)));
  return {
    count: read.reduce((sum, each) => sum + each.count, 0),
    weight: read.reduce((sum, each) => sum + each.weight, 0),
  };
}

function spawnListener(system: ActorSystem, options: SignalListenerOptions, name: string): Promise<ActorAddress> {
  const module = new URL('./signalListener.js', import.meta.url).href;
  return system.spawn({ name, module, exportName: 'signalListener', options, shard: 1 });
}

function askRead(system: ActorSystem, to: ActorAddress): Promise<SignalsRead> {
  return system.ask(to, { type: 'read', data: null }, { deadlineMs }) as Promise<SignalsRead>;
}

function messages(system: ActorSystem, addresses: readonly ActorAddress[]): Way {
  return {
    send: (data, room) => system.tell(addresses[room] as ActorAddress, { type: 'signal', data }),
    read: (room) => askRead(system, addresses[room] as ActorAddress),
  };
}

/** Encodes each signal in its fixed layout, as a publisher does, and hands it on, as the socket's thread does. */
function hotEvents(system: ActorSystem, addresses: readonly ActorAddress[], rooms: readonly string[]): Way {
  const layout = streamLayoutOf('academy.training.signal', streamClass);
  const dictionary = new IdDictionary();
  const table = new IdTable();
  const topics = rooms.map(topicOf);
  const origin = { nodeId: nodeIdOf(new Uint8Array(32)), session: '0'.repeat(16), channel: 'training' } as const;
  const stream = system.openStream(origin, streamClass, table);
  const buffer = Buffer.alloc(limits.datagramBytesMax);
  let position = 0;
  const define = (): void => {
    const bytes = Buffer.alloc(limits.datagramBytesMax);
    const definitions = bytes.subarray(0, dictionary.writeDefinitions(bytes, 0, bytes.length));
    table.define(definitions, 0, definitions.length);
    stream.define(definitions);
  };
  const encode = (signal: TrainingSignal): number => layout.encode(signal, buffer, 0, buffer.length, dictionary);
  return {
    send: (signal, room) => {
      let end = encode(signal);
      while (end === needsDefinitions) {
        define();
        end = encode(signal);
      }
      stream.event(layout.eventId, topics[room] as number, ++position, buffer.subarray(0, end));
    },
    read: (room) => askRead(system, addresses[room] as ActorAddress),
  };
}

async function withPosts(listeners: number, work: (posts: Way) => Promise<Measured>): Promise<Measured> {
  const workerData: SignalPostThreadData = { listeners };
  const worker = new Worker(new URL('./signalPostThread.js', import.meta.url), { workerData });
  const open = new Map<number, (answer: SignalsRead) => void>();
  let asks = 0;
  let trouble: string | null = null;
  worker.on('message', (answered: PostedAnswer) => {
    trouble ??= answered.trouble;
    open.get(answered.ask)?.(answered.answer as SignalsRead);
    open.delete(answered.ask);
  });
  const post = (posted: Posted): void => worker.postMessage(posted);
  try {
    const measured = await work({
      send: (data, listener) => post({ listener, message: { type: 'signal', data } }),
      read: (listener) =>
        new Promise((resolve) => {
          const ask = ++asks;
          open.set(ask, resolve);
          post({ listener, message: { type: 'read', data: null }, ask });
        }),
    });
    return { ...measured, fault: measured.fault ?? trouble };
  } finally {
    await worker.terminate();
  }
}
