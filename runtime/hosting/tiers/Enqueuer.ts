/**
 * What `enqueueActions` hands to its author as `enqueue`. What is listed waits until his function has returned, with
 * the values that objects have then, as in XState; what he enqueues later is lost. Events that are plain values are
 * emitted as they are listed, as long as nothing waits that may ask the world for something: nobody can tell.
 */
import type { AnyEventObject } from 'xstate';
import { assignNow, callNow, compileAction, fullArgs, raiseNow, refuseText, sendNow } from './compileAction.js';
import type { ContextMerger } from './contextMerger.js';
import { refuse } from './MachineSelf.js';
import { partOrRefusal } from './missingPart.js';
import type { Operation, Step } from './Step.js';
import { type Chart, isBuiltin } from './xstateShapes.js';

/** Of properties of the context. */
type Assignment = Record<string, unknown>;

interface SendOptions {
  readonly id?: string;
  readonly delay?: unknown;
}

export class Enqueuer {
  readonly #chart: Chart;
  readonly #step: Step;
  readonly #merge: ContextMerger;
  #waiting: (Operation | Assignment)[] | null = null;
  /** Whether something waits that may have effects. */
  #mustWait = false;
  #isOpen = true;

  constructor(chart: Chart, step: Step, merge: ContextMerger) {
    this.#chart = chart;
    this.#step = step;
    this.#merge = merge;
  }

  /** Does what has waited. */
  close(): void {
    this.#isOpen = false;
    if (!this.#waiting) return;
    for (const next of this.#waiting) {
      if (typeof next === 'function') next(this.#step);
      else assignNow(this.#step, next, this.#merge);
    }
  }

  add(action: unknown): void {
    const isOwnFunction = typeof action === 'function' && !isBuiltin(action);
    this.#defer(isOwnFunction ? (step) => callNow(step, action) : compileAction(this.#chart, action));
  }

  assign(assignment: unknown): void {
    const isFunction = typeof assignment === 'function';
    this.#wait(isFunction ? (step) => assignNow(step, assignment, this.#merge) : (assignment as Assignment));
  }

  emit(event: unknown): void {
    const mayAct = this.#isOpen && !this.#mustWait && typeof event !== 'function';
    if (mayAct) this.#step.effects.push({ kind: 'emit', event: event as AnyEventObject });
    else this.#defer((step) => step.effects.push({ kind: 'emit', event: valueNow(step, event) as AnyEventObject }));
  }

  raise(event: unknown, options?: SendOptions): void {
    this.#defer((step) => {
      if (typeof event === 'string') refuseText('raise', event);
      const raised = valueNow(step, event) as AnyEventObject;
      raiseNow(step, raised, delayNow(step, this.#chart, options?.delay), options?.id);
    });
  }

  sendTo(to: unknown, event: unknown, options?: SendOptions): void {
    this.#defer((step) => {
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
    this.#defer((step) => step.effects.push({ kind: 'cancel', id: valueNow(step, id) as string }));
  }

  spawnChild(): never {
    return refuse('enqueue.spawnChild');
  }

  stopChild(): never {
    return refuse('enqueue.stopChild');
  }

  #defer(operation: (step: Step) => unknown): void {
    this.#mustWait = true;
    this.#wait(operation);
  }

  #wait(next: Operation | Assignment): void {
    if (!this.#isOpen) return;
    if (this.#waiting) this.#waiting.push(next);
    else this.#waiting = [next];
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

/** What is enqueued is new each time, so its functions are not looked into: they get everything. */
function valueNow(step: Step, expression: unknown): unknown {
  return typeof expression === 'function' ? expression(fullArgs(step), undefined) : expression;
}

function delayNow(step: Step, chart: Chart, delay: unknown): unknown {
  return valueNow(step, typeof delay === 'string' ? partOrRefusal(chart, 'delay', delay) : delay);
}
