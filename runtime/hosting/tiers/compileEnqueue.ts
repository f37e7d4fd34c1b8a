/**
 * `enqueueActions`: the author's function lists what is to be done, and it is done when the function has returned.
 * What an author enqueues after that, from a callback, is lost, as in XState.
 */
import type { AnyEventObject } from 'xstate';
import { takenNames } from './argumentUse.js';
import {
  assignNow,
  callNow,
  compileAction,
  fullArgs,
  type Params,
  raiseNow,
  refuseText,
  sendNow,
} from './compileAction.js';
import { compileGuard } from './compileGuard.js';
import { refuse } from './MachineSelf.js';
import type { Operation, Step } from './Step.js';
import { type Chart, isBuiltin } from './xstateShapes.js';

type Collect = (args: Record<string, unknown>, params: unknown) => void;
type SendOptions = { readonly id?: string; readonly delay?: unknown } | undefined;

export function compileEnqueue(chart: Chart, collect: unknown, params: Params): Operation {
  const fn = collect as Collect;
  const names = takenNames(fn);
  const isPlain = names !== null && !names.has('self') && !names.has('system');
  return (step) => {
    const given = params?.(step);
    const queue: Operation[] = [];
    const enqueue = enqueuerOf(chart, queue);
    const { context, event, place } = step;
    const check = (guard: unknown): unknown => compileGuard(chart, guard)(context, event, place);
    if (isPlain) fn({ context, event, enqueue, check }, given);
    else fn({ ...fullArgs(step), enqueue, check }, given);
    for (const operation of queue) operation(step);
  };
}

/** The function with methods that XState calls `enqueue`. */
function enqueuerOf(chart: Chart, queue: Operation[]): unknown {
  const enqueue = (action: unknown): void => {
    const isFresh = typeof action === 'function' && !isBuiltin(action);
    queue.push(isFresh ? (step) => callNow(step, action) : compileAction(chart, action));
  };
  enqueue.assign = (assignment: unknown): void => {
    queue.push((step) => assignNow(step, assignment));
  };
  enqueue.emit = (event: unknown): void => {
    queue.push((step) => {
      step.effects.push({ kind: 'emit', event: valueNow(step, event) as AnyEventObject });
    });
  };
  enqueue.raise = (event: unknown, options: SendOptions): void => {
    queue.push((step) => {
      if (typeof event === 'string') refuseText('raise', event);
      const raised = valueNow(step, event) as AnyEventObject;
      raiseNow(step, raised, delayNow(step, chart, options?.delay), options?.id);
    });
  };
  enqueue.sendTo = (to: unknown, event: unknown, options: SendOptions): void => {
    queue.push((step) => sendLater(step, chart, to, event, options));
  };
  enqueue.sendParent = (event: unknown, options: SendOptions): void => {
    queue.push((step) => sendLater(step, chart, '#_parent', event, options));
  };
  enqueue.cancel = (id: unknown): void => {
    queue.push((step) => {
      step.effects.push({ kind: 'cancel', id: valueNow(step, id) as string });
    });
  };
  enqueue.spawnChild = (): never => refuse('enqueue.spawnChild');
  enqueue.stopChild = (): never => refuse('enqueue.stopChild');
  return enqueue;
}

function sendLater(step: Step, chart: Chart, to: unknown, event: unknown, options: SendOptions): void {
  if (typeof event === 'string') refuseText('sendTo', event);
  const sent = valueNow(step, event) as AnyEventObject;
  const delayMs = delayNow(step, chart, options?.delay);
  sendNow(step, chart, valueNow(step, to), sent, delayMs, options?.id);
}

/** What is enqueued is new each time, so its functions are not looked into: they get everything. */
function valueNow(step: Step, expression: unknown): unknown {
  return typeof expression === 'function' ? expression(fullArgs(step), undefined) : expression;
}

function delayNow(step: Step, chart: Chart, delay: unknown): unknown {
  return valueNow(step, typeof delay === 'string' ? chart.implementations.delays[delay] : delay);
}
