/**
 * A first-in first-out queue in one array that grows by doubling and is never shifted. It has no bound of its own:
 * whoever owns one (a mailbox, the list of actors that are ready) bounds it.
 */
const smallest = 8;

export class RingQueue<T> {
  #slots: (T | undefined)[] = [];
  #head = 0;
  #size = 0;

  get size(): number {
    return this.#size;
  }

  /** Items for which it has memory. */
  get room(): number {
    return this.#slots.length;
  }

  push(item: T): void {
    if (this.#size === this.#slots.length) this.#grow();
    this.#slots[(this.#head + this.#size) & (this.#slots.length - 1)] = item;
    this.#size++;
  }

  /** @returns undefined when it is empty */
  shift(): T | undefined {
    if (this.#size === 0) return undefined;
    const item = this.#slots[this.#head];
    this.#slots[this.#head] = undefined;
    this.#head = (this.#head + 1) & (this.#slots.length - 1);
    this.#size--;
    return item;
  }

  /** @param index 0 is the oldest */
  at(index: number): T | undefined {
    return index < this.#size ? this.#slots[(this.#head + index) & (this.#slots.length - 1)] : undefined;
  }

  /** @param index of an item that is there */
  replaceAt(index: number, item: T): void {
    this.#slots[(this.#head + index) & (this.#slots.length - 1)] = item;
  }

  /** Takes out the item at `index`; those before it keep their order and move up by one. */
  removeAt(index: number): T | undefined {
    const item = this.at(index);
    const mask = this.#slots.length - 1;
    for (let place = index; place > 0; place--) {
      this.#slots[(this.#head + place) & mask] = this.#slots[(this.#head + place - 1) & mask];
    }
    this.shift();
    return item;
  }

  #grow(): void {
    const grown = new Array<T | undefined>(Math.max(smallest, this.#slots.length * 2));
    for (let index = 0; index < this.#size; index++) grown[index] = this.at(index);
    this.#slots = grown;
    this.#head = 0;
  }
}
