/**
 * Names of actors and where they live. The main thread gives names out; every shard has a copy of the whole
 * directory, so that a message to a name costs one look-up. A shard that does not know a name asks the main thread
 * before it gives up, because a name may be on its way.
 */
import { type ActorAddress, type ActorReference, isActorAddress } from '../../protocol/actors.js';

export class NameDirectory {
  readonly #addresses = new Map<string, ActorAddress>();
  /** Made when first asked for: few shards ever need it. */
  #names: Map<string, string> | null = null;

  get size(): number {
    return this.#addresses.size;
  }

  get(name: string): ActorAddress | undefined {
    return this.#addresses.get(name);
  }

  /** The name that leads to an address. */
  nameOf(address: ActorAddress): string | undefined {
    this.#names ??= new Map(Array.from(this.#addresses, ([name, each]) => [addressKey(each), name]));
    return this.#names.get(addressKey(address));
  }

  bind(name: string, address: ActorAddress): void {
    const before = this.#names && this.#addresses.get(name);
    if (before) this.#names?.delete(addressKey(before));
    this.#names?.set(addressKey(address), name);
    this.#addresses.set(name, address);
  }

  /** Takes the name from that actor; another one that has it by now keeps it. */
  unbind(name: string, address: ActorAddress): void {
    const bound = this.#addresses.get(name);
    if (!bound || !isSameAddress(bound, address)) return;
    this.#addresses.delete(name);
    this.#names?.delete(addressKey(address));
  }

  entries(): [name: string, address: ActorAddress][] {
    return [...this.#addresses];
  }
}

export function addressKey({ shard, slot, generation }: ActorAddress): string {
  return `${shard}/${slot}/${generation}`;
}

export function isSameAddress(a: ActorAddress, b: ActorAddress): boolean {
  return a.shard === b.shard && a.slot === b.slot && a.generation === b.generation;
}

/** Whether two references say the same; a name and an address never do, whoever is meant. */
export function isSameReference(a: ActorReference, b: ActorReference): boolean {
  if (isActorAddress(a)) return isActorAddress(b) && isSameAddress(a, b);
  return !isActorAddress(b) && a.name === b.name && a.node === b.node;
}

export function isSameSender(a: ActorReference | null, b: ActorReference | null): boolean {
  return a === b || (a !== null && b !== null && isSameReference(a, b));
}
