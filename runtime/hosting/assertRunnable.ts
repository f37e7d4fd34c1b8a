/**
 * Finds what a machine names and does not have, before its actor starts: XState would pass over a missing action in
 * silence, and fail at a missing guard or actor when the state is reached, perhaps days later.
 */
import type { AnyActorLogic } from 'xstate';
import { AcademyError } from '../protocol/errors.js';
import { type Chart, type ChartNode, hasCheck, isBuiltin, isBuiltinGuard, isChart } from './tiers/xstateShapes.js';

type Kind = 'action' | 'guard' | 'actor' | 'delay';

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
  readonly #implementations: Readonly<Record<string, Readonly<Record<string, unknown>>>>;

  constructor(chart: Chart) {
    this.#chart = chart;
    this.#implementations = chart.implementations as never;
  }

  node(node: ChartNode): void {
    const at = `#${node.id}`;
    const { invoke, config } = node as unknown as InvokedNode;
    for (const { src } of invoke) this.#named('actor', src, `${at}: invoke`);
    for (const delay of Object.keys(config.after ?? {})) {
      if (!Number.isFinite(Number(delay))) this.#named('delay', delay, `${at}: after`);
    }
    this.#actions(node.entry, `${at}: entry`);
    this.#actions(node.exit, `${at}: exit`);
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
      if (typeof action !== 'function') this.#named('action', nameOf(action), at);
      else if (isBuiltin(action)) this.#delay((action as { readonly delay?: unknown }).delay, at);
    }
  }

  #delay(delay: unknown, at: string): void {
    if (typeof delay === 'string') this.#named('delay', delay, at);
  }

  #guard(guard: unknown, at: string): void {
    if (guard === undefined) return;
    if (typeof guard !== 'function') return this.#named('guard', nameOf(guard), at);
    if (hasCheck(guard) && isBuiltinGuard(guard)) for (const part of guard.guards ?? []) this.#guard(part, at);
  }

  #named(kind: Kind, name: unknown, at: string): void {
    if (typeof name !== 'string' || name.startsWith('xstate.')) return;
    const there = this.#implementations[`${kind}s`] ?? {};
    if (Object.hasOwn(there, name)) return;
    const has = Object.keys(there);
    throw new AcademyError(
      'ERR_ACADEMY_MACHINE_UNSUPPORTED',
      `the machine "${this.#chart.id}" names the ${kind} "${name}" at ${at}, and has none of that name`,
      {
        remedy: `give it in setup({ ${kind}s: { ${name} } })${has.length > 0 ? `, or use one of: ${has.join(', ')}` : ''}`,
      },
    );
  }
}

function nameOf(reference: unknown): unknown {
  return typeof reference === 'string' ? reference : (reference as { readonly type?: unknown } | null)?.type;
}
