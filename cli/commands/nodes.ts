import { Command } from 'commander';
import type { CommandContext } from '../CommandContext.js';
import { table } from '../Output.js';
import { type NodeOptions, withNode, withNodeOptions } from './nodeOptions.js';

export function nodesCommand({ output }: CommandContext): Command {
  return withNodeOptions(new Command('nodes').description('the nodes of the mesh, this one first')).action(
    async (options: NodeOptions) => {
      const nodes = await withNode(options, (node) => node.request('nodes', {}));
      output.result(nodes, (shown) =>
        table(
          shown.map(({ alias, nodeId, self, address, personas, rooms }) => [
            self ? `${alias} (this one)` : alias,
            nodeId,
            address ?? '-',
            personas.join(', ') || '-',
            rooms.join(', ') || '-',
          ]),
          ['node', 'id', 'address', 'personas', 'rooms'],
        ),
      );
    },
  );
}
