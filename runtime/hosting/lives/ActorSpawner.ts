/**
 * Starts the actors of a shard: those that the main thread has given a name and a slot, from their modules, and children
 * without a name, at once. An actor whose module was changed is given the new one here.
 */
import type { ActorAddress, ActorDefinition } from '../../protocol/actors.js';
import { type ErrorRecord, toErrorRecord } from '../../protocol/errors.js';
import type { ActorTable } from '../addresses/ActorTable.js';
import type { Switchboard } from '../addresses/Switchboard.js';
import type { ActorSeat, NoticeFrame, ReloadOutcome } from '../frames.js';
import { loadActorModule } from '../modules/loadActorModule.js';
import type { KeptShard } from '../persistence/ActorArchive.js';
import type { ShardPersistence } from '../persistence/ShardPersistence.js';
import { counterPlace, type ShardLedger } from '../shards/ShardLedger.js';
import type { ActorCell } from './ActorCell.js';
import type { ActorKinds } from './ActorKind.js';
import type { ActorLives } from './ActorLives.js';

export interface SpawnerWorld {
  readonly shard: number;
  readonly ledger: ShardLedger;
  readonly table: ActorTable;
  readonly kinds: ActorKinds;
  readonly lives: ActorLives;
  readonly persistence: ShardPersistence;
  readonly switchboard: Switchboard;
  readonly toMain: (frame: NoticeFrame) => void;
  readonly defer: (turn: () => void) => void;
}

const childrenPlace = counterPlace('children');
/** Actors of a shard that start before I/O and timers get their time. */
const seatsPerBreath = 4_096;

export class ActorSpawner {
  readonly #world: SpawnerWorld;

  constructor(world: SpawnerWorld) {
    this.#world = world;
  }

  /** Gives an actor its address and loads its module. The main thread hears `started` or `refused`. */
  async spawn(seat: ActorSeat, kept: KeptShard | null = null): Promise<void> {
    const cell = this.#seat(seat);
    if (kept) this.#world.persistence.offers.add(kept.images, kept.entries);
    try {
      this.#begin(cell, seat, await loadActorModule(seat.module, seat.exportName));
    } catch (thrown) {
      if (cell.status === 'starting') this.#world.lives.refuse(cell, toErrorRecord(thrown, 'ERR_ACADEMY_ACTOR_MODULE'));
    }
  }

  /** Starts actors that were here before, with what was kept of them; a module is loaded once for all of its actors. */
  async spawnAll(seats: readonly ActorSeat[], kept: KeptShard): Promise<void> {
    this.#world.persistence.offers.add(kept.images, kept.entries);
    const cells = seats.map((seat) => this.#seat(seat));
    const loaded = await loadDefinitions(seats);
    for (const [index, cell] of cells.entries()) {
      if (index % seatsPerBreath === seatsPerBreath - 1) await new Promise<void>((go) => this.#world.defer(go));
      if (cell.status !== 'starting') continue;
      const seat = seats[index] as ActorSeat;
      const definition = loaded.get(seat.module)?.get(seat.exportName);
      if (definition && 'machine' in definition) this.#begin(cell, seat, definition);
      else if (definition) this.#world.lives.refuse(cell, definition);
    }
    this.#world.persistence.offers.clear();
  }

  /** The same with a definition at hand, at once. */
  spawnDefined(seat: ActorSeat, definition: ActorDefinition, kept: KeptShard | null = null): void {
    const cell = this.#seat(seat);
    if (kept) this.#world.persistence.offers.add(kept.images, kept.entries);
    this.#begin(cell, seat, definition);
  }

  /**
   * Starts an actor without a name on this shard, at once and by itself. It is started again when it crashes, and
   * has an address like any other; no other thread need know of it.
   * @param options handed to the machine by reference
   * @throws AcademyError ERR_ACADEMY_ACTOR_MODULE when it crashes as it starts, ERR_ACADEMY_BAD_ARGUMENT for a full shard
   */
  spawnChild(definition: ActorDefinition, options?: unknown): ActorAddress {
    return this.child(definition, options, null).freshAddress();
  }

  /**
   * The same for many at a time.
   * @param optionsOf makes the options of the child of that number
   * @returns where they sit: slot, generation, slot, generation …
   */
  spawnMany(definition: ActorDefinition, count: number, optionsOf?: (index: number) => unknown): number[] {
    const places: number[] = [];
    for (let index = 0; index < count; index++) {
      const { slot, generation } = this.child(definition, optionsOf?.(index), null);
      places.push(slot, generation);
    }
    return places;
  }

  /** Loads an actor's module again and goes on with it. The main thread hears `reloaded`. */
  async reload(slot: number, generation: number, module: string, exportName: string): Promise<void> {
    let outcome: ReloadOutcome;
    try {
      const definition = await loadActorModule(module, exportName);
      const cell = this.#world.table.find(slot, generation);
      if (!cell?.named) return;
      outcome = this.#world.lives.reload(cell, this.#world.kinds.ofSeat(definition, cell.named));
    } catch (thrown) {
      const { message } = toErrorRecord(thrown, 'ERR_ACADEMY_ACTOR_MODULE');
      outcome = { how: 'unchanged', reason: message };
    }
    this.#world.toMain(['reloaded', slot, generation, outcome]);
  }

  /** Starts it, unless it was stopped before, or its definition is of no use. */
  #begin(cell: ActorCell, seat: ActorSeat, definition: ActorDefinition): void {
    if (cell.status !== 'starting') return;
    try {
      this.#world.lives.begin(cell, this.#world.kinds.ofSeat(definition, seat));
    } catch (thrown) {
      const error = toErrorRecord(thrown, 'ERR_ACADEMY_ACTOR_MODULE');
      const message = `"${seat.name}" cannot start: ${error.message}`;
      if (cell.status === 'starting') this.#world.lives.refuse(cell, { ...error, message });
    }
  }

  #seat(seat: ActorSeat): ActorCell {
    const cell = this.#world.table.seat(seat);
    this.#world.switchboard.names.bind(seat.name, seat.address);
    return cell;
  }

  /** A child without a name, of whoever it is. @throws as spawnChild() does */
  child(definition: ActorDefinition, options: unknown, parent: ActorCell | null): ActorCell {
    const kind = this.#world.kinds.of(definition);
    const cell = this.#world.table.seatChild(
      kind,
      parent === null && options === undefined ? null : { parent, options },
    );
    this.#world.ledger.add(this.#world.shard, childrenPlace);
    this.#world.lives.beginChild(cell, kind);
    if (parent !== null) {
      const extras = parent.extra();
      extras.children ??= new Set();
      extras.children.add(cell);
    }
    return cell;
  }
}

/** @returns the definition, or why there is none, by module and export */
async function loadDefinitions(
  seats: readonly ActorSeat[],
): Promise<Map<string, Map<string, ActorDefinition | ErrorRecord>>> {
  const loaded = new Map<string, Map<string, ActorDefinition | ErrorRecord>>();
  let before: ActorSeat | undefined;
  for (const seat of seats) {
    const { module, exportName } = seat;
    if (module === before?.module && exportName === before.exportName) continue;
    before = seat;
    const exports = loaded.get(module) ?? new Map<string, ActorDefinition | ErrorRecord>();
    loaded.set(module, exports);
    if (exports.has(exportName)) continue;
    const definition = await loadActorModule(module, exportName).catch((thrown: unknown) =>
      toErrorRecord(thrown, 'ERR_ACADEMY_ACTOR_MODULE'),
    );
    exports.set(exportName, definition);
  }
  return loaded;
}
