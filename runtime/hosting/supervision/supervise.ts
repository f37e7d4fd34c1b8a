/**
 * What a supervision tree does about an event, as pure functions over the tree as data: supervise() judges the event,
 * proceed() says the next step of an ordered start or stop. Neither changes the tree, reads a clock or rolls dice.
 *
 * After OTP's `supervisor`: strategies, kinds of children, intensity of all children in a sliding window, start in
 * order and one after the other, end in the reverse order, each child with its limit; a start that fails ends the
 * supervisor; one that was started again begins with a clean slate and all children of its definition; dynamic
 * children end all at once. It differs where actors here differ from processes, or where OTP leaves a wish:
 * - a fallen child keeps its address and what waits in its mailbox, and so do siblings that are started again with it;
 * - a restart waits for a back-off, and one that fails is tried again after a longer one, counted as in OTP;
 * - a child may have a bound of its own, beyond which it alone is given up;
 * - the error may choose another directive than to start again (as in Akka): resume, restore, stop, escalate;
 * - restarts by a message that is tried once more count once, since its quarantine bounds them;
 * - children that were added later come back with their supervisor, but for temporary ones;
 * - there is no automatic shutdown by significant children; a root that gives up tells the node.
 */
import type { ErrorRecord } from '../../protocol/errors.js';
import type { Random } from '../../protocol/Random.js';
import type { Directive } from '../../protocol/supervision.js';
import { directiveFor } from './directiveFor.js';
import { backoffDelayMs, type ChildEnd, isToRestart, restartsWithin } from './restartPolicy.js';
import {
  isUp,
  type NodeStatus,
  type Revival,
  type SupervisedNode,
  type SupervisedNodes,
  type SupervisorNode,
} from './SupervisedNode.js';

export type SupervisionEvent =
  /** A root, or a child that was added, is to be started. */
  | { readonly type: 'start'; readonly name: string }
  | { readonly type: 'started'; readonly name: string }
  | { readonly type: 'start-failed'; readonly name: string; readonly error: ErrorRecord }
  | FallEvent
  /** It has ended as it was told, or was ended by somebody else; unless it is kept, its address is dead. */
  | { readonly type: 'stopped'; readonly name: string }
  /** The delay of a `wait` is over. */
  | { readonly type: 'due'; readonly name: string }
  /** The limit of a `stop` is over. */
  | { readonly type: 'late'; readonly name: string }
  /** Somebody wants it ended for good. */
  | { readonly type: 'stop'; readonly name: string };

export interface FallEvent {
  readonly type: 'fell';
  readonly name: string;
  readonly end: ChildEnd;
  readonly error: ErrorRecord | null;
  readonly errorName?: string;
  /** What the actor's own definition says about the error; it goes before what its supervisor says. */
  readonly directive?: Directive | undefined;
  /** By a message that has made it fall before: counted elsewhere. */
  readonly isRepeat?: boolean;
  /** With the thread that it lived on, whose deaths are counted elsewhere. */
  readonly isByShard?: boolean;
}

export type Decision =
  /** A fact: nothing is to be done. */
  | { readonly type: 'note'; readonly name: string; readonly status: NodeStatus }
  | { readonly type: 'start'; readonly name: string; readonly revival: Revival }
  /** Its children are up. */
  | { readonly type: 'up'; readonly name: string }
  | { readonly type: 'resume'; readonly name: string }
  | (Limit & { readonly type: 'stop'; readonly name: string; readonly keep: boolean })
  | { readonly type: 'kill'; readonly name: string }
  /** One that is stopping does not come back after all. */
  | { readonly type: 'keep-not'; readonly name: string }
  /** It is not started again: whatever is held for it is let go. */
  | (Ending & { readonly type: 'release'; readonly name: string })
  /** A restart of one child. */
  | (Restart & { readonly type: 'wait'; readonly name: string })
  /** A restart of a child together with others. */
  | (Restart & { readonly type: 'regroup'; readonly name: string; readonly child: string; readonly from: string })
  | { readonly type: 'regroup-due'; readonly name: string }
  | { readonly type: 'regroup-starts'; readonly name: string }
  | { readonly type: 'regrouped'; readonly name: string }
  /** A supervisor gives up: it stops its children, and then ends by this error. */
  | (Limit & { readonly type: 'give-up'; readonly name: string; readonly error: ErrorRecord })
  /** Nothing below a supervisor runs any more; with an error: it has given up. */
  | { readonly type: 'ended'; readonly name: string; readonly error: ErrorRecord | null }
  /** A root has given up. */
  | { readonly type: 'escalate'; readonly name: string; readonly error: ErrorRecord };

/** Of an end in good order; of a supervisor, for all that is below it together. */
interface Limit {
  readonly limitMs: number;
  readonly byMs: number;
}

interface Ending {
  readonly outcome: 'done' | 'stopped' | 'failed';
  readonly error: ErrorRecord | null;
}

interface Restart {
  readonly delayMs: number;
  readonly revival: Revival;
  readonly atMs: number;
  /** Whether it counts against the bounds. */
  readonly isCounted: boolean;
}

/** @param tree is read only; enact() changes it, decision by decision */
export function supervise(
  tree: SupervisedNodes,
  event: SupervisionEvent,
  nowMs: number,
  random: Random,
): readonly Decision[] {
  const node = tree.get(event.name);
  if (!node) return [];
  switch (event.type) {
    case 'start':
      return node.status === 'down' && isOpen(node.parent) ? [start(node)] : [];
    case 'started':
      return node.status === 'starting' ? [note(node, 'running')] : [];
    case 'start-failed':
      return startFailed(node, event.error, nowMs, random);
    case 'fell':
      return fell(node, event, nowMs, random);
    case 'stopped':
      return stopped(node);
    case 'due':
      if (node.status === 'waiting') return [start(node)];
      return node.type === 'supervisor' && node.regroup ? [{ type: 'regroup-due', name: node.name }] : [];
    case 'late':
      // Of a supervisor, whose children are all ended now: that is its next step.
      return node.type === 'actor' && node.status === 'stopping' ? [{ type: 'kill', name: node.name }] : [];
    case 'stop':
      return stopForGood(node, nowMs);
  }
}

/** The next step of a supervisor that starts, ends, or starts children again in order; none while it has to wait. */
export function proceed(supervisor: SupervisorNode, nowMs: number): readonly Decision[] {
  if (!isUp(supervisor)) return [];
  if (supervisor.ending) return endNext(supervisor, supervisor.ending, nowMs);
  if (supervisor.regroup) return regroupNext(supervisor, supervisor.regroup, nowMs);
  if (supervisor.status !== 'starting') return [];
  return startNext(supervisor, [...supervisor.children.values()]) ?? [{ type: 'up', name: supervisor.name }];
}

// --- what an event means

function startFailed(node: SupervisedNode, error: ErrorRecord, nowMs: number, random: Random): readonly Decision[] {
  const { parent } = node;
  if (node.status === 'starting' && parent !== null && !parent.ending) {
    const isFirst = parent.status === 'starting' && parent.strategy !== 'dynamic';
    if (isFirst) return [note(node, 'held'), giveUp(parent, error, nowMs)];
    // Whoever has added it is told, as in OTP; only what has run before is started again.
    const isAdded = parent.status === 'running' && parent.regroup === null && node.restarts === 0;
    if (isAdded) return releaseAll(node, { outcome: 'failed', error });
  }
  return fell(node, { type: 'fell', name: node.name, end: 'crash', error }, nowMs, random);
}

function fell(node: SupervisedNode, fall: FallEvent, nowMs: number, random: Random): readonly Decision[] {
  const { parent } = node;
  const { error } = fall;
  if (!isUp(node)) return [];
  const outcome = fall.end === 'crash' ? 'failed' : 'done';
  if (parent === null) return toNode(node, error ?? limitError(node.name, null));
  // Who falls while he is to stop, or about to be told so, has stopped; as in OTP that is not counted.
  if (isOnItsWayDown(node, parent)) {
    if (isKept(node, parent)) return [note(node, 'held')];
    return releaseAll(node, fall.isByShard ? { outcome: 'stopped', error: null } : { outcome, error });
  }
  const directive = error ? (fall.directive ?? directiveFor(parent.onError, error, fall.errorName ?? '')) : undefined;
  if (directive === 'resume' && node.type === 'actor' && node.status === 'running') {
    return [{ type: 'resume', name: node.name }];
  }
  if (directive === 'escalate' && error) return [note(node, 'held'), giveUp(parent, error, nowMs)];
  if (directive === 'stop' || !isToRestart(node.kind, fall.end)) return releaseAll(node, { outcome, error });
  const isCounted = !fall.isRepeat && !fall.isByShard;
  if (isCounted && node.own && isBeyond(node.own, node.restartsAtMs, nowMs) && node.beyond === 'stop') {
    return releaseAll(node, { outcome: 'failed', error });
  }
  if (
    isCounted &&
    (isBeyond(parent, parent.fallsAtMs, nowMs) || (node.own && isBeyond(node.own, node.restartsAtMs, nowMs)))
  ) {
    return [note(node, 'held'), giveUp(parent, limitError(node.name, error), nowMs)];
  }
  const restart: Restart = {
    delayMs: backoffDelayMs(node.backoff, streakOf(node, parent, nowMs), random),
    revival: revivalBy(directive),
    atMs: nowMs,
    isCounted,
  };
  if (!isGroup(parent)) return [{ type: 'wait', name: node.name, ...restart }];
  const from = parent.strategy === 'one-for-all' ? firstChild(parent) : node.name;
  return [note(node, 'held'), { type: 'regroup', name: parent.name, child: node.name, from, ...restart }];
}

function stopped(node: SupervisedNode): readonly Decision[] {
  if (!isUp(node)) return [];
  if (isStopping(node) && node.keep) return [note(node, 'held')];
  return releaseAll(node, { outcome: 'stopped', error: null });
}

function stopForGood(node: SupervisedNode, nowMs: number): readonly Decision[] {
  if (isStopping(node)) return node.keep ? [{ type: 'keep-not', name: node.name }] : [];
  return isUp(node) ? [stop(node, false, limitOf(node), nowMs)] : releaseAll(node, { outcome: 'stopped', error: null });
}

/** A root has given up. */
function toNode(root: SupervisedNode, error: ErrorRecord): readonly Decision[] {
  return [{ type: 'escalate', name: root.name, error }, ...releaseAll(root, { outcome: 'failed', error })];
}

// --- ordered steps

/** @returns null when there is nothing left to start */
function startNext(supervisor: SupervisorNode, children: readonly SupervisedNode[]): readonly Decision[] | null {
  const startable = children.filter(({ status, out }) => (status === 'down' || status === 'held') && out === null);
  if (supervisor.strategy === 'dynamic' && startable.length > 0) return startable.map(start);
  if (children.some(({ status }) => status === 'starting')) return [];
  return startable[0] ? [start(startable[0])] : null;
}

function regroupNext(
  supervisor: SupervisorNode,
  regroup: NonNullable<SupervisorNode['regroup']>,
  nowMs: number,
): readonly Decision[] {
  const group = groupFrom(supervisor, regroup.from);
  if (regroup.phase === 'starting') {
    return startNext(supervisor, group) ?? [{ type: 'regrouped', name: supervisor.name }];
  }
  const last = group.findLast(isUp);
  if (last) return stopOnce(last, supervisor, limitOf(last), nowMs);
  return regroup.isDue ? [{ type: 'regroup-starts', name: supervisor.name }] : [];
}

/** One after the other, with what is left of the time; when nothing is, all that are left. */
function endNext(
  supervisor: SupervisorNode,
  ending: NonNullable<SupervisorNode['ending']>,
  nowMs: number,
): readonly Decision[] {
  const { name, strategy } = supervisor;
  const { error } = ending;
  if (supervisor.up === 0) {
    if (ending.hasEnded) return [];
    const letGo = ending.keep ? [] : releaseBelow(supervisor, { outcome: 'stopped', error });
    return [...letGo, { type: 'ended', name, error }];
  }
  const running = [...supervisor.children.values()].filter(isUp).reverse();
  const leftMs = ending.byMs - nowMs;
  // A timer may be early by a fraction.
  if (leftMs < 1) return running.flatMap((child) => endNow(child, supervisor, nowMs));
  const next = strategy === 'dynamic' ? running : running.slice(0, 1);
  return next.flatMap((child) => {
    const limitMs = child.type === 'supervisor' ? leftMs : Math.min(leftMs, child.shutdownMs);
    return stopOnce(child, supervisor, limitMs, nowMs);
  });
}

// --- small words

function note(node: SupervisedNode, status: NodeStatus): Decision {
  return { type: 'note', name: node.name, status };
}

function start(node: SupervisedNode): Decision {
  return { type: 'start', name: node.name, revival: node.revival };
}

function stop(node: SupervisedNode, keep: boolean, limitMs: number, nowMs: number): Decision {
  return { type: 'stop', name: node.name, keep, limitMs, byMs: nowMs + limitMs };
}

function stopOnce(node: SupervisedNode, parent: SupervisorNode, limitMs: number, nowMs: number): readonly Decision[] {
  return isStopping(node) ? [] : [stop(node, isKept(node, parent), limitMs, nowMs)];
}

function endNow(node: SupervisedNode, parent: SupervisorNode, nowMs: number): readonly Decision[] {
  if (node.status === 'stopping' && node.type === 'actor') return [{ type: 'kill', name: node.name }];
  return stopOnce(node, parent, 0, nowMs);
}

function giveUp(supervisor: SupervisorNode, error: ErrorRecord, nowMs: number): Decision {
  const limitMs = limitOf(supervisor);
  return { type: 'give-up', name: supervisor.name, error, limitMs, byMs: nowMs + limitMs };
}

/** A supervisor has as long as the slowest actor below it may take. */
function limitOf(node: SupervisedNode): number {
  if (node.type === 'actor') return node.shutdownMs;
  let limitMs = 0;
  for (const child of node.children.values()) if (isUp(child)) limitMs = Math.max(limitMs, limitOf(child));
  return limitMs;
}

/** Lets go of a node and, the last first, of all that is held below it. */
function releaseAll(node: SupervisedNode, ending: Ending): Decision[] {
  const below = node.type === 'supervisor' ? releaseBelow(node, ending) : [];
  return [...below, { type: 'release', name: node.name, ...ending }];
}

function releaseBelow({ children }: SupervisorNode, ending: Ending): Decision[] {
  const held = [...children.values()].reverse().filter(({ status }) => status === 'held' || status === 'waiting');
  return held.flatMap((child) => releaseAll(child, ending));
}

function isOpen(parent: SupervisorNode | null): boolean {
  return parent === null || ((parent.status === 'running' || parent.status === 'starting') && parent.ending === null);
}

function isStopping({ status }: SupervisedNode): boolean {
  return status === 'stopping' || status === 'killing';
}

function isGroup({ strategy }: SupervisorNode): boolean {
  return strategy === 'one-for-all' || strategy === 'rest-for-one';
}

function isOnItsWayDown(node: SupervisedNode, parent: SupervisorNode): boolean {
  if (isStopping(node) || parent.ending) return true;
  if (parent.regroup?.phase !== 'stopping') return false;
  return groupFrom(parent, parent.regroup.from).includes(node);
}

/** Whether a child is held when it stops, for the life that its supervisor has in mind for it. */
function isKept(node: SupervisedNode, parent: SupervisorNode): boolean {
  if (isStopping(node)) return node.keep;
  return node.kind !== 'temporary' && (parent.ending?.keep ?? true);
}

function groupFrom({ children }: SupervisorNode, from: string): SupervisedNode[] {
  const all = [...children.values()];
  return all.slice(all.findIndex(({ name }) => name === from));
}

function firstChild({ children }: SupervisorNode): string {
  for (const name of children.keys()) return name;
  return '';
}

/** Restarts before this one without a quiet time between. */
function streakOf(node: SupervisedNode, parent: SupervisorNode, nowMs: number): number {
  return nowMs - node.lastRestartMs < (node.backoff.quietMs ?? parent.withinMs) ? node.streak : 0;
}

function revivalBy(directive: Directive | undefined): Revival {
  if (directive === 'restart') return 'fresh';
  return directive === 'restore' ? 'restore' : null;
}

function isBeyond(
  { intensity, withinMs }: { readonly intensity: number; readonly withinMs: number },
  earlierMs: readonly number[],
  nowMs: number,
): boolean {
  return restartsWithin(withinMs, earlierMs, nowMs).length >= intensity;
}

function limitError(name: string, cause: ErrorRecord | null): ErrorRecord {
  return {
    code: 'ERR_ACADEMY_RESTART_LIMIT',
    message: `"${name}" falls more often than is allowed${cause ? `, the last time by: ${cause.message}` : ''}`,
    remedy: 'mend the cause, or raise the intensity of its supervisor',
  };
}
