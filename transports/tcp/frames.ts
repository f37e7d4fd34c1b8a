/**
 * How bytes are cut into frames on a reliable connection. All numbers are big-endian.
 *
 * ```
 * 0 u32 length of all that follows (5 + body)   4 u8 kind   5 u32 correlation   9 body
 * ```
 * The correlation ties an answer to its request; kinds that expect none carry 0.
 */

export const frameKinds = {
  /** Who speaks: handshake.ts. */
  hello: 1,
  /** That it is true: handshake.ts. */
  proof: 2,
  /** A sealed packet of the mesh; answered by `received`. */
  packet: 3,
  /** Bytes for the request handler; answered by `answer` or `failure`. */
  request: 4,
  answer: 5,
  /** An ErrorRecord as JSON. */
  failure: 6,
  received: 7,
  ping: 8,
  pong: 9,
  /** The sender starts nothing new on this connection; it closes when both have said so and all is answered. */
  retire: 10,
} as const;

export type FrameKind = (typeof frameKinds)[keyof typeof frameKinds];

export const frameHeaderBytes = 9;
/** Kind and correlation, which the length counts. */
const countedHeaderBytes = 5;

export interface Frame {
  readonly kind: number;
  readonly correlation: number;
  /** A view into what was received, which nothing overwrites. */
  readonly body: Buffer;
}

/** Bodies up to this size are copied behind their header, which costs less than another write. */
const copiedBodyBytesMax = 4_096;

/** The pieces to write, in order: one for a small frame, header and body for a large one. */
export function encodeFrame(kind: FrameKind, correlation: number, body: Uint8Array): readonly Uint8Array[] {
  const copies = body.length <= copiedBodyBytesMax;
  const head = Buffer.allocUnsafe(frameHeaderBytes + (copies ? body.length : 0));
  head.writeUInt32BE(countedHeaderBytes + body.length, 0);
  head[4] = kind;
  head.writeUInt32BE(correlation, 5);
  if (!copies) return [head, body];
  head.set(body, frameHeaderBytes);
  return [head];
}

/**
 * Cuts a stream of chunks into frames. It copies only what a chunk's end has torn apart, allocates nothing on the word
 * of a length field, and holds one unfinished frame at the most.
 */
export class FrameReader {
  /** Largest body that is accepted; small until the peer has proved itself. */
  bodyBytesMax: number;
  readonly #chunks: Buffer[] = [];
  /** Bytes of the first chunk that are read already. */
  #offset = 0;
  #available = 0;
  #header: Buffer | null = null;

  constructor(bodyBytesMax: number) {
    this.bodyBytesMax = bodyBytesMax;
  }

  push(chunk: Buffer): void {
    if (chunk.length === 0) return;
    this.#chunks.push(chunk);
    this.#available += chunk.length;
  }

  /** The next whole frame, `undefined` when more bytes are needed, `'malformed'` (for good) when none can follow. */
  next(): Frame | 'malformed' | undefined {
    this.#header ??= this.#take(frameHeaderBytes);
    if (!this.#header) return undefined;
    const header = this.#header;
    const bodyBytes = header.readUInt32BE(0) - countedHeaderBytes;
    if (bodyBytes < 0 || bodyBytes > this.bodyBytesMax) return 'malformed';
    const body = this.#take(bodyBytes);
    if (!body) return undefined;
    this.#header = null;
    return { kind: header.readUInt8(4), correlation: header.readUInt32BE(5), body };
  }

  /** The next `length` bytes as a view if one chunk has them all, as a copy otherwise; null while they are not there. */
  #take(length: number): Buffer | null {
    if (this.#available < length) return null;
    this.#available -= length;
    const first = this.#chunks[0];
    if (!first) return Buffer.alloc(0);
    if (first.length - this.#offset >= length) {
      const view = first.subarray(this.#offset, this.#offset + length);
      this.#advance(length);
      return view;
    }
    const copy = Buffer.allocUnsafe(length);
    let filled = 0;
    while (filled < length) {
      const chunk = this.#chunks[0] as Buffer;
      const taken = Math.min(length - filled, chunk.length - this.#offset);
      chunk.copy(copy, filled, this.#offset, this.#offset + taken);
      this.#advance(taken);
      filled += taken;
    }
    return copy;
  }

  #advance(length: number): void {
    this.#offset += length;
    if (this.#offset < (this.#chunks[0]?.length ?? 0)) return;
    this.#chunks.shift();
    this.#offset = 0;
  }
}
