/** A publisher and a receiver of signals in one process, so that each hop between them can be gone by itself. */
import { setImmediate as turn } from 'node:timers/promises';
import { AcademySmartEventRouter } from '../../runtime/mesh/AcademySmartEventRouter.js';
import { type EventPublication, EventStreams } from '../../runtime/mesh/EventStreams.js';
import { MeshCounters } from '../../runtime/mesh/MeshCounters.js';
import { RateLimitedLog } from '../../runtime/mesh/RateLimitedLog.js';
import { identityFromSeed } from '../../runtime/protocol/identity.js';
import type { TrainingSignal } from '../../runtime/protocol/schemas/training.js';
import type { ConsumeStream, OutgoingStreamOptions } from '../../runtime/protocol/streams.js';
import { systemClock } from '../../runtime/system/systemClock.js';
import { systemRandom } from '../../runtime/system/systemRandom.js';
import { GroupStreams } from '../../transports/udp/stream/GroupStreams.js';
import { dataHeader, frameHeader, readU16 } from '../../transports/udp/stream/streamDatagrams.js';
import { KeepingNetwork } from './KeepingNetwork.js';
import { trainingSignals } from './trainingSignals.js';

const event = 'academy.training.signal';
const transport = 'academy-training';
const slotBytes = 1_400;
const deadlineMs = 10_000;

/** Kinds of the frames of a stream, as HOT-PATH.md names them. */
export const frameKinds = { definitions: 2, event: 3 } as const;

export class HopSignals {
  readonly #signals: readonly TrainingSignal[];
  readonly #networks = KeepingNetwork.pair();
  readonly #receiver: GroupStreams;
  readonly #publisher: GroupStreams;
  readonly #publication: EventPublication<typeof event>;
  #heard = 0;

  /** @param count signals of one going */
  constructor(seed: number, count: number) {
    this.#signals = trainingSignals(seed, count);
    const datagramKey = systemRandom.bytes(32);
    const [near, far] = this.#networks;
    this.#publisher = groupOn(near, datagramKey, () => null);
    const consume: ConsumeStream = (source) => heard.consumerOf(transport)(source);
    this.#receiver = groupOn(far, datagramKey, consume);
    const open = (options: OutgoingStreamOptions) => this.#publisher.open(options);
    const heard = eventStreams(open, () => {
      this.#heard += 1;
    });
    this.#publication = eventStreams(open, () => {}).publication(event, { checked: false });
  }

  /** Publishes all signals once. @returns their runs, where they lie */
  async publish(): Promise<readonly Buffer[]> {
    const publication = this.#publication;
    await until('a member', () => publication.members === 1);
    const [near] = this.#networks;
    near.takeRuns();
    const before = publication.stats.framesWritten;
    for (const signal of this.#signals) while (!publication.publish(signal)) await publication.ready();
    await until('all runs', () => near.frames >= publication.stats.framesWritten - before);
    return near.takeRuns();
  }

  /** Hands runs to the receiver, which hears all of their signals. */
  receive(runs: readonly Buffer[]): void {
    const { address } = this.#networks[0];
    const due = this.#heard + this.#signals.length;
    for (const run of runs) this.#receiver.receiveFromGroup(run, address);
    if (this.#heard !== due) throw new Error(`${due - this.#heard} of ${this.#signals.length} signals were not heard`);
  }

  /** Counted by the receiver itself. */
  get bytesCopied(): number {
    return this.#receiver.stats().received.reduce((sum, { stats }) => sum + stats.bytesCopied, 0);
  }

  close(): void {
    this.#publisher.stop();
    this.#receiver.stop();
  }
}

/** The payloads of the frames of one kind, where they lie. */
export function payloadsOf(runs: readonly Buffer[], kind: number): readonly Buffer[] {
  const payloads: Buffer[] = [];
  for (const run of runs) {
    for (let slot = 0; slot < run.length; slot += slotBytes) {
      const end = slot + readU16(run, slot + dataHeader.usedBytes);
      for (let at = slot + dataHeader.bytes; at + frameHeader.bytes <= end; ) {
        const begin = at + frameHeader.bytes;
        const after = begin + readU16(run, at);
        if (run[at + frameHeader.kind] === kind) payloads.push(run.subarray(begin, after));
        at = after;
      }
    }
  }
  return payloads;
}

function groupOn(network: KeepingNetwork, datagramKey: Uint8Array, consume: ConsumeStream): GroupStreams {
  const identity = identityFromSeed(systemRandom.bytes(32));
  const streams = new GroupStreams(network, { identity, datagramKey, random: systemRandom }, systemClock, consume);
  network.onGroupMessage((bytes, from) => streams.receiveFromGroup(bytes, from));
  network.onDirectMessage((bytes, from) => streams.receiveDirect(bytes, from));
  return streams;
}

/** Of a node whose only transport opens streams like that. */
function eventStreams(openStream: GroupStreams['open'], onSignal: () => void): EventStreams {
  const streaming = { name: transport, channel: 'training', openStream, onStream: () => {} } as const;
  return new EventStreams({
    nodeId: identityFromSeed(systemRandom.bytes(32)).nodeId,
    transports: { get: () => streaming as never, has: () => true },
    router: new AcademySmartEventRouter(),
    clock: systemClock,
    counters: new MeshCounters(),
    log: new RateLimitedLog(() => {}, systemClock),
    receivePacket: () => {},
    deliver: () => {
      onSignal();
      return 1;
    },
    hears: () => true,
    handOver: () => null,
  });
}

async function until(what: string, holds: () => boolean): Promise<void> {
  for (const dueMs = performance.now() + deadlineMs; !holds(); await turn()) {
    if (performance.now() > dueMs) throw new Error(`${what} did not come in time`);
  }
}
