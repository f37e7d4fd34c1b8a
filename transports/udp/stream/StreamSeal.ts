/**
 * The tags of one session. A member of the academy can make and check them, nobody else: the keys are derived from the
 * academy's datagram key and the session (HKDF, RFC 5869). Runs carry a GMAC (NIST SP 800-38D), because one pass of
 * AES-GCM over 64 KB costs a fifth of HMAC-SHA-256; its nonce is the sequence of the run's first slot, and a slot is
 * filled once in a session, so no nonce meets two contents. Control datagrams carry HMAC-SHA-256 cut to 128 bits.
 *
 * In an open academy there is no key: a CRC-32 in the first four bytes finds damage, and forgery is possible.
 */
import { createCipheriv, createHmac, hkdfSync, timingSafeEqual } from 'node:crypto';
import { crc32 } from 'node:zlib';
import { streamTagBytes, writeU48 } from './streamDatagrams.js';

const runKeyBytes = 16;
const controlKeyBytes = 32;
const nonceBytes = 12;
const noTag = Buffer.alloc(streamTagBytes);

export class StreamSeal {
  readonly #runKey: Buffer | null;
  readonly #controlKey: Buffer | null;
  readonly #nonce = Buffer.alloc(nonceBytes);

  /** @param datagramKey null in an open academy */
  constructor(datagramKey: Uint8Array | null, session: Uint8Array) {
    const derive = (purpose: string, bytes: number): Buffer | null =>
      datagramKey && Buffer.from(hkdfSync('sha256', datagramKey, session, `academy-mesh/1/stream/${purpose}`, bytes));
    this.#runKey = derive('run', runKeyBytes);
    this.#controlKey = derive('control', controlKeyBytes);
  }

  /**
   * The tag of a run; where the tag itself belongs counts as zeros.
   * @param run its slots in order and in one piece
   */
  runTag(run: Buffer, tagAt: number, firstSequence: number): Buffer {
    const before = run.subarray(0, tagAt);
    const after = run.subarray(tagAt + streamTagBytes);
    if (!this.#runKey) return checksumTag(crc32(after, crc32(before)));
    writeU48(this.#nonce, firstSequence, nonceBytes - 6);
    const gmac = createCipheriv('aes-128-gcm', this.#runKey, this.#nonce);
    gmac.setAAD(before).setAAD(noTag).setAAD(after);
    gmac.final();
    return gmac.getAuthTag();
  }

  isRun(run: Buffer, tagAt: number, firstSequence: number): boolean {
    return timingSafeEqual(run.subarray(tagAt, tagAt + streamTagBytes), this.runTag(run, tagAt, firstSequence));
  }

  /** Writes the tag of a control datagram at `tagAt`, over all before it. */
  sealControl(datagram: Buffer, tagAt: number = datagram.length - streamTagBytes): void {
    this.#controlTag(datagram.subarray(0, tagAt)).copy(datagram, tagAt);
  }

  isControl(datagram: Buffer, tagAt: number = datagram.length - streamTagBytes): boolean {
    const stated = datagram.subarray(tagAt, tagAt + streamTagBytes);
    return stated.length === streamTagBytes && timingSafeEqual(stated, this.#controlTag(datagram.subarray(0, tagAt)));
  }

  #controlTag(bytes: Buffer): Buffer {
    if (!this.#controlKey) return checksumTag(crc32(bytes));
    return createHmac('sha256', this.#controlKey).update(bytes).digest().subarray(0, streamTagBytes);
  }
}

function checksumTag(check: number): Buffer {
  const tag = Buffer.alloc(streamTagBytes);
  tag.writeUInt32BE(check, 0);
  return tag;
}
