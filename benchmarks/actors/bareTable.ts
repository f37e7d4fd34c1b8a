/**
 * Machines in a table, and nothing else: the floor under a host. The same machines in the same tier as those of the
 * project's actors, but an address is a slot, a mailbox an array without a bound, and nobody looks whether the receiver
 * is still the one that was meant, counts, supervises or watches the clock.
 */
import type { AnyEventObject } from 'xstate';
import { createMachineTier } from '../../runtime/hosting/tiers/createMachineTier.js';
import type { MachineOutlet, MachineOwner, MachineRun, MachineTier } from '../../runtime/hosting/tiers/MachineTier.js';
import type {
  ActorAddress,
  ActorDefinition,
  ActorEffect,
  ActorMessage,
  ActorReference,
  DeliveredMessage,
} from '../../runtime/protocol/actors.js';
import { systemClock } from '../../runtime/system/systemClock.js';
import type { ActorWorld } from './ActorWorld.js';
import { fanOut } from './actorTalk.js';
import { listener, speaker, umpire } from './machines.js';
import { fanOutWidth, type Measured } from './Workload.js';

class BareActor implements MachineOwner {
  readonly name = '';
  readonly tier: MachineTier;
  readonly address: ActorAddress;
  readonly run: MachineRun;
  /** The only message that waits. */
  first: DeliveredMessage | null = null;
  /** The others. */
  more: DeliveredMessage[] | null = null;

  constructor(tier: MachineTier, slot: number) {
    this.tier = tier;
    this.address = { shard: 0, slot, generation: 1 };
    this.run = tier.start(this, {});
  }
}

const noTimers = (): never => {
  throw new Error('the table has no timers');
};

class BareTable implements ActorWorld {
  readonly #actors: BareActor[] = [];
  readonly #answers = new Map<number, (answer: unknown) => void>();
  #ready: BareActor[] = [];
  #asks = 0;
  #isTurnDue = false;
  readonly #outlet: MachineOutlet = {
    emit: (owner, emitted) => this.#perform(owner as BareActor, emitted as ActorEffect),
    send: noTimers,
    schedule: noTimers,
    cancel: noTimers,
    done: () => {},
    failed: (_owner, error) => {
      throw error;
    },
    log: () => {},
  };

  spawnMany(definition: ActorDefinition, count: number): ActorAddress[] {
    const tier = createMachineTier(definition.machine, this.#outlet, { clock: systemClock });
    return Array.from({ length: count }, () => {
      const actor = new BareActor(tier, this.#actors.length);
      this.#actors.push(actor);
      return actor.address;
    });
  }

  tell(to: ActorReference, { type, data }: ActorMessage, from: ActorAddress | null = null): void {
    this.#put(to, { type, data, from, atMs: 0 });
  }

  ask(to: ActorAddress, { type, data }: ActorMessage): Promise<unknown> {
    return new Promise((resolve) => {
      const id = ++this.#asks;
      this.#answers.set(id, resolve);
      this.#put(to, { type, data, from: null, atMs: 0, ask: { asker: to, id } });
    });
  }

  #put(to: ActorReference, message: DeliveredMessage): void {
    const actor = this.#actors[(to as ActorAddress).slot] as BareActor;
    if (actor.first === null) {
      actor.first = message;
      this.#ready.push(actor);
      this.#wake();
    } else {
      actor.more ??= [];
      actor.more.push(message);
    }
  }

  #wake(): void {
    if (this.#isTurnDue) return;
    this.#isTurnDue = true;
    setImmediate(this.#turn);
  }

  readonly #turn = (): void => {
    this.#isTurnDue = false;
    const ready = this.#ready;
    this.#ready = [];
    for (const actor of ready) {
      const { first, more } = actor;
      actor.first = null;
      actor.more = null;
      if (first) actor.tier.send(actor.run, first as AnyEventObject);
      if (more) for (const message of more) actor.tier.send(actor.run, message as AnyEventObject);
    }
  };

  #perform(owner: BareActor, effect: ActorEffect): void {
    switch (effect.type) {
      case 'tell':
        return this.tell(effect.to, effect.message, owner.address);
      case 'tellMany':
        for (const to of effect.to) this.tell(to, effect.message, owner.address);
        return;
      case 'reply':
        this.#answers.get(effect.ask.id)?.(effect.result);
        this.#answers.delete(effect.ask.id);
    }
  }
}

export function bareFanOut(count: number): Promise<Measured> {
  const table = new BareTable();
  const [lead] = table.spawnMany(speaker, 1);
  const [counter] = table.spawnMany(umpire, 1);
  if (!lead || !counter) throw new Error('it takes both');
  return fanOut(table, { speaker: lead, umpire: counter, listeners: table.spawnMany(listener, fanOutWidth) }, count);
}
