/**
 * Reads a machine for what it uses: which features, and which of them keep it from running without an XState actor,
 * and where. What a function does can be seen only by its source; what is hidden there is refused when it is called.
 */
import { mayTake } from './argumentUse.js';
import type { TierName, TierReason } from './MachineTier.js';
import {
  type Chart,
  type ChartNode,
  type ChartTransition,
  hasCheck,
  isBuiltin,
  isBuiltinGuard,
  isChart,
  isKnownBuiltin,
} from './xstateShapes.js';

export interface MachineAnalysis {
  /** The fastest that fits. */
  readonly tier: TierName;
  readonly reasons: readonly TierReason[];
  /** Names of what the machine uses, sorted. */
  readonly features: readonly string[];
}

/** Why a feature needs more than tables, and what to do about it. */
const remedies: Readonly<Record<string, string>> = {
  invoke: 'ask an actor of its own by the effect `ask`, or let an action start the work and send its result to `self`',
  spawn: 'let the host spawn it: emit the effect `spawn`',
  spawnChild: 'let the host spawn it: emit the effect `spawn`',
  stopChild: 'let the host stop it: emit the effect `stop`',
  'self as an actor': 'use no more of `self` than send and getSnapshot',
  'system.inspect': 'look at the actor from outside, with `academy inspect`',
  'another copy of XState': "make it with the xstate that academy-mesh uses: one version in the project's lock file",
  'logic of another kind': 'write it as a machine',
  'a plain function': 'write it as a machine',
  'an action of another kind': 'write it with the actions that XState 5 exports',
  'a guard of another kind': 'write it with the guards that XState 5 exports',
  'states with the same id': 'give each state an id of its own',
};

/** These run by XState's step; whatever else has a remedy needs an actor. */
const hostedFeatures: ReadonlySet<string> = new Set([
  'a plain function',
  'an action of another kind',
  'a guard of another kind',
  'states with the same id',
]);

export function analyseMachine(logic: unknown): MachineAnalysis {
  const findings = new Findings();
  if (isChart(logic)) new ChartReader(logic as Chart, findings).read();
  else findings.note(kindOf(logic), 'the whole of it');
  return findings.result();
}

function kindOf(logic: unknown): string {
  const { start, transition, __xstatenode: isMachine } = logic as Record<string, unknown>;
  if (isMachine) return 'another copy of XState';
  // A promise or a callback has to be started; a function from state to state has not.
  return typeof transition === 'function' && start === undefined ? 'a plain function' : 'logic of another kind';
}

class Findings {
  readonly #features = new Set<string>();
  readonly #reasons: TierReason[] = [];

  note(feature: string, place: string): void {
    this.#features.add(feature);
    const remedy = remedies[feature];
    if (remedy) this.#reasons.push({ feature, place, remedy });
  }

  result(): MachineAnalysis {
    const needsActor = this.#reasons.some(({ feature }) => !hostedFeatures.has(feature));
    return {
      tier: needsActor ? 'full' : this.#reasons.length > 0 ? 'hosted' : 'compiled',
      reasons: this.#reasons,
      features: [...this.#features].sort(),
    };
  }
}

class ChartReader {
  readonly #chart: Chart;
  readonly #findings: Findings;
  /** Implementations that were read already; guards may name one another in a circle. */
  readonly #seen = new Set<unknown>();

  constructor(chart: Chart, findings: Findings) {
    this.#chart = chart;
    this.#findings = findings;
  }

  read(): void {
    const { root, config, idMap } = this.#chart;
    if (typeof config.context === 'function') {
      this.#note('context from input', '');
      this.#function(config.context, `#${root.id}: context`, true);
    }
    const count = this.#node(root);
    if (count !== idMap.size) this.#note('states with the same id', `#${root.id}`);
  }

  /** @returns how many states were read */
  #node(node: ChartNode): number {
    const at = `#${node.id}`;
    if (node.type !== 'atomic') this.#note(nodeFeature(node), at);
    if (node.parent?.parent) this.#note('nested', at);
    if (node.tags.length > 0) this.#note('tags', at);
    if (node.invoke.length > 0) this.#note('invoke', at);
    this.#output(node, at);
    this.#actions(node.entry, `${at}: entry`, 'entry');
    this.#actions(node.exit, `${at}: exit`, 'exit');
    if (node.type === 'compound') this.#actions(node.initial.actions, `${at}: initial`, 'initial actions');
    for (const [descriptor, transitions] of node.transitions) {
      for (const transition of transitions) this.#transition(transition, descriptor, `${at}: on "${descriptor}"`);
    }
    for (const transition of node.always ?? []) this.#transition(transition, '', `${at}: always`);
    let count = 1;
    for (const child of Object.values(node.states)) count += this.#node(child);
    return count;
  }

  #output(node: ChartNode, at: string): void {
    if (node.output === undefined) return;
    this.#note(node.parent ? 'output' : 'machine output', at);
    this.#function(node.output, `${at}: output`);
  }

  #transition(transition: ChartTransition, descriptor: string, at: string): void {
    const feature = descriptorFeature(descriptor);
    if (feature) this.#note(feature, at);
    const { target, actions, guard, reenter } = transition;
    if (reenter) this.#note('reenter', at);
    if (target && target.length > 1) this.#note('several targets', at);
    if (!target && actions.length === 0) this.#note('forbidden event', at);
    if (guard) this.#guard(guard, `${at}, guard`);
    this.#actions(actions, `${at}, action`, 'transition actions');
  }

  #guard(guard: unknown, at: string): void {
    this.#note('guard', at);
    if (typeof guard === 'object' && guard !== null && 'params' in guard) this.#note('guard with params', at);
    const name = typeof guard === 'string' ? guard : (guard as { type?: string }).type;
    const resolved = typeof guard === 'function' ? guard : this.#chart.implementations.guards[name ?? ''];
    if (!resolved || this.#seen.has(resolved)) return;
    this.#seen.add(resolved);
    if (typeof resolved !== 'function') return this.#guard(resolved, at);
    if (!hasCheck(resolved)) return;
    if (!isBuiltinGuard(resolved)) return this.#note('a guard of another kind', at);
    this.#note(resolved.name, at);
    for (const part of resolved.guards ?? []) this.#guard(part, at);
  }

  #actions(actions: readonly unknown[], at: string, feature: string): void {
    for (const [number, action] of actions.entries()) {
      this.#note(feature, at);
      this.#action(action, `${at} ${typeof action === 'string' ? `"${action}"` : number + 1}`);
    }
  }

  #action(action: unknown, at: string): void {
    if (typeof action === 'object' && action !== null && 'params' in action) this.#note('action with params', at);
    const name = typeof action === 'string' ? action : (action as { type?: string }).type;
    const resolved = typeof action === 'function' ? action : this.#chart.implementations.actions[name ?? ''];
    if (typeof resolved !== 'function') return;
    if (isBuiltin(resolved)) return this.#builtin(resolved, at);
    this.#note('function', at);
    this.#function(resolved, at);
  }

  #builtin(action: { readonly type: string }, at: string): void {
    const feature = action.type.replace('xstate.', '');
    if (!isKnownBuiltin(action)) {
      return this.#note(
        feature === 'spawnChild' || feature === 'stopChild' ? feature : 'an action of another kind',
        at,
      );
    }
    const isDelayed = 'delay' in action && action.delay !== undefined;
    if (action.type === 'xstate.sendTo' && action.to === '#_parent') this.#note('sendParent', at);
    else this.#note(isDelayed ? `delayed ${feature}` : feature, at);
    for (const part of partsOf(action)) this.#function(part, at, action.type === 'xstate.assign');
    if (action.type !== 'xstate.enqueueActions') return;
    for (const child of ['spawnChild', 'stopChild']) if (contains(action.collect, child)) this.#note(child, at);
  }

  #function(fn: unknown, at: string, maySpawn = false): void {
    if (typeof fn !== 'function') return;
    if (maySpawn && mayTake(fn, 'spawn')) this.#note('spawn', at);
    if (contains(fn, 'system\\s*\\.\\s*inspect')) this.#note('system.inspect', at);
    if (!mayTake(fn, 'self')) return;
    this.#note('self', at);
    if (contains(fn, 'self\\s*\\.\\s*(?:subscribe|on|select|start|stop)')) this.#note('self as an actor', at);
  }

  #note(feature: string, at: string): void {
    this.#findings.note(feature, at);
  }
}

function nodeFeature(node: ChartNode): string {
  return node.type === 'history' ? `${node.history} history` : node.type;
}

function descriptorFeature(descriptor: string): string | null {
  if (descriptor === '') return 'always';
  if (descriptor === '*') return 'wildcard';
  if (descriptor.endsWith('.*')) return 'partial wildcard';
  if (descriptor.startsWith('xstate.after.')) return 'after';
  return descriptor.startsWith('xstate.done.state.') ? 'done' : null;
}

/** The functions in a built-in action. */
function partsOf(action: object): unknown[] {
  const { assignment, event, to, delay, value, sendId, collect } = action as Record<string, unknown>;
  const assigned = typeof assignment === 'object' && assignment !== null ? Object.values(assignment) : [assignment];
  return [...assigned, event, to, delay, value, sendId, collect];
}

function contains(fn: unknown, pattern: string): boolean {
  return new RegExp(`\\b${pattern}\\b`).test(Function.prototype.toString.call(fn));
}
