/**
 * Where a machine can stand: its active states, in XState's order, with what its history states remember. All runs
 * that stand there share one Place, and with it what was found out about it: which transitions an event can set off
 * there, and what each of them leaves, does and enters.
 */
import type { AnyEventObject, StateValue } from 'xstate';
import { type HistoryValue, isAtomic, properAncestors, stateValueOf } from './chart.js';
import type { Guard } from './compileGuard.js';
import type { Operation, Step } from './Step.js';
import type { ChartNode, Context } from './xstateShapes.js';

/** A transition as it is asked for at one place. */
export interface Candidate {
  /** Number of the transition in its machine. */
  readonly number: number;
  readonly guard: Guard | null;
  /** What it does when it is the only one; found out when it is first taken. */
  move: Move | null;
}

/** The transitions that one event can set off at one place. */
export interface Choice {
  /** Asked in this order; the first whose guard agrees is taken. */
  readonly candidates: readonly Candidate[];
  /** Regions that are asked before: each may take one, and only if none does are the candidates asked. */
  readonly regions: readonly Choice[];
  /** How often it was made. */
  uses: number;
  /** All of it as one function, when it is made often. */
  fused: FusedChoice | null;
}

/**
 * Chooses and takes one microstep; does nothing where no guard agrees.
 * @returns the context after it
 */
export type FusedChoice = (step: Step, context: Context, event: AnyEventObject) => Context;

export function choiceOf(candidates: readonly Candidate[], regions: readonly Choice[] = []): Choice {
  return { candidates, regions, uses: 0, fused: null };
}

/** One microstep. */
export interface Move {
  readonly operations: readonly Operation[];
  readonly next: Place;
  /** Whether XState makes a new snapshot for it, whatever the operations do. */
  readonly changesPlace: boolean;
}

const noType = Symbol('none yet');
const noChoice = choiceOf([]);

export class Place {
  readonly nodes: readonly ChartNode[];
  readonly history: HistoryValue;
  readonly value: StateValue;
  /** By the type of an event that anybody may send. */
  readonly choices = new Map<string, Choice>();
  /** Of those the last: what one machine is told, others that stand there are told as well. */
  lastType: unknown = noType;
  lastChoice: Choice = noChoice;
  /** By the type of any event: those above, and those that only the machine itself and its timers may send. */
  readonly innerChoices = new Map<string, Choice>();
  /** Of moves by more than one transition, by the numbers of those. */
  readonly jointMoves = new Map<string, Move>();
  /** For each active atomic state its eventless transitions, innermost first; null where there are none. */
  readonly eventless: readonly (readonly Candidate[])[] | null;

  constructor(
    root: ChartNode,
    nodes: readonly ChartNode[],
    history: HistoryValue,
    candidatesOf: (node: ChartNode) => readonly Candidate[],
  ) {
    this.nodes = nodes;
    this.history = history;
    this.value = stateValueOf(root, nodes);
    const chains = nodes
      .filter(isAtomic)
      .map((node) => [node, ...properAncestors(node)].flatMap(candidatesOf))
      .filter((chain) => chain.length > 0);
    this.eventless = chains.length > 0 ? chains : null;
  }
}
