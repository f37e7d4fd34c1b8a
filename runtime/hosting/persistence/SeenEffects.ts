/**
 * Which committed effects of which senders a receiver has had, so that one that comes twice is heard once. A sender says
 * with each effect up to which number all of its effects have happened, wherever they went; so what must be remembered
 * is what is under way.
 */
import { limits } from '../../protocol/limits.js';
import type { EffectOrigin, MessageOrigin } from '../../protocol/persistence.js';
import type { EffectLedger } from './ActorImage.js';

export function isEffect(origin: MessageOrigin | null | undefined): origin is EffectOrigin {
  return Array.isArray(origin);
}

/** How far a receiver has come with an effect: it waits in its mailbox, was handled, or is handled for good. */
export type SeenState = 'arrived' | 'handled' | 'kept';

interface Sender {
  done: number;
  readonly later: Map<number, SeenState>;
}

export class SeenEffects {
  readonly #senders = new Map<number, Sender>();

  /** @param handled as `handled()` has told it */
  constructor(handled: EffectLedger['seen'] = []) {
    for (const [sender, done, ...effects] of handled) {
      this.#senders.set(sender, { done, later: new Map(effects.map((effect) => [effect, 'kept'])) });
    }
  }

  /** @returns null for an effect that is new; `kept` also for what the sender itself has said to be done */
  stateOf([sender, effect]: EffectOrigin): SeenState | null {
    const known = this.#senders.get(sender);
    if (!known) return null;
    return effect <= known.done ? 'kept' : (known.later.get(effect) ?? null);
  }

  /** Whether the one that its sender wants to be heard before it has come. */
  isNext([sender, , done, before]: EffectOrigin): boolean {
    return before === 0 || this.stateOf([sender, before, done, 0]) !== null;
  }

  set([sender, effect, done]: EffectOrigin, state: SeenState): void {
    const known = this.#senderOf(sender);
    if (effect > known.done) known.later.set(effect, state);
    if (done <= known.done) return;
    known.done = done;
    for (const number of known.later.keys()) {
      // They come in their order, but for those of a sender that knows this actor by more than one word.
      if (number > done) return;
      known.later.delete(number);
    }
  }

  /** What has been handled and may still come again. */
  handled(): EffectLedger['seen'] {
    return Array.from(this.#senders, ([sender, { done, later }]) => [
      sender,
      done,
      ...[...later].filter(([, state]) => state !== 'arrived').map(([effect]) => effect),
    ]);
  }

  #senderOf(id: number): Sender {
    const known = this.#senders.get(id);
    if (known) return known;
    if (this.#senders.size === limits.effectSendersMax) {
      for (const oldest of this.#senders.keys()) {
        this.#senders.delete(oldest);
        break;
      }
    }
    const sender: Sender = { done: 0, later: new Map() };
    this.#senders.set(id, sender);
    return sender;
  }
}
