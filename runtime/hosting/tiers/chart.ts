/**
 * The structure of a state chart: which states a transition leaves and enters, in XState's order. Everything here
 * depends on the chart alone and not on events or context, so it is asked once and the answer kept. It follows the
 * algorithm of SCXML as XState 5 has it, deviations included.
 */
import type { StateValue } from 'xstate';
import type { ChartNode, ChartTransition } from './xstateShapes.js';

/** What history states remember, by their ids. */
export type HistoryValue = Readonly<Record<string, readonly ChartNode[]>>;

export const noHistory: HistoryValue = {};

export function isAtomic(node: ChartNode): boolean {
  return node.type === 'atomic' || node.type === 'final';
}

/** `undefined` stands for what is above the root, as in XState. */
export function isDescendant(node: ChartNode, ancestor: ChartNode | undefined): boolean {
  let marker = node;
  while (marker.parent && marker.parent !== ancestor) marker = marker.parent;
  return marker.parent === ancestor;
}

/** Innermost first; `end` is not among them. */
export function properAncestors(node: ChartNode, end?: ChartNode): ChartNode[] {
  const ancestors: ChartNode[] = [];
  if (end === node) return ancestors;
  for (let above = node.parent; above && above !== end; above = above.parent) ancestors.push(above);
  return ancestors;
}

/** The children that can be active. */
function childrenOf(node: ChartNode): ChartNode[] {
  return Object.values(node.states).filter((child) => child.type !== 'history');
}

export function historyChildren(node: ChartNode): ChartNode[] {
  return Object.values(node.states).filter((child) => child.type === 'history');
}

export function isInFinalState(active: ReadonlySet<ChartNode>, node: ChartNode): boolean {
  if (node.type === 'compound') {
    return childrenOf(node).some((child) => child.type === 'final' && active.has(child));
  }
  if (node.type === 'parallel') return childrenOf(node).every((child) => isInFinalState(active, child));
  return node.type === 'final';
}

// --- from states to values and back

/** The node and what it enters by itself, outermost first. */
export function initialNodes(node: ChartNode, nodes = new Set<ChartNode>()): Set<ChartNode> {
  if (nodes.has(node)) return nodes;
  nodes.add(node);
  if (node.type === 'compound') initialNodes(node.initial.target[0] as ChartNode, nodes);
  else if (node.type === 'parallel') for (const child of childrenOf(node)) initialNodes(child, nodes);
  return nodes;
}

function addInitialWithAncestors(node: ChartNode, nodes: Set<ChartNode>): void {
  const initial = initialNodes(node);
  for (const entered of initial) for (const above of properAncestors(entered, node)) initial.add(above);
  for (const entered of initial) nodes.add(entered);
}

/** Completes a set of states by the initial states below them and by what stands above them. */
export function completed(nodes: Iterable<ChartNode>): Set<ChartNode> {
  const all = new Set(nodes);
  const children = childrenByParent(all);
  for (const node of all) {
    if (node.type === 'compound' && !children.get(node)?.length) addInitialWithAncestors(node, all);
    else if (node.type === 'parallel') {
      for (const child of childrenOf(node)) if (!all.has(child)) addInitialWithAncestors(child, all);
    }
  }
  for (const node of all) for (let above = node.parent; above; above = above.parent) all.add(above);
  return all;
}

function childrenByParent(nodes: Iterable<ChartNode>): Map<ChartNode, ChartNode[]> {
  const children = new Map<ChartNode, ChartNode[]>();
  for (const node of nodes) {
    if (!children.has(node)) children.set(node, []);
    if (!node.parent) continue;
    const siblings = children.get(node.parent);
    if (siblings) siblings.push(node);
    else children.set(node.parent, [node]);
  }
  return children;
}

export function stateValueOf(root: ChartNode, nodes: Iterable<ChartNode>): StateValue {
  const children = childrenByParent(completed(nodes));
  const stateValue = (node: ChartNode): StateValue => {
    const active = children.get(node);
    if (!active) return {};
    if (node.type === 'compound') {
      const [child] = active;
      if (!child) return {};
      if (isAtomic(child)) return child.key;
    }
    const value: Record<string, StateValue> = {};
    for (const child of active) value[child.key] = stateValue(child);
    return value;
  };
  return stateValue(root);
}

// --- what a transition leaves and enters

function historyDefault(node: ChartNode): { readonly target: readonly ChartNode[]; readonly isInitial: boolean } {
  const parent = node.parent as ChartNode;
  const { target } = node.config;
  if (target === undefined || target === '') {
    if (parent.type === 'parallel') return { target: [parent], isInitial: false };
    return { target: parent.initial.target, isInitial: true };
  }
  const targets = Array.isArray(target) ? (target as readonly string[]) : [target as string];
  return { target: targets.map((path) => nodeByPath(parent, path)), isInitial: false };
}

function nodeByPath(from: ChartNode, path: string): ChartNode {
  const { machine } = from as unknown as { readonly machine: { getStateNodeById(id: string): ChartNode } };
  if (path.startsWith('#')) return machine.getStateNodeById(path);
  return machine.getStateNodeById(`#${from.id.replace(/[.\\]/g, '\\$&')}.${path}`);
}

function effectiveTargets(target: readonly ChartNode[] | undefined, history: HistoryValue): ChartNode[] {
  const targets = new Set<ChartNode>();
  for (const node of target ?? []) {
    const remembered = node.type === 'history' ? history[node.id] : undefined;
    if (remembered) for (const each of remembered) targets.add(each);
    else if (node.type === 'history') {
      for (const each of effectiveTargets(historyDefault(node).target, history)) targets.add(each);
    } else targets.add(node);
  }
  return [...targets];
}

/** The state within which a transition happens; undefined is what is above the root. */
function domainOf(transition: ChartTransition, history: HistoryValue): ChartNode | undefined {
  const { source, reenter } = transition;
  const targets = effectiveTargets(transition.target, history);
  if (!reenter && targets.every((target) => target === source || isDescendant(target, source))) return source;
  const common = leastCommonAncestor([...targets, source]);
  if (common) return common;
  if (reenter) return undefined;
  let root = source;
  while (root.parent) root = root.parent;
  return root;
}

function leastCommonAncestor(nodes: readonly ChartNode[]): ChartNode | undefined {
  const [head, ...tail] = nodes;
  return properAncestors(head as ChartNode).find((ancestor) => tail.every((node) => isDescendant(node, ancestor)));
}

/** Innermost last: the caller sorts. */
export function exitSet(
  transitions: readonly ChartTransition[],
  active: ReadonlySet<ChartNode>,
  history: HistoryValue,
): Set<ChartNode> {
  const exits = new Set<ChartNode>();
  for (const transition of transitions) {
    if (!transition.target?.length) continue;
    const domain = domainOf(transition, history);
    if (domain && transition.reenter && transition.source === domain) exits.add(domain);
    for (const node of active) if (isDescendant(node, domain)) exits.add(node);
  }
  return exits;
}

/** Of transitions that would leave the same state, the inner one's is taken, else the first. */
export function withoutConflicts(
  transitions: readonly ChartTransition[],
  active: ReadonlySet<ChartNode>,
  history: HistoryValue,
): ChartTransition[] {
  const kept = new Set<ChartTransition>();
  for (const transition of transitions) {
    const exits = exitSet([transition], active, history);
    const outdone: ChartTransition[] = [];
    let isPreempted = false;
    for (const other of kept) {
      if (!intersects(exits, exitSet([other], active, history))) continue;
      if (!isDescendant(transition.source, other.source)) {
        isPreempted = true;
        break;
      }
      outdone.push(other);
    }
    if (isPreempted) continue;
    for (const other of outdone) kept.delete(other);
    kept.add(transition);
  }
  return [...kept];
}

function intersects(some: ReadonlySet<ChartNode>, others: ReadonlySet<ChartNode>): boolean {
  for (const node of some) if (others.has(node)) return true;
  return false;
}

/** What is entered, and of which of it the initial transition's actions run too. */
export class EntrySet {
  readonly nodes = new Set<ChartNode>();
  readonly byDefault = new Set<ChartNode>();
  readonly #history: HistoryValue;

  constructor(transitions: readonly ChartTransition[], history: HistoryValue) {
    this.#history = history;
    for (const transition of transitions) this.#addTransition(transition);
  }

  #addTransition(transition: ChartTransition): void {
    const { source, target, reenter } = transition;
    const domain = domainOf(transition, this.#history);
    for (const node of target ?? []) {
      // A state that is its own target's domain is stayed in, unless it is entered again.
      if (node.type !== 'history' && (source !== node || source !== domain || reenter)) {
        this.nodes.add(node);
        this.byDefault.add(node);
      }
      this.#addDescendants(node);
    }
    for (const node of effectiveTargets(target, this.#history)) {
      const ancestors = properAncestors(node, domain);
      if (domain?.type === 'parallel') ancestors.push(domain);
      this.#addAncestors(ancestors, !source.parent && reenter ? undefined : domain);
    }
  }

  #addDescendants(node: ChartNode): void {
    if (node.type === 'history') this.#addRemembered(node);
    else if (node.type === 'compound') {
      const initial = node.initial.target[0] as ChartNode;
      if (initial.type !== 'history') {
        this.nodes.add(initial);
        this.byDefault.add(initial);
      }
      this.#addDescendants(initial);
      this.#addAncestors(properAncestors(initial, node));
    } else if (node.type === 'parallel') {
      for (const child of this.#childrenLeftOut(node)) {
        this.nodes.add(child);
        this.byDefault.add(child);
        this.#addDescendants(child);
      }
    }
  }

  #addRemembered(node: ChartNode): void {
    const parent = node.parent as ChartNode;
    const remembered = this.#history[node.id];
    const { target, isInitial } = remembered ? { target: remembered, isInitial: false } : historyDefault(node);
    for (const each of target) {
      this.nodes.add(each);
      if (isInitial) this.byDefault.add(parent);
      this.#addDescendants(each);
    }
    for (const each of target) this.#addAncestors(properAncestors(each, parent));
  }

  #addAncestors(ancestors: readonly ChartNode[], domain?: ChartNode): void {
    for (const ancestor of ancestors) {
      if (!domain || isDescendant(ancestor, domain)) this.nodes.add(ancestor);
      if (ancestor.type !== 'parallel') continue;
      for (const child of this.#childrenLeftOut(ancestor)) {
        this.nodes.add(child);
        this.#addDescendants(child);
      }
    }
  }

  /** Regions of which nothing is entered yet; asked anew after each, as one region's entry can bring in another. */
  *#childrenLeftOut(node: ChartNode): Generator<ChartNode> {
    for (const child of childrenOf(node)) {
      let isLeftOut = true;
      for (const entered of this.nodes) {
        if (!isDescendant(entered, child)) continue;
        isLeftOut = false;
        break;
      }
      if (isLeftOut) yield child;
    }
  }
}
