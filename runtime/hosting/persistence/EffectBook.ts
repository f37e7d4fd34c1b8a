/**
 * The effects of one `journal` actor: counted as the machine has them, held until the message that caused them is on
 * disk, and kept until they are known to have happened. So a machine that goes through its journal again has the same
 * effects under the same numbers, and whoever hears one twice knows it.
 *
 * ```
 * machine ──► step ──(message handled)──► held ──(on disk)──► released ──(receiver has it)──► gone
 * ```
 */
import type { ActorEffect, AskToken } from '../../protocol/actors.js';
import type { EffectLedger, OutboxEffect } from './ActorImage.js';
import { EffectLanes } from './EffectLanes.js';
import { SeenEffects } from './SeenEffects.js';

/** A question that was asked and not answered. */
export interface OpenQuestion {
  readonly settles: string;
  readonly tag: unknown;
}

export class EffectBook {
  /** What other actors have committed and this one has had. */
  readonly seen: SeenEffects;
  /** By number, rising. */
  readonly outbox = new Map<number, ActorEffect>();
  /** Of those in the outbox that are released and go to actors of this node. */
  readonly lanes = new EffectLanes(this.outbox);
  readonly open = new Map<number, OpenQuestion>();
  /** Effects up to this number were released in this life. */
  released = 0;
  /** Of the questions among the effects that are under way. */
  readonly tokens = new Map<number, AskToken>();
  #step: ActorEffect[] = [];
  #lastEffect: number;

  constructor(ledger?: EffectLedger) {
    this.seen = new SeenEffects(ledger?.seen);
    this.#lastEffect = ledger?.lastEffect ?? 0;
    for (const { number, effect } of ledger?.outbox ?? []) this.outbox.set(number, effect);
    for (const [number, question] of ledger?.open ?? []) this.open.set(number, question);
  }

  get lastEffect(): number {
    return this.#lastEffect;
  }

  /** All effects up to this number have happened. */
  get done(): number {
    for (const number of this.outbox.keys()) return number - 1;
    return this.#lastEffect;
  }

  /** The machine has emitted it, in a step that is not over. */
  emit(effect: ActorEffect): void {
    this.#step.push(effect);
  }

  /** The step has failed: nobody hears of it. */
  discardStep(): void {
    this.#step = [];
  }

  /**
   * The step is over: its effects have their numbers and wait. A message to many is one effect for each, because each
   * receiver answers for itself.
   */
  closeStep(): OutboxEffect[] {
    const numbered = this.#step.flatMap(single).map((effect) => ({ number: ++this.#lastEffect, effect }));
    this.#step = [];
    for (const { number, effect } of numbered) {
      this.outbox.set(number, effect);
      if (effect.type === 'ask' || effect.type === 'execute') {
        this.open.set(number, { settles: effect.settles, tag: effect.tag });
      }
    }
    return numbered;
  }

  /** A question that is asked at once, by an actor without journal. @returns its number */
  ask(question: OpenQuestion): number {
    this.open.set(++this.#lastEffect, question);
    return this.#lastEffect;
  }

  happened(number: number): void {
    if (this.outbox.delete(number)) this.lanes.answered(number);
  }

  /** While a journal is gone through: effects up to this number had happened. */
  happenedUpTo(number: number): void {
    for (const each of this.outbox.keys()) if (each <= number) this.outbox.delete(each);
  }

  ledger(): EffectLedger {
    return {
      lastEffect: this.#lastEffect,
      outbox: Array.from(this.outbox, ([number, effect]) => ({ number, effect })),
      open: [...this.open],
      seen: this.seen.handled(),
    };
  }
}

function single(effect: ActorEffect): ActorEffect | ActorEffect[] {
  return effect.type === 'tellMany'
    ? effect.to.map((to) => ({ type: 'tell' as const, to, message: effect.message }))
    : effect;
}
