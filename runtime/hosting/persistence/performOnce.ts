/** Does what an actor with a journal has committed, when it concerns the main thread or another node. */
import type { ActorEffect } from '../../protocol/actors.js';
import type { EffectOrigin } from '../../protocol/persistence.js';
import type { AskSettler } from '../addresses/AskTable.js';
import { type EffectWorld, performEffect } from '../lives/performEffect.js';
import type { PersistentActor } from './PersistentActor.js';

/** @throws whatever is wrong with the effect */
export function performOnce(
  world: EffectWorld,
  settle: AskSettler,
  actor: PersistentActor,
  effect: ActorEffect,
  [id, number]: EffectOrigin,
): void {
  const once: EffectWorld = {
    ...world,
    // The main thread knows what it has heeded already.
    toMain: (frame) => world.toMain(['once', id, number, frame]),
    settler: () => settle,
  };
  performEffect(once, actor.cell, effect);
}
