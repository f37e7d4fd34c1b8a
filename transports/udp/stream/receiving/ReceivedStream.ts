/**
 * The receiving side of one session of one publisher, taken apart by subject. Nothing is delivered before its run was
 * found to be the publisher's, nothing twice, and (unless the stream is lossy) nothing is passed over without being
 * counted as lost.
 *
 * ```
 *   data ─► RunReader: a sound datagram? ─► StreamDelivery: its turn? ─► SourceCheck: the publisher's? ─► consumer
 *                                             │ what is held, missing        ─► RepairRequests (NAK)
 *                                             └ how far it is                ─► StatusReports
 *   control ─► SourceCheck ─► StreamMembership: joins, definitions
 * ```
 */
import type { KeyObject } from 'node:crypto';
import type { Clock } from '../../../../runtime/protocol/Clock.js';
import { signatureBytes } from '../../../../runtime/protocol/identity.js';
import type { Random } from '../../../../runtime/protocol/Random.js';
import type { StreamConsumer, StreamEnd, StreamSource } from '../../../../runtime/protocol/streams.js';
import type { StreamNetwork } from '../StreamNetwork.js';
import type { StreamSeal } from '../StreamSeal.js';
import { StreamTimer } from '../StreamTimer.js';
import {
  controlBytes,
  datagramKinds,
  dataHeader,
  readU48,
  receiverIdBytes,
  streamTagBytes,
} from '../streamDatagrams.js';
import { ReceiverVoice } from './ReceiverVoice.js';
import { RepairRequests } from './RepairRequests.js';
import { RoundTrip } from './RoundTrip.js';
import { RunReader } from './RunReader.js';
import { type ReceivedStreamStats, receivedCounters } from './receivedCounters.js';
import { SlotWindow } from './SlotWindow.js';
import { SourceCheck } from './SourceCheck.js';
import { StatusReports } from './StatusReports.js';
import { StreamDelivery } from './StreamDelivery.js';
import { StreamMembership } from './StreamMembership.js';

export interface ReceivedStreamOptions {
  readonly source: StreamSource;
  /** Of the node that publishes it. */
  readonly publicKey: KeyObject;
  readonly sessionBytes: Buffer;
  readonly slotBytes: number;
  readonly receiverId: Buffer;
  /** What this receiver says of itself; '' for nothing. */
  readonly flowTag: string;
  readonly network: StreamNetwork;
  readonly seal: StreamSeal;
  readonly consumer: StreamConsumer;
  readonly clock: Clock;
  readonly random: Random;
  /** Slots that may be on the way to this receiver from this publisher. */
  readonly windowSlots: () => number;
  /** Slots that the window keeps behind a gap; a power of two. */
  readonly windowSlotsMax: number;
  /** Begin with the oldest slot that is kept instead of with the first that was seen. */
  readonly fromKept: boolean;
  /** Where an earlier life of this session ended here, for lack of a sign of it; null for a session that is new. */
  readonly resumeAt: number | null;
}

const statusEveryMs = 100;
const acceptBytesMin = controlBytes.acceptHead + signatureBytes + streamTagBytes;

export class ReceivedStream {
  readonly source: StreamSource;
  readonly #options: ReceivedStreamOptions;
  readonly #clock: Clock;
  readonly #counters = receivedCounters();
  readonly #timer: StreamTimer;
  readonly #check: SourceCheck;
  readonly #reader: RunReader;
  readonly #window: SlotWindow;
  readonly #delivery: StreamDelivery;
  readonly #membership: StreamMembership;
  readonly #statuses: StatusReports;
  readonly #requests: RepairRequests;
  #endReason: StreamEnd | null = null;

  constructor(options: ReceivedStreamOptions) {
    const { source, publicKey, slotBytes, receiverId, flowTag, resumeAt, windowSlots, windowSlotsMax } = options;
    const { network, seal, consumer, clock, random, sessionBytes: session } = options;
    const { address, streamClass, isProven } = source;
    const counters = this.#counters;
    const nowMs = clock.monotonicMs();
    const timer = new StreamTimer(clock, (dueMs, stoodStill) => this.#onTimer(dueMs, stoodStill));
    const check = new SourceCheck({ seal, publicKey, session, slotBytes, isProven, counters, nowMs });
    const reader = new RunReader(session, slotBytes, consumer, counters);
    const window = new SlotWindow(windowSlotsMax, slotBytes);
    const roundTrip = new RoundTrip();
    const next = resumeAt ?? 0;
    const delivery = new StreamDelivery({ streamClass, reader, check, window, roundTrip, counters, clock, next });
    const voice = new ReceiverVoice({ network, seal, session, receiverId, address });
    const membership = new StreamMembership({ voice, check, timer, consumer, counters, clock, flowTag, windowSlots });
    this.source = source;
    this.#options = options;
    this.#clock = clock;
    this.#timer = timer;
    this.#check = check;
    this.#reader = reader;
    this.#window = window;
    this.#delivery = delivery;
    this.#membership = membership;
    this.#statuses = new StatusReports({ delivery, voice, clock, windowSlots, heldSlotsMax: windowSlotsMax });
    this.#requests = new RepairRequests({
      membership,
      delivery,
      window,
      roundTrip,
      voice,
      timer,
      counters,
      network,
      clock,
      random,
    });
  }

  get isJoined(): boolean {
    return this.#membership.isJoined;
  }

  get isEnded(): boolean {
    return this.#membership.isEnded;
  }

  /** Null while it goes on. */
  get endReason(): StreamEnd | null {
    return this.#endReason;
  }

  /** The next slot that it waits for. */
  get next(): number {
    return this.#delivery.next;
  }

  stats(): ReceivedStreamStats {
    return { ...this.#counters };
  }

  /** @param firstSeen the first slot that was seen of it, if any */
  join(firstSeen: number): void {
    const { resumeAt, fromKept } = this.#options;
    this.#membership.join(resumeAt ?? (fromKept ? 0 : firstSeen));
  }

  /** Ends it from this side. */
  stop(): void {
    this.#membership.leave();
    this.#end('stopped');
  }

  /**
   * Data datagrams of this session, back to back.
   * @returns where the first that is no such datagram begins
   */
  receiveData(bytes: Buffer, start: number, end: number): number {
    // Until the publisher itself has answered, data may be a recording.
    if (this.#membership.isJoined) this.#check.heard(this.#clock.monotonicMs());
    let at = start;
    while (at < end) {
      const size = this.#reader.datagramAt(bytes, at, end);
      if (size === 0) return at;
      // Who takes the frames may stop the stream meanwhile.
      at = this.#membership.isJoined
        ? this.#delivery.receive(bytes, at, at + size, end)
        : this.#passBy(bytes, at, size);
    }
    if (!this.#membership.isJoined) return at;
    this.#statuses.afterData();
    this.#requests.afterData();
    return at;
  }

  /** @param datagram of this session, not data */
  receiveControl(datagram: Buffer): void {
    const kind = datagram[3];
    if (this.isEnded) return;
    if (!this.#check.isControl(datagram)) {
      this.#counters.badControl += 1;
      return;
    }
    this.#check.heard(this.#clock.monotonicMs());
    if (kind === datagramKinds.heartbeat && datagram.length === controlBytes.heartbeat) this.#heartbeat(datagram);
    else if (kind === datagramKinds.end && datagram.length === controlBytes.end) this.#finish(datagram);
    else if (kind === datagramKinds.accept && this.#isForUs(datagram, acceptBytesMin)) this.#accepted(datagram);
    else if (kind === datagramKinds.reset && this.#isForUs(datagram, controlBytes.reset)) this.#wasReset(datagram);
    else this.#counters.badControl += 1;
  }

  #passBy(bytes: Buffer, at: number, size: number): number {
    this.#membership.saw(readU48(bytes, at + dataHeader.sequence) - (bytes[at + dataHeader.index] as number));
    return at + size;
  }

  #isForUs(datagram: Buffer, bytesMin: number): boolean {
    return datagram.length >= bytesMin && this.#options.receiverId.equals(datagram.subarray(12, 12 + receiverIdBytes));
  }

  #heartbeat(datagram: Buffer): void {
    if (!this.isJoined) return;
    const [sent, oldest] = [readU48(datagram, 12), readU48(datagram, 18)];
    this.#requests.amongst(datagram.readUInt16BE(24));
    if (this.source.streamClass === 'lossy') return;
    if (oldest > this.#delivery.next) {
      // It went on without us. Where a run begins now only it knows.
      this.#rejoin();
      return;
    }
    this.#delivery.exists(sent);
    if (this.#delivery.isBehind) this.#requests.plan();
  }

  #finish(datagram: Buffer): void {
    if (!this.#check.isSigned(datagram)) return;
    if (this.isJoined) this.#delivery.giveUp(readU48(datagram, 12));
    this.#end('closed');
  }

  #accepted(accept: Buffer): void {
    const start = this.#membership.accepted(accept);
    if (start === null) return;
    const isFirst = this.#counters.joins === 1 && this.#options.resumeAt === null;
    if (isFirst) this.#delivery.beginAt(start);
    else this.#delivery.goOnAt(start);
    this.#statuses.send();
    this.#timer.set(statusEveryMs);
  }

  #wasReset(reset: Buffer): void {
    if (this.#membership.isToken(reset.readUInt32BE(20))) this.#rejoin();
  }

  /** The publisher has no membership of ours (any more): joins again where it stands, if that is still kept. */
  #rejoin(): void {
    if (this.isJoined) this.#membership.join(this.#delivery.next);
  }

  #onTimer(nowMs: number, stoodStill: boolean): void {
    if (stoodStill) this.#check.heard(nowMs);
    if (this.#check.isSilent(nowMs)) {
      this.#delivery.giveUp(this.#delivery.horizon);
      this.#end('silent');
      return;
    }
    if (!this.isJoined) return this.#membership.joinAgain();
    this.#delivery.retry();
    if (this.#statuses.isDue(nowMs)) this.#statuses.send();
    if (this.#delivery.isBehind) this.#requests.plan();
    this.#timer.set(statusEveryMs);
  }

  #end(reason: StreamEnd): void {
    if (this.isEnded) return;
    this.#membership.end();
    this.#endReason = reason;
    this.#window.free();
    this.#timer.stop();
    this.#options.consumer.onEnd(reason);
  }
}
