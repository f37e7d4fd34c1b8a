import { Command } from 'commander';
import type { CommandContext } from '../CommandContext.js';
import { type NodeOptions, withNodeOptions } from './nodeOptions.js';

export function ticketCommand({ output }: CommandContext): Command {
  const join = withNodeOptions(new Command('join').description('become a member by a ticket of another machine'))
    .argument('<ticket>')
    .action(async (ticket: string) => {
      const { joinByTicket } = await import('../library.js');
      const academyId = joinByTicket(ticket);
      output.result(
        { academyId },
        () =>
          `This user is now a member of academy "${academyId}". Start with: academy up --lan --academy ${academyId}`,
      );
    });
  return withNodeOptions(
    new Command('ticket').description('a line that makes another machine a member; whoever has it may join'),
  )
    .addCommand(join)
    .action(async (options: NodeOptions) => {
      const { readConfiguration } = await import('../readConfiguration.js');
      const { ticketOf } = await import('../library.js');
      const { config } = await readConfiguration(options);
      const ticket = ticketOf(config.academyId);
      output.result({ academyId: config.academyId, ticket }, () => ticket);
    });
}
