/**
 * Keeps a supervision tree: takes what happens to its children, lets supervise() decide, and hands the decisions to
 * whoever can carry them out. It owns the tree's data and timers, and nothing else.
 */
import type { Clock, TimerHandle } from '../../protocol/Clock.js';
import { AcademyError, type ErrorRecord } from '../../protocol/errors.js';
import type { Random } from '../../protocol/Random.js';
import { isSupervisor, type SupervisedActor, type SupervisedSupervisor } from '../../protocol/supervision.js';
import { enact } from './enact.js';
import {
  type ActorNode,
  plant,
  type Revival,
  type SupervisedNode,
  type SupervisedNodes,
  type SupervisorNode,
} from './SupervisedNode.js';
import { type Decision, proceed, type SupervisionEvent, supervise } from './supervise.js';

/** Carries decisions out. What becomes of them is told by handle(), at once or later. */
export interface SupervisionHands {
  /** Starts an actor, or the next life of one that is held. Answered by `started` or `start-failed`. */
  start(actor: ActorNode, revival: Revival): void;
  /** Goes on with the state before the error. */
  resume(actor: ActorNode): void;
  /** Ends an actor in good order. Answered by `stopped`. @param keep its address and mailbox wait for its next life */
  stop(actor: ActorNode, keep: boolean): void;
  /** Ends an actor that did not stop in time. Answered by `stopped`. */
  kill(actor: ActorNode): void;
  /** Lets go of what is held for an actor. @param error why it is given up; null: it has ended as it should */
  release(actor: ActorNode, error: ErrorRecord | null): void;
  /** A supervisor runs with all its children. */
  supervisorUp(supervisor: SupervisorNode): void;
  /** A supervisor has ended with all its children. @param error by which it has given up; null: it was told to end */
  supervisorEnded(supervisor: SupervisorNode, error: ErrorRecord | null): void;
  /** A root has given up. */
  escalate(root: SupervisorNode, error: ErrorRecord): void;
}

export interface SupervisionTreeOptions {
  readonly clock: Clock;
  readonly random: Random;
  readonly hands: SupervisionHands;
}

export class SupervisionTree {
  readonly #options: SupervisionTreeOptions;
  readonly #nodes: SupervisedNodes = new Map();
  readonly #timers = new Map<string, TimerHandle>();
  readonly #events: SupervisionEvent[] = [];
  #isBusy = false;

  constructor(options: SupervisionTreeOptions) {
    this.#options = options;
  }

  get(name: string): SupervisedNode | undefined {
    return this.#nodes.get(name);
  }

  /** All supervisors without a parent. */
  roots(): SupervisorNode[] {
    return [...this.#nodes.values()].filter(
      (node) => node.type === 'supervisor' && node.parent === null,
    ) as SupervisorNode[];
  }

  /**
   * Adds a supervisor or an actor, and starts it when its parent runs.
   * @param parent null for a supervisor without one
   * @throws AcademyError ERR_ACADEMY_NAME_TAKEN, ERR_ACADEMY_ACTOR_STOPPED when the parent does not run
   */
  add(parent: string | null, child: SupervisedActor | SupervisedSupervisor): SupervisedNode {
    const above = parent === null ? null : this.#supervisor(parent);
    for (const name of namesIn(child)) {
      if (!this.#nodes.has(name)) continue;
      throw new AcademyError('ERR_ACADEMY_NAME_TAKEN', `the name "${name}" belongs to another child of a supervisor`, {
        remedy: 'choose another name, or stop that child first',
      });
    }
    const node = plant(this.#nodes, above, child);
    this.handle({ type: 'start', name: node.name });
    return node;
  }

  /** What has happened to a child. Events that no longer fit its state change nothing. */
  handle(event: SupervisionEvent): void {
    this.#events.push(event);
    // Hands may answer at once, in the middle of a decision: that is dealt with when it is done.
    if (this.#isBusy) return;
    this.#isBusy = true;
    try {
      for (let next = this.#events.shift(); next; next = this.#events.shift()) this.#judge(next);
    } finally {
      this.#isBusy = false;
    }
  }

  /** Ends the timers; nothing is started or stopped from now on. */
  close(): void {
    for (const timer of this.#timers.values()) this.#options.clock.clearTimeout(timer);
    this.#timers.clear();
    this.#nodes.clear();
  }

  #judge(event: SupervisionEvent): void {
    const { clock, random } = this.#options;
    const node = this.#nodes.get(event.name);
    if (!node) return;
    const moved: SupervisorNode[] = [];
    const nowMs = clock.monotonicMs();
    this.#carryOut(supervise(this.#nodes, event, nowMs, random), moved);
    if (event.type === 'late' && node.type === 'supervisor') moved.push(node);
    if (node.parent) moved.push(node.parent);
    for (let next = moved.shift(); next; next = moved.shift()) {
      const steps = proceed(next, nowMs);
      if (steps.length === 0) continue;
      this.#carryOut(steps, moved);
      moved.push(next);
    }
  }

  /** @param moved supervisors that have a next step, perhaps */
  #carryOut(decisions: readonly Decision[], moved: SupervisorNode[]): void {
    for (const decision of decisions) {
      const node = this.#nodes.get(decision.name);
      if (!node) continue;
      enact(this.#nodes, decision);
      this.#perform(node, decision);
      if (node.type === 'supervisor') moved.push(node);
    }
  }

  #perform(node: SupervisedNode, decision: Decision): void {
    this.#time(node, decision);
    if (node.type === 'supervisor') return this.#performSupervisor(node, decision);
    const { hands } = this.#options;
    switch (decision.type) {
      case 'start':
        return hands.start(node, decision.revival);
      case 'resume':
        return hands.resume(node);
      case 'stop':
        return hands.stop(node, decision.keep);
      case 'kill':
        return hands.kill(node);
      case 'release':
        return hands.release(node, decision.outcome === 'failed' ? decision.error : null);
    }
  }

  #performSupervisor(node: SupervisorNode, decision: Decision): void {
    const { name } = node;
    const { hands } = this.#options;
    switch (decision.type) {
      case 'up':
        hands.supervisorUp(node);
        return this.handle({ type: 'started', name });
      case 'ended': {
        const { error } = decision;
        hands.supervisorEnded(node, error);
        if (!error) return this.handle({ type: 'stopped', name });
        if (node.status === 'starting') return this.handle({ type: 'start-failed', name, error });
        return this.handle({ type: 'fell', name, end: 'crash', error });
      }
      case 'escalate':
        return hands.escalate(node, decision.error);
    }
  }

  /** One timer a name: it waits for a restart, or for an end, and never for both. */
  #time(node: SupervisedNode, decision: Decision): void {
    const { name } = node;
    switch (decision.type) {
      case 'wait':
      case 'regroup':
        return this.#setTimer(name, decision.delayMs, { type: 'due', name });
      case 'stop':
      case 'give-up':
        return this.#setTimer(name, decision.limitMs, { type: 'late', name });
      case 'note':
      case 'release':
      case 'start':
        return this.#clearTimer(name);
    }
  }

  #setTimer(name: string, delayMs: number, event: SupervisionEvent): void {
    this.#clearTimer(name);
    if (!Number.isFinite(delayMs)) return;
    const timer = this.#options.clock.setTimeout(() => {
      this.#timers.delete(name);
      this.handle(event);
    }, delayMs);
    this.#timers.set(name, timer);
  }

  #clearTimer(name: string): void {
    const timer = this.#timers.get(name);
    if (timer === undefined) return;
    this.#timers.delete(name);
    this.#options.clock.clearTimeout(timer);
  }

  #supervisor(name: string): SupervisorNode {
    const node = this.#nodes.get(name);
    if (node?.type === 'supervisor' && (node.status === 'running' || node.status === 'starting') && !node.ending) {
      return node;
    }
    throw new AcademyError('ERR_ACADEMY_ACTOR_STOPPED', `no supervisor "${name}" runs`, {
      remedy: 'start it first',
    });
  }
}

function namesIn(child: SupervisedActor | SupervisedSupervisor): string[] {
  return isSupervisor(child) ? [child.name, ...child.supervisor.children.flatMap(namesIn)] : [child.name];
}
