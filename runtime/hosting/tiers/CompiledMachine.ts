/**
 * A machine as tables, shared by all its runs on this thread. A table's row is a Place; rows are made when a run first
 * comes there, so that a chart with many regions costs what its runs use of it and not all its combinations.
 */
import type { AnyEventObject } from 'xstate';
import { limits } from '../../protocol/limits.js';
import {
  completed,
  EntrySet,
  exitSet,
  type HistoryValue,
  historyChildren,
  initialNodes,
  isAtomic,
  isDescendant,
  isInFinalState,
  noHistory,
  withoutConflicts,
} from './chart.js';
import { compileAction, evaluationOf } from './compileAction.js';
import { compileGuard, type Guard } from './compileGuard.js';
import { type Candidate, type Choice, choiceOf, type Move, Place } from './Place.js';
import type { Operation } from './Step.js';
import type { Chart, ChartNode, ChartTransition } from './xstateShapes.js';

/** A transition of the machine, compiled once. */
interface Rule {
  readonly number: number;
  readonly transition: ChartTransition;
  readonly guard: Guard | null;
}

/** To make a function takes some 50 µs, and the engine some more until it is fast. */
const defaultUsesBeforeFusing = 200;
const nothingToChoose = choiceOf([]);

export class CompiledMachine {
  readonly chart: Chart;
  /** Where XState stands before it has entered anything: at the root alone. */
  readonly before: Place;
  /** Times that a choice is made part by part before all of it becomes one function. */
  readonly usesBeforeFusing: number;
  choicesFused = 0;
  readonly #rules: Rule[] = [];
  readonly #ruleOf = new Map<ChartTransition, Rule>();
  readonly #operationsOf = new Map<unknown, Operation>();
  readonly #places = new Map<string, Place>();
  #initialMove: Move | null = null;

  constructor(chart: Chart, usesBeforeFusing = defaultUsesBeforeFusing) {
    this.chart = chart;
    this.usesBeforeFusing = usesBeforeFusing;
    this.before = this.place([chart.root], noHistory);
  }

  get initialMove(): Move {
    if (!this.#initialMove) {
      const { root } = this.chart;
      const target = [...initialNodes(root)];
      const transition = { source: root, target, actions: [], reenter: true, eventType: null };
      this.#initialMove = this.#moveBy(this.before, [transition], true);
    }
    return this.#initialMove;
  }

  /** Beyond so many, places are made anew each time: slower, but bounded. */
  place(nodes: readonly ChartNode[], history: HistoryValue): Place {
    const name = `${nodes.map((node) => node.order).join()}${historyName(history)}`;
    let place = this.#places.get(name);
    if (!place) {
      place = new Place(this.chart.root, nodes, history, (node) => this.#candidates(node.always ?? []));
      if (this.#places.size < limits.machinePlacesMax) this.#places.set(name, place);
    }
    return place;
  }

  /** The place of a state value, such as a snapshot has. */
  placeOf(nodes: Iterable<ChartNode>, history: HistoryValue): Place {
    return this.place([...completed(nodes)], history);
  }

  // --- what an event can set off

  choice(place: Place, type: string): Choice {
    const known = place.innerChoices.get(type);
    if (known) return known;
    const choice = this.#choiceAt(place.value, this.chart.root, type);
    // The types of events are not bounded where a wildcard hears them all.
    if (place.innerChoices.size < limits.machineEventTypesMax) place.innerChoices.set(type, choice);
    return choice;
  }

  #choiceAt(value: Place['value'], node: ChartNode, type: string): Choice {
    const own = this.#candidates(transitionsFor(node, type));
    const children = typeof value === 'string' ? [value] : Object.keys(value);
    const regions = children
      .map((key) =>
        this.#choiceAt((value as Record<string, Place['value']>)[key] ?? {}, node.states[key] as ChartNode, type),
      )
      .filter((choice) => choice.candidates.length > 0 || choice.regions.length > 0);
    if (regions.length === 0) return own.length === 0 ? nothingToChoose : choiceOf(own);
    const [only] = regions as [Choice];
    if (regions.length > 1 || only.regions.length > 0) return choiceOf(own, regions);
    return choiceOf([...only.candidates, ...own]);
  }

  #candidates(transitions: readonly ChartTransition[]): readonly Candidate[] {
    return transitions.map((transition) => {
      const { number, guard } = this.#rule(transition);
      return { number, guard, move: null };
    });
  }

  #rule(transition: ChartTransition): Rule {
    let rule = this.#ruleOf.get(transition);
    if (!rule) {
      const guard = transition.guard ? compileGuard(this.chart, transition.guard) : null;
      const isEventless = transition.eventType === '';
      rule = {
        number: this.#rules.length,
        transition,
        guard: guard && !isEventless ? explained(guard, transition) : guard,
      };
      this.#rules.push(rule);
      this.#ruleOf.set(transition, rule);
    }
    return rule;
  }

  #operations(actions: readonly unknown[]): Operation[] {
    return actions.map((action) => {
      let operation = this.#operationsOf.get(action);
      if (!operation) {
        operation = compileAction(this.chart, action);
        this.#operationsOf.set(action, operation);
      }
      return operation;
    });
  }

  // --- what transitions do

  /** The move of some candidates together, in the order in which they were chosen. */
  move(place: Place, chosen: readonly Candidate[]): Move {
    const [only] = chosen as [Candidate];
    if (chosen.length === 1) {
      only.move ??= this.#moveBy(place, [(this.#rules[only.number] as Rule).transition], false);
      return only.move;
    }
    const name = chosen.map((candidate) => candidate.number).join();
    let move = place.jointMoves.get(name);
    if (!move) {
      const transitions = chosen.map((candidate) => (this.#rules[candidate.number] as Rule).transition);
      move = this.#moveBy(place, transitions, false);
      place.jointMoves.set(name, move);
    }
    return move;
  }

  #moveBy(place: Place, transitions: readonly ChartTransition[], isInitial: boolean): Move {
    const active = new Set(place.nodes);
    const taken = withoutConflicts(transitions, active, place.history);
    const operations: Operation[] = [];
    const history = isInitial ? place.history : this.#exit(place, taken, active, operations);
    for (const transition of taken) operations.push(...this.#operations(transition.actions));
    const isDone = this.#enter(taken, active, history, isInitial, operations);
    const nodes = [...active];
    if (isDone) {
      nodes.sort((one, other) => other.order - one.order);
      for (const node of nodes) operations.push(...this.#operations(node.exit));
    }
    if (
      history === place.history &&
      nodes.length === place.nodes.length &&
      place.nodes.every((node) => active.has(node))
    ) {
      return { operations, next: place, changesPlace: false };
    }
    return { operations, next: this.place(nodes, history), changesPlace: true };
  }

  #exit(
    place: Place,
    transitions: readonly ChartTransition[],
    active: Set<ChartNode>,
    operations: Operation[],
  ): HistoryValue {
    const exits = [...exitSet(transitions, active, place.history)].sort((one, other) => other.order - one.order);
    let changed: Record<string, readonly ChartNode[]> | null = null;
    for (const node of exits) {
      for (const memory of historyChildren(node)) {
        changed ??= { ...place.history };
        changed[memory.id] = [...active].filter((each) =>
          memory.history === 'deep' ? isAtomic(each) && isDescendant(each, node) : each.parent === node,
        );
      }
    }
    for (const node of exits) {
      operations.push(...this.#operations(node.exit));
      active.delete(node);
    }
    return changed ?? place.history;
  }

  /** @returns whether the machine is done by it */
  #enter(
    transitions: readonly ChartTransition[],
    active: Set<ChartNode>,
    history: HistoryValue,
    isInitial: boolean,
    operations: Operation[],
  ): boolean {
    const entries = new EntrySet(transitions, history);
    if (isInitial) entries.byDefault.add(this.chart.root);
    const finished = new Set<ChartNode>();
    let isDone = false;
    for (const node of [...entries.nodes].sort((one, other) => one.order - other.order)) {
      active.add(node);
      operations.push(...this.#operations(node.entry));
      if (entries.byDefault.has(node)) operations.push(...this.#operations(node.initial.actions));
      if (node.type !== 'final') continue;
      const completion = this.#finish(node, active, finished, operations);
      if (!completion) continue;
      isDone = true;
      operations.push(this.#complete(completion));
    }
    return isDone;
  }

  /** Tells what is done by a final state. @returns the state by which the whole machine is done, or null */
  #finish(
    node: ChartNode,
    active: ReadonlySet<ChartNode>,
    finished: Set<ChartNode>,
    operations: Operation[],
  ): ChartNode | null {
    const { parent } = node;
    let above = parent?.type === 'parallel' ? parent : parent?.parent;
    let completion = above ?? node;
    if (parent?.type === 'compound') {
      const output = evaluationOfOutput(node.output);
      const type = doneType(parent);
      operations.push((step) => {
        step.raised.push({ type, output: output(step) });
      });
    }
    while (above?.type === 'parallel' && !finished.has(above) && isInFinalState(active, above)) {
      finished.add(above);
      const type = doneType(above);
      operations.push((step) => {
        step.raised.push({ type, output: undefined });
      });
      completion = above;
      above = above.parent;
    }
    return above ? null : completion;
  }

  #complete(completion: ChartNode): Operation {
    const machineOutput = this.chart.root.output;
    if (machineOutput === undefined) {
      return (step) => {
        step.isDone = true;
        step.hasChanged = true;
        step.output = undefined;
      };
    }
    const output = evaluationOfOutput(completion.parent ? completion.output : undefined);
    const whole = evaluationOfOutput(machineOutput);
    const type = doneType(completion);
    return (step) => {
      const { event } = step;
      const doneEvent: AnyEventObject = { type, output: output(step) };
      step.event = doneEvent;
      step.output = whole(step);
      step.event = event;
      step.isDone = true;
      step.hasChanged = true;
    };
  }
}

function doneType(node: ChartNode): string {
  return `xstate.done.state.${node.id}`;
}

function evaluationOfOutput(output: unknown): (step: Parameters<Operation>[0]) => unknown {
  const evaluation = evaluationOf(output);
  return (step) => evaluation(step, undefined);
}

function historyName(history: HistoryValue): string {
  let name = '';
  for (const id of Object.keys(history).sort())
    name += `|${id}:${(history[id] ?? []).map((node) => node.order).join()}`;
  return name;
}

/** Exact names first, then wildcards, the longest first. */
function transitionsFor(node: ChartNode, type: string): ChartTransition[] {
  const wildcards = [...node.transitions.keys()].filter(
    (descriptor) => descriptor !== type && matchesWildcard(type, descriptor),
  );
  wildcards.sort((one, other) => other.length - one.length);
  return [type, ...wildcards].flatMap((descriptor) => node.transitions.get(descriptor) ?? []);
}

function matchesWildcard(type: string, descriptor: string): boolean {
  if (descriptor === '*') return true;
  if (!descriptor.endsWith('.*')) return false;
  const tokens = descriptor.split('.');
  const heard = type.split('.');
  for (const [place, token] of tokens.entries()) {
    if (token === '*') return place === tokens.length - 1;
    if (token !== heard[place]) return false;
  }
  return true;
}

/** XState says of a guard that fails where it stands. */
function explained(guard: Guard, { guard: source, source: node }: ChartTransition): Guard {
  const name =
    typeof source === 'string' ? source : typeof source === 'object' ? (source as { type: string }).type : '';
  const explain = (error: unknown, event: AnyEventObject): Error =>
    new Error(
      `Unable to evaluate guard ${name ? `'${name}' ` : ''}in transition for event '${event.type}' in state node '${node.id}':\n${(error as Error).message}`,
      { cause: error },
    );
  const ask: Guard = (context, event, place) => {
    try {
      return guard(context, event, place);
    } catch (error) {
      throw explain(error, event);
    }
  };
  return guard.write ? Object.assign(ask, { write: guard.write, explain }) : ask;
}
