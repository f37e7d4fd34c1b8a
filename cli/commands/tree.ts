import { Command } from 'commander';
import type { CommandContext } from '../CommandContext.js';
import { table } from '../Output.js';
import { type NodeOptions, withNode, withNodeOptions } from './nodeOptions.js';

export function treeCommand({ output }: CommandContext): Command {
  return withNodeOptions(
    new Command('tree').description('all actors of the node, with the thread, machine and state of each'),
  ).action(async (options: NodeOptions) => {
    const actors = await withNode(options, (node) => node.request('tree', {}));
    output.result(actors, (shown) => {
      const shards = [...new Set(shown.map(({ address }) => address.shard))].sort((left, right) => left - right);
      return shards
        .map((shard) => {
          const here = shown.filter(({ address }) => address.shard === shard);
          const rows = here.map(
            ({ name, machine, state, status, restarts, mailboxDepth, messagesHandled, lastError }) => [
              `  ${name}`,
              machine,
              status === 'running' ? state : `${state} (${status})`,
              `${messagesHandled} handled, ${mailboxDepth} waiting${restarts > 0 ? `, ${restarts} restarts` : ''}${lastError ? `, last error ${lastError.code}` : ''}`,
            ],
          );
          return `shard ${shard}\n${table(rows)}`;
        })
        .join('\n');
    });
  });
}
