/**
 * Where actors have moved to that one still knows by an earlier address. Every shard has the same table: whoever sends
 * looks there, so that a message goes straight to the new place, and what was under way is sent on from the old one.
 * The oldest entry goes when the table is full; an address that is not known any more is a stale one.
 */
import type { ActorAddress } from '../../protocol/actors.js';
import { limits } from '../../protocol/limits.js';
import { addressKey, isSameAddress } from './NameDirectory.js';

export type ForwardEntry = readonly [from: ActorAddress, to: ActorAddress];

export class ActorForwards {
  readonly #max: number;
  readonly #to = new Map<string, ForwardEntry>();
  /** Earlier addresses by the present one. */
  readonly #earlier = new Map<string, ActorAddress[]>();

  constructor(max: number = limits.forwardsMax) {
    this.#max = max;
  }

  get size(): number {
    return this.#to.size;
  }

  /** The same address when it is not known to have moved. */
  latest(address: ActorAddress): ActorAddress {
    return this.#to.get(addressKey(address))?.[1] ?? address;
  }

  /** The actor has moved; those who know it by an even earlier address find it at once, too. */
  add(from: ActorAddress, to: ActorAddress): void {
    const moving = [...(this.#earlier.get(addressKey(from)) ?? []), from];
    this.#earlier.delete(addressKey(from));
    this.#earlier.set(addressKey(to), [...(this.#earlier.get(addressKey(to)) ?? []), ...moving]);
    for (const each of moving) this.#to.set(addressKey(each), [each, to]);
    for (const [key, [oldest, now]] of this.#to) {
      if (this.#to.size <= this.#max) return;
      this.#to.delete(key);
      this.#forgetEarlier(oldest, now);
    }
  }

  /** The actor is gone. */
  ended(address: ActorAddress): void {
    const earlier = this.#earlier.get(addressKey(address));
    if (!earlier) return;
    this.#earlier.delete(addressKey(address));
    for (const each of earlier) this.#to.delete(addressKey(each));
  }

  entries(): ForwardEntry[] {
    return [...this.#to.values()];
  }

  #forgetEarlier(oldest: ActorAddress, now: ActorAddress): void {
    const left = (this.#earlier.get(addressKey(now)) ?? []).filter((each) => !isSameAddress(each, oldest));
    if (left.length > 0) this.#earlier.set(addressKey(now), left);
    else this.#earlier.delete(addressKey(now));
  }
}
