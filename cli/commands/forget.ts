import { Command } from 'commander';
import type { CommandContext } from '../CommandContext.js';
import { type NodeOptions, withNode, withNodeOptions } from './nodeOptions.js';

export function forgetCommand({ output }: CommandContext): Command {
  return withNodeOptions(
    new Command('forget')
      .description('stop an actor, if it runs, and forget all that was kept of it')
      .argument('<name>', 'the actor, as "academy tree" or node.log shows it'),
  ).action(async (name: string, options: NodeOptions) => {
    await withNode(options, (node) => node.request('forget', { name }));
    output.result({ name, forgotten: true }, () => `nothing is kept of "${name}" any more`);
  });
}
