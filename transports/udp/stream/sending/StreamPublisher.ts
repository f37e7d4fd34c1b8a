/**
 * The sending side of one stream, and its only writer. Frames are encoded in place in the ring; a run leaves when it
 * is full, else at the end of the turn. At the members' limit `write` says false, and `ready` tells when there is room:
 * nothing is dropped here. What a member misses it asks for, and is sent again from the ring.
 *
 * ```
 *   write ─► SendCredit: is there room?          receive ─► MemberRequests ─► StreamAdmission: joins, definitions
 *     │                                                          ├─► RepairServer: sends again
 *     ▼                                                          └─► StreamMembers: position, window ─► SendCredit
 *   TermRing ─► RunSender ─► network             StreamAnnouncer: setups, heartbeats, the end
 * ```
 */
import type { EventEmitter } from 'eventemitter3';
import type { Clock } from '../../../../runtime/protocol/Clock.js';
import { AcademyError } from '../../../../runtime/protocol/errors.js';
import { checkFlowTag } from '../../../../runtime/protocol/flowTags.js';
import type { NodeIdentity } from '../../../../runtime/protocol/identity.js';
import { limits } from '../../../../runtime/protocol/limits.js';
import type { Random } from '../../../../runtime/protocol/Random.js';
import {
  copyFrame,
  type FrameEncoder,
  frameDoesNotFit,
  type OutgoingStream,
  type OutgoingStreamOptions,
  type OutgoingStreamStats,
  type StreamAddress,
  type StreamClass,
  type WriteOutcome,
} from '../../../../runtime/protocol/streams.js';
import type { StreamNetwork } from '../StreamNetwork.js';
import { StreamSeal } from '../StreamSeal.js';
import { sessionAt, sessionBytes } from '../streamDatagrams.js';
import { type MemberEvents, MemberRequests } from './MemberRequests.js';
import { outgoingCounters } from './outgoingCounters.js';
import { PublisherVoice } from './PublisherVoice.js';
import { RepairServer } from './RepairServer.js';
import { RunProver } from './RunProver.js';
import { provenRunSlots, RunSender } from './RunSender.js';
import { SendCredit, streamClosed } from './SendCredit.js';
import { StreamAdmission } from './StreamAdmission.js';
import { StreamAnnouncer } from './StreamAnnouncer.js';
import { StreamMembers } from './StreamMembers.js';
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

const defaultRingSlots = 16_384;
const defaultSilenceMs = 3_000;

export class StreamPublisher implements OutgoingStream {
  readonly session: Buffer;
  readonly #options: StreamPublisherOptions;
  readonly #isLossy: boolean;
  readonly #counters = outgoingCounters();
  readonly #ring: TermRing;
  readonly #members: StreamMembers;
  readonly #credit: SendCredit;
  readonly #announcer: StreamAnnouncer;
  readonly #runs: RunSender;
  readonly #admission: StreamAdmission;
  readonly #requests: MemberRequests;

  /** @throws AcademyError ERR_ACADEMY_BAD_ARGUMENT for a lossy stream that is to be proven, and a tag that is none */
  constructor(options: StreamPublisherOptions) {
    const { network, identity, datagramKey, clock, random, streamClass, layoutHash, limitBy } = options;
    if (limitBy) checkFlowTag(limitBy.tag);
    this.#options = options;
    this.session = Buffer.from(random.bytes(sessionBytes));
    const { session } = this;
    const counters = this.#counters;
    const ring = new TermRing(
      session,
      options.ringSlots ?? defaultRingSlots,
      options.slotBytes ?? limits.datagramBytesMax,
    );
    const prover = options.isProven ? newProver(ring, options) : null;
    const isProven = prover !== null;
    const isLossy = streamClass === 'lossy';
    const seal = new StreamSeal(datagramKey, session);
    const voice = new PublisherVoice({ network, identity, seal, session });
    const members = new StreamMembers(limits.streamMembersMax, limitBy?.tag);
    const credit = new SendCredit({ ring, members, network, isLossy, isProven });
    const announcer = new StreamAnnouncer({
      identity,
      streamClass,
      layoutHash,
      isProven,
      ring,
      members,
      voice,
      clock,
      beforeHeartbeat: (nowMs, stoodStill) => {
        this.#requests.evictSilent(nowMs, options.silenceMs ?? defaultSilenceMs, stoodStill);
      },
    });
    const runs = new RunSender({ ring, seal, network, clock, credit, announcer, counters, prover, isLossy });
    const repairs = new RepairServer({
      ring,
      counters,
      runSlotsMax: () => runs.runSlotsMax,
      send: (pieces) => runs.send(pieces),
    });
    const admission = new StreamAdmission({ ring, members, voice, counters, clock, random });
    this.#isLossy = isLossy;
    this.#ring = ring;
    this.#members = members;
    this.#credit = credit;
    this.#announcer = announcer;
    this.#runs = runs;
    this.#admission = admission;
    this.#requests = new MemberRequests({
      ring,
      seal,
      members,
      admission,
      announcer,
      repairs,
      credit,
      counters,
      clock,
    });
    announcer.start();
  }

  get events(): EventEmitter<MemberEvents> {
    return this.#requests.events;
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

  get definitionBytesMax(): number {
    return this.#admission.definitionBytesMax;
  }

  get isClosed(): boolean {
    return this.#credit.isClosed;
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
        this.#runs.planFlush();
        return 'taken';
      }
      if (end !== frameDoesNotFit) return end;
      if (ring.isEmpty && !ring.isReserved) return 'too-large';
      this.#runs.closeSlot();
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
    this.#admission.define(payload);
    return true;
  }

  /** Resolves when there is room again; rejects when the stream is closed. */
  ready(): Promise<void> {
    return this.#credit.ready();
  }

  /** Sends what is written and not sent yet. */
  flush(): void {
    this.#runs.flush();
  }

  /** Resolves when every member has all that was written so far; members that fall silent are evicted meanwhile. */
  async delivered(): Promise<void> {
    this.flush();
    const target = this.#ring.sequence;
    // What a lossy stream has sent is all that can be known of it.
    const hasArrived = (): boolean => this.#isLossy || this.#members.position >= target;
    while (!this.isClosed && !(this.#credit.isTaken && hasArrived())) {
      await new Promise<void>((resolve) => this.#options.clock.setTimeout(resolve, 1));
    }
  }

  /** Tells the members where the stream ends. What they miss of it cannot be repaired afterwards: see `delivered`. */
  close(): void {
    if (this.isClosed) return;
    this.flush();
    this.#credit.close();
    this.#announcer.end();
  }

  /** A datagram that may be meant for this stream's publisher. @returns whether it is */
  receive(datagram: Buffer, from: StreamAddress): boolean {
    if (this.isClosed || !this.session.equals(datagram.subarray(sessionAt, sessionAt + sessionBytes))) return false;
    this.#requests.receive(datagram, from);
    return true;
  }

  #openSlot(): boolean {
    if (this.isClosed) throw streamClosed();
    if (!this.#credit.takeSlot()) {
      this.#counters.backPressure += 1;
      this.flush();
      return false;
    }
    this.#runs.openSlot();
    return true;
  }
}

function newProver(ring: TermRing, { streamClass, identity }: StreamPublisherOptions): RunProver {
  if (streamClass !== 'lossy') return new RunProver(ring, identity, provenRunSlots);
  throw new AcademyError('ERR_ACADEMY_BAD_ARGUMENT', 'a lossy stream carries no proof of its source', {
    remedy: 'choose the class ordered or unordered, or no proof',
  });
}
