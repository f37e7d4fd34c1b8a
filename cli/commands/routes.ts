import { Command } from 'commander';
import type { CommandContext } from '../CommandContext.js';
import { table } from '../Output.js';
import { type NodeOptions, withNodeOptions } from './nodeOptions.js';

export function routesCommand({ output }: CommandContext): Command {
  return withNodeOptions(
    new Command('routes').description('which transport each event goes by; needs no running node'),
  ).action(async (options: NodeOptions) => {
    const { readConfiguration } = await import('../readConfiguration.js');
    const { routingTable } = await import('../library.js');
    const { config } = await readConfiguration(options);
    output.result(routingTable(config), (routes) =>
      table(
        routes.map((route) => [route.prefix, route.transport, route.class, route.source, route.reason]),
        ['event', 'transport', 'class', 'source', 'why'],
      ),
    );
  });
}
