/**
 * What `enqueueActions` hands to its author as `enqueue`. What is a plain value is done as it is listed, which nobody
 * can tell from later; from the first function on, which may look at what has changed, things wait their turn. What an
 * author enqueues when his function has returned is lost, as in XState.
 */
import type { AnyEventObject } from 'xstate';
import { assignNow, callNow, compileAction, fullArgs, raiseNow, refuseText, sendNow } from './compileAction.js';
import type { ContextMerger } from './contextMerger.js';
import { refuse } from './MachineSelf.js';
import { partOrRefusal } from './missingPart.js';
import type { Operation, Step } from './Step.js';
import { type Chart, isBuiltin } from './xstateShapes.js';

interface SendOptions {
  readonly id?: string;
  readonly delay?: unknown;
}

export class Enqueuer {
  readonly #chart: Chart;
  readonly #step: Step;
  readonly #merge: ContextMerger;
  #waiting: Operation[] | null = null;
  #isOpen = true;

  constructor(chart: Chart, step: Step, merge: ContextMerger) {
    this.#chart = chart;
    this.#step = step;
    this.#merge = merge;
  }

  /** Does what has waited. */
  close(): void {
    this.#isOpen = false;
    if (this.#waiting) for (const operation of this.#waiting) operation(this.#step);
  }

  add(action: unknown): void {
    const isOwnFunction = typeof action === 'function' && !isBuiltin(action);
    this.#wait(isOwnFunction ? (step) => callNow(step, action) : compileAction(this.#chart, action));
  }

  assign(assignment: unknown): void {
    if (this.#mayAct(assignment) && hasNoFunction(assignment)) assignNow(this.#step, assignment, this.#merge);
    else this.#wait((step) => assignNow(step, assignment, this.#merge));
  }

  emit(event: unknown): void {
    if (this.#mayAct(event)) this.#step.effects.push({ kind: 'emit', event: event as AnyEventObject });
    else this.#wait((step) => step.effects.push({ kind: 'emit', event: valueNow(step, event) as AnyEventObject }));
  }

  raise(event: unknown, options?: SendOptions): void {
    this.#wait((step) => {
      if (typeof event === 'string') refuseText('raise', event);
      const raised = valueNow(step, event) as AnyEventObject;
      raiseNow(step, raised, delayNow(step, this.#chart, options?.delay), options?.id);
    });
  }

  sendTo(to: unknown, event: unknown, options?: SendOptions): void {
    this.#wait((step) => {
      if (typeof event === 'string') refuseText('sendTo', event);
      const sent = valueNow(step, event) as AnyEventObject;
      const delayMs = delayNow(step, this.#chart, options?.delay);
      sendNow(step, this.#chart, valueNow(step, to), sent, delayMs, options?.id);
    });
  }

  sendParent(event: unknown, options?: SendOptions): void {
    this.sendTo('#_parent', event, options);
  }

  cancel(id: unknown): void {
    this.#wait((step) => step.effects.push({ kind: 'cancel', id: valueNow(step, id) as string }));
  }

  spawnChild(): never {
    return refuse('enqueue.spawnChild');
  }

  stopChild(): never {
    return refuse('enqueue.stopChild');
  }

  #mayAct(value: unknown): boolean {
    return this.#isOpen && this.#waiting === null && typeof value !== 'function';
  }

  #wait(operation: (step: Step) => unknown): void {
    if (!this.#isOpen) return;
    if (this.#waiting) this.#waiting.push(operation);
    else this.#waiting = [operation];
  }
}

/** The same as a function with methods, for authors who pass `enqueue` on or call it. */
export function asFunction(enqueuer: Enqueuer): unknown {
  const enqueue = (action: unknown): void => enqueuer.add(action);
  enqueue.assign = (assignment: unknown): void => enqueuer.assign(assignment);
  enqueue.emit = (event: unknown): void => enqueuer.emit(event);
  enqueue.raise = (event: unknown, options?: SendOptions): void => enqueuer.raise(event, options);
  enqueue.sendTo = (to: unknown, event: unknown, options?: SendOptions): void => enqueuer.sendTo(to, event, options);
  enqueue.sendParent = (event: unknown, options?: SendOptions): void => enqueuer.sendParent(event, options);
  enqueue.cancel = (id: unknown): void => enqueuer.cancel(id);
  enqueue.spawnChild = (): never => enqueuer.spawnChild();
  enqueue.stopChild = (): never => enqueuer.stopChild();
  return enqueue;
}

function hasNoFunction(assignment: unknown): boolean {
  for (const key in assignment as object) {
    if (typeof (assignment as Record<string, unknown>)[key] === 'function') return false;
  }
  return true;
}

/** What is enqueued is new each time, so its functions are not looked into: they get everything. */
function valueNow(step: Step, expression: unknown): unknown {
  return typeof expression === 'function' ? expression(fullArgs(step), undefined) : expression;
}

function delayNow(step: Step, chart: Chart, delay: unknown): unknown {
  return valueNow(step, typeof delay === 'string' ? partOrRefusal(chart, 'delay', delay) : delay);
}
