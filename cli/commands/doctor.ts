import { Command } from 'commander';
import type { CommandContext } from '../CommandContext.js';
import { exitCodes } from '../exitCodes.js';
import { type NodeOptions, withNodeOptions } from './nodeOptions.js';
import { flagsOf, type UpFlags, withUpFlags } from './upFlags.js';

export function doctorCommand(context: CommandContext): Command {
  const { output } = context;
  return withUpFlags(
    withNodeOptions(
      new Command('doctor').description(
        'try what a node needs of this machine, and say what to do; takes the flags of up',
      ),
    ),
  ).action(async (options: NodeOptions & UpFlags) => {
    const { readConfiguration } = await import('../readConfiguration.js');
    const { renderFindings } = await import('../renderFindings.js');
    const { diagnoseMachine } = await import('../library.js');
    const { config } = await readConfiguration(options, flagsOf(options));
    const findings = await diagnoseMachine(config);
    output.result(findings, (all) => renderFindings(all, (style, text) => output.style(style, text)));
    if (findings.some(({ verdict }) => verdict === 'bad')) context.exitCode = exitCodes.failure;
  });
}
