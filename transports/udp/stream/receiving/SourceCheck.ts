/**
 * Whether what comes is the publisher's own, and when it was heard last. Tags show a member of the academy, proofs and
 * signatures the node itself; so many wrong ones are borne in a second, and then nothing is checked until it is over.
 */
import type { KeyObject } from 'node:crypto';
import { signatureBytes, verifySignature } from '../../../../runtime/protocol/identity.js';
import type { StreamSeal } from '../StreamSeal.js';
import { dataHeader, streamTagBytes } from '../streamDatagrams.js';
import { RunVerifier } from './RunVerifier.js';
import type { ReceivedCounters } from './receivedCounters.js';

const sourceSilenceMs = 5_000;
/** Runs with a wrong tag that are checked in a second: a forger costs no more than that. */
const badTagsPerSecondMax = 2_000;
/** A wrong signature costs its check as much as so many tags. */
const badProofWeight = 10;

export interface SourceCheckParts {
  readonly seal: StreamSeal;
  /** Of the node that publishes. */
  readonly publicKey: KeyObject;
  readonly session: Buffer;
  readonly slotBytes: number;
  readonly isProven: boolean;
  readonly counters: ReceivedCounters;
  readonly nowMs: number;
}

export class SourceCheck {
  readonly #seal: StreamSeal;
  readonly #publicKey: KeyObject;
  readonly #slotBytes: number;
  /** Null where a tag is enough. */
  readonly #verifier: RunVerifier | null;
  readonly #counters: ReceivedCounters;
  #heardMs: number;
  #badTagsLeft = badTagsPerSecondMax;
  #badTagsRefilledMs: number;

  constructor({ seal, publicKey, session, slotBytes, isProven, counters, nowMs }: SourceCheckParts) {
    this.#seal = seal;
    this.#publicKey = publicKey;
    this.#slotBytes = slotBytes;
    this.#verifier = isProven ? new RunVerifier(publicKey, session, slotBytes) : null;
    this.#counters = counters;
    this.#heardMs = nowMs;
    this.#badTagsRefilledMs = nowMs;
  }

  heard(nowMs: number): void {
    this.#heardMs = nowMs;
  }

  isSilent(nowMs: number): boolean {
    return nowMs - this.#heardMs > sourceSilenceMs;
  }

  /** False once too much was wrong of late. */
  mayCheck(): boolean {
    if (this.#badTagsLeft > 0) return true;
    if (this.#heardMs - this.#badTagsRefilledMs < 1_000) return false;
    this.#badTagsRefilledMs = this.#heardMs;
    this.#badTagsLeft = badTagsPerSecondMax;
    return true;
  }

  /** @param run of that many slots, whose lengths are sound, in order and in one piece */
  isRun(run: Buffer, count: number, firstSequence: number): boolean {
    const tagAt = (count - 1) * this.#slotBytes + dataHeader.tag;
    if (!this.#seal.isRun(run, tagAt, firstSequence)) {
      this.#counters.badTags += 1;
      this.#badTagsLeft -= 1;
      return false;
    }
    return !this.#verifier || this.#verifier.isProven(run, count) || this.#isUnproven();
  }

  isControl(datagram: Buffer): boolean {
    return this.#seal.isControl(datagram);
  }

  /** Whether the publisher itself has signed a control datagram; its tag was right. */
  isSigned(datagram: Buffer): boolean {
    const signedBytes = datagram.length - streamTagBytes - signatureBytes;
    if (!this.mayCheck()) return false;
    const signature = datagram.subarray(signedBytes, signedBytes + signatureBytes);
    const isValid = verifySignature(this.#publicKey, datagram.subarray(0, signedBytes), signature);
    return isValid || this.#isUnproven();
  }

  #isUnproven(): false {
    this.#counters.badProofs += 1;
    this.#badTagsLeft -= badProofWeight;
    return false;
  }
}
