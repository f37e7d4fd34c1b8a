/** Sends what an actor with a journal has committed to another actor, for the first time or again. */
import type { EffectOrigin } from '../../protocol/persistence.js';
import type { AskSettler } from '../addresses/AskTable.js';
import type { Switchboard } from '../addresses/Switchboard.js';
import type { PersistentActor } from './PersistentActor.js';
import type { ReleasedEffect } from './ShardJournal.js';

/** The time for the answer to a question begins when it is committed, and not only when it leaves. */
export function openQuestion(
  switchboard: Switchboard,
  settle: AskSettler,
  { address, book }: PersistentActor,
  effect: ReleasedEffect,
  number: number,
): void {
  if (effect.type !== 'ask' || book.tokens.has(number)) return;
  book.tokens.set(number, {
    asker: address,
    id: switchboard.asks.open(effect.deadlineMs, effect.message.type, settle),
  });
}

export function sendEffect(
  switchboard: Switchboard,
  { address, book }: PersistentActor,
  { to, message }: ReleasedEffect,
  origin: EffectOrigin,
): void {
  const [, number] = origin;
  switchboard.tell(to, message.type, message.data, address, book.tokens.get(number) ?? null, false, origin);
}
