/**
 * Lists of actors that are told something again and again, such as a room's members on a shard. The writer of a ring keeps
 * those that it has laid, each in one of a few places, and the reader what was laid for that place last; so a list crosses
 * once, and after that its place does. The writer alone decides what stands where.
 */

/** One byte says which. */
const audiencesMax = 64;
/** Shorter lists are as quickly laid. */
const placesMin = 16;

export class Audiences {
  readonly #kept: (readonly number[] | undefined)[] = [];
  #replaced: { readonly number: number; readonly before: readonly number[] | undefined } | null = null;

  /** @returns the list's place, and whether it stands there already; null for one that is not kept */
  find(places: readonly number[]): { readonly number: number; readonly isKnown: boolean } | null {
    const { length } = places;
    if (length < placesMin) return null;
    const number = ((places[0] as number) + 31 * (places[length - 2] as number) + length) % audiencesMax;
    return { number, isKnown: isSame(this.#kept[number], places) };
  }

  /** The list must not be changed any more. */
  keep(number: number, places: readonly number[]): void {
    this.#replaced = { number, before: this.#kept[number] };
    this.#kept[number] = places;
  }

  /** What the frame has brought will not be read, or (false) will be. */
  settle(isAbandoned: boolean): void {
    if (isAbandoned && this.#replaced) this.#kept[this.#replaced.number] = this.#replaced.before;
    this.#replaced = null;
  }
}

function isSame(kept: readonly number[] | undefined, places: readonly number[]): boolean {
  if (kept === undefined || kept.length !== places.length) return false;
  for (let index = 0; index < places.length; index++) if (kept[index] !== places[index]) return false;
  return true;
}
