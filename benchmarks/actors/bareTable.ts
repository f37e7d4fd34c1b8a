/**
 * Machines in a table, and nothing else: the floor under a host. The same machines in the same tier as those of the
 * project's actors, but an address is a slot, all mailboxes are one queue without a bound, and nobody looks whether
 * the receiver is still the one that was meant, counts, supervises or watches the clock.
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
  #receivers: BareActor[] = [];
  #messages: DeliveredMessage[] = [];
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
    this.#receivers.push(this.#actors[(to as ActorAddress).slot] as BareActor);
    this.#messages.push(message);
    if (this.#isTurnDue) return;
    this.#isTurnDue = true;
    setImmediate(this.#turn);
  }

  readonly #turn = (): void => {
    this.#isTurnDue = false;
    const [receivers, messages] = [this.#receivers, this.#messages];
    this.#receivers = [];
    this.#messages = [];
    for (let index = 0; index < receivers.length; index++) {
      const { tier, run } = receivers[index] as BareActor;
      tier.send(run, messages[index] as AnyEventObject);
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
