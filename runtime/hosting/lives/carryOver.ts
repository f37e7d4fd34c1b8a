/**
 * Whether an actor can go on in the state in which it is when its module has changed. XState would take any snapshot
 * and fail later, in a state that is gone or whose timer nobody runs; so what does not fit is found here, and said.
 */
import { type AnyStateMachine, getStateNodes } from 'xstate';
import type { ActorInput } from '../../protocol/actors.js';
import type { PersistDefinition } from '../../protocol/persistence.js';
import { packContext, unpackContext } from '../persistence/packContext.js';
import type { MachineRun } from '../tiers/MachineTier.js';
import { isChart } from '../tiers/xstateShapes.js';
import type { ActorKind } from './ActorKind.js';

interface Snapshot {
  readonly status: string;
  readonly value?: unknown;
  readonly context?: unknown;
  readonly children?: Readonly<Record<string, unknown>>;
}

type Fields = Record<string, unknown>;

export interface CarryOver {
  readonly from: ActorKind;
  readonly run: MachineRun;
  readonly to: ActorKind;
  /** What the machine would be started with. */
  readonly input: ActorInput;
}

/**
 * @returns the snapshot from which the changed machine goes on
 * @throws Error that says in words what does not fit
 */
export function carryOver({ from, run, to, input }: CarryOver): unknown {
  const kept = from.tier.snapshot(run) as Snapshot;
  // What the new code makes of what the old one packs has its methods, and not those of before.
  const context = packContext(from.definition, kept.context);
  const snapshot = migrated({ ...kept, context }, from, to);
  if (snapshot.status !== 'active') throw new Error(`it is ${snapshot.status}`);
  const [child] = Object.keys(snapshot.children ?? {});
  if (child !== undefined) throw new Error(`it has started "${child}", which cannot be handed over`);
  const [before, now] = [from.definition.machine, to.definition.machine];
  if (!isChart(before) || !isChart(now)) throw new Error('it is no state machine');
  const carried = { ...snapshot, context: carriedContext(snapshot.context, from, to, input) };
  assertStateFits(before as AnyStateMachine, now as AnyStateMachine, carried);
  return carried;
}

function migrated(snapshot: Snapshot, from: ActorKind, to: ActorKind): Snapshot {
  const { snapshotVersion: version = 1, migrate } = to.definition as PersistDefinition;
  const { snapshotVersion: oldVersion = 1 } = from.definition as PersistDefinition;
  if (version === oldVersion) return snapshot;
  if (!migrate) throw new Error(`its snapshots were of version ${oldVersion} and are of version ${version} now`);
  return migrate(snapshot, oldVersion) as Snapshot;
}

function assertStateFits(before: AnyStateMachine, now: AnyStateMachine, { value, context }: Snapshot): void {
  // Throws for a state that is gone, and enters what was added below one that is there.
  const resolved = now.resolveState({ value: value as never, context: context as never });
  if (JSON.stringify(resolved.value) !== JSON.stringify(value)) {
    throw new Error(`its state ${JSON.stringify(value)} has other states below it now`);
  }
  // Whatever starts when a state is entered has not been started for the changed one.
  const [started, wanted] = [startedIn(before, value), startedIn(now, value)];
  const added = wanted.find((what) => !started.includes(what)) ?? started.find((what) => !wanted.includes(what));
  if (added !== undefined) throw new Error(`the state in which it is had not the same timers and actors: ${added}`);
}

/** Timers and actors that the states start when they are entered. */
function startedIn(machine: AnyStateMachine, value: unknown): string[] {
  return getStateNodes(machine.root, value as never).flatMap((node) => [
    ...node.after.map(({ eventType }) => eventType),
    ...node.invoke.map(({ id }) => `invoke ${id}`),
  ]);
}

/**
 * What the author's codec or hook makes of it; else field by field: new fields as at a start, fields that are gone are
 * gone.
 */
function carriedContext(state: unknown, from: ActorKind, { definition }: ActorKind, input: ActorInput): unknown {
  const isPacked = from.definition.contextCodec !== undefined && definition.contextCodec !== undefined;
  const old = isPacked ? unpackContext(definition, state, () => input) : state;
  if (definition.carryOver) return definition.carryOver(old, input);
  if (isPacked) return old;
  const { context: initial } = (definition.machine as AnyStateMachine).config as { context?: unknown };
  let fresh: unknown;
  try {
    fresh = typeof initial === 'function' ? initial({ input, spawn: noSpawn, self: {} }) : initial;
  } catch {
    // It needs more than its input, so it cannot be asked.
    return old;
  }
  if (!isFields(old) || !isFields(fresh)) return old;
  return Object.fromEntries(
    Object.entries(fresh).map(([name, value]) => [
      name,
      Object.hasOwn(old, name) ? kept(name, old[name], value) : value,
    ]),
  );
}

function kept(name: string, old: unknown, fresh: unknown): unknown {
  if (old == null || fresh == null) return old;
  const [before, now] = [kindOf(old), kindOf(fresh)];
  if (before !== now) throw new Error(`context.${name} was ${before} and is ${now} now`);
  return old;
}

function kindOf(value: unknown): string {
  return Array.isArray(value) ? 'a list' : typeof value === 'object' ? 'an object' : `a ${typeof value}`;
}

function isFields(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function noSpawn(): never {
  throw new Error('nothing is spawned for a look at the context');
}
