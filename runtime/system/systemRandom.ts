/** The machine's own source of chance, fit for keys and ids. */
import { randomBytes } from 'node:crypto';
import { nanoid } from 'nanoid';
import { asArgument, type Random } from '../protocol/Random.js';

export const systemRandom: Random = {
  next: () => randomBytes(6).readUIntBE(0, 6) / 2 ** 48,
  bytes: (length) => new Uint8Array(randomBytes(length)),
  id: () => asArgument(nanoid()),
};
