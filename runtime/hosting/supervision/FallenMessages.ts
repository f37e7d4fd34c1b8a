/**
 * What becomes of the messages by which an actor has fallen: lost and counted, or tried once more by its next life,
 * or set aside when it has fallen by them often enough.
 */
import type { DeliveredMessage } from '../../protocol/actors.js';
import type { ErrorRecord } from '../../protocol/errors.js';
import type { QuarantinedMessage } from '../../protocol/supervision.js';
import type { Switchboard } from '../addresses/Switchboard.js';
import type { NoticeFrame } from '../frames.js';
import type { ActorCell } from '../lives/ActorCell.js';
import type { ActorTurns } from '../mailboxes/ActorTurns.js';
import { messageKey, PoisonWatch } from './PoisonWatch.js';
import { Quarantine } from './Quarantine.js';

export interface FallenMessagesWorld {
  readonly switchboard: Switchboard;
  readonly turns: Pick<ActorTurns, 'putAgain'>;
  readonly toMain: (frame: NoticeFrame) => void;
  readonly nowMs: () => number;
}

export class FallenMessages {
  readonly #world: FallenMessagesWorld;
  readonly #watch = new PoisonWatch();
  readonly #quarantine = new Quarantine();

  constructor(world: FallenMessagesWorld) {
    this.#world = world;
  }

  /**
   * @param handled the messages that it was handling: more than one in a batch, none for a fault of another time
   * @returns whether the actor has fallen by this message before, so that its quarantine bounds the restarts
   */
  dealWith(cell: ActorCell, handled: readonly DeliveredMessage[], error: ErrorRecord): boolean {
    const { extras, kind } = cell;
    for (const { ask } of handled) if (ask) extras?.owed?.delete(ask.id);
    const [message] = handled;
    const poisonMax = kind?.poisonMax ?? null;
    if (message === undefined) return false;
    if (poisonMax === null) {
      for (const each of handled) this.#lose(cell, 'crashed', each);
      return false;
    }
    if (handled.length > 1) {
      this.#world.turns.putAgain(cell, handled);
      return false;
    }
    const found = this.#watch.failed(receiverOf(cell), messageKey(message.type, message.data), poisonMax);
    if (found.verdict === 'again') {
      this.#world.turns.putAgain(cell, [message]);
      return found.isRepeat;
    }
    this.#setAside(cell, message, found.failures, error);
    return found.failures > 1;
  }

  /** The message that was tried once more has been handled. */
  survived(cell: ActorCell): void {
    const { extras } = cell;
    if (!extras?.suspect) return;
    this.#watch.handled(receiverOf(cell), messageKey(extras.suspect.type, extras.suspect.data));
    extras.suspect = null;
  }

  /** Oldest first. */
  quarantined(): readonly QuarantinedMessage[] {
    return this.#quarantine.list();
  }

  #setAside(cell: ActorCell, message: DeliveredMessage, failures: number, error: ErrorRecord): void {
    cell.extra().quarantined++;
    const kept = this.#quarantine.setAside(cell, message, failures, error, this.#world.nowMs());
    this.#lose(cell, 'quarantined', message);
    this.#world.toMain(['quarantined', kept]);
  }

  #lose(cell: ActorCell, reason: 'crashed' | 'quarantined', { from, type, ask, origin }: DeliveredMessage): void {
    this.#world.switchboard.lose(reason, cell.address, from, type, ask, origin);
  }
}

function receiverOf({ slot, generation }: ActorCell): string {
  return `${slot}.${generation}`;
}
