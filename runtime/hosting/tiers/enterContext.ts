/** The context with which a machine begins. */
import { takenNames } from './argumentUse.js';
import { refuse } from './MachineSelf.js';
import type { Step } from './Step.js';
import type { Chart, Context } from './xstateShapes.js';

type ContextFactory = (args: Record<string, unknown>) => Context;

export function enterContext(step: Step, chart: Chart, input: unknown): Context {
  const { context } = chart.config;
  if (typeof context !== 'function') return (context as Context | undefined) ?? {};
  const factory = context as ContextFactory;
  const names = takenNames(factory);
  const isPlain = names !== null && !names.has('self') && !names.has('spawn');
  const spawn = (): never => refuse('spawn');
  return Object.assign({}, factory(isPlain ? { input } : { spawn, input, self: step.host.selfOf(step.run) }));
}
