/**
 * Chance as an argument. `seededRandom` repeats itself from a seed, for tests and simulations; the system's own
 * source is in runtime/system.
 */
import { urlAlphabet } from 'nanoid';

export interface Random {
  /** Uniform in [0, 1). */
  next(): number;
  /** `length` bytes. Only the system's source is fit for keys. */
  bytes(length: number): Uint8Array;
  /**
   * A URL-safe id of 21 characters (some 126 bits), for messages, requests and sessions. It never begins with a hyphen, so that
   * a command line takes it for no option.
   */
  id(): string;
}

/** Where a repeatable source is in its sequence. */
export type RandomState = readonly [a: number, b: number, c: number, counter: number];

/** A repeatable source, which can be kept and gone on with elsewhere. */
export interface SeededRandom extends Random {
  snapshot(): RandomState;
  /** Goes on from there, whatever it was seeded with. @returns itself */
  resume(state: RandomState): this;
}

const idCharacters = 21;

/** An id that a command line does not take for an option: a hyphen at its beginning is an underscore. */
export function asArgument(id: string): string {
  return id.startsWith('-') ? `_${id.slice(1)}` : id;
}

/**
 * A repeatable source: sfc32 (Chris Doty-Humphrey, PractRand), seeded through splitmix32. Not for keys.
 * @param seed any integer; the same seed gives the same sequence on every machine
 */
export function seededRandom(seed: number): SeededRandom {
  let mix = seed | 0;
  const seedWord = (): number => {
    mix = (mix + 0x9e3779b9) | 0;
    let word = mix ^ (mix >>> 16);
    word = Math.imul(word, 0x21f0aaad);
    word ^= word >>> 15;
    word = Math.imul(word, 0x735a2d97);
    return (word ^ (word >>> 15)) | 0;
  };
  let a = seedWord();
  let b = seedWord();
  let c = seedWord();
  let counter = 1;
  const nextWord = (): number => {
    const word = (((a + b) | 0) + counter) | 0;
    counter = (counter + 1) | 0;
    a = b ^ (b >>> 9);
    b = (c + (c << 3)) | 0;
    c = (((c << 21) | (c >>> 11)) + word) | 0;
    return word >>> 0;
  };
  const bytes = (length: number): Uint8Array => {
    const out = new Uint8Array(length);
    for (let index = 0; index < length; index++) out[index] = nextWord() & 0xff;
    return out;
  };
  // As nanoid makes them, but without its buffers: rooms draw an id for each message.
  const id = (): string => {
    let text = '';
    for (let index = 0; index < idCharacters; index++) text += urlAlphabet[nextWord() & 63];
    return asArgument(text);
  };
  const random: SeededRandom = {
    next: () => nextWord() / 0x1_0000_0000,
    bytes,
    id,
    snapshot: () => [a, b, c, counter],
    resume: (state) => {
      [a, b, c, counter] = state;
      return random;
    },
  };
  return random;
}
