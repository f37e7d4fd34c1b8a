/**
 * A way of making bytes of training signals and signals of bytes. Each has its own loops, so that no call between a
 * loop and its codec is shared, and what one codec taught the compiler does not slow another down.
 */
import type { TrainingSignal } from '../../runtime/protocol/schemas/training.js';

export interface SignalCodec {
  /** Encodes `count` signals, from the first again after the last. @returns bytes in all */
  encode(count: number): number;
  /** Decodes `count` of the messages that stand ready, whole. @returns the sum of their timestamps */
  decode(count: number): number;
  /** Reads the value, the timestamp and a text of `count` messages. @returns the sum of the two and the text's length */
  readFields?(count: number, text: 'inputContext' | 'personaId'): number;
  /** The signal at `index` as it is after being encoded and decoded, for the check. */
  throughBytes(index: number): TrainingSignal | undefined;
  /** Bytes of all signals, encoded once. */
  readonly bytes: number;
}
