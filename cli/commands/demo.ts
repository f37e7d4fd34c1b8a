import { Command } from 'commander';
import type { CommandContext } from '../CommandContext.js';
import { exitCodes } from '../exitCodes.js';
import { usageFault } from '../usageFault.js';
import { withJson } from './nodeOptions.js';

interface LoopOptions {
  readonly seed?: number;
  readonly sabotage?: boolean;
  readonly donor: boolean;
}

export function demoCommand(context: CommandContext): Command {
  return new Command('demo').description('what the mesh can do, played for real').addCommand(loopCommand(context));
}

function loopCommand(context: CommandContext): Command {
  const { output } = context;
  return withJson(
    new Command('loop').description(
      'a persona that lacks a subject learns it from another node, measured before and after',
    ),
  )
    .option('--seed <number>', 'picks the subject and the questions; drawn when not given', seed)
    .option('--sabotage', 'offer a scrambled genome: it must be refused')
    .option('--no-donor', 'nobody has what is lacking: nothing must be adopted')
    .action(async ({ seed: given, sabotage = false, donor }: LoopOptions) => {
      const { playLoopScene } = await import('../scene/playLoopScene.js');
      const { renderSceneResult } = await import('../scene/renderSceneResult.js');
      const { Interruption } = await import('../Interruption.js');
      const interruption = new Interruption();
      try {
        const result = await playLoopScene({
          ...(given === undefined ? {} : { seed: given }),
          sabotage,
          donor,
          onProgress: (step) => output.progress(step),
          signal: interruption.signal,
        });
        output.result(result, renderSceneResult);
        if (!result.closed) context.exitCode = exitCodes.loopOpen;
      } catch (thrown) {
        if (!interruption.cause) throw thrown;
        context.exitCode = interruption.exitCode;
      } finally {
        interruption.dispose();
      }
    });
}

function seed(text: string): number {
  const value = Number(text);
  if (Number.isSafeInteger(value)) return value;
  throw usageFault(`--seed ${text} is no whole number`, 'write for instance --seed 7');
}
