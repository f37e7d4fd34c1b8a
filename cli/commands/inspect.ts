import { Command } from 'commander';
import type { CommandContext } from '../CommandContext.js';
import { renderActor } from '../renderActor.js';
import { type NodeOptions, withNode, withNodeOptions } from './nodeOptions.js';

export function inspectCommand({ output }: CommandContext): Command {
  return withNodeOptions(
    new Command('inspect')
      .description('all that is known of one actor: state, context, mailbox, bonds, restarts, last error')
      .argument('<name>', 'the actor, as "academy tree" shows it, or its address'),
  ).action(async (name: string, options: NodeOptions) => {
    const report = await withNode(options, (node) => node.request('inspect', { name }));
    output.result(report, (shown) => renderActor(shown, Date.now()));
  });
}
