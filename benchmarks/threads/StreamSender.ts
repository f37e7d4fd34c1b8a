/**
 * Sends remarks over a link in turns, as a host does, with a bounded number of them under way, so that no way between
 * threads is measured by how fast it fills a queue.
 */
import { setImmediate as turn } from 'node:timers/promises';
import type { ShardLink } from '../../runtime/hosting/shards/ShardLink.js';
import { messageFrame, remark, weigh } from './links.js';

/** Messages of a turn, which leave together. */
const perTurn = 256;
/** The receiver says so each time that it has received as many. */
export const perCredit = 4_096;
const underWayMax = 4 * perCredit;

export class StreamSender {
  #sent = 0;
  #received = 0;
  #goOn: () => void = () => {};

  /** The receiver has received `perCredit` more. */
  credit(): void {
    this.#received += perCredit;
    this.#goOn();
  }

  /** @returns the weight of what was sent, when all of it was handed to the link */
  async send(link: ShardLink, count: number): Promise<number> {
    let weight = 0;
    const end = this.#sent + count;
    while (this.#sent < end) {
      const last = Math.min(end, this.#sent + perTurn);
      for (; this.#sent < last; this.#sent++) {
        const said = remark(this.#sent);
        weight += weigh(said);
        link.post(messageFrame('said', said));
      }
      link.flush();
      await turn();
      while (this.#sent - this.#received >= underWayMax) {
        await new Promise<void>((resolve) => {
          this.#goOn = resolve;
        });
      }
    }
    return weight;
  }
}
