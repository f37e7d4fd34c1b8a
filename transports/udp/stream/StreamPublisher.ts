/**
 * The sending side of one stream, and its only writer. Frames are encoded in place in the ring; a run leaves when it
 * is full, else at the end of the turn. At the members' limit `write` says false, and `ready` tells when there is room:
 * nothing is dropped here. What a member misses it asks for, and is sent again from the ring.
 */
import { EventEmitter } from 'eventemitter3';
import type { Clock, TimerHandle } from '../../../runtime/protocol/Clock.js';
import { AcademyError } from '../../../runtime/protocol/errors.js';
import { checkFlowTag, readFlowTag } from '../../../runtime/protocol/flowTags.js';
import { type NodeIdentity, publicKeyBytes, signatureBytes } from '../../../runtime/protocol/identity.js';
import { limits } from '../../../runtime/protocol/limits.js';
import type { Random } from '../../../runtime/protocol/Random.js';
import {
  copyFrame,
  type FrameEncoder,
  frameDoesNotFit,
  type OutgoingStream,
  type OutgoingStreamOptions,
  type OutgoingStreamStats,
  type StreamAddress,
  type StreamClass,
  streamClasses,
  type WriteOutcome,
} from '../../../runtime/protocol/streams.js';
import { AnswerBudget } from './AnswerBudget.js';
import { RepairServer, repairBurst } from './RepairServer.js';
import { RunProver } from './RunProver.js';
import { type StreamMember, StreamMembers } from './StreamMembers.js';
import type { StreamNetwork } from './StreamNetwork.js';
import { StreamSeal } from './StreamSeal.js';
import {
  controlBytes,
  datagramKinds,
  dataHeader,
  liveSequence,
  readU48,
  receiverIdBytes,
  runProof,
  sessionBytes,
  setupFlags,
  streamTagBytes,
  writePrefix,
  writeU48,
} from './streamDatagrams.js';
import { TermRing } from './TermRing.js';

export interface StreamPublisherOptions extends OutgoingStreamOptions {
  readonly network: StreamNetwork;
  readonly identity: NodeIdentity;
  /** Null in an open academy. */
  readonly datagramKey: Uint8Array | null;
  readonly clock: Clock;
  readonly random: Random;
  /** Slots of the ring, a power of two. @default 16384, which is 23 MB of 1400 bytes each */
  readonly ringSlots?: number;
  /** @default limits.datagramBytesMax */
  readonly slotBytes?: number;
  /** How long a member may be silent before it is evicted. @default 3000 */
  readonly silenceMs?: number;
}

type Counters = { -readonly [K in keyof OutgoingStreamStats]: number };

export interface StreamPublisherEvents {
  joined: [member: { readonly receiverId: string; readonly address: StreamAddress }];
  left: [member: { readonly receiverId: string; readonly reason: 'left' | 'silent' }];
}

const defaultRingSlots = 16_384;
const defaultSilenceMs = 3_000;
const firstHeartbeatMs = 10;
const heartbeatMsMax = 500;
const setupEveryMs = 1_000;
/** Setups that may be asked for in a second; more come from somebody who does not listen. */
const setupsPerSecondMax = 20;
/** Runs handed to the network and not yet taken by the kernel. */
const runsInFlightMax = 32;
/**
 * Sends are at least so far apart, unless a run is full: each costs its receivers a message of 64 KB to collect again,
 * and their pauses for that were the slowest hundredth of all latencies.
 */
const gatherMs = 0.1;
/**
 * Slots that may leave in one turn of the event loop, eight runs: who writes without end is held up for a turn, so that what members
 * ask for is heard, and the node does not stand still.
 */
const slotsPerTurnMax = 368;
/** A blocked writer is called when that share of the window is free again, so that it writes runs and not single slots. */
const readyShare = 1 / 8;
/** Slots of a run that is proven, whatever the network sends at once: a signature costs more than sending them. */
const provenRunSlots = 46;
/**
 * As `gatherMs`, where each send costs every receiver the check of a signature, 0.1 ms.
 */
const provenGatherMs = 1;
/** Answers to a request of somebody that has shown that it hears them, by the token in them. */
const acceptDatagramsMax = 16;
/** For who has not shown it: a request under somebody else's address brings one datagram there, and so many bytes. */
const strangerBudget = { hostBytesPerSecond: 64 * 1024, bytesPerSecond: 512 * 1024 };
const memberBudget = { hostBytesPerSecond: 2 * 1024 * 1024, bytesPerSecond: 8 * 1024 * 1024 };
const definitionLengthBytes = 2;
/** A timer that is later than that shows that this process stood still, not that the members did. */
const standstillMs = 1_000;

export class StreamPublisher implements OutgoingStream {
  readonly events = new EventEmitter<StreamPublisherEvents>();
  readonly session: Buffer;
  readonly #options: StreamPublisherOptions;
  readonly #network: StreamNetwork;
  readonly #clock: Clock;
  readonly #ring: TermRing;
  readonly #seal: StreamSeal;
  readonly #members: StreamMembers;
  readonly #strangerAnswers: AnswerBudget;
  readonly #memberAnswers: AnswerBudget;
  readonly #silenceMs: number;
  readonly #isLossy: boolean;
  readonly #prover: RunProver | null;
  readonly #definitions: Buffer[] = [];
  readonly #repairs: RepairServer;
  readonly #counters: Counters = noCounts();
  #waiting: (() => void)[] = [];
  /** Where the run begins that is being filled. */
  #runStart = 0;
  #sent = 0;
  #inFlight = 0;
  #slotsThisTurn = 0;
  #flushPlanned = false;
  #flushedAtMs = Number.NEGATIVE_INFINITY;
  #isBlocked = false;
  #timer: TimerHandle | null = null;
  #timerDueMs = 0;
  #heartbeatMs = firstHeartbeatMs;
  #nextSetupMs = 0;
  #setupsLeft = setupsPerSecondMax;
  #setupsRefilledMs = 0;
  #isClosed = false;

  /** @throws AcademyError ERR_ACADEMY_BAD_ARGUMENT for a lossy stream that is to be proven, and a tag that is none */
  constructor(options: StreamPublisherOptions) {
    this.#options = options;
    this.#network = options.network;
    this.#clock = options.clock;
    this.#silenceMs = options.silenceMs ?? defaultSilenceMs;
    this.#isLossy = options.streamClass === 'lossy';
    this.session = Buffer.from(options.random.bytes(sessionBytes));
    const slots = options.ringSlots ?? defaultRingSlots;
    this.#ring = new TermRing(this.session, slots, options.slotBytes ?? limits.datagramBytesMax);
    this.#prover = options.isProven ? this.#newProver() : null;
    this.#repairs = new RepairServer({
      ring: this.#ring,
      counters: this.#counters,
      runSlotsMax: () => this.#runSlotsMax,
      send: (pieces) => this.#send(pieces),
    });
    const { clock, limitBy } = options;
    if (limitBy) checkFlowTag(limitBy.tag);
    this.#members = new StreamMembers(limits.streamMembersMax, limitBy?.tag);
    this.#strangerAnswers = new AnswerBudget({ clock, ...strangerBudget });
    this.#memberAnswers = new AnswerBudget({ clock, ...memberBudget });
    this.#seal = new StreamSeal(options.datagramKey, this.session);
    this.#setupsRefilledMs = this.#clock.monotonicMs();
    this.#sendSetup();
    this.#schedule(firstHeartbeatMs);
  }

  get streamClass(): StreamClass {
    return this.#options.streamClass;
  }

  /** Receivers that have joined. */
  get members(): number {
    return this.#members.size;
  }

  get sequence(): number {
    return this.#ring.sequence;
  }

  get position(): number {
    return this.#ring.position;
  }

  /** Payload bytes of the largest frame. */
  get payloadBytesMax(): number {
    return this.#ring.payloadBytesMax;
  }

  /** Payload bytes of the largest definition: it must fit the answer to who joins, too. */
  get definitionBytesMax(): number {
    return this.#ring.slotBytes - controlBytes.acceptHead - definitionLengthBytes - signatureBytes - streamTagBytes;
  }

  get isClosed(): boolean {
    return this.#isClosed;
  }

  stats(): OutgoingStreamStats {
    return { ...this.#counters, framesWritten: this.#ring.position };
  }

  /** Writes one frame. */
  write<T>(kind: number, encode: FrameEncoder<T>, value: T): WriteOutcome {
    const ring = this.#ring;
    for (;;) {
      if (!ring.isOpen && !this.#openSlot()) return 'full';
      const end = encode(value, ring.bytes, ring.payloadAt, ring.slotEnd);
      if (end >= 0) {
        ring.commit(kind, end);
        if (!this.#flushPlanned) this.#planFlush();
        return 'taken';
      }
      if (end !== frameDoesNotFit) return end;
      if (ring.isEmpty && !ring.isReserved) return 'too-large';
      this.#closeSlot();
    }
  }

  /**
   * Writes a frame that later receivers need as well: it is kept and given to each that joins.
   * @returns false at the members' limit
   * @throws AcademyError ERR_ACADEMY_BAD_ARGUMENT above `definitionBytesMax`
   */
  define(payload: Uint8Array): boolean {
    if (payload.length > this.definitionBytesMax) {
      throw new AcademyError('ERR_ACADEMY_BAD_ARGUMENT', `a definition of ${payload.length} bytes is too long`);
    }
    const outcome = this.write(this.#options.definitionKind, copyFrame, payload);
    if (outcome !== 'taken') return false;
    this.#definitions.push(Buffer.from(payload));
    return true;
  }

  /** Resolves when there is room again; rejects when the stream is closed. */
  ready(): Promise<void> {
    if (this.#isClosed) return Promise.reject(streamClosed());
    if (this.#hasRoom(1)) return Promise.resolve();
    this.#isBlocked = true;
    return new Promise((resolve, reject) => {
      this.#waiting.push(() => (this.#isClosed ? reject(streamClosed()) : resolve()));
    });
  }

  /** Sends what is written and not sent yet. */
  flush(): void {
    if (this.#ring.isOpen && !this.#ring.isEmpty) this.#closeSlot();
    this.#endRun();
    if (this.#prover) this.#sendProven(this.#prover);
  }

  /** Resolves when every member has all that was written so far; members that fall silent are evicted meanwhile. */
  async delivered(): Promise<void> {
    this.flush();
    const target = this.#ring.sequence;
    // What a lossy stream has sent is all that can be known of it.
    const hasArrived = (): boolean => this.#isLossy || this.#members.position >= target;
    while (!this.#isClosed && (this.#inFlight > 0 || !hasArrived())) {
      await new Promise<void>((resolve) => this.#clock.setTimeout(resolve, 1));
    }
  }

  /** Tells the members where the stream ends. What they miss of it cannot be repaired afterwards: see `delivered`. */
  close(): void {
    if (this.#isClosed) return;
    this.flush();
    this.#isClosed = true;
    const end = this.#control(controlBytes.end, datagramKinds.end);
    writeU48(end, this.#ring.sequence, 12);
    this.#sign(end);
    this.#toGroup(end);
    if (this.#timer !== null) this.#clock.clearTimeout(this.#timer);
    this.#release();
  }

  /** A datagram that may be meant for this stream's publisher. @returns whether it is */
  receive(datagram: Buffer, from: StreamAddress): boolean {
    if (this.#isClosed || !this.session.equals(datagram.subarray(4, 4 + sessionBytes))) return false;
    if (!this.#seal.isControl(datagram)) {
      this.#counters.badControl += 1;
      return true;
    }
    this.#handle(datagram, from);
    return true;
  }

  #handle(datagram: Buffer, from: StreamAddress): void {
    const kind = datagram[3];
    if (kind === datagramKinds.solicit && datagram.length === controlBytes.solicit) return this.#solicited();
    if (kind === datagramKinds.join && datagram.length === controlBytes.join) return this.#join(datagram, from);
    const member = this.#memberOf(datagram, from);
    if (!member) return;
    if (kind === datagramKinds.status && datagram.length === controlBytes.status) this.#status(datagram, member, from);
    else if (kind === datagramKinds.nak) this.#repair(datagram, member);
    else if (kind === datagramKinds.leave && datagram.length === controlBytes.leave) this.#drop(member, 'left');
    else this.#counters.badControl += 1;
  }

  #memberOf(datagram: Buffer, from: StreamAddress): StreamMember | undefined {
    if (datagram.length < controlBytes.leave) {
      this.#counters.badControl += 1;
      return undefined;
    }
    const member = this.#members.get(receiverIdOf(datagram));
    if (member && member.token === datagram.readUInt32BE(20)) return member;
    // It was evicted, or speaks of an earlier membership: it has to join again.
    this.#reset(datagram, from);
    return undefined;
  }

  #reset(refused: Buffer, from: StreamAddress): void {
    const reset = this.#control(controlBytes.reset, datagramKinds.reset);
    refused.copy(reset, 12, 12, 24);
    this.#answer(from, reset, this.#strangerAnswers);
  }

  #openSlot(): boolean {
    if (this.#isClosed) throw streamClosed();
    if (!this.#hasRoom(0)) {
      this.#counters.backPressure += 1;
      this.#isBlocked = true;
      this.flush();
      return false;
    }
    const ring = this.#ring;
    ring.openSlot(this.#prover && this.#isLastOfRun(ring.sequence) ? runProof.bytesMax : 0);
    return true;
  }

  #isLastOfRun(sequence: number): boolean {
    return sequence + 1 - this.#runStart >= this.#runSlotsMax || (sequence + 1) % this.#ring.slots === 0;
  }

  /** @param share 1 to ask for as much as a waiting writer is woken for, 0 for a single slot */
  #hasRoom(share: 0 | 1): boolean {
    if (this.#inFlight >= runsInFlightMax) return false;
    if (this.#isLossy) return true;
    if (this.#slotsThisTurn >= slotsPerTurnMax) return false;
    const { limit } = this.#members;
    if (limit === Number.POSITIVE_INFINITY) return true;
    // Never a slot that some member may still ask for.
    const end = Math.min(limit, this.#members.position + this.#ring.slots);
    // A proof may need a slot of its own.
    const free = end - this.#ring.sequence - (this.#prover ? 1 : 0);
    return free > share * Math.max(1, (limit - this.#members.position) * readyShare);
  }

  /** What is not repaired must be checked by itself. */
  get #runSlotsMax(): number {
    if (this.#prover) return provenRunSlots;
    return this.#isLossy ? 1 : this.#network.runSlotsMax;
  }

  #closeSlot(): void {
    const ring = this.#ring;
    const isLast = this.#isLastOfRun(ring.sequence);
    ring.closeSlot();
    if (isLast) this.#endRun();
  }

  /** The closed slots that are in no run yet are one: sent at once, or with others under one signature. */
  #endRun(): void {
    const ring = this.#ring;
    const first = this.#runStart;
    if (ring.sequence === first) return;
    if (this.#prover && ring.unusedBytes(ring.sequence - 1) < runProof.bytesMax) this.#closeProofSlot();
    const count = ring.sequence - first;
    this.#runStart = ring.sequence;
    if (!this.#prover) return this.#sendRun(first, count, ring.makeRun(first, count));
    this.#prover.add(first, count);
    if (this.#prover.isFull) this.#sendProven(this.#prover);
  }

  /** Frames have left no room for the proof. */
  #closeProofSlot(): void {
    if (!this.#ring.isOpen) this.#ring.openSlot(runProof.bytesMax);
    this.#ring.closeSlot();
  }

  #sendProven(prover: RunProver): void {
    for (const { first, count, bytes } of prover.prove()) this.#sendRun(first, count, bytes);
  }

  #newProver(): RunProver {
    if (!this.#isLossy) return new RunProver(this.#ring, this.#options.identity, provenRunSlots);
    throw new AcademyError('ERR_ACADEMY_BAD_ARGUMENT', 'a lossy stream carries no proof of its source', {
      remedy: 'choose the class ordered or unordered, or no proof',
    });
  }

  #planFlush(): void {
    this.#flushPlanned = true;
    this.#network.atEndOfTurn(this.#onFlush);
  }

  /** At once after a pause; in a busy time what comes within a moment leaves together. */
  readonly #onFlush = (): void => {
    if (this.#isClosed) return;
    const waitedMs = this.#clock.monotonicMs() - this.#flushedAtMs;
    if (this.#prover && waitedMs < provenGatherMs) {
      this.#clock.setTimeout(this.#onFlush, provenGatherMs);
      return;
    }
    if (waitedMs < gatherMs) {
      this.#network.atEndOfTurn(this.#onFlush);
      return;
    }
    this.#flushPlanned = false;
    this.flush();
  };

  #sendRun(first: number, count: number, run: Buffer): void {
    const tagAt = (count - 1) * this.#ring.slotBytes + dataHeader.tag;
    this.#seal.runTag(run, tagAt, first).copy(run, tagAt);
    this.#sent = first + count;
    this.#flushedAtMs = this.#clock.monotonicMs();
    if (this.#slotsThisTurn === 0) this.#network.atEndOfTurn(this.#onTurn);
    this.#slotsThisTurn += count;
    this.#counters.runsSent += 1;
    this.#counters.slotsSent += count;
    this.#counters.bytesSent += run.length;
    this.#send([run]);
    if (this.#heartbeatMs > firstHeartbeatMs) {
      this.#heartbeatMs = firstHeartbeatMs;
      this.#schedule(firstHeartbeatMs);
    }
  }

  #send(pieces: readonly Buffer[]): void {
    this.#inFlight += 1;
    this.#network.sendToGroup(pieces, this.#ring.slotBytes, this.#onSent);
  }

  readonly #onSent = (fault: Error | null): void => {
    this.#inFlight -= 1;
    if (fault) this.#counters.sendErrors += 1;
    if (this.#isBlocked) this.#wake();
  };

  readonly #onTurn = (): void => {
    this.#slotsThisTurn = 0;
    if (this.#isBlocked) this.#wake();
  };

  #wake(): void {
    if (!this.#hasRoom(1)) return;
    this.#isBlocked = false;
    this.#release();
  }

  #release(): void {
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const resume of waiting) resume();
  }

  #solicited(): void {
    if (this.#maySetup()) this.#sendSetup();
  }

  #maySetup(): boolean {
    const nowMs = this.#clock.monotonicMs();
    if (nowMs - this.#setupsRefilledMs >= 1_000) {
      this.#setupsRefilledMs = nowMs;
      this.#setupsLeft = setupsPerSecondMax;
    }
    this.#setupsLeft -= 1;
    return this.#setupsLeft >= 0;
  }

  /** Joining is asked for again until all definitions have come, so each part of it can be lost. */
  #join(datagram: Buffer, from: StreamAddress): void {
    const receiverId = receiverIdOf(datagram);
    const known = this.#members.get(receiverId);
    // What it needs next is overwritten: it goes on further ahead, as who joins anew.
    if (known && known.position < this.#ring.oldest) this.#drop(known, 'silent');
    const member = this.#members.get(receiverId) ?? this.#admit(datagram, receiverId, from);
    if (!member) return;
    if (!member.isConfirmed) member.address = from;
    const isReached = datagram.readUInt32BE(32) === member.token;
    const budget = isReached ? this.#memberAnswers : this.#strangerAnswers;
    let next: number | null = Math.min(datagram.readUInt16BE(26), this.#definitions.length);
    for (let left = isReached ? acceptDatagramsMax : 1; left > 0; left--) {
      next = this.#accept(member, next, budget);
      if (next === null || next >= this.#definitions.length) return;
    }
  }

  #admit(datagram: Buffer, receiverId: string, from: StreamAddress): StreamMember | undefined {
    if (this.#members.isFull) return undefined;
    const ring = this.#ring;
    const wanted = readU48(datagram, 20);
    // What is still unsent begins the next run.
    const live = this.#sent;
    const kept = wanted === liveSequence ? live : Math.min(live, this.#keptFrom(wanted));
    const nowMs = this.#clock.monotonicMs();
    const member: StreamMember = {
      receiverId,
      token: this.#options.random.bytes(4).reduce((token, byte) => token * 256 + byte, 0),
      flowTag: readFlowTag(datagram, 36),
      address: from,
      start: kept < live ? Math.min(live, ring.runStartFrom(kept)) : live,
      position: kept,
      count: 0,
      windowSlots: windowOf(datagram, 28),
      lastHeardMs: nowMs,
      isConfirmed: false,
      repairBudget: repairBurst,
      repairRefilledMs: nowMs,
    };
    member.position = member.start;
    this.#members.add(member);
    return member;
  }

  /** The oldest slot would be overwritten before its status is here; so there is a margin. */
  #keptFrom(wanted: number): number {
    const { oldest, slots } = this.#ring;
    return wanted < oldest ? oldest + slots / 4 : wanted;
  }

  /** @returns the number of the first definition that did not fit; null when there is no more to be answered now */
  #accept(member: StreamMember, firstDefinition: number, budget: AnswerBudget): number | null {
    const bytesMax = this.#ring.slotBytes - signatureBytes - streamTagBytes;
    let bytes: number = controlBytes.acceptHead;
    let next = firstDefinition;
    for (; next < this.#definitions.length; next++) {
      const definition = this.#definitions[next] as Buffer;
      if (bytes + 2 + definition.length > bytesMax) break;
      bytes += 2 + definition.length;
    }
    if (!budget.take(member.address.host, bytes + signatureBytes + streamTagBytes)) {
      this.#counters.answersOverBudget += 1;
      return null;
    }
    const accept = this.#control(bytes + signatureBytes + streamTagBytes, datagramKinds.accept);
    accept.write(member.receiverId, 12, 'latin1');
    accept.writeUInt32BE(member.token, 20);
    writeU48(accept, member.start, 24);
    accept.writeUInt16BE(this.#definitions.length, 30);
    accept.writeUInt16BE(firstDefinition, 32);
    accept.writeUInt16BE(next - firstDefinition, 34);
    let at: number = controlBytes.acceptHead;
    for (const definition of this.#definitions.slice(firstDefinition, next)) {
      accept.writeUInt16BE(definition.length, at);
      definition.copy(accept, at + 2);
      at += 2 + definition.length;
    }
    this.#sign(accept);
    this.#sealTo(member.address, accept);
    return next;
  }

  #status(datagram: Buffer, member: StreamMember, from: StreamAddress): void {
    if (!isNewer(datagram, member)) return;
    const isNew = !member.isConfirmed;
    // Nobody has what was not sent yet.
    const position = Math.min(readU48(datagram, 28), this.#sent);
    if (isNew && Math.max(position, member.position) < this.#ring.oldest) {
      this.#members.remove(member.receiverId);
      this.#reset(datagram, from);
      return;
    }
    this.#members.reached(member, position, windowOf(datagram, 34), this.#clock.monotonicMs());
    if (isNew) {
      this.#counters.membersJoined += 1;
      this.events.emit('joined', { receiverId: member.receiverId, address: member.address });
    }
    if (this.#isBlocked) this.#wake();
  }

  #repair(datagram: Buffer, member: StreamMember): void {
    if (!this.#repairs.isSound(datagram)) {
      this.#counters.badControl += 1;
      return;
    }
    if (!isNewer(datagram, member)) return;
    member.lastHeardMs = this.#clock.monotonicMs();
    this.#repairs.serve(datagram, member, this.#sent, member.lastHeardMs);
  }

  #drop(member: StreamMember, reason: 'left' | 'silent'): void {
    this.#members.remove(member.receiverId);
    if (member.isConfirmed) {
      this.#counters[reason === 'left' ? 'membersLeft' : 'membersEvicted'] += 1;
      this.events.emit('left', { receiverId: member.receiverId, reason });
    }
    if (this.#isBlocked) this.#wake();
  }

  #schedule(delayMs: number): void {
    if (this.#timer !== null) this.#clock.clearTimeout(this.#timer);
    this.#timerDueMs = this.#clock.monotonicMs() + delayMs;
    this.#timer = this.#clock.setTimeout(() => this.#onTimer(), delayMs);
  }

  #onTimer(): void {
    const nowMs = this.#clock.monotonicMs();
    if (nowMs - this.#timerDueMs > standstillMs) for (const member of this.#members.all()) member.lastHeardMs = nowMs;
    for (const member of this.#members.silent(nowMs, this.#silenceMs)) this.#drop(member, 'silent');
    if (nowMs >= this.#nextSetupMs) this.#sendSetup();
    if (this.#members.size > 0) this.#sendHeartbeat();
    this.#schedule(this.#heartbeatMs);
    this.#heartbeatMs = Math.min(heartbeatMsMax, this.#heartbeatMs * 2);
  }

  #sendHeartbeat(): void {
    const heartbeat = this.#control(controlBytes.heartbeat, datagramKinds.heartbeat);
    writeU48(heartbeat, this.#sent, 12);
    writeU48(heartbeat, this.#ring.oldest, 18);
    heartbeat.writeUInt16BE(this.#members.size, 24);
    this.#toGroup(heartbeat);
  }

  #sendSetup(): void {
    this.#nextSetupMs = this.#clock.monotonicMs() + setupEveryMs;
    const { identity, streamClass, layoutHash } = this.#options;
    const setup = this.#control(controlBytes.setup, datagramKinds.setup);
    setup.write(identity.nodeId, 12, 16, 'hex');
    setup.set(identity.publicKey.subarray(0, publicKeyBytes), 28);
    setup[60] = streamClasses.indexOf(streamClass);
    setup[61] = this.#prover ? setupFlags.proven : 0;
    setup.writeUInt16BE(this.#ring.slotBytes, 62);
    writeU48(setup, this.#sent, 64);
    setup.writeUInt16BE(this.#members.size, 70);
    setup.writeUInt32BE(layoutHash, 72);
    this.#seal.sealControl(setup, 76);
    const signedBytes = controlBytes.setup - signatureBytes;
    setup.set(identity.sign(setup.subarray(0, signedBytes)), signedBytes);
    this.#network.sendToGroup([setup], setup.length, ignoreFault);
  }

  #control(bytes: number, kind: number): Buffer {
    const datagram = Buffer.alloc(bytes);
    writePrefix(datagram, 0, kind as 0, this.session);
    return datagram;
  }

  /** Signs a datagram before its tag: what only the publisher itself may say. */
  #sign(datagram: Buffer): void {
    const signedBytes = datagram.length - streamTagBytes - signatureBytes;
    datagram.set(this.#options.identity.sign(datagram.subarray(0, signedBytes)), signedBytes);
  }

  #toGroup(datagram: Buffer): void {
    this.#seal.sealControl(datagram);
    this.#network.sendToGroup([datagram], datagram.length, ignoreFault);
  }

  #answer(address: StreamAddress, datagram: Buffer, budget: AnswerBudget): void {
    if (budget.take(address.host, datagram.length)) this.#sealTo(address, datagram);
    else this.#counters.answersOverBudget += 1;
  }

  #sealTo(address: StreamAddress, datagram: Buffer): void {
    this.#seal.sealControl(datagram);
    this.#network.sendTo(address, datagram);
  }
}

/** What is sent in vain is sent again: heartbeats and setups come by the clock. */
const ignoreFault = (): void => {};

function receiverIdOf(datagram: Buffer): string {
  return datagram.toString('latin1', 12, 12 + receiverIdBytes);
}

function isNewer(datagram: Buffer, member: StreamMember): boolean {
  const count = datagram.readUInt32BE(24);
  if (count <= member.count) return false;
  member.count = count;
  return true;
}

function windowOf(datagram: Buffer, at: number): number {
  return Math.max(1, datagram.readUInt32BE(at));
}

function streamClosed(): AcademyError {
  return new AcademyError('ERR_ACADEMY_NODE_STOPPED', 'the stream is closed');
}

function noCounts(): Counters {
  return {
    framesWritten: 0,
    slotsSent: 0,
    bytesSent: 0,
    runsSent: 0,
    slotsRepaired: 0,
    repairsRefused: 0,
    repairsOverBudget: 0,
    repairsSuppressed: 0,
    backPressure: 0,
    membersJoined: 0,
    membersEvicted: 0,
    membersLeft: 0,
    badControl: 0,
    answersOverBudget: 0,
    sendErrors: 0,
  };
}
