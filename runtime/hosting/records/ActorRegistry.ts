/**
 * Every actor of the node, as the main thread knows it: who has which name and address, and what is needed to start
 * it on another thread. It alone gives out names and slots, so that neither is given twice.
 */
import type { ActorAddress, ActorInfo, ActorSpec, RestartKind } from '../../protocol/actors.js';
import { AcademyError } from '../../protocol/errors.js';
import { limits } from '../../protocol/limits.js';
import type { ActorSeat, ReloadOutcome, SeatSupervision } from '../frames.js';

export interface ActorRecord {
  /** Of all actors that the node has ever had, as long as it keeps any. */
  readonly id: number;
  /** Another one when its module was loaded again. */
  spec: ActorSpec;
  /** Null for one whose host decides by itself what becomes of it when it falls. */
  readonly supervised: SeatSupervision | null;
  /** Another one when it has moved. */
  address: ActorAddress;
  restarts: number;
  /** Known when it has started. */
  kind: RestartKind;
  /** Settles with the first start. Those who do not wait for it need not handle its rejection. */
  readonly started: Promise<void>;
  /** Null when the first start is over. */
  starting: { resolve(): void; reject(error: AcademyError): void } | null;
  /** It was kept from an earlier life of the node, and nobody has spawned it in this one. */
  isUnclaimed: boolean;
  /** Why the first start failed. */
  refusal: AcademyError | null;
  /** Those who wait for its end. */
  readonly onEnd: (() => void)[];
  /** Who waits to hear how it goes on with a changed module. */
  onReload: ((outcome: ReloadOutcome) => void) | null;
}

/** What is known of an actor while its thread says nothing. */
export function unheardInfo({ spec, address, restarts }: ActorRecord): ActorInfo {
  const { name, exportName: machine } = spec;
  return { name, address, machine, state: '', status: 'unheard', restarts, mailboxDepth: 0, messagesHandled: 0 };
}

interface ShardSlots {
  /** Generation of the last actor in each slot; slot 0 is the host itself. */
  readonly generations: number[];
  readonly free: number[];
  readonly records: Map<number, ActorRecord>;
}

export class ActorRegistry {
  readonly #byName = new Map<string, ActorRecord>();
  readonly #shards: ShardSlots[];

  constructor(shards: number) {
    this.#shards = Array.from({ length: shards }, () => ({ generations: [0], free: [], records: new Map() }));
  }

  get size(): number {
    return this.#byName.size;
  }

  /** Actors of a shard. */
  population(shard: number): number {
    return this.#slots(shard).records.size;
  }

  /**
   * Reserves a name and a slot.
   * @throws AcademyError ERR_ACADEMY_NAME_TAKEN, or ERR_ACADEMY_BAD_ARGUMENT for an empty name or a full shard
   */
  add(spec: ActorSpec, shard: number, id: number, supervised: SeatSupervision | null = null): ActorRecord {
    if (typeof spec.name !== 'string' || spec.name === '') {
      throw new AcademyError('ERR_ACADEMY_BAD_ARGUMENT', 'an actor needs a name', {
        remedy: "give it one that is not empty: { name: 'counter' }",
      });
    }
    if (this.#byName.has(spec.name)) {
      throw new AcademyError('ERR_ACADEMY_NAME_TAKEN', `the name "${spec.name}" belongs to another actor`, {
        remedy: 'choose another name, or stop that actor first',
      });
    }
    const address = this.reserve(shard);
    let starting: ActorRecord['starting'] = null;
    const started = new Promise<void>((resolve, reject) => {
      starting = { resolve, reject };
    });
    started.catch(() => {});
    const record: ActorRecord = {
      id,
      spec,
      supervised,
      address,
      restarts: 0,
      isUnclaimed: false,
      kind: 'transient',
      started,
      starting,
      refusal: null,
      onEnd: [],
      onReload: null,
    };
    this.#slots(shard).records.set(address.slot, record);
    this.#byName.set(spec.name, record);
    return record;
  }

  /** Where an actor may live. @throws AcademyError ERR_ACADEMY_BAD_ARGUMENT for a full shard */
  reserve(shard: number): ActorAddress {
    const { generations, free, records } = this.#slots(shard);
    if (records.size >= limits.actorsPerShardMax) {
      throw new AcademyError(
        'ERR_ACADEMY_BAD_ARGUMENT',
        `shard ${shard} has ${records.size} actors, as many as it can`,
      );
    }
    const slot = free.pop() ?? generations.length;
    const generation = (generations[slot] ?? 0) + 1;
    generations[slot] = generation;
    return { shard, slot, generation };
  }

  /** Nobody lives there after all. */
  release({ shard, slot }: ActorAddress): void {
    this.#slots(shard).free.push(slot);
  }

  /** It lives at the reserved address from now on. */
  relocate(record: ActorRecord, to: ActorAddress): void {
    const { shard, slot } = record.address;
    const left = this.#slots(shard);
    left.records.delete(slot);
    left.free.push(slot);
    record.address = to;
    this.#slots(to.shard).records.set(to.slot, record);
  }

  /** Frees name and slot; the slot's next actor has another generation. */
  remove(record: ActorRecord): void {
    const { shard, slot } = record.address;
    const { free, records } = this.#slots(shard);
    if (records.get(slot) !== record) return;
    records.delete(slot);
    free.push(slot);
    this.#byName.delete(record.spec.name);
  }

  names(): Iterable<string> {
    return this.#byName.keys();
  }

  byName(name: string): ActorRecord | undefined {
    return this.#byName.get(name);
  }

  byAddress(shard: number, slot: number, generation: number): ActorRecord | undefined {
    const record = this.#shards[shard]?.records.get(slot);
    return record?.address.generation === generation ? record : undefined;
  }

  /** Actors of a shard in the order in which their slots were filled. */
  ofShard(shard: number): ActorRecord[] {
    return [...this.#slots(shard).records.values()];
  }

  /** All actors, the latest first: the order in which they are stopped. */
  latestFirst(): ActorRecord[] {
    return [...this.#byName.values()].reverse();
  }

  #slots(shard: number): ShardSlots {
    const slots = this.#shards[shard];
    if (slots) return slots;
    throw new AcademyError('ERR_ACADEMY_BAD_ARGUMENT', `there is no shard ${shard}`, {
      remedy: `use 0 to ${this.#shards.length - 1}`,
    });
  }
}

type Writable<T> = { -readonly [Key in keyof T]: T[Key] };

/**
 * What the host of the record's shard needs.
 * @param isHeld a supervised actor waits until its supervisor starts it
 */
export function seatOf(record: ActorRecord, isHeld = false): ActorSeat {
  const { id, spec, address, restarts, supervised } = record;
  const { name, module, exportName, options, mailbox, restart, persist, passivateAfterMs } = spec;
  // Ten thousand are made at once when a thread has died, nearly all of them without anything of their own.
  const seat: Writable<ActorSeat> = { id, address, name, module, exportName, options, restarts };
  if (mailbox) seat.mailbox = mailbox;
  if (restart) seat.restart = restart;
  if (supervised) seat.supervised = isHeld ? { ...supervised, isHeld } : supervised;
  if (persist) seat.persist = persist;
  if (passivateAfterMs !== undefined) seat.passivateAfterMs = passivateAfterMs;
  return seat;
}
