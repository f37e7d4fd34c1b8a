/**
 * The receiving side of one session of one publisher. A run that is next and whole is checked and read where the
 * network put it; all else waits in the window until what is missing was sent again. Nothing is delivered before the
 * tag of its run was right, nothing twice, and (unless the stream is lossy) nothing is passed over without being counted
 * as lost.
 */
import type { KeyObject } from 'node:crypto';
import type { Clock, TimerHandle } from '../../../runtime/protocol/Clock.js';
import { writeFlowTag } from '../../../runtime/protocol/flowTags.js';
import { signatureBytes, verifySignature } from '../../../runtime/protocol/identity.js';
import type { Random } from '../../../runtime/protocol/Random.js';
import type { StreamClass, StreamConsumer, StreamEnd, StreamSource } from '../../../runtime/protocol/streams.js';
import { RunVerifier } from './RunVerifier.js';
import { SlotWindow } from './SlotWindow.js';
import type { StreamNetwork } from './StreamNetwork.js';
import type { StreamSeal } from './StreamSeal.js';
import {
  controlBytes,
  datagramKinds,
  dataHeader,
  frameHeader,
  isStreamDatagram,
  liveSequence,
  nakRangeBytes,
  nakRangesMax,
  readU16,
  readU48,
  receiverIdBytes,
  sessionAt,
  slotsPerRunMax,
  streamTagBytes,
  writePrefix,
  writeU48,
} from './streamDatagrams.js';

export interface ReceivedStreamStats {
  readonly frames: number;
  readonly slots: number;
  readonly bytes: number;
  /** Bytes that were copied because they came before their turn. */
  readonly bytesCopied: number;
  readonly duplicates: number;
  readonly repaired: number;
  readonly naks: number;
  /** Slots that will never come: gone from the publisher's ring, or passed over in a lossy stream. */
  readonly lost: number;
  readonly badTags: number;
  /** What another member has forged: its tag is right, its signature is not. */
  readonly badProofs: number;
  readonly malformed: number;
  /** Beyond the window. */
  readonly tooFarAhead: number;
  readonly badControl: number;
  readonly joins: number;
}

type Counters = { -readonly [K in keyof ReceivedStreamStats]: number };

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

const joinAgainMs = 50;
const joinAgainMsMax = 1_000;
const statusEveryMs = 100;
const idleStatusMs = 700;
const sourceSilenceMs = 5_000;
/** Progress after which a status is sent at once, as a share of the window. */
const statusShare = 1 / 8;
const firstRoundTripMs = 4;
const roundTripMsMin = 0.5;
/** From this many receivers on, each waits a random moment before it asks: others may miss the same. */
const crowd = 3;
const backOffMs = 1;
/** While something is asked for already, so many further slots come before the next request. */
const askedApartSlots = 512;
/** Runs with a wrong tag that are checked in a second: a forger costs no more than that. */
const badTagsPerSecondMax = 2_000;
/** A wrong signature costs its check as much as so many tags. */
const badProofWeight = 10;
const acceptBytesMin = controlBytes.acceptHead + signatureBytes + streamTagBytes;
const joinApartMs = 5;
const roundTripMsMax = 250;
/** A timer that is later than that shows that this process stood still, not that the publisher did. */
const standstillMs = 1_000;

export class ReceivedStream {
  readonly source: StreamSource;
  readonly #options: ReceivedStreamOptions;
  readonly #clock: Clock;
  readonly #seal: StreamSeal;
  /** Null where a tag is enough. */
  readonly #verifier: RunVerifier | null;
  readonly #consumer: StreamConsumer;
  readonly #window: SlotWindow;
  readonly #slotBytes: number;
  readonly #class: StreamClass;
  readonly #counters: Counters = noCounts();
  readonly #sessionHigh: number;
  readonly #sessionLow: number;
  #state: 'joining' | 'joined' | 'ended' = 'joining';
  #token = 0;
  /** Of the last answer to a request to join; the next request shows that it was heard. */
  #answeredToken = 0;
  /** Of the statuses and requests of this membership. */
  #count = 0;
  #joinSentMs = Number.NEGATIVE_INFINITY;
  #endReason: StreamEnd | null = null;
  #definitions = 0;
  /** The first slot that was seen before joining: it can still be had. */
  #firstSeen = liveSequence;
  /** All before it was delivered (or is lost). */
  #next = 0;
  /** The first slot that is not known to exist. */
  #horizon = 0;
  #members = 1;
  #statusAt = 0;
  /** Where it stood when the timer came last. */
  #nextBefore = -1;
  /** The first slot beyond what the publisher was allowed to send by the last status. */
  #allowed = 0;
  #statusMs = 0;
  #heardMs: number;
  #joinDelayMs = joinAgainMs;
  #roundTripMs = firstRoundTripMs;
  #nakPlanned = false;
  /** The horizon when something was asked for last. */
  #askedHorizon = 0;
  #badTagsLeft = badTagsPerSecondMax;
  #badTagsRefilledMs: number;
  #timer: TimerHandle | null = null;
  #timerDueMs = 0;

  constructor(options: ReceivedStreamOptions) {
    this.#options = options;
    this.source = options.source;
    this.#clock = options.clock;
    this.#seal = options.seal;
    const { publicKey, sessionBytes, slotBytes } = options;
    this.#verifier = options.source.isProven ? new RunVerifier(publicKey, sessionBytes, slotBytes) : null;
    this.#consumer = options.consumer;
    this.#slotBytes = options.slotBytes;
    this.#class = options.source.streamClass;
    this.#window = new SlotWindow(options.windowSlotsMax, options.slotBytes);
    this.#heardMs = this.#clock.monotonicMs();
    this.#badTagsRefilledMs = this.#heardMs;
    this.#next = options.resumeAt ?? 0;
    this.#sessionHigh = options.sessionBytes.readUInt32BE(0);
    this.#sessionLow = options.sessionBytes.readUInt32BE(4);
  }

  get isJoined(): boolean {
    return this.#state === 'joined';
  }

  get isEnded(): boolean {
    return this.#state === 'ended';
  }

  /** Null while it goes on. */
  get endReason(): StreamEnd | null {
    return this.#endReason;
  }

  /** The next slot that it waits for. */
  get next(): number {
    return this.#next;
  }

  stats(): ReceivedStreamStats {
    return { ...this.#counters };
  }

  /** @param firstSeen the first slot that was seen of it, if any */
  join(firstSeen: number): void {
    this.#firstSeen = this.#options.resumeAt ?? (this.#options.fromKept ? 0 : firstSeen);
    this.#sendJoin();
    this.#schedule(this.#joinDelayMs);
  }

  /** Ends it from this side. */
  stop(): void {
    if (this.#state === 'joined') this.#toPublisher(this.#control(controlBytes.leave, datagramKinds.leave));
    this.#end('stopped');
  }

  /**
   * Data datagrams of this session, back to back.
   * @returns where the first that is no such datagram begins
   */
  receiveData(bytes: Buffer, start: number, end: number): number {
    // Until the publisher itself has answered, data may be a recording.
    if (this.#state === 'joined') this.#heardMs = this.#clock.monotonicMs();
    let at = start;
    while (at < end) {
      const size = this.#datagramAt(bytes, at, end);
      if (size === 0) return at;
      const runEnd = this.#class === 'lossy' ? 0 : this.#wholeRunEnd(bytes, at, end);
      if (runEnd > 0 && this.#receiveRun(bytes, at, runEnd)) {
        at = runEnd;
      } else {
        this.#receiveSlot(bytes, at, at + size);
        at += size;
      }
    }
    this.#afterData();
    return at;
  }

  /** @param datagram of this session, not data */
  receiveControl(datagram: Buffer): void {
    const kind = datagram[3];
    if (this.#state === 'ended') return;
    if (!this.#seal.isControl(datagram)) {
      this.#counters.badControl += 1;
      return;
    }
    this.#heardMs = this.#clock.monotonicMs();
    if (kind === datagramKinds.heartbeat && datagram.length === controlBytes.heartbeat) this.#heartbeat(datagram);
    else if (kind === datagramKinds.end && datagram.length === controlBytes.end) this.#finish(datagram);
    else if (kind === datagramKinds.accept && this.#isForUs(datagram, acceptBytesMin)) this.#accepted(datagram);
    else if (kind === datagramKinds.reset && this.#isForUs(datagram, controlBytes.reset)) this.#wasReset(datagram);
    else this.#counters.badControl += 1;
  }

  /** Bytes of the data datagram at `at`; 0 when there is none of this session. */
  #datagramAt(bytes: Buffer, at: number, end: number): number {
    if (!isStreamDatagram(bytes, at, end) || bytes[at + 3] !== datagramKinds.data || !this.#isOurs(bytes, at)) return 0;
    if (end - at < dataHeader.bytes) return this.#malformed();
    const size = readU16(bytes, at + dataHeader.datagramBytes);
    const used = readU16(bytes, at + dataHeader.usedBytes);
    const index = bytes[at + dataHeader.index] as number;
    const count = bytes[at + dataHeader.count] as number;
    const isRun = index < count && count <= slotsPerRunMax;
    const isSound = isRun && size <= this.#slotBytes && at + size <= end && used >= dataHeader.bytes && used <= size;
    return isSound ? size : this.#malformed();
  }

  /** Datagrams of several streams of one publisher may have been received together. */
  #isOurs(bytes: Buffer, at: number): boolean {
    const begin = at + sessionAt;
    return bytes.readUInt32BE(begin) === this.#sessionHigh && bytes.readUInt32BE(begin + 4) === this.#sessionLow;
  }

  #malformed(): 0 {
    this.#counters.malformed += 1;
    return 0;
  }

  /** Where the run that begins at `at` ends, if all of it is there in one piece and belongs together; else 0. */
  #wholeRunEnd(bytes: Buffer, at: number, end: number): number {
    if (bytes[at + dataHeader.index] !== 0) return 0;
    const first = readU48(bytes, at + dataHeader.sequence);
    const count = bytes[at + dataHeader.count] as number;
    const last = at + (count - 1) * this.#slotBytes;
    if (last + dataHeader.bytes > end) return 0;
    for (let index = 0, base = at; index < count; index++, base += this.#slotBytes) {
      if (bytes[base + dataHeader.index] !== index || bytes[base + dataHeader.count] !== count) return 0;
      if (readU48(bytes, base + dataHeader.sequence) !== first + index) return 0;
      const used = readU16(bytes, base + dataHeader.usedBytes);
      if (used < dataHeader.bytes || used > this.#slotBytes) return 0;
    }
    const size = readU16(bytes, last + dataHeader.datagramBytes);
    const isSound = size <= this.#slotBytes && size >= readU16(bytes, last + dataHeader.usedBytes);
    return isSound && last + size <= end ? last + size : 0;
  }

  /**
   * A run in one piece: if its turn has come it is checked and read where it is, else it waits whole.
   * @returns false when its slots are to be taken one by one
   */
  #receiveRun(bytes: Buffer, at: number, end: number): boolean {
    if (this.#state !== 'joined') return false;
    const first = readU48(bytes, at + dataHeader.sequence);
    const count = bytes[at + dataHeader.count] as number;
    const window = this.#window;
    if (first < this.#next || first + count > this.#next + window.slots || !window.isFree(first, count)) return false;
    if (first === this.#next || this.#class === 'unordered') {
      if (!this.#mayCheck() || !this.#isRun(bytes.subarray(at, end), count, first)) return true;
      this.#deliverRun(bytes, at, count);
      this.#passed(first, count);
      if (window.held > 0) this.#drain();
      return true;
    }
    window.putRun(first, count, bytes, at, end);
    this.#counters.bytesCopied += end - at;
    this.#horizon = Math.max(this.#horizon, first + count);
    return true;
  }

  /** A run was delivered: goes on behind it, or remembers it when its turn comes later. */
  #passed(first: number, count: number): void {
    this.#horizon = Math.max(this.#horizon, first + count);
    const window = this.#window;
    if (first > this.#next) {
      for (let index = 0; index < count; index++) window.deliveredEarly(first + index);
      return;
    }
    for (let index = 0; index < count; index++) window.drop(first + index);
    this.#next = first + count;
    while (window.isDelivered(this.#next)) {
      window.drop(this.#next);
      this.#next += 1;
    }
  }

  #receiveSlot(bytes: Buffer, at: number, end: number): void {
    const sequence = readU48(bytes, at + dataHeader.sequence);
    if (this.#state !== 'joined') {
      const start = sequence - (bytes[at + dataHeader.index] as number);
      this.#firstSeen = Math.min(this.#firstSeen, Math.max(0, start));
      return;
    }
    if (this.#class === 'lossy') return this.#receiveLossy(bytes, at, end, sequence);
    if (sequence < this.#next || this.#window.has(sequence)) {
      this.#counters.duplicates += 1;
      return;
    }
    if (sequence >= this.#next + this.#window.slots) {
      this.#counters.tooFarAhead += 1;
      return;
    }
    const askedMs = this.#window.askedAtMs(sequence);
    if (!Number.isNaN(askedMs)) this.#repaired(askedMs, this.#window.wasAskedAgain(sequence));
    this.#window.put(sequence, bytes, at, end);
    this.#counters.bytesCopied += end - at;
    if (sequence >= this.#horizon) this.#horizon = sequence + 1;
    if (this.#class === 'ordered') this.#drain();
    else this.#tryRun(Math.max(this.#next, sequence - (bytes[at + dataHeader.index] as number)));
  }

  /** The newest wins; what comes late is passed over. */
  #receiveLossy(bytes: Buffer, at: number, end: number, sequence: number): void {
    if (sequence < this.#next) {
      this.#counters.duplicates += 1;
      return;
    }
    if (!this.#mayCheck() || !this.#isRun(bytes.subarray(at, end), 1, sequence)) return;
    this.#counters.lost += sequence - this.#next;
    this.#next = sequence + 1;
    this.#horizon = this.#next;
    this.#deliver(bytes, at);
  }

  #repaired(askedMs: number, wasAskedAgain: boolean): void {
    this.#counters.repaired += 1;
    // Which of the requests it answers is not known (Karn and Partridge, 1987).
    if (wasAskedAgain) return;
    const sample = Math.max(roundTripMsMin, this.#clock.monotonicMs() - askedMs);
    // Smoothed as in RFC 6298, section 2.
    this.#roundTripMs += (sample - this.#roundTripMs) / 8;
  }

  /** Delivers the complete runs that are next. */
  #drain(): void {
    while (this.#window.isHeld(this.#next) && this.#tryRun(this.#next)) {
      // The next one may be complete as well.
    }
  }

  /** Runs that were complete when no more of them could be checked. */
  #tryHeld(): void {
    if (this.#window.held === 0) return;
    if (this.#class === 'ordered') this.#drain();
    else for (let sequence = this.#next; sequence < this.#horizon; sequence++) this.#tryHead(sequence);
  }

  #tryHead(sequence: number): void {
    const window = this.#window;
    if (window.isHeld(sequence) && window.datagramOf(sequence)[dataHeader.index] === 0) this.#tryRun(sequence);
  }

  /** Delivers the run that begins with that slot, if all of it is here. @returns whether */
  #tryRun(first: number): boolean {
    const window = this.#window;
    if (!window.isHeld(first)) return false;
    const head = window.datagramOf(first);
    const count = head[dataHeader.count] as number;
    if (head[dataHeader.index] !== 0) return this.#discard(first, 1);
    for (let index = 1; index < count; index++) if (!window.isHeld(first + index)) return false;
    if (!this.#mayCheck()) return false;
    const run = window.runOf(first, count);
    const isWhole = this.#wholeRunEnd(run, 0, run.length) === run.length;
    if (!isWhole || !this.#isRun(run, count, first)) return this.#discard(first, count);
    this.#deliverRun(run, 0, count);
    this.#passed(first, count);
    return true;
  }

  #isRun(run: Buffer, count: number, firstSequence: number): boolean {
    const tagAt = (count - 1) * this.#slotBytes + dataHeader.tag;
    if (!this.#seal.isRun(run, tagAt, firstSequence)) {
      this.#counters.badTags += 1;
      this.#badTagsLeft -= 1;
      return false;
    }
    return !this.#verifier || this.#verifier.isProven(run, count) || this.#isUnproven();
  }

  #isUnproven(): false {
    this.#counters.badProofs += 1;
    this.#badTagsLeft -= badProofWeight;
    return false;
  }

  #mayCheck(): boolean {
    if (this.#badTagsLeft > 0) return true;
    if (this.#heardMs - this.#badTagsRefilledMs < 1_000) return false;
    this.#badTagsRefilledMs = this.#heardMs;
    this.#badTagsLeft = badTagsPerSecondMax;
    return true;
  }

  /** These slots do not fit their tag: somebody has forged one, so all of them are asked for again. */
  #discard(first: number, count: number): false {
    for (let index = 0; index < count; index++) this.#window.drop(first + index);
    return false;
  }

  #deliverRun(bytes: Buffer, at: number, count: number): void {
    for (let index = 0; index < count; index++) this.#deliver(bytes, at + index * this.#slotBytes);
  }

  #deliver(bytes: Buffer, at: number): void {
    const end = at + readU16(bytes, at + dataHeader.usedBytes);
    const counters = this.#counters;
    counters.slots += 1;
    counters.bytes += end - at;
    let frame = at + dataHeader.bytes;
    let position = readU48(bytes, at + dataHeader.position);
    while (frame + frameHeader.bytes <= end) {
      const begin = frame + frameHeader.bytes;
      const after = begin + readU16(bytes, frame);
      if (after > end) {
        counters.malformed += 1;
        return;
      }
      counters.frames += 1;
      this.#consumer.onFrame(bytes[frame + frameHeader.kind] as number, bytes, begin, after, position);
      frame = after;
      position += 1;
    }
  }

  #afterData(): void {
    if (this.#state !== 'joined') return;
    const share = this.#options.windowSlots() * statusShare;
    if (this.#next - this.#statusAt >= share || this.#limit() - this.#allowed >= share) this.#sendStatus();
    if (this.#class === 'lossy' || this.#horizon <= this.#next) return;
    // The first gap is told at once; further ones are gathered, since each request costs as much as a run.
    const isFirst = this.#next >= this.#askedHorizon;
    const isFar = this.#horizon - this.#askedHorizon >= askedApartSlots;
    if (this.#members < crowd && (isFirst || isFar)) this.#sendNak();
    else this.#planNak();
  }

  #heartbeat(datagram: Buffer): void {
    if (this.#state !== 'joined') return;
    const [sent, oldest] = [readU48(datagram, 12), readU48(datagram, 18)];
    this.#members = datagram.readUInt16BE(24);
    if (this.#class === 'lossy') return;
    if (oldest > this.#next) {
      // It went on without us. Where a run begins now only it knows.
      this.#rejoin();
      return;
    }
    this.#horizon = Math.max(this.#horizon, Math.min(sent, this.#next + this.#window.slots));
    if (this.#horizon > this.#next) this.#planNak();
  }

  /** Whether the publisher itself has signed a control datagram; its tag was right. */
  #isSigned(datagram: Buffer): boolean {
    const signedBytes = datagram.length - streamTagBytes - signatureBytes;
    if (!this.#mayCheck()) return false;
    const signature = datagram.subarray(signedBytes, signedBytes + signatureBytes);
    const isValid = verifySignature(this.#options.publicKey, datagram.subarray(0, signedBytes), signature);
    return isValid || this.#isUnproven();
  }

  #finish(datagram: Buffer): void {
    if (!this.#isSigned(datagram)) return;
    const last = readU48(datagram, 12);
    if (this.#state === 'joined' && this.#class !== 'lossy') this.#counters.lost += Math.max(0, last - this.#next);
    this.#end('closed');
  }

  #isForUs(datagram: Buffer, bytesMin: number): boolean {
    return datagram.length >= bytesMin && this.#options.receiverId.equals(datagram.subarray(12, 12 + receiverIdBytes));
  }

  #accepted(accept: Buffer): void {
    const total = accept.readUInt16BE(30);
    const first = accept.readUInt16BE(32);
    const count = accept.readUInt16BE(34);
    if (this.#state === 'joined' || first > this.#definitions || !this.#isSigned(accept)) return;
    const isFirstAnswer = this.#answeredToken !== accept.readUInt32BE(20);
    this.#answeredToken = accept.readUInt32BE(20);
    const before = this.#definitions;
    let at: number = controlBytes.acceptHead;
    for (let index = 0; index < count; index++) {
      const begin = at + 2;
      const end = begin + accept.readUInt16BE(at);
      if (end > accept.length - signatureBytes - streamTagBytes) {
        this.#counters.malformed += 1;
        return;
      }
      if (first + index === this.#definitions) {
        this.#consumer.onDefinition(accept.subarray(begin, end));
        this.#definitions += 1;
      }
      at = end;
    }
    if (this.#definitions < total) {
      // Answers come in bunches; what is lost of them the timer asks for again.
      const isTime = isFirstAnswer || this.#clock.monotonicMs() - this.#joinSentMs >= joinApartMs;
      if (this.#definitions === before) return;
      if (isTime) this.#sendJoin();
      this.#joinDelayMs = joinAgainMs;
      this.#scheduleBy(joinAgainMs);
      return;
    }
    this.#begin(accept.readUInt32BE(20), readU48(accept, 24));
  }

  #begin(token: number, start: number): void {
    this.#state = 'joined';
    // The same membership goes on counting.
    if (token !== this.#token) this.#count = 0;
    this.#token = token;
    this.#counters.joins += 1;
    const isFirst = this.#counters.joins === 1 && this.#options.resumeAt === null;
    if (isFirst) this.#next = start;
    else if (start > this.#next) this.#skipTo(start);
    this.#horizon = Math.max(this.#horizon, this.#next);
    this.#sendStatus();
    this.#schedule(statusEveryMs);
  }

  /** What lies between is gone from the publisher's ring. */
  #skipTo(start: number): void {
    const end = Math.min(start, this.#next + this.#window.slots);
    let missed = start - end;
    for (let sequence = this.#next; sequence < end; sequence++) {
      if (!this.#window.isDelivered(sequence)) missed += 1;
      this.#window.drop(sequence);
    }
    if (this.#class !== 'lossy') this.#counters.lost += missed;
    this.#next = start;
  }

  #wasReset(reset: Buffer): void {
    if (reset.readUInt32BE(20) === this.#token) this.#rejoin();
  }

  /** The publisher has no membership of ours (any more): joins again where it stands, if that is still kept. */
  #rejoin(): void {
    if (this.#state !== 'joined') return;
    this.#state = 'joining';
    this.#firstSeen = this.#next;
    this.#joinDelayMs = joinAgainMs;
    this.#sendJoin();
    this.#schedule(this.#joinDelayMs);
  }

  #planNak(): void {
    if (this.#nakPlanned) return;
    this.#nakPlanned = true;
    const ask = (): void => {
      this.#nakPlanned = false;
      if (this.#state === 'joined') this.#sendNak();
    };
    if (this.#members < crowd) this.#options.network.atEndOfTurn(ask);
    else this.#clock.setTimeout(ask, this.#options.random.next() * backOffMs);
  }

  /** Asks for what is missing and was not asked for within the last two round trips. */
  #sendNak(): void {
    const nowMs = this.#clock.monotonicMs();
    const again = nowMs - 2 * this.#roundTripMs;
    this.#askedHorizon = this.#horizon;
    const ranges: [first: number, slots: number][] = [];
    let isAgain = false;
    for (let sequence = this.#next; sequence < this.#horizon; sequence++) {
      if (this.#window.has(sequence) || this.#window.askedAtMs(sequence) > again) continue;
      const last = ranges[ranges.length - 1];
      if (last && last[0] + last[1] === sequence) last[1] += 1;
      else if (ranges.length < nakRangesMax) ranges.push([sequence, 1]);
      else break;
      if (this.#window.asked(sequence, nowMs)) isAgain = true;
    }
    // Asked too early, or lost once more: in both cases there is more patience in order.
    if (isAgain) this.#roundTripMs = Math.min(roundTripMsMax, this.#roundTripMs * 1.25);
    if (this.#horizon > this.#next) this.#scheduleBy(Math.max(1, Math.ceil(2 * this.#roundTripMs)));
    if (ranges.length === 0) return;
    const nak = this.#control(controlBytes.nakHead + ranges.length * nakRangeBytes + streamTagBytes, datagramKinds.nak);
    nak.writeUInt32BE(++this.#count, 24);
    nak.writeUInt16BE(ranges.length, 28);
    ranges.forEach(([first, slots], index) => {
      const at = controlBytes.nakHead + index * nakRangeBytes;
      writeU48(nak, first, at);
      nak.writeUInt16BE(slots, at + 6);
    });
    this.#counters.naks += 1;
    this.#toPublisher(nak);
  }

  #onTimer(): void {
    this.#timer = null;
    const nowMs = this.#clock.monotonicMs();
    if (nowMs - this.#timerDueMs > standstillMs) this.#heardMs = nowMs;
    if (nowMs - this.#heardMs > sourceSilenceMs) {
      if (this.#class !== 'lossy') this.#counters.lost += this.#horizon - this.#next;
      this.#end('silent');
      return;
    }
    if (this.#state === 'joining') {
      this.#sendJoin();
      this.#joinDelayMs = Math.min(joinAgainMsMax, this.#joinDelayMs * 2);
      this.#schedule(this.#joinDelayMs);
      return;
    }
    this.#tryHeld();
    const isBehind = this.#class !== 'lossy' && this.#horizon > this.#next;
    if (isBehind && this.#next === this.#nextBefore) this.#doubtHead();
    this.#nextBefore = this.#next;
    if (this.#next !== this.#statusAt || isBehind || nowMs - this.#statusMs >= idleStatusMs) this.#sendStatus();
    if (isBehind) this.#planNak();
    this.#schedule(statusEveryMs);
  }

  /**
   * Nothing is missing of all that is known to exist, and still the first run is not whole: its first slot tells of more
   * than there is, so it is not the publisher's. It is asked for again, with what came behind it.
   */
  #doubtHead(): void {
    const window = this.#window;
    if (!window.isHeld(this.#next)) return;
    for (let sequence = this.#next; sequence < this.#horizon; sequence++) if (!window.has(sequence)) return;
    const count = window.datagramOf(this.#next)[dataHeader.count] as number;
    this.#discard(this.#next, Math.min(count, this.#horizon - this.#next));
  }

  /** As #schedule, but what is due before stays: heartbeats bring requests, and must not put statuses off for ever. */
  #scheduleBy(delayMs: number): void {
    if (this.#timer === null || this.#timerDueMs > this.#clock.monotonicMs() + delayMs) this.#schedule(delayMs);
  }

  /** One timer: the earliest of what is to be done. */
  #schedule(delayMs: number): void {
    if (this.#timer !== null) this.#clock.clearTimeout(this.#timer);
    this.#timerDueMs = this.#clock.monotonicMs() + delayMs;
    this.#timer = this.#clock.setTimeout(() => this.#onTimer(), delayMs);
  }

  #sendJoin(): void {
    this.#joinSentMs = this.#clock.monotonicMs();
    const join = this.#control(controlBytes.join, datagramKinds.join);
    writeU48(join, this.#firstSeen, 20);
    join.writeUInt16BE(this.#definitions, 26);
    join.writeUInt32BE(this.#options.windowSlots(), 28);
    join.writeUInt32BE(this.#answeredToken, 32);
    writeFlowTag(this.#options.flowTag, join, 36);
    this.#toPublisher(join);
  }

  /**
   * What is behind a gap has left the socket and takes none of its room, so it holds up nobody: the publisher may go on
   * while the gap is repaired, as far as the window keeps.
   */
  #limit(): number {
    const arrived = Math.max(this.#next, this.#horizon);
    return Math.min(arrived + this.#options.windowSlots(), this.#next + this.#window.slots);
  }

  #sendStatus(): void {
    this.#statusAt = this.#next;
    this.#allowed = this.#limit();
    this.#statusMs = this.#clock.monotonicMs();
    const status = this.#control(controlBytes.status, datagramKinds.status);
    status.writeUInt32BE(++this.#count, 24);
    writeU48(status, this.#next, 28);
    status.writeUInt32BE(this.#allowed - this.#next, 34);
    this.#toPublisher(status);
  }

  #control(bytes: number, kind: number): Buffer {
    const datagram = Buffer.alloc(bytes);
    writePrefix(datagram, 0, kind as 0, this.#options.sessionBytes);
    this.#options.receiverId.copy(datagram, 12);
    if (kind !== datagramKinds.join) datagram.writeUInt32BE(this.#token, 20);
    return datagram;
  }

  #toPublisher(datagram: Buffer): void {
    this.#seal.sealControl(datagram);
    this.#options.network.sendTo(this.source.address, datagram);
  }

  #end(reason: StreamEnd): void {
    if (this.#state === 'ended') return;
    this.#state = 'ended';
    this.#endReason = reason;
    this.#window.free();
    if (this.#timer !== null) this.#clock.clearTimeout(this.#timer);
    this.#consumer.onEnd(reason);
  }
}

function noCounts(): Counters {
  return {
    frames: 0,
    slots: 0,
    bytes: 0,
    bytesCopied: 0,
    duplicates: 0,
    repaired: 0,
    naks: 0,
    lost: 0,
    badTags: 0,
    badProofs: 0,
    malformed: 0,
    tooFarAhead: 0,
    badControl: 0,
    joins: 0,
  };
}
