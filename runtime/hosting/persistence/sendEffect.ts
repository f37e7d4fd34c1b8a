/** Sends what an actor with a journal has committed to another actor, for the first time or again. */
import type { EffectOrigin } from '../../protocol/persistence.js';
import type { AskSettler } from '../addresses/AskTable.js';
import type { Switchboard } from '../addresses/Switchboard.js';
import type { PersistentActor } from './PersistentActor.js';
import type { ReleasedEffect } from './ShardJournal.js';

export function sendEffect(
  switchboard: Switchboard,
  settle: AskSettler,
  actor: PersistentActor,
  effect: ReleasedEffect,
  origin: EffectOrigin,
): void {
  const { to, message } = effect;
  if (effect.type === 'tell') {
    switchboard.tell(to, message.type, message.data, actor.address, null, false, origin);
    return;
  }
  const [, number] = origin;
  const { tokens } = actor.book;
  let token = tokens.get(number);
  if (!token) {
    token = { asker: actor.address, id: switchboard.asks.open(effect.deadlineMs, message.type, settle) };
    tokens.set(number, token);
  }
  switchboard.tell(to, message.type, message.data, actor.address, token, false, origin);
}
