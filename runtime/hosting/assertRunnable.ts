/**
 * Finds what a machine names and does not have, before its actor starts: XState would pass over a missing action in
 * silence, and fail at a missing guard or actor when the state is reached, perhaps days later. What is named only by a
 * function, in `enqueueActions`, cannot be seen here; the tiers say it when it is asked for.
 */
import type { AnyActorLogic } from 'xstate';
import { AcademyError } from '../protocol/errors.js';
import { missingPart, type PartKind, partOf } from './tiers/missingPart.js';
import { type Chart, type ChartNode, hasCheck, isBuiltin, isBuiltinGuard, isChart } from './tiers/xstateShapes.js';

/** Machines that were looked through and have all that they name. */
const known = new WeakSet<object>();

/** @throws AcademyError ERR_ACADEMY_MACHINE_UNSUPPORTED that says what is missing, and where it is named */
export function assertRunnable(machine: AnyActorLogic): void {
  // Of a machine of another copy of XState nothing is known.
  if (known.has(machine) || !isChart(machine)) return;
  new Reader(machine as unknown as Chart).node((machine as unknown as Chart).root);
  known.add(machine);
}

interface InvokedNode {
  readonly invoke: readonly { readonly src: unknown }[];
  readonly config: { readonly after?: Readonly<Record<string, unknown>> };
}

class Reader {
  readonly #chart: Chart;
  /** Named actions and guards that were read where they were first named. */
  readonly #read = new Set<string>();
  /** Names of the guards that are being read, from the outermost to the innermost. */
  readonly #guardPath: string[] = [];

  constructor(chart: Chart) {
    this.#chart = chart;
  }

  node(node: ChartNode): void {
    const at = `at #${node.id}`;
    const { invoke, config } = node as unknown as InvokedNode;
    for (const { src } of invoke) this.#named('actor', src, `${at}: invoke`);
    for (const delay of Object.keys(config.after ?? {})) {
      if (!Number.isFinite(Number(delay))) this.#named('delay', delay, `${at}: after`);
    }
    this.#actions(node.entry, `${at}: entry`);
    this.#actions(node.exit, `${at}: exit`);
    if (node.type === 'compound') this.#actions(node.initial.actions, `${at}: initial`);
    for (const [event, transitions] of node.transitions) {
      for (const { guard, actions } of transitions) {
        this.#guard(guard, `${at}: on "${event}"`);
        this.#actions(actions, `${at}: on "${event}"`);
      }
    }
    for (const { guard, actions } of node.always ?? []) {
      this.#guard(guard, `${at}: always`);
      this.#actions(actions, `${at}: always`);
    }
    for (const child of Object.values(node.states)) this.node(child);
  }

  #actions(actions: readonly unknown[], at: string): void {
    for (const action of actions) {
      if (typeof action === 'function') this.#parts(action, at);
      else this.#namedAction(nameOf(action), at);
    }
  }

  #namedAction(name: unknown, at: string): void {
    const action = this.#named('action', name, at);
    if (this.#isNew('action', name)) this.#parts(action, `${at}, in the action "${name}"`);
  }

  #parts(action: unknown, at: string): void {
    if (!isBuiltin(action)) return;
    const { delay, src } = action as { readonly delay?: unknown; readonly src?: unknown };
    this.#named('delay', delay, at);
    this.#named('actor', src, at);
  }

  #guard(guard: unknown, at: string): void {
    if (guard === undefined) return;
    if (typeof guard !== 'function') return this.#namedGuard(nameOf(guard), at);
    if (hasCheck(guard) && isBuiltinGuard(guard)) for (const part of guard.guards ?? []) this.#guard(part, at);
  }

  #namedGuard(name: unknown, at: string): void {
    const guard = this.#named('guard', name, at);
    if (typeof name !== 'string') return;
    if (this.#guardPath.includes(name)) throw this.#circle(name, at);
    if (!this.#isNew('guard', name)) return;
    this.#guardPath.push(name);
    this.#guard(guard, `${at}, in the guard "${name}"`);
    this.#guardPath.pop();
  }

  #isNew(kind: PartKind, name: unknown): boolean {
    const key = `${kind} ${name}`;
    if (this.#read.has(key)) return false;
    this.#read.add(key);
    return true;
  }

  /** @returns what the machine has under the name */
  #named(kind: PartKind, name: unknown, at: string): unknown {
    if (typeof name !== 'string' || name.startsWith('xstate.')) return undefined;
    const part = partOf(this.#chart, kind, name);
    if (part === undefined) throw missingPart(this.#chart, kind, name, at);
    return part;
  }

  #circle(name: string, at: string): AcademyError {
    const circle = [...this.#guardPath.slice(this.#guardPath.indexOf(name)), name];
    return new AcademyError(
      'ERR_ACADEMY_MACHINE_UNSUPPORTED',
      `the guard "${name}" of the machine "${this.#chart.id}" asks itself ${at}: ${circle.join(' asks ')}`,
      { remedy: `write one of the guards ${circle.slice(1).join(', ')} as a function` },
    );
  }
}

function nameOf(reference: unknown): unknown {
  return typeof reference === 'string' ? reference : (reference as { readonly type?: unknown } | null)?.type;
}
