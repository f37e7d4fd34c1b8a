/** Changes a supervision tree as was decided: the only place that does. */
import { restartsWithin } from './restartPolicy.js';
import {
  isUp,
  type NodeStatus,
  type SupervisedNode,
  type SupervisedNodes,
  type SupervisorNode,
} from './SupervisedNode.js';
import type { Decision } from './supervise.js';

export function enact(tree: SupervisedNodes, decision: Decision): void {
  const node = tree.get(decision.name);
  if (!node) return;
  switch (decision.type) {
    case 'note':
      setStatus(node, decision.status);
      return;
    case 'start':
      setStatus(node, 'starting');
      if (node.type === 'supervisor') beginAnew(node);
      return;
    case 'up':
      return setStatus(node, 'running');
    case 'stop':
      node.keep = decision.keep;
      if (node.type === 'supervisor')
        beginToEnd(node, { keep: decision.keep, error: null, hasEnded: false, byMs: decision.byMs });
      return setStatus(node, 'stopping');
    case 'keep-not':
      node.keep = false;
      if (node.type === 'supervisor' && node.ending) node.ending = { ...node.ending, keep: false };
      return;
    case 'kill':
      return setStatus(node, 'killing');
    case 'release':
      setStatus(node, 'down');
      node.out = decision.outcome === 'done' && node.kind !== 'temporary' ? 'done' : 'given-up';
      return leave(tree, node);
    case 'wait':
      count(node, decision);
      return setStatus(node, 'waiting');
    case 'ended':
      // What becomes of it is decided next, by its parent.
      if (node.type === 'supervisor' && node.ending) node.ending = { ...node.ending, hasEnded: true };
      return;
    case 'resume':
    case 'escalate':
      return;
    default:
      if (node.type === 'supervisor') regroup(tree, node, decision);
  }
}

function regroup(tree: SupervisedNodes, supervisor: SupervisorNode, decision: Decision): void {
  switch (decision.type) {
    case 'regroup': {
      const child = tree.get(decision.child);
      if (child) count(child, decision);
      supervisor.regroup = { from: decision.from, phase: 'stopping', isDue: false };
      return;
    }
    case 'regroup-due':
      if (supervisor.regroup) supervisor.regroup = { ...supervisor.regroup, isDue: true };
      return;
    case 'regroup-starts': {
      const { regroup } = supervisor;
      if (!regroup) return;
      supervisor.regroup = { ...regroup, phase: 'starting' };
      let isIn = false;
      for (const child of supervisor.children.values()) {
        isIn ||= child.name === regroup.from;
        // As in OTP, one that had come to its own end is started with the others.
        if (isIn && child.out === 'done') child.out = null;
      }
      return;
    }
    case 'regrouped':
      supervisor.regroup = null;
      return;
    case 'give-up':
      return beginToEnd(supervisor, { keep: true, error: decision.error, hasEnded: false, byMs: decision.byMs });
  }
}

function beginToEnd(supervisor: SupervisorNode, ending: NonNullable<SupervisorNode['ending']>): void {
  supervisor.regroup = null;
  supervisor.ending = ending;
  for (const child of supervisor.children.values()) if (child.status === 'waiting') setStatus(child, 'held');
}

/** A supervisor has no memory of its earlier life. */
function beginAnew(supervisor: SupervisorNode): void {
  supervisor.ending = null;
  supervisor.regroup = null;
  supervisor.fallsAtMs = [];
  for (const child of supervisor.children.values()) {
    child.out = null;
    child.revival = null;
    child.restartsAtMs = [];
    child.streak = 0;
  }
}

function count(child: SupervisedNode, restart: Extract<Decision, { type: 'wait' | 'regroup' }>): void {
  const { atMs, isCounted, revival } = restart;
  const { parent, own } = child;
  const isQuiet = atMs - child.lastRestartMs >= (child.backoff.quietMs ?? parent?.withinMs ?? 0);
  child.streak = isQuiet ? 1 : child.streak + 1;
  child.lastRestartMs = atMs;
  child.revival = revival;
  child.restarts++;
  if (!isCounted) return;
  if (own) child.restartsAtMs = withOneMore(own, child.restartsAtMs, atMs);
  if (parent) parent.fallsAtMs = withOneMore(parent, parent.fallsAtMs, atMs);
}

function withOneMore(
  { intensity, withinMs }: { readonly intensity: number; readonly withinMs: number },
  earlierMs: readonly number[],
  atMs: number,
): readonly number[] {
  return Number.isFinite(intensity) ? [...restartsWithin(withinMs, earlierMs, atMs), atMs] : earlierMs;
}

function setStatus(node: SupervisedNode, status: NodeStatus): void {
  const wasUp = isUp(node);
  node.status = status;
  if (node.parent) node.parent.up += Number(isUp(node)) - Number(wasUp);
}

/** A root that is down, and a child that was added and is out, do not come back: they are forgotten. */
function leave(tree: SupervisedNodes, node: SupervisedNode): void {
  const { parent } = node;
  if (parent && parent.strategy !== 'dynamic' && !node.isAdded) return;
  parent?.children.delete(node.name);
  uproot(tree, node);
}

function uproot(tree: SupervisedNodes, node: SupervisedNode): void {
  tree.delete(node.name);
  if (node.type === 'supervisor') for (const child of node.children.values()) uproot(tree, child);
}
