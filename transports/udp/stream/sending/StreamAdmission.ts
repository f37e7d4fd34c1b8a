/**
 * Takes receivers in as members of a stream, and gives each the definitions that it needs to read it. Joining is asked
 * for again until all of them have come, so each part of it can be lost; who has not shown that it hears the answers
 * gets few of them.
 */
import type { Clock } from '../../../../runtime/protocol/Clock.js';
import { readFlowTag } from '../../../../runtime/protocol/flowTags.js';
import type { Random } from '../../../../runtime/protocol/Random.js';
import type { StreamAddress } from '../../../../runtime/protocol/streams.js';
import { controlBytes, datagramKinds, liveSequence, readU48, receiverIdOf, writeU48 } from '../streamDatagrams.js';
import { AnswerBudget } from './AnswerBudget.js';
import type { OutgoingCounters } from './outgoingCounters.js';
import { type PublisherVoice, signedEndBytes } from './PublisherVoice.js';
import { repairBurst } from './RepairServer.js';
import type { StreamMember, StreamMembers } from './StreamMembers.js';
import type { TermRing } from './TermRing.js';

/** Answers to a request of somebody that has shown that it hears them, by the token in them. */
const acceptDatagramsMax = 16;
/** For who has not shown it: a request under somebody else's address brings one datagram there, and so many bytes. */
const strangerBudget = { hostBytesPerSecond: 64 * 1024, bytesPerSecond: 512 * 1024 };
const memberBudget = { hostBytesPerSecond: 2 * 1024 * 1024, bytesPerSecond: 8 * 1024 * 1024 };
const definitionLengthBytes = 2;

export interface StreamAdmissionParts {
  readonly ring: TermRing;
  readonly members: StreamMembers;
  readonly voice: PublisherVoice;
  readonly counters: OutgoingCounters;
  readonly clock: Clock;
  readonly random: Random;
}

export class StreamAdmission {
  readonly #parts: StreamAdmissionParts;
  readonly #definitions: Buffer[] = [];
  readonly #strangerAnswers: AnswerBudget;
  readonly #memberAnswers: AnswerBudget;

  constructor(parts: StreamAdmissionParts) {
    const { clock } = parts;
    this.#parts = parts;
    this.#strangerAnswers = new AnswerBudget({ clock, ...strangerBudget });
    this.#memberAnswers = new AnswerBudget({ clock, ...memberBudget });
  }

  /** Payload bytes of the largest definition: it must fit the answer to who joins, too. */
  get definitionBytesMax(): number {
    return this.#parts.ring.slotBytes - controlBytes.acceptHead - definitionLengthBytes - signedEndBytes;
  }

  /** Keeps a definition for all that join later. */
  define(payload: Uint8Array): void {
    this.#definitions.push(Buffer.from(payload));
  }

  join(request: Buffer, from: StreamAddress): void {
    const receiverId = receiverIdOf(request);
    const member = this.#parts.members.get(receiverId) ?? this.#admit(request, receiverId, from);
    if (!member) return;
    if (!member.isConfirmed) member.address = from;
    const isReached = request.readUInt32BE(32) === member.token;
    const budget = isReached ? this.#memberAnswers : this.#strangerAnswers;
    let next: number | null = Math.min(request.readUInt16BE(26), this.#definitions.length);
    for (let left = isReached ? acceptDatagramsMax : 1; left > 0; left--) {
      next = this.#accept(member, next, budget);
      if (next === null || next >= this.#definitions.length) return;
    }
  }

  /** Tells who is no member, or speaks of an earlier membership, that it has to join again. */
  refuse(refused: Buffer, from: StreamAddress): void {
    const { voice, counters } = this.#parts;
    const reset = voice.datagram(controlBytes.reset, datagramKinds.reset);
    refused.copy(reset, 12, 12, 24);
    if (this.#strangerAnswers.take(from.host, reset.length)) voice.to(from, reset);
    else counters.answersOverBudget += 1;
  }

  #admit(request: Buffer, receiverId: string, from: StreamAddress): StreamMember | undefined {
    const { members, clock, random } = this.#parts;
    if (members.isFull) return undefined;
    const nowMs = clock.monotonicMs();
    const start = this.#startOf(readU48(request, 20));
    const member: StreamMember = {
      receiverId,
      token: random.bytes(4).reduce((token, byte) => token * 256 + byte, 0),
      flowTag: readFlowTag(request, 36),
      address: from,
      start,
      position: start,
      count: 0,
      windowSlots: windowSlotsAt(request, 28),
      lastHeardMs: nowMs,
      isConfirmed: false,
      repairBudget: repairBurst,
      repairRefilledMs: nowMs,
    };
    members.add(member);
    return member;
  }

  /** Where a run begins, as near to what is wanted as is kept. What is still unsent begins the next run. */
  #startOf(wanted: number): number {
    const { ring } = this.#parts;
    const live = ring.sent;
    const kept = wanted === liveSequence ? live : Math.min(live, this.#keptFrom(wanted));
    return kept < live ? Math.min(live, ring.runStartFrom(kept)) : live;
  }

  /** The oldest slot would be overwritten before its status is here; so there is a margin. */
  #keptFrom(wanted: number): number {
    const { oldest, slots } = this.#parts.ring;
    return wanted < oldest ? oldest + slots / 4 : wanted;
  }

  /** @returns the number of the first definition that did not fit; null when there is no more to be answered now */
  #accept(member: StreamMember, first: number, budget: AnswerBudget): number | null {
    const { voice, counters } = this.#parts;
    const { end, bytes } = this.#fitting(first);
    if (!budget.take(member.address.host, bytes)) {
      counters.answersOverBudget += 1;
      return null;
    }
    const accept = voice.datagram(bytes, datagramKinds.accept);
    accept.write(member.receiverId, 12, 'latin1');
    accept.writeUInt32BE(member.token, 20);
    writeU48(accept, member.start, 24);
    accept.writeUInt16BE(this.#definitions.length, 30);
    accept.writeUInt16BE(first, 32);
    accept.writeUInt16BE(end - first, 34);
    let at: number = controlBytes.acceptHead;
    for (const definition of this.#definitions.slice(first, end)) {
      accept.writeUInt16BE(definition.length, at);
      definition.copy(accept, at + definitionLengthBytes);
      at += definitionLengthBytes + definition.length;
    }
    voice.sign(accept);
    voice.to(member.address, accept);
    return end;
  }

  /** The definitions from `first` on that fit one answer, up to `end`, and the bytes that it has with them. */
  #fitting(first: number): { readonly end: number; readonly bytes: number } {
    const bytesMax = this.#parts.ring.slotBytes;
    let bytes: number = controlBytes.acceptHead + signedEndBytes;
    let end = first;
    for (; end < this.#definitions.length; end++) {
      const more = definitionLengthBytes + (this.#definitions[end] as Buffer).length;
      if (bytes + more > bytesMax) break;
      bytes += more;
    }
    return { end, bytes };
  }
}

/** The window that a receiver says it has. */
export function windowSlotsAt(datagram: Buffer, at: number): number {
  return Math.max(1, datagram.readUInt32BE(at));
}
