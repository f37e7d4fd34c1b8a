/** `enqueueActions`: the author's function lists what is to be done, and when it has returned it is done. */
import { onlyCallsMethodsOf, takenNames } from './argumentUse.js';
import { fullArgs, type Params } from './compileAction.js';
import { compileGuard } from './compileGuard.js';
import { contextMerger } from './contextMerger.js';
import { asFunction, Enqueuer } from './Enqueuer.js';
import type { Operation } from './Step.js';
import type { Chart } from './xstateShapes.js';

type Collect = (args: Record<string, unknown>, params: unknown) => void;

export function compileEnqueue(chart: Chart, collect: unknown, params: Params): Operation {
  const fn = collect as Collect;
  const names = takenNames(fn);
  const isPlain = names !== null && !names.has('self') && !names.has('system');
  // The function with methods that XState hands out takes longer to make than most authors' lists to do.
  const needsFunction = !isPlain || !onlyCallsMethodsOf(fn, 'enqueue');
  const needsCheck = !isPlain || names.has('check');
  const merge = contextMerger();
  return (step) => {
    const given = params?.(step);
    const enqueuer = new Enqueuer(chart, step, merge);
    const { context, event, place } = step;
    const enqueue = needsFunction ? asFunction(enqueuer) : enqueuer;
    const check = needsCheck
      ? (guard: unknown): unknown => compileGuard(chart, guard)(context, event, place)
      : undefined;
    if (isPlain) fn({ context, event, enqueue, check }, given);
    else fn({ ...fullArgs(step), enqueue, check }, given);
    enqueuer.close();
  };
}
