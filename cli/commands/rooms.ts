import { Command } from 'commander';
import type { CommandContext } from '../CommandContext.js';
import { table } from '../Output.js';
import { type NodeOptions, withNode, withNodeOptions } from './nodeOptions.js';

export function roomsCommand({ output }: CommandContext): Command {
  return withNodeOptions(
    new Command('rooms').description('the rooms of the node, and who hears what is said there'),
  ).action(async (options: NodeOptions) => {
    const rooms = await withNode(options, (node) => node.request('rooms', {}));
    output.result(rooms, (shown) =>
      table(
        shown.map(({ roomId, consent, members, remoteNodes }) => [
          roomId,
          consent,
          String(remoteNodes.length + 1),
          members.map(({ name, type }) => (type === 'human' ? name : `${name} (${type})`)).join(', '),
        ]),
        ['room', 'consent', 'nodes', 'members'],
      ),
    );
  });
}
