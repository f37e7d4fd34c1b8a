/**
 * The seats of a shard and the names of the node in columns, for the way to a thread that starts: cloning ten thousand
 * objects costs a dead shard more time than restoring as many machines.
 */
import type { ActorAddress } from '../../protocol/actors.js';
import type { ActorSeat } from '../frames.js';

export interface SeatColumns {
  readonly shard: number;
  readonly ids: Float64Array;
  readonly slots: Float64Array;
  readonly generations: Float64Array;
  readonly restarts: Float64Array;
  readonly names: readonly string[];
  /** Place in `modules`. */
  readonly moduleOf: Uint32Array;
  readonly modules: readonly (readonly [module: string, exportName: string])[];
  /** What only some seats have. */
  readonly rest: readonly (readonly [row: number, rest: SeatRest])[];
}

type SeatRest = Pick<ActorSeat, 'options' | 'mailbox' | 'restart' | 'supervised' | 'persist' | 'passivateAfterMs'>;

export interface NameColumns {
  readonly names: readonly string[];
  /** shard, slot, generation, shard, slot, generation … */
  readonly addresses: Float64Array;
}

/** @param seats all of one shard */
export function seatColumns(shard: number, seats: readonly ActorSeat[]): SeatColumns {
  const modules: [string, string][] = [];
  const places = new Map<string, number>();
  const moduleOf = new Uint32Array(seats.length);
  const rest: [number, SeatRest][] = [];
  let place = -1;
  for (const [row, seat] of seats.entries()) {
    const { module, exportName } = seat;
    // Neighbours mostly come from the same module, and its URL is long.
    const before = modules[place];
    if (before?.[0] !== module || before[1] !== exportName) {
      const key = `${module} ${exportName}`;
      place = places.get(key) ?? modules.push([module, exportName]) - 1;
      places.set(key, place);
    }
    moduleOf[row] = place;
    if (hasRest(seat)) rest.push([row, restOf(seat)]);
  }
  return {
    shard,
    ids: Float64Array.from(seats, ({ id }) => id),
    slots: Float64Array.from(seats, ({ address }) => address.slot),
    generations: Float64Array.from(seats, ({ address }) => address.generation),
    restarts: Float64Array.from(seats, ({ restarts }) => restarts),
    names: seats.map(({ name }) => name),
    moduleOf,
    modules,
    rest,
  };
}

function hasRest({ options, mailbox, restart, supervised, persist, passivateAfterMs }: ActorSeat): boolean {
  return options !== undefined || (mailbox ?? restart ?? supervised ?? persist ?? passivateAfterMs) !== undefined;
}

function restOf(seat: ActorSeat): SeatRest {
  const { id: _, address: __, name: ___, restarts: ____, module: _____, exportName: ______, ...rest } = seat;
  return rest;
}

export function seatsOf(columns: SeatColumns): ActorSeat[] {
  const { shard, ids, slots, generations, restarts, names, moduleOf, modules } = columns;
  const seats = names.map((name, row): ActorSeat => {
    const [module, exportName] = modules[moduleOf[row] as number] as readonly [string, string];
    return {
      id: ids[row] as number,
      address: { shard, slot: slots[row] as number, generation: generations[row] as number },
      name,
      module,
      exportName,
      options: undefined,
      restarts: restarts[row] as number,
    };
  });
  for (const [row, rest] of columns.rest) seats[row] = { ...(seats[row] as ActorSeat), ...rest };
  return seats;
}

export function nameColumns(entries: readonly (readonly [name: string, address: ActorAddress])[]): NameColumns {
  const addresses = new Float64Array(entries.length * 3);
  for (const [row, [, { shard, slot, generation }]] of entries.entries()) {
    addresses[row * 3] = shard;
    addresses[row * 3 + 1] = slot;
    addresses[row * 3 + 2] = generation;
  }
  return { names: entries.map(([name]) => name), addresses };
}

export function* namesOf({ names, addresses }: NameColumns): Generator<[name: string, address: ActorAddress]> {
  for (const [row, name] of names.entries()) {
    const [shard, slot, generation] = addresses.subarray(row * 3, row * 3 + 3) as unknown as [number, number, number];
    yield [name, { shard, slot, generation }];
  }
}
