/**
 * Makes an action into one function of the step. What can be settled beforehand is: which implementation a name means,
 * whether there are parameters, and which arguments the author's function takes.
 */
import type { AnyEventObject } from 'xstate';
import { takesContextAndEvent } from './argumentUse.js';
import { compileEnqueue } from './compileEnqueue.js';
import { type ContextMerger, contextCode, contextMerger, contextSetter, countNames } from './contextMerger.js';
import { emptySystem, refuse } from './MachineSelf.js';
import { partOrRefusal } from './missingPart.js';
import type { Operation, Step } from './Step.js';
import { type Bind, plainArgsCode, withCode } from './writtenCode.js';
import { type BuiltinAction, type Chart, type Context, isBuiltin, isKnownBuiltin } from './xstateShapes.js';

/** What XState hands to an action's function. The object is the function's own: it may keep it. */
export type Args = Record<string, unknown>;
type Fn = (args: Args, params: unknown) => unknown;
/** Parameters of an action, made anew each time when they are a function. */
export type Params = ((step: Step) => unknown) | undefined;
type Evaluation = (step: Step, params: unknown) => unknown;

export function compileAction(chart: Chart, action: unknown): Operation {
  if (typeof action === 'function') return operationOf(chart, action, undefined);
  const name = typeof action === 'string' ? action : (action as { type: string }).type;
  return operationOf(chart, partOrRefusal(chart, 'action', name), paramsOf(action));
}

function paramsOf(action: unknown): Params {
  const params = typeof action === 'string' ? undefined : (action as { params?: unknown }).params;
  if (params === undefined) return undefined;
  if (typeof params !== 'function') return () => params;
  return (step) => (params as Fn)({ context: step.context, event: step.event }, undefined);
}

function operationOf(chart: Chart, action: unknown, params: Params): Operation {
  if (!isBuiltin(action)) return callOf(action, params);
  if (!isKnownBuiltin(action)) return () => refuse(action.type);
  switch (action.type) {
    case 'xstate.assign':
      return assignOf(action.assignment, params);
    case 'xstate.raise':
      return raiseOf(chart, action, params);
    case 'xstate.sendTo':
      return sendOf(chart, action, params);
    case 'xstate.emit': {
      const event = evaluationOf(action.event);
      const emit: Operation = (step) => {
        step.effects.push({ kind: 'emit', event: event(step, params?.(step)) as AnyEventObject });
      };
      if (params || !isWritable(action.event)) return emit;
      return withCode(
        emit,
        (bind) => `step.effects.push({ kind: 'emit', event: ${evaluationCode(action.event, bind)} });`,
      );
    }
    case 'xstate.cancel': {
      const id = evaluationOf(action.sendId);
      return (step) => {
        step.effects.push({ kind: 'cancel', id: id(step, params?.(step)) as string });
      };
    }
    case 'xstate.log': {
      const value = evaluationOf(action.value);
      const { label } = action;
      return (step) => {
        const word = value(step, params?.(step));
        callInTurn(step, () => step.host.log(step.run, label ? [label, word] : [word]));
      };
    }
    case 'xstate.enqueueActions':
      return compileEnqueue(chart, action.collect, params);
  }
}

// --- arguments

export function fullArgs(step: Step): Args {
  return { context: step.context, event: step.event, self: step.host.selfOf(step.run), system: emptySystem };
}

function assignArgs(step: Step): Args {
  const spawn = (): never => refuse('spawn');
  return {
    context: step.context,
    event: step.event,
    spawn,
    self: step.host.selfOf(step.run),
    system: emptySystem,
  };
}

/** An expression of a built-in action: a constant, or a function of the arguments and parameters. */
export function evaluationOf(expression: unknown): Evaluation {
  if (typeof expression !== 'function') return () => expression;
  const fn = expression as Fn;
  if (takesContextAndEvent(fn)) return (step, params) => fn({ context: step.context, event: step.event }, params);
  return (step, params) => fn(fullArgs(step), params);
}

/** Whether evaluationCode() can write it. */
function isWritable(expression: unknown): boolean {
  return typeof expression !== 'function' || takesContextAndEvent(expression);
}

function evaluationCode(expression: unknown, bind: Bind, args = plainArgsCode): string {
  return typeof expression === 'function' ? `${bind(expression)}(${args}, undefined)` : bind(expression);
}

// --- the author's own functions

function callOf(action: unknown, params: Params): Operation {
  if (typeof action !== 'function') return params ? (step) => void params(step) : nothing;
  const fn = action as Fn;
  const isPlain = takesContextAndEvent(fn);
  const call: Operation = (step) => {
    const args = isPlain ? { context: step.context, event: step.event } : fullArgs(step);
    const given = params?.(step);
    if (step.entryCalls) step.entryCalls.push(() => fn(args, given));
    else fn(args, given);
  };
  // Code is made for machines that have begun, where a call is made at once.
  return isPlain && !params ? withCode(call, (bind) => `${evaluationCode(fn, bind)};`) : call;
}

/** A function that was enqueued. */
export function callNow(step: Step, action: unknown): void {
  const args = fullArgs(step);
  callInTurn(step, () => (action as Fn)(args, undefined));
}

function callInTurn(step: Step, call: () => void): void {
  if (step.entryCalls) step.entryCalls.push(call);
  else call();
}

const nothing: Operation = () => {};

// --- assign

function assignOf(assignment: unknown, params: Params): Operation {
  if (typeof assignment === 'function') return assignFunction(assignment as Fn, params);
  const properties = assignment as Record<string, unknown>;
  const argsOf = assignArgsFor(Object.values(properties));
  // Assigning to `__proto__` is something else than having a property of that name.
  if (argsOf === plainArgs && !params && !Object.hasOwn(properties, '__proto__')) return assignProperties(properties);
  const merge = contextMerger();
  return (step) => assignObject(step, properties, params?.(step), argsOf, merge);
}

function assignFunction(fn: Fn, params: Params): Operation {
  const merge = contextMerger();
  const argsOf = takesContextAndEvent(fn) ? plainArgs : assignArgs;
  return (step) => assignByFunction(step, fn, params?.(step), argsOf, merge);
}

/** The commonest of all actions: constants, and functions of context and event. */
function assignProperties(properties: Record<string, unknown>): Operation {
  const values = Object.values(properties);
  const [only] = values;
  const isOne = values.length === 1;
  const names = Object.keys(properties);
  const set = contextSetter(names);
  const assign: Operation = (step) => {
    const { context } = step;
    if (!context) refuseContext();
    const args = { context, event: step.event };
    step.context = set(context, isOne ? valueFor(only, args) : values.map((value) => valueFor(value, args)));
    step.hasChanged = true;
  };
  return withCode(assign, (bind, context) => {
    const given = names.map((_, place) => `given${place}`);
    const merged = `${bind(set)}(context, ${isOne ? 'given0' : `[${given.join()}]`})`;
    const next = contextCode(context, names, (name) => `given${names.indexOf(name)}`);
    return `{
      if (!context) ${bind(refuseContext)}();
      const args = { context, event };
      ${values.map((value, place) => `const given${place} = ${evaluationCode(value, bind, 'args')};`).join('\n')}
      ${next ? countNames('context', bind(next.names), 'known') : ''}
      context = ${next ? `known === ${next.names.length} ? ${next.literal} : ` : ''}${merged};
    }`;
  });
}

function valueFor(value: unknown, args: Args): unknown {
  return typeof value === 'function' ? (value as Fn)(args, undefined) : value;
}

type ArgsMaker = (step: Step) => Args;

function plainArgs(step: Step): Args {
  return { context: step.context, event: step.event };
}

function assignArgsFor(values: readonly unknown[]): ArgsMaker {
  const isPlain = values.every((value) => typeof value !== 'function' || takesContextAndEvent(value));
  return isPlain ? plainArgs : assignArgs;
}

function assignObject(
  step: Step,
  properties: Record<string, unknown>,
  params: unknown,
  argsOf: ArgsMaker,
  merge: ContextMerger,
): void {
  if (!step.context) refuseContext();
  let args: Args | null = null;
  const changes: Context = {};
  for (const key of Object.keys(properties)) {
    const value = properties[key];
    if (typeof value === 'function') args ??= argsOf(step);
    changes[key] = typeof value === 'function' ? (value as Fn)(args as Args, params) : value;
  }
  step.context = merge(step.context, changes);
  step.hasChanged = true;
}

function assignByFunction(step: Step, fn: Fn, params: unknown, argsOf: ArgsMaker, merge: ContextMerger): void {
  if (!step.context) refuseContext();
  step.context = merge(step.context, fn(argsOf(step), params));
  step.hasChanged = true;
}

/** An assignment that was enqueued: it is new each time, so that little can be known of it beforehand. */
export function assignNow(step: Step, assignment: unknown, merge: ContextMerger): void {
  if (typeof assignment === 'function') assignByFunction(step, assignment as Fn, undefined, assignArgs, merge);
  else assignObject(step, assignment as Record<string, unknown>, undefined, assignArgs, merge);
}

function refuseContext(): never {
  throw new Error('Cannot assign to undefined `context`. Ensure that `context` is defined in the machine config.');
}

// --- events: raised, and sent to others

function raiseOf(chart: Chart, action: Extract<BuiltinAction, { type: 'xstate.raise' }>, params: Params): Operation {
  const event = evaluationOf(action.event);
  const delay = delayOf(chart, action.delay);
  const { id } = action;
  if (typeof action.event === 'string') return () => refuseText('raise', action.event as string);
  return (step) => {
    const given = params?.(step);
    raiseNow(step, event(step, given) as AnyEventObject, delay?.(step, given), id);
  };
}

export function raiseNow(step: Step, event: AnyEventObject, delayMs: unknown, id: string | undefined): void {
  if (typeof delayMs !== 'number') step.raised.push(event);
  else step.effects.push({ kind: 'schedule', id, delayMs, event, target: null });
}

function sendOf(chart: Chart, action: Extract<BuiltinAction, { type: 'xstate.sendTo' }>, params: Params): Operation {
  const event = evaluationOf(action.event);
  const delay = delayOf(chart, action.delay);
  const to = evaluationOf(action.to);
  const { id } = action;
  if (typeof action.event === 'string') return () => refuseText('sendTo', action.event as string);
  return (step) => {
    const given = params?.(step);
    const sent = event(step, given) as AnyEventObject;
    const delayMs = delay?.(step, given);
    sendNow(step, chart, to(step, given), sent, delayMs, id);
  };
}

export function sendNow(
  step: Step,
  chart: Chart,
  to: unknown,
  event: AnyEventObject,
  delayMs: unknown,
  id: string | undefined,
): void {
  const target = targetOf(step, chart, to);
  step.effects.push(
    typeof delayMs === 'number' ? { kind: 'schedule', id, delayMs, event, target } : { kind: 'send', target, event },
  );
}

/** XState's special names; there are no children whose names it could be. Null is the machine itself. */
function targetOf(step: Step, chart: Chart, to: unknown): unknown {
  if (!to || to === '#_internal') return null;
  if (typeof to !== 'string') return isSelf(step, to) ? null : to;
  const { parent } = step.run.owner;
  if (to === '#_parent' && parent !== undefined) return parent;
  throw new Error(`Unable to send event to actor '${to}' from machine '${chart.id}'.`);
}

function isSelf(step: Step, target: unknown): boolean {
  return target === step.run.rare?.self;
}

/** A delay by name is looked up among the machine's delays. */
function delayOf(chart: Chart, delay: unknown): Evaluation | undefined {
  if (delay === undefined) return undefined;
  return evaluationOf(typeof delay === 'string' ? partOrRefusal(chart, 'delay', delay) : delay);
}

export function refuseText(action: string, event: string): never {
  throw new Error(`Only event objects may be used with ${action}; use ${action}({ type: "${event}" }) instead`);
}
