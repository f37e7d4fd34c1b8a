import { Command } from 'commander';
import type { CommandContext } from '../CommandContext.js';
import { table } from '../Output.js';
import { type NodeOptions, withNode, withNodeOptions } from './nodeOptions.js';

export function personasCommand({ output }: CommandContext): Command {
  return withNodeOptions(
    new Command('personas').description('the personas of the node: what they can, learnt and adopted'),
  ).action(async (options: NodeOptions) => {
    const personas = await withNode(options, (node) => node.request('personas', {}));
    output.result(personas, (shown) =>
      table(
        shown.map(({ personaId, signals, satisfaction, judged, activeGenomes, capabilities }) => [
          personaId,
          String(signals),
          satisfaction === null ? 'not judged' : `${Math.round(satisfaction * 100)} % of ${judged}`,
          String(activeGenomes.length),
          capabilities.join(', '),
        ]),
        ['persona', 'signals learnt', 'satisfaction', 'genomes adopted', 'capabilities'],
      ),
    );
  });
}
