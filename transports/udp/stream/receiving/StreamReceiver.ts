/**
 * All streams that a node hears in one group: takes what the network brings apart into datagrams, hands each to the
 * session that it belongs to, and admits new sessions. A session is admitted by a setup that carries the academy's tag
 * and the publisher's signature, and delivers only after the publisher itself has answered: a recorded session has
 * nobody who answers.
 */
import type { KeyObject } from 'node:crypto';
import { LRUCache } from 'lru-cache';
import type { Clock } from '../../../../runtime/protocol/Clock.js';
import { type NodeId, signatureBytes } from '../../../../runtime/protocol/identity.js';
import { limits } from '../../../../runtime/protocol/limits.js';
import type { Random } from '../../../../runtime/protocol/Random.js';
import type { ConsumeStream, StreamAddress, StreamSource } from '../../../../runtime/protocol/streams.js';
import type { StreamNetwork } from '../StreamNetwork.js';
import { StreamSeal } from '../StreamSeal.js';
import {
  controlBytes,
  datagramKinds,
  dataHeader,
  groupControlBytes,
  isStreamDatagram,
  liveSequence,
  prefixBytes,
  readU16,
  readU48,
  receiverIdBytes,
  sessionAt,
  sessionBytes,
  sessionKeyOf,
  streamVersion,
  writePrefix,
} from '../streamDatagrams.js';
import { publisherOf } from './publisherOf.js';
import { ReceivedStream } from './ReceivedStream.js';
import type { ReceivedStreamStats } from './receivedCounters.js';

export interface StreamReceiverOptions {
  readonly network: StreamNetwork;
  readonly nodeId: NodeId;
  /** Null in an open academy. */
  readonly datagramKey: Uint8Array | null;
  readonly clock: Clock;
  readonly random: Random;
  readonly consume: ConsumeStream;
  /** What this node says of itself to publishers that are paced by some of their members. @default none */
  readonly flowTag?: string;
  /** Begin each stream with the oldest slot that its publisher keeps. @default false */
  readonly fromKept?: boolean;
  /** Injected loss, for tests and benchmarks: whether the next slot is to be taken for lost. */
  readonly isLost?: () => boolean;
}

export interface StreamReceiverStats {
  readonly messages: number;
  readonly unknownSessions: number;
  readonly foreignSources: number;
  readonly malformed: number;
  readonly badSetups: number;
  readonly setupsOverBudget: number;
  readonly sessionsRefused: number;
  readonly sessionsAdmitted: number;
}

type Counters = { -readonly [K in keyof StreamReceiverStats]: number };

/** A session that was heard of and not admitted (yet). */
interface Stranger {
  /** The first slot of it that was seen, which is where its history begins for us. */
  firstSeen: number;
  solicitedAtMs: number;
  /** Whether its setups are of no use: refused here, or our own. */
  isRefused: boolean;
}

/** A crowd of forgers pushes nothing out of memory but other strangers. */
const strangersMax = 256;
const solicitEveryMs = 20;
/** Signatures that are checked in a second; each costs 0.15 ms. */
const setupsPerSecondMax = 200;
/** Questions to publishers that are not known, in a second. */
const solicitsPerSecondMax = 1_000;
/** More would overrun the smallest buffer that a kernel gives: single slots fill 16 KB with seven. */
const windowSlotsMin = 8;
/** Windows that are kept behind a gap: about as many as are sent while it is asked for, and asked for again. */
const heldWindows = 4;
/** A run that was sent before a window was known has up to 46 slots, and must be held whole. */
const heldSlotsMin = 64;

export class StreamReceiver {
  readonly #options: StreamReceiverOptions;
  readonly #streams = new Map<string, { stream: ReceivedStream; address: StreamAddress }>();
  readonly #strangers = new LRUCache<string, Stranger>({ max: strangersMax });
  readonly #counters: Counters = {
    messages: 0,
    unknownSessions: 0,
    foreignSources: 0,
    malformed: 0,
    badSetups: 0,
    setupsOverBudget: 0,
    sessionsRefused: 0,
    sessionsAdmitted: 0,
  };
  #setupsLeft = setupsPerSecondMax;
  #setupsRefilledMs: number;
  #solicitsLeft = solicitsPerSecondMax;
  #solicitsRefilledMs = Number.NEGATIVE_INFINITY;
  #isStopped = false;

  constructor(options: StreamReceiverOptions) {
    this.#options = options;
    this.#setupsRefilledMs = options.clock.monotonicMs();
  }

  /** By session; the ended ones too, until another takes their place. */
  streams(): readonly { readonly source: StreamSource; readonly stats: ReceivedStreamStats }[] {
    return [...this.#streams.values()].map(({ stream }) => ({ source: stream.source, stats: stream.stats() }));
  }

  stats(): StreamReceiverStats {
    return { ...this.#counters };
  }

  stop(): void {
    this.#isStopped = true;
    for (const { stream } of this.#streams.values()) stream.stop();
    this.#streams.clear();
  }

  /**
   * One message from the group, or the rest of one from `start`.
   * @returns where something else than datagrams of streams begins; the message's length when nothing does
   */
  receiveFromGroup(bytes: Buffer, from: StreamAddress, start = 0): number {
    if (this.#isStopped) return bytes.length;
    this.#counters.messages += 1;
    const { isLost } = this.#options;
    if (isLost) return this.#receiveLosing(bytes, start, from, isLost);
    return this.#receive(bytes, start, bytes.length, from);
  }

  /** One message that was sent to this node alone. @returns whether it was for a stream that is received here */
  receiveDirect(datagram: Buffer, from: StreamAddress): boolean {
    if (this.#isStopped || datagram.length < prefixBytes) return false;
    const known = this.#streams.get(sessionKeyOf(datagram, 0));
    if (!known || !isSame(known.address, from)) return false;
    known.stream.receiveControl(datagram);
    return true;
  }

  /** @returns as receiveFromGroup */
  #receive(bytes: Buffer, start: number, end: number, from: StreamAddress): number {
    let at = start;
    while (at < end && (at === start || isStreamDatagram(bytes, at, end))) {
      const after = bytes[at + 2] === streamVersion ? this.#receiveAt(bytes, at, end, from) : at;
      at = after > at ? after : this.#behindMalformed(at, end);
    }
    return at;
  }

  /** What the kernel has joined has one length, and that is mostly a slot's: so a damaged one hides no others. */
  #behindMalformed(at: number, end: number): number {
    this.#counters.malformed += 1;
    return Math.min(end, at + limits.datagramBytesMax);
  }

  /** @returns where the next datagram begins; no further than `at` when that cannot be known */
  #receiveAt(bytes: Buffer, at: number, end: number, from: StreamAddress): number {
    const kind = bytes[at + 3];
    if (kind === datagramKinds.data) return this.#receiveDataAt(bytes, at, end, from);
    const after = at + groupControlBytes(kind);
    if (after === at || after > end) return at;
    this.#receiveControl(bytes.subarray(at, after), from);
    return after;
  }

  #receiveDataAt(bytes: Buffer, at: number, end: number, from: StreamAddress): number {
    const key = sessionKeyOf(bytes, at);
    const known = this.#streams.get(key);
    if (known && !known.stream.isEnded) {
      if (isSame(known.address, from)) return known.stream.receiveData(bytes, at, end);
      this.#counters.foreignSources += 1;
    } else {
      this.#meet(key, bytes, at, end, from);
    }
    return endOfSession(bytes, at, end);
  }

  #receiveControl(datagram: Buffer, from: StreamAddress): void {
    const key = sessionKeyOf(datagram, 0);
    const known = this.#streams.get(key);
    const isSetup = datagram[3] === datagramKinds.setup;
    if (!known || known.stream.isEnded) {
      if (isSetup) this.#setup(key, datagram, from);
    } else if (!isSame(known.address, from)) {
      this.#counters.foreignSources += 1;
      // Whoever repeated the setup of another holds its place only until the publisher itself is heard.
      if (isSetup && !known.stream.isJoined) this.#setup(key, datagram, from);
    } else if (!isSetup) {
      known.stream.receiveControl(datagram);
    }
  }

  /** As #receive, with the slots taken away that are to be lost. */
  #receiveLosing(bytes: Buffer, start: number, from: StreamAddress, isLost: () => boolean): number {
    let kept = start;
    let at = start;
    while (at + dataHeader.bytes <= bytes.length && bytes[at + 3] === datagramKinds.data) {
      const size = Math.max(dataHeader.bytes, bytes.readUInt16BE(at + dataHeader.datagramBytes));
      if (isLost()) {
        if (at > kept) this.#receive(bytes, kept, at, from);
        kept = at + size;
      }
      at += size;
    }
    if (!isStreamDatagram(bytes, kept, bytes.length)) return Math.min(kept, bytes.length);
    return this.#receive(bytes, kept, bytes.length, from);
  }

  /** Data of a session that is not known: notes where it was met, and asks its publisher who it is. */
  #meet(key: string, bytes: Buffer, at: number, end: number, from: StreamAddress): void {
    if (end - at < dataHeader.bytes) return;
    this.#counters.unknownSessions += 1;
    const stranger = this.#strangerOf(key);
    if (stranger.isRefused) return;
    const start = readU48(bytes, at + dataHeader.sequence) - (bytes[at + dataHeader.index] as number);
    stranger.firstSeen = Math.min(stranger.firstSeen, Math.max(0, start));
    const nowMs = this.#options.clock.monotonicMs();
    if (nowMs - stranger.solicitedAtMs < solicitEveryMs || !this.#maySolicit(nowMs)) return;
    stranger.solicitedAtMs = nowMs;
    const solicit = Buffer.alloc(controlBytes.solicit);
    writePrefix(solicit, 0, datagramKinds.solicit, bytes.subarray(at + sessionAt, at + sessionAt + sessionBytes));
    solicit.set(this.#options.random.bytes(receiverIdBytes), prefixBytes);
    new StreamSeal(this.#options.datagramKey, sessionOf(bytes, at)).sealControl(solicit);
    this.#options.network.sendTo(from, solicit);
  }

  #strangerOf(key: string): Stranger {
    const known = this.#strangers.get(key);
    if (known) return known;
    const stranger = { firstSeen: liveSequence, solicitedAtMs: Number.NEGATIVE_INFINITY, isRefused: false };
    this.#strangers.set(key, stranger);
    return stranger;
  }

  #setup(key: string, setup: Buffer, from: StreamAddress): void {
    const { nodeId } = this.#options;
    const stranger = this.#strangerOf(key);
    if (stranger.isRefused) return;
    const earlier = this.#streams.get(key)?.stream;
    // It has said that it is over; who says it again has recorded it.
    if (earlier?.endReason === 'closed') return;
    const session = sessionOf(setup, 0);
    const seal = new StreamSeal(this.#options.datagramKey, session);
    const slotBytes = setup.readUInt16BE(62);
    const isFit = slotBytes >= dataHeader.bytes * 2 && slotBytes <= limits.datagramBytesMax;
    if (!isFit || !seal.isControl(setup.subarray(0, controlBytes.setup - signatureBytes))) {
      this.#counters.badSetups += 1;
      return;
    }
    if (!this.#mayCheckSetup()) {
      this.#counters.setupsOverBudget += 1;
      return;
    }
    const publisher = publisherOf(setup, from);
    if (!publisher) {
      this.#counters.badSetups += 1;
      return;
    }
    const { source, publicKey } = publisher;
    if (source.nodeId === nodeId) {
      stranger.isRefused = true;
      return;
    }
    const resumeAt = earlier?.endReason === 'silent' ? earlier.next : null;
    // What is sent between this setup and our joining is not to be missed.
    const firstSeen = Math.min(stranger.firstSeen, readU48(setup, 64));
    this.#admit({ key, source, publicKey, seal, session, slotBytes, firstSeen, resumeAt });
  }

  #admit(found: {
    readonly key: string;
    readonly source: StreamSource;
    readonly publicKey: KeyObject;
    readonly seal: StreamSeal;
    readonly session: Buffer;
    readonly slotBytes: number;
    readonly firstSeen: number;
    readonly resumeAt: number | null;
  }): void {
    const { network, clock, random, fromKept = false, flowTag = '' } = this.#options;
    const { key, source, publicKey, seal, session, slotBytes, firstSeen, resumeAt } = found;
    if (!this.#makeRoom()) {
      this.#counters.sessionsRefused += 1;
      return;
    }
    const consumer = this.#options.consume(source);
    if (!consumer) {
      this.#counters.sessionsRefused += 1;
      this.#strangerOf(key).isRefused = true;
      return;
    }
    this.#strangers.delete(key);
    this.#counters.sessionsAdmitted += 1;
    const stream = new ReceivedStream({
      source,
      publicKey,
      sessionBytes: session,
      slotBytes,
      // Its own for each stream, so that what was said to an earlier one says nothing to this one.
      receiverId: Buffer.from(random.bytes(receiverIdBytes)),
      flowTag,
      network,
      seal,
      consumer,
      clock,
      random,
      windowSlots: () => this.#windowSlots(),
      windowSlotsMax: powerOfTwoFrom(network.receiveSlots * heldWindows),
      fromKept,
      resumeAt,
    });
    this.#streams.get(key)?.stream.stop();
    this.#streams.set(key, { stream, address: source.address });
    stream.join(firstSeen);
  }

  /** Ended sessions make room for new ones. @returns false when all are alive */
  #makeRoom(): boolean {
    if (this.#streams.size < limits.streamSessionsMax) return true;
    for (const [key, { stream }] of this.#streams) {
      if (!stream.isEnded) continue;
      this.#streams.delete(key);
      return true;
    }
    return false;
  }

  /** All publishers together may send what the receive buffer holds. */
  #windowSlots(): number {
    let alive = 0;
    for (const { stream } of this.#streams.values()) if (stream.isJoined) alive += 1;
    return Math.max(windowSlotsMin, Math.floor(this.#options.network.receiveSlots / Math.max(1, alive)));
  }

  #maySolicit(nowMs: number): boolean {
    if (nowMs - this.#solicitsRefilledMs >= 1_000) {
      this.#solicitsRefilledMs = nowMs;
      this.#solicitsLeft = solicitsPerSecondMax;
    }
    this.#solicitsLeft -= 1;
    return this.#solicitsLeft >= 0;
  }

  #mayCheckSetup(): boolean {
    const nowMs = this.#options.clock.monotonicMs();
    if (nowMs - this.#setupsRefilledMs >= 1_000) {
      this.#setupsRefilledMs = nowMs;
      this.#setupsLeft = setupsPerSecondMax;
    }
    if (this.#setupsLeft === 0) return false;
    this.#setupsLeft -= 1;
    return true;
  }
}

/** Behind the data datagrams of one session that begin at `at`; no further than `at` when the first is none. */
function endOfSession(bytes: Buffer, start: number, end: number): number {
  let at = start;
  while (isDataOf(bytes, start, at, end)) {
    const size = readU16(bytes, at + dataHeader.datagramBytes);
    if (size < dataHeader.bytes || at + size > end) break;
    at += size;
  }
  return at;
}

/** Whether a data datagram begins at `at`, of the same session as the one at `first`. */
function isDataOf(bytes: Buffer, first: number, at: number, end: number): boolean {
  if (end - at < dataHeader.bytes || !isStreamDatagram(bytes, at, end)) return false;
  if (bytes[at + 3] !== datagramKinds.data) return false;
  return sessionKeyOf(bytes, at) === sessionKeyOf(bytes, first);
}

function sessionOf(bytes: Buffer, at: number): Buffer {
  return Buffer.from(bytes.subarray(at + sessionAt, at + sessionAt + sessionBytes));
}

function isSame(left: StreamAddress, right: StreamAddress): boolean {
  return left.port === right.port && left.host === right.host;
}

function powerOfTwoFrom(atLeast: number): number {
  return 2 ** Math.ceil(Math.log2(Math.max(heldSlotsMin, atLeast)));
}
