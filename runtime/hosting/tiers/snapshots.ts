/** Between a compiled run and XState's snapshots, so that a run can go on in another tier. */
import { type AnyStateMachine, getStateNodes, type StateValue } from 'xstate';
import type { CompiledMachine } from './CompiledMachine.js';
import type { CompiledRun } from './CompiledRun.js';
import type { HistoryValue } from './chart.js';
import type { Place } from './Place.js';
import type { Chart, ChartNode } from './xstateShapes.js';

type PersistedHistory = Readonly<Record<string, readonly { readonly id: string }[]>>;

interface PersistedSnapshot {
  readonly value: StateValue;
  readonly historyValue?: PersistedHistory;
}

/** Places of top states without history: thousands of runs may be restored to each. */
const plainPlaces = new WeakMap<CompiledMachine, Map<string, Place>>();

export function persistedSnapshot(run: CompiledRun): unknown {
  const { status, place, context, rare } = run;
  const historyValue: Record<string, { id: string }[]> = {};
  for (const [id, nodes] of Object.entries(place.history)) historyValue[id] = nodes.map((node) => ({ id: node.id }));
  return {
    status,
    output: rare?.output,
    error: rare?.error,
    value: place.value,
    context: rare?.self ? withoutReferences(context) : context,
    children: {},
    historyValue,
  };
}

/** XState's own snapshot, with `matches`, `can` and the rest. */
export function resolvedSnapshot(chart: Chart, run: CompiledRun): unknown {
  const { status, place, context, rare } = run;
  const snapshot = (chart as unknown as AnyStateMachine).resolveState({
    value: place.value,
    context,
    status,
    output: rare?.output,
    error: rare?.error,
    historyValue: place.history as never,
  });
  // To resolve fills up what XState leaves open where a history without a default was asked for too early.
  return Object.assign(snapshot, { value: place.value, _nodes: place.nodes });
}

/** @throws Error when the machine has no such state */
export function placeOfSnapshot(machine: CompiledMachine, snapshot: unknown): Place {
  const { value, historyValue = {} } = snapshot as PersistedSnapshot;
  const isPlain = typeof value === 'string' && Object.keys(historyValue).length === 0;
  if (!isPlain) return placeAt(machine, value, historyValue);
  const places = plainPlaces.get(machine) ?? new Map<string, Place>();
  plainPlaces.set(machine, places);
  const known = places.get(value);
  if (known) return known;
  const place = placeAt(machine, value, historyValue);
  places.set(value, place);
  return place;
}

function placeAt(machine: CompiledMachine, value: StateValue, historyValue: PersistedHistory): Place {
  const { chart } = machine;
  const history: Record<string, ChartNode[]> = {};
  for (const [id, nodes] of Object.entries(historyValue)) {
    // What an earlier version of the machine remembered may be gone.
    const known = nodes.flatMap((node) => nodeById(chart, node.id) ?? []);
    if (known.length > 0) history[id] = known;
  }
  const nodes = getStateNodes(chart.root as never, value) as unknown as ChartNode[];
  return machine.placeOf(nodes, history as HistoryValue);
}

function nodeById(chart: Chart, id: string): ChartNode | undefined {
  try {
    return chart.getStateNodeById(id);
  } catch {
    return undefined;
  }
}

/** References to actors are kept as marks, as XState does it. What comes twice is looked at once. */
function withoutReferences<T>(part: T, seen = new Set<unknown>()): T {
  if (typeof part !== 'object' || part === null || ArrayBuffer.isView(part) || seen.has(part)) return part;
  seen.add(part);
  let copy: Record<string, unknown> | undefined;
  for (const key in part) {
    const value: unknown = part[key];
    if (typeof value !== 'object' || value === null) continue;
    const kept = isReference(value) ? { xstate$$type: 1, id: value.id } : withoutReferences(value, seen);
    if (kept === value) continue;
    copy ??= (Array.isArray(part) ? part.slice() : { ...part }) as Record<string, unknown>;
    copy[key] = kept;
  }
  return (copy as T | undefined) ?? part;
}

function isReference(value: object): value is { readonly id: string } {
  return 'sessionId' in value && 'send' in value && 'ref' in value;
}
