/**
 * A supervision tree as data: every supervisor and every actor below one, by name. supervise() and proceed() read it,
 * enact() alone changes it, and whoever holds it carries out what was decided.
 */
import type { RestartKind, RestartOptions } from '../../protocol/actors.js';
import type { ErrorRecord } from '../../protocol/errors.js';
import {
  type BackoffOptions,
  type Directives,
  isSupervisor,
  type SupervisedActor,
  type SupervisedSupervisor,
  type SupervisionStrategy,
  type SupervisorDefinition,
} from '../../protocol/supervision.js';

/**
 * `down` has never run, or has ended for good; `held` has ended, and its address and mailbox wait for its next life;
 * `waiting` is held, and its next life is due at a time.
 */
export type NodeStatus = 'down' | 'held' | 'waiting' | 'starting' | 'running' | 'stopping' | 'killing';

/** How the next life of an actor begins; null: as its definition says. */
export type Revival = 'fresh' | 'restore' | null;

interface NodeBase {
  readonly name: string;
  readonly parent: SupervisorNode | null;
  readonly backoff: BackoffOptions;
  /** A bound of the child's own, beside that of its supervisor. */
  readonly own: Pick<RestartOptions, 'intensity' | 'withinMs'> | null;
  readonly beyond: 'stop' | 'escalate';
  /** Not of its supervisor's definition: once it is out, it is forgotten. */
  readonly isAdded: boolean;
  /** An actor's may be known only when it has started. */
  kind: RestartKind;
  status: NodeStatus;
  /** Whether it is held when it has stopped. */
  keep: boolean;
  /**
   * Does not take part any more: `done` until its group is started anew, `given-up` until its supervisor is.
   */
  out: 'done' | 'given-up' | null;
  revival: Revival;
  restarts: number;
  /** Restarts that count against its own bound. */
  restartsAtMs: readonly number[];
  /** Restarts without a quiet time between. */
  streak: number;
  lastRestartMs: number;
}

export interface ActorNode extends NodeBase {
  readonly type: 'actor';
  readonly spec: SupervisedActor;
  /** Time that it has to end in good order. */
  readonly shutdownMs: number;
}

export interface SupervisorNode extends NodeBase {
  readonly type: 'supervisor';
  readonly strategy: SupervisionStrategy;
  readonly intensity: number;
  readonly withinMs: number;
  readonly onError: Directives | undefined;
  /** In the order in which they start. */
  readonly children: Map<string, SupervisedNode>;
  /** Children that are neither down nor held. */
  up: number;
  /** Restarts of all children that count against `intensity`. */
  fallsAtMs: readonly number[];
  /** Children from `from` on are stopped, the last first, and then started in order, once the delay is over. */
  regroup: { readonly from: string; readonly phase: 'stopping' | 'starting'; readonly isDue: boolean } | null;
  /** It stops its children and ends; with an error: because it gives up. */
  ending: {
    readonly keep: boolean;
    readonly error: ErrorRecord | null;
    readonly hasEnded: boolean;
    /** What still runs below it then is ended by force. */
    readonly byMs: number;
  } | null;
}

export type SupervisedNode = ActorNode | SupervisorNode;

export type SupervisedNodes = Map<string, SupervisedNode>;

export function isUp({ status }: Pick<SupervisedNode, 'status'>): boolean {
  return status !== 'down' && status !== 'held' && status !== 'waiting';
}

/**
 * Adds a supervisor with all that is below it, or an actor, to the tree; nothing of it runs yet.
 * @param parent null for the root of a tree
 */
export function plant(
  nodes: SupervisedNodes,
  parent: SupervisorNode | null,
  child: SupervisedActor | SupervisedSupervisor,
): SupervisedNode {
  const node = isSupervisor(child) ? supervisorNode(parent, child) : actorNode(parent, child);
  nodes.set(node.name, node);
  parent?.children.set(node.name, node);
  if (isSupervisor(child) && node.type === 'supervisor') {
    for (const grandchild of child.supervisor.children) plant(nodes, node, grandchild);
  }
  return node;
}

function actorNode(parent: SupervisorNode | null, spec: SupervisedActor): ActorNode {
  const { kind = 'transient', intensity, withinMs, backoffMs, backoffMaxMs } = spec.restart ?? {};
  const inherited = parent?.backoff ?? { backoffMs: 0, backoffMaxMs: 0 };
  return {
    ...blank(spec.name, parent),
    type: 'actor',
    spec,
    kind,
    shutdownMs: spec.shutdownMs ?? 5_000,
    beyond: spec.beyond ?? 'stop',
    own: intensity === undefined ? null : { intensity, withinMs: withinMs ?? parent?.withinMs ?? 10_000 },
    backoff: {
      ...inherited,
      ...(backoffMs === undefined ? {} : { backoffMs }),
      ...(backoffMaxMs === undefined ? {} : { backoffMaxMs }),
    },
  };
}

function supervisorNode(parent: SupervisorNode | null, { name, supervisor }: SupervisedSupervisor): SupervisorNode {
  const { strategy, intensity, withinMs, onError } = supervisor;
  return {
    ...blank(name, parent),
    type: 'supervisor',
    // A supervisor that ends without having been told to has failed.
    kind: 'permanent',
    beyond: 'escalate',
    own: null,
    backoff: backoffOf(supervisor),
    strategy,
    intensity,
    withinMs,
    onError,
    children: new Map(),
    up: 0,
    fallsAtMs: [],
    regroup: null,
    ending: null,
  };
}

function backoffOf({ backoffMs, backoffMaxMs, quietMs, withinMs }: SupervisorDefinition): BackoffOptions {
  return { backoffMs, backoffMaxMs, quietMs: quietMs ?? withinMs };
}

function blank(name: string, parent: SupervisorNode | null) {
  return {
    name,
    parent,
    isAdded: parent !== null && parent.status !== 'down',
    status: 'down',
    keep: false,
    out: null,
    revival: null,
    restarts: 0,
    restartsAtMs: [],
    streak: 0,
    lastRestartMs: Number.NEGATIVE_INFINITY,
  } as const;
}
