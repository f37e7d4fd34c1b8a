/**
 * What the tiers read of XState 5.33.3 that is not in its documented types: a machine's tree of state nodes, and the
 * properties by which its built-in actions and guards say what they are. `xstateShapes.test.ts` holds XState to it, so
 * that another version fails there and not in somebody's actor.
 */
import { StateMachine } from 'xstate';

export interface ChartNode {
  readonly id: string;
  readonly key: string;
  readonly type: 'atomic' | 'compound' | 'parallel' | 'final' | 'history';
  /** Position in the document, from 0; parents come before their children. */
  readonly order: number;
  readonly parent?: ChartNode;
  readonly states: Readonly<Record<string, ChartNode>>;
  readonly history: false | 'shallow' | 'deep';
  readonly entry: readonly unknown[];
  readonly exit: readonly unknown[];
  readonly output?: unknown;
  readonly tags: readonly string[];
  readonly transitions: ReadonlyMap<string, readonly ChartTransition[]>;
  readonly always?: readonly ChartTransition[];
  readonly initial: ChartTransition & { readonly target: readonly ChartNode[] };
  readonly invoke: readonly { readonly id: string }[];
  /** Where a history state leads that has nothing to remember. */
  readonly config: { readonly target?: string | readonly string[] };
}

export interface ChartTransition {
  readonly source: ChartNode;
  readonly target: readonly ChartNode[] | undefined;
  readonly actions: readonly unknown[];
  readonly guard?: unknown;
  readonly reenter: boolean;
  /** The descriptor of the event; empty for eventless transitions. */
  readonly eventType: string | null;
}

export interface Chart {
  readonly id: string;
  readonly root: ChartNode;
  readonly idMap: ReadonlyMap<string, ChartNode>;
  readonly events: readonly string[];
  readonly config: { readonly context?: unknown };
  readonly options: { readonly maxIterations: number };
  readonly implementations: {
    readonly actions: Readonly<Record<string, unknown>>;
    readonly guards: Readonly<Record<string, unknown>>;
    readonly delays: Readonly<Record<string, unknown>>;
    readonly actors: Readonly<Record<string, unknown>>;
  };
  getStateNodeById(id: string): ChartNode;
}

export type Context = Record<string, unknown>;

/** An expression of a built-in action: a value, or a function that makes it from the arguments and the parameters. */
export type Expression = unknown;

export type BuiltinAction =
  | { readonly type: 'xstate.assign'; readonly assignment: Expression }
  | { readonly type: 'xstate.raise'; readonly event: Expression; readonly id?: string; readonly delay?: Expression }
  | {
      readonly type: 'xstate.sendTo';
      readonly to: Expression;
      readonly event: Expression;
      readonly id?: string;
      readonly delay?: Expression;
    }
  | { readonly type: 'xstate.emit'; readonly event: Expression }
  | { readonly type: 'xstate.log'; readonly value: Expression; readonly label?: string }
  | { readonly type: 'xstate.cancel'; readonly sendId: Expression }
  | { readonly type: 'xstate.enqueueActions'; readonly collect: (args: never, params: unknown) => void };

/** Those of XState's actions that a machine can do without an actor around it. */
const builtinTypes: ReadonlySet<string> = new Set<BuiltinAction['type']>([
  'xstate.assign',
  'xstate.raise',
  'xstate.sendTo',
  'xstate.emit',
  'xstate.log',
  'xstate.cancel',
  'xstate.enqueueActions',
]);

/** A machine that was made with the same copy of XState as ours; of another one nothing is known. */
export function isChart(logic: unknown): boolean {
  return logic instanceof StateMachine;
}

/** XState runs what has a `resolve` as part of its step, and calls whatever has none. */
export function isBuiltin(action: unknown): action is { readonly type: string; readonly resolve: unknown } {
  return typeof action === 'function' && 'resolve' in action;
}

export function isKnownBuiltin(action: unknown): action is BuiltinAction {
  return isBuiltin(action) && builtinTypes.has(action.type);
}

export interface BuiltinGuard {
  readonly name: 'and' | 'or' | 'not' | 'stateIn';
  readonly guards?: readonly unknown[];
  readonly stateValue?: unknown;
}

/** XState asks what has a `check`, and calls whatever has none. */
export function hasCheck(guard: unknown): guard is { readonly name: string; readonly check: unknown } {
  return typeof guard === 'function' && 'check' in guard;
}

export function isBuiltinGuard(guard: unknown): guard is BuiltinGuard {
  if (!hasCheck(guard)) return false;
  if (guard.name === 'stateIn') return 'stateValue' in guard;
  return ['and', 'or', 'not'].includes(guard.name) && 'guards' in guard;
}
