/**
 * Where a shard's actors sit. Slots of actors with a name are given out by the main thread; those from `childSlots` on
 * are the shard's own, for children that no other thread need hear of.
 *
 * A slot is used again, a generation of a slot is not: so a stale address is told from a good one for ever. The main
 * thread counts the generations of its slots as doubles, exact up to 2^53: 280 years at a million a second. A shard
 * forgets its own count when its thread dies, so there a generation is the life of the shard times 2^32 plus a count;
 * a slot that has used up its 2^32 is not used any more. Two million lives of a shard are left to it.
 */
import { AcademyError } from '../../protocol/errors.js';
import { limits } from '../../protocol/limits.js';
import type { ActorSeat } from '../frames.js';
import { ActorCell, type ChildSeat } from '../lives/ActorCell.js';
import type { ActorKind } from '../lives/ActorKind.js';

/** First slot of children. Above all slots that the main thread gives out, and a small integer to V8. */
export const childSlots = 2 ** 28;
const generationsPerLife = 2 ** 32;

export class ActorTable {
  readonly #named: (ActorCell | undefined)[] = [];
  readonly #children: (ActorCell | undefined)[] = [];
  /** Generation of the last actor that had a slot and is gone, to tell one that has stopped from one that never was. */
  readonly #lastNamed: number[] = [];
  readonly #lastChildren: number[] = [];
  readonly #freeChildren: number[] = [];
  readonly #generationsBefore: number;
  #childCount = 0;

  /** @param epoch which life of the shard this is, from 1 */
  constructor(epoch: number) {
    this.#generationsBefore = (epoch - 1) * generationsPerLife;
  }

  get childCount(): number {
    return this.#childCount;
  }

  seat(seat: ActorSeat): ActorCell {
    const { slot, generation } = seat.address;
    const cell = new ActorCell(null, seat, slot, generation);
    this.#named[slot] = cell;
    return cell;
  }

  /** @throws AcademyError ERR_ACADEMY_BAD_ARGUMENT for a full shard */
  seatChild(kind: ActorKind, seat: ChildSeat | null): ActorCell {
    if (this.#childCount === limits.childrenPerShardMax) {
      throw new AcademyError(
        'ERR_ACADEMY_BAD_ARGUMENT',
        `the shard has ${this.#childCount} children, as many as it can`,
      );
    }
    this.#childCount++;
    const free = this.#freeChildren.pop();
    if (free === undefined) {
      const child = new ActorCell(kind, seat, childSlots + this.#children.length, this.#generationsBefore + 1);
      this.#children.push(child);
      return child;
    }
    const child = new ActorCell(kind, seat, childSlots + free, (this.#lastChildren[free] as number) + 1);
    this.#children[free] = child;
    return child;
  }

  find(slot: number, generation: number): ActorCell | undefined {
    const cell = slot < childSlots ? this.#named[slot] : this.#children[slot - childSlots];
    return cell !== undefined && cell.generation === generation ? cell : undefined;
  }

  /** Whether the slot is empty, and its last actor had this generation. */
  hadLast(slot: number, generation: number): boolean {
    if (slot < childSlots) return this.#named[slot] === undefined && this.#lastNamed[slot] === generation;
    const index = slot - childSlots;
    return this.#children[index] === undefined && this.#lastChildren[index] === generation;
  }

  vacate(cell: ActorCell): void {
    const { slot, generation } = cell;
    if (slot < childSlots) {
      this.#named[slot] = undefined;
      this.#lastNamed[slot] = generation;
      return;
    }
    const index = slot - childSlots;
    this.#children[index] = undefined;
    // Slots are vacated in any order, and an array with holes that are far apart would become a dictionary.
    while (this.#lastChildren.length < index) this.#lastChildren.push(0);
    this.#lastChildren[index] = generation;
    this.#childCount--;
    if (generation - this.#generationsBefore < generationsPerLife - 1) this.#freeChildren.push(index);
  }

  /** An actor with a name has moved: of its slot nobody remembers that it has stopped. */
  leave({ slot }: ActorCell): void {
    this.#named[slot] = undefined;
  }

  *[Symbol.iterator](): Generator<ActorCell> {
    yield* this.named();
    yield* this.children();
  }

  *named(): Generator<ActorCell> {
    for (const cell of this.#named) if (cell) yield cell;
  }

  *children(): Generator<ActorCell> {
    for (const cell of this.#children) if (cell) yield cell;
  }
}
