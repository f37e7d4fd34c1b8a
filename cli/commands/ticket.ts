import { Command } from 'commander';
import type { CommandContext } from '../CommandContext.js';
import { type NodeOptions, withNodeOptions } from './nodeOptions.js';

export function ticketCommand({ output }: CommandContext): Command {
  return withNodeOptions(
    new Command('ticket').description(
      'a line that makes another machine a member (up --ticket); whoever has it may join',
    ),
  ).action(async (options: NodeOptions) => {
    const { readConfiguration } = await import('../readConfiguration.js');
    const { ticketOf } = await import('../library.js');
    const { config } = await readConfiguration(options);
    const ticket = ticketOf(config.academyId);
    output.result({ academyId: config.academyId, ticket }, () => ticket);
  });
}
