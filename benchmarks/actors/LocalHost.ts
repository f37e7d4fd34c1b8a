/**
 * One shard's host in this thread, as the benchmarks use it: its actors have all that the product's have, and nothing
 * of a node is around them. Every log line and every dead letter is taken for a fault.
 */
import { ActorHost } from '../../runtime/hosting/ActorHost.js';
import { hostAddress } from '../../runtime/hosting/addresses/Switchboard.js';
import type { NoticeFrame } from '../../runtime/hosting/frames.js';
import { counterPlace, ShardLedger } from '../../runtime/hosting/shards/ShardLedger.js';
import { defaultRestart } from '../../runtime/hosting/supervision/restartPolicy.js';
import type { ActorAddress, ActorDefinition, ActorMessage } from '../../runtime/protocol/actors.js';
import { fromErrorRecord } from '../../runtime/protocol/errors.js';
import { nodeIdOf } from '../../runtime/protocol/identity.js';
import { seededRandom } from '../../runtime/protocol/Random.js';
import { systemClock } from '../../runtime/system/systemClock.js';
import type { ActorWorld } from './ActorWorld.js';
import { deadlineMs } from './inSystem.js';
import type { Measured } from './Workload.js';

const handledPlace = counterPlace('messagesHandled');
const childrenPlace = counterPlace('children');
const restartsPlace = counterPlace('restarts');
const shard = 0;

/** Runs the work with a host of its own. */
export async function onHost(work: (host: LocalHost) => Promise<Measured>): Promise<Measured> {
  const host = new LocalHost();
  try {
    const measured = await work(host);
    return { ...measured, fault: measured.fault ?? host.trouble };
  } finally {
    host.close();
  }
}

export class LocalHost implements ActorWorld {
  readonly #host: ActorHost;
  readonly #ledger = new ShardLedger(1);
  #named = 0;
  /** The first thing that has gone wrong. */
  trouble: string | null = null;

  constructor() {
    const random = seededRandom(1);
    this.#host = new ActorHost({
      shard,
      epoch: 1,
      nodeId: nodeIdOf(random.bytes(32)),
      academyId: 'benchmark-academy',
      clock: systemClock,
      random,
      ledger: this.#ledger,
      restart: defaultRestart,
      toMain: (frame) => this.#noticed(frame),
      defer: setImmediate,
    });
  }

  /** @returns where they sit: slot, generation, slot, generation … */
  spawnMany(definition: ActorDefinition, count: number, options?: unknown): number[] {
    return this.#host.spawner.spawnMany(definition, count, options === undefined ? undefined : () => options);
  }

  spawnOne(definition: ActorDefinition): ActorAddress {
    return addressesOf(this.spawnMany(definition, 1))[0] as ActorAddress;
  }

  /** An actor that others find by its name. */
  spawnNamed(name: string, definition: ActorDefinition): ActorAddress {
    const address = { shard, slot: ++this.#named, generation: 1 };
    this.#host.spawner.spawnDefined(
      { id: this.#named, address, name, module: '', exportName: name, options: undefined, restarts: 0 },
      definition,
    );
    return address;
  }

  tell(to: ActorAddress, message: ActorMessage): void {
    this.#host.switchboard.tell(to, message.type, message.data, null);
  }

  ask(to: ActorAddress, message: ActorMessage): Promise<unknown> {
    return new Promise((resolve, reject) => {
      this.#host.switchboard.ask(to, message, deadlineMs, hostAddress(shard), null, (result, error) => {
        if (error) reject(fromErrorRecord(error, 'ERR_ACADEMY_ASK_FAILED'));
        else resolve(result);
      });
    });
  }

  get handled(): number {
    return this.#ledger.get(shard, handledPlace);
  }

  /** Actors without a name. */
  get children(): number {
    return this.#ledger.get(shard, childrenPlace);
  }

  get restarts(): number {
    return this.#ledger.get(shard, restartsPlace);
  }

  close(): void {
    this.#host.close();
  }

  #noticed(frame: NoticeFrame): void {
    const [kind, ...words] = frame;
    const isTrouble = kind === 'log' || kind === 'dead-letters' || kind === 'refused' || kind === 'mailbox-alarm';
    if (isTrouble) this.trouble ??= `${kind}: ${JSON.stringify(words)}`;
  }
}

export function addressesOf(places: readonly number[]): ActorAddress[] {
  return Array.from({ length: places.length / 2 }, (_, index) => ({
    shard,
    slot: places[2 * index] as number,
    generation: places[2 * index + 1] as number,
  }));
}
