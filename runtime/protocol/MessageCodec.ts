/**
 * MessagePack, and the only file that imports msgpackr. Every payload on the wire is plain MessagePack that any
 * decoder reads: no records, no shared structures, no definition ever taken from the wire, and the result is a copy
 * of its own, because msgpackr's scratch buffer is 8 KB that the next message overwrites.
 */
import { Packr, Unpackr } from 'msgpackr';
import { AcademyError } from './errors.js';

export class MessageCodec {
  readonly #packr = new Packr({ useRecords: false, moreTypes: false, encodeUndefinedAsNil: false });
  readonly #unpackr = new Unpackr({
    useRecords: false,
    moreTypes: false,
    mapsAsObjects: true,
    int64AsType: 'number',
    // Else its extension for references lets a peer hand in a cyclic value, on which a reader may never end.
    structuredClone: false,
  });

  /**
   * @returns bytes of exactly the message's length, owned by the caller
   * @throws AcademyError ERR_ACADEMY_BAD_ARGUMENT for what MessagePack cannot hold, such as cycles
   */
  encode(value: unknown): Uint8Array {
    try {
      const packed = this.#packr.pack(value);
      return new Uint8Array(packed);
    } catch (cause) {
      throw new AcademyError('ERR_ACADEMY_BAD_ARGUMENT', 'the value cannot be encoded as MessagePack', { cause });
    }
  }

  /**
   * The value is `unknown` until its schema has been checked.
   * @returns undefined for bytes that are not exactly one MessagePack value; never throws, so that a hostile
   * datagram costs no stack trace at the caller's
   */
  decode(bytes: Uint8Array): unknown {
    // msgpackr's native part reads strings beyond the end of memory that threads share, and takes the process with it.
    const own = bytes.buffer instanceof SharedArrayBuffer ? new Uint8Array(bytes) : bytes;
    try {
      return this.#unpackr.unpack(own);
    } catch {
      return undefined;
    }
  }
}
