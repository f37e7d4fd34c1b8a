/**
 * The right to hear what was not said to one: whoever owns a node makes one and hands it to its parts and to nobody
 * else. It is an object, not a word, so that it cannot be guessed or sent; another instance opens nothing.
 */
export class AdminCapability {
  /** Makes the type nominal: an object of the same shape is none. */
  readonly #right = true;

  static is(value: unknown): value is AdminCapability {
    return typeof value === 'object' && value !== null && #right in value && value.#right;
  }
}
