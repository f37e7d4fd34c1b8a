/**
 * Whether a structured clone of a value is as good as the value. A function makes the clone fail, which says so by itself;
 * an instance of a class becomes an object without its methods, which nobody notices until they are called.
 */
import { AcademyError } from '../../protocol/errors.js';

/** What a structured clone makes again as it was. */
const cloneable: ReadonlySet<unknown> = new Set([
  Object.prototype,
  Array.prototype,
  Map.prototype,
  Set.prototype,
  Date.prototype,
  RegExp.prototype,
  Buffer.prototype,
  ArrayBuffer.prototype,
  DataView.prototype,
  ...[Boolean, Number, String, BigInt].map(({ prototype }) => prototype),
  ...[Error, EvalError, RangeError, ReferenceError, SyntaxError, TypeError, URIError].map(({ prototype }) => prototype),
  ...[Int8Array, Uint8Array, Uint8ClampedArray, Int16Array, Uint16Array, Int32Array, Uint32Array].map(
    ({ prototype }) => prototype,
  ),
  ...[Float32Array, Float64Array, BigInt64Array, BigUint64Array].map(({ prototype }) => prototype),
]);

/**
 * @param path what the value is called where the fault is told
 * @throws AcademyError ERR_ACADEMY_SNAPSHOT_INVALID that names the place of the first instance of a class
 */
export function assertPlainData(value: unknown, path: string): void {
  const seen = new Set<object>();
  const open: (readonly [path: string, value: unknown])[] = [[path, value]];
  for (let next = open.pop(); next !== undefined; next = open.pop()) {
    const [at, each] = next;
    if (typeof each !== 'object' || each === null || seen.has(each)) continue;
    seen.add(each);
    const prototype: unknown = Object.getPrototypeOf(each);
    if (prototype !== null && !cloneable.has(prototype)) throw instanceAt(at, each);
    if (ArrayBuffer.isView(each)) continue;
    if (each instanceof Map || each instanceof Set) {
      for (const item of each) open.push([`${at}[…]`, item]);
    }
    for (const [name, inner] of Object.entries(each)) open.push([`${at}.${name}`, inner]);
  }
}

function instanceAt(path: string, value: object): AcademyError {
  const name = value.constructor?.name || 'a class without a name';
  return new AcademyError(
    'ERR_ACADEMY_SNAPSHOT_INVALID',
    `the state of an actor cannot be kept: ${path} is an instance of ${name}`,
    {
      remedy:
        'an instance loses its methods: keep plain data in the context of an actor that persists or moves, or give its definition a contextCodec, which packs it',
    },
  );
}
