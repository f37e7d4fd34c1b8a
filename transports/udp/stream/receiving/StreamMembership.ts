/**
 * This receiver's place among the members of a stream: it asks to join until the publisher has answered with all
 * definitions, and again whenever the publisher knows it no longer.
 */
import type { Clock } from '../../../../runtime/protocol/Clock.js';
import { writeFlowTag } from '../../../../runtime/protocol/flowTags.js';
import { signatureBytes } from '../../../../runtime/protocol/identity.js';
import type { StreamConsumer } from '../../../../runtime/protocol/streams.js';
import type { StreamTimer } from '../StreamTimer.js';
import { controlBytes, datagramKinds, liveSequence, readU48, streamTagBytes, writeU48 } from '../streamDatagrams.js';
import type { ReceiverVoice } from './ReceiverVoice.js';
import type { ReceivedCounters } from './receivedCounters.js';
import type { SourceCheck } from './SourceCheck.js';

const joinAgainMs = 50;
const joinAgainMsMax = 1_000;
const joinApartMs = 5;

export interface StreamMembershipParts {
  readonly voice: ReceiverVoice;
  readonly check: SourceCheck;
  readonly timer: StreamTimer;
  readonly consumer: StreamConsumer;
  readonly counters: ReceivedCounters;
  readonly clock: Clock;
  /** What this receiver says of itself; '' for nothing. */
  readonly flowTag: string;
  /** Slots that may be on the way to this receiver from this publisher. */
  readonly windowSlots: () => number;
}

export class StreamMembership {
  readonly #parts: StreamMembershipParts;
  #state: 'joining' | 'joined' | 'ended' = 'joining';
  /** Of the last answer to a request to join; the next request shows that it was heard. */
  #answeredToken = 0;
  #joinSentMs = Number.NEGATIVE_INFINITY;
  #joinDelayMs = joinAgainMs;
  /** Those that have come. */
  #definitions = 0;
  /** The first slot that was seen before joining: it can still be had. */
  #firstSeen = liveSequence;

  constructor(parts: StreamMembershipParts) {
    this.#parts = parts;
  }

  get isJoined(): boolean {
    return this.#state === 'joined';
  }

  get isEnded(): boolean {
    return this.#state === 'ended';
  }

  /** Whether that is the token of the membership, and not of an earlier one. */
  isToken(token: number): boolean {
    return token === this.#parts.voice.token;
  }

  /** @param firstWanted the slot to begin with, if it is still kept */
  join(firstWanted: number): void {
    this.#state = 'joining';
    this.#firstSeen = firstWanted;
    this.#joinDelayMs = joinAgainMs;
    this.#sendJoin();
    this.#parts.timer.set(this.#joinDelayMs);
  }

  /** No answer has come for a while. */
  joinAgain(): void {
    this.#sendJoin();
    this.#joinDelayMs = Math.min(joinAgainMsMax, this.#joinDelayMs * 2);
    this.#parts.timer.set(this.#joinDelayMs);
  }

  /** A run was seen that begins with that slot, and is not received yet. */
  saw(firstSlot: number): void {
    this.#firstSeen = Math.min(this.#firstSeen, Math.max(0, firstSlot));
  }

  /**
   * An answer of the publisher.
   * @returns the slot to begin with, when this receiver has become a member by it; else null
   */
  accepted(accept: Buffer): number | null {
    const { voice, check, counters } = this.#parts;
    const first = accept.readUInt16BE(32);
    if (this.isJoined || first > this.#definitions || !check.isSigned(accept)) return null;
    const token = accept.readUInt32BE(20);
    const isFirstAnswer = this.#answeredToken !== token;
    this.#answeredToken = token;
    const before = this.#definitions;
    if (!this.#takeDefinitions(accept, first)) return null;
    if (this.#definitions < accept.readUInt16BE(30)) {
      if (this.#definitions > before) this.#askForMore(isFirstAnswer);
      return null;
    }
    this.#state = 'joined';
    voice.becomeMember(token);
    counters.joins += 1;
    return readU48(accept, 24);
  }

  leave(): void {
    if (!this.isJoined) return;
    const { voice } = this.#parts;
    voice.send(voice.memberDatagram(controlBytes.leave, datagramKinds.leave));
  }

  end(): void {
    this.#state = 'ended';
  }

  /** @returns false when the answer is cut short */
  #takeDefinitions(accept: Buffer, first: number): boolean {
    const { consumer, counters } = this.#parts;
    const end = first + accept.readUInt16BE(34);
    let at: number = controlBytes.acceptHead;
    for (let index = first; index < end; index++) {
      const begin = at + 2;
      at = begin + accept.readUInt16BE(begin - 2);
      if (at > accept.length - signatureBytes - streamTagBytes) {
        counters.malformed += 1;
        return false;
      }
      if (index !== this.#definitions) continue;
      consumer.onDefinition(accept.subarray(begin, at));
      this.#definitions += 1;
    }
    return true;
  }

  /** Answers come in bunches; what is lost of them the timer asks for again. */
  #askForMore(isFirstAnswer: boolean): void {
    const { timer, clock } = this.#parts;
    if (isFirstAnswer || clock.monotonicMs() - this.#joinSentMs >= joinApartMs) this.#sendJoin();
    this.#joinDelayMs = joinAgainMs;
    timer.setBy(joinAgainMs);
  }

  #sendJoin(): void {
    const { voice, clock, flowTag, windowSlots } = this.#parts;
    this.#joinSentMs = clock.monotonicMs();
    const join = voice.datagram(controlBytes.join, datagramKinds.join);
    writeU48(join, this.#firstSeen, 20);
    join.writeUInt16BE(this.#definitions, 26);
    join.writeUInt32BE(windowSlots(), 28);
    join.writeUInt32BE(this.#answeredToken, 32);
    writeFlowTag(flowTag, join, 36);
    voice.send(join);
  }
}
