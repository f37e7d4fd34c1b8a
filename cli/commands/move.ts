import { Command } from 'commander';
import type { CommandContext } from '../CommandContext.js';
import { usageFault } from '../usageFault.js';
import { type NodeOptions, withNode, withNodeOptions } from './nodeOptions.js';

export function moveCommand({ output }: CommandContext): Command {
  return withNodeOptions(
    new Command('move')
      .description('move a running actor to another thread, with its state and all that waits for it')
      .argument('<name>', 'the actor, as "academy tree" shows it')
      .argument('<shard>', 'a thread by its number; 0 is the main thread', shardOf),
  ).action(async (name: string, shard: number, options: NodeOptions) => {
    const address = await withNode(options, (node) => node.request('move', { name, shard }));
    output.result({ name, address }, () => `"${name}" runs on shard ${address.shard}`);
  });
}

function shardOf(text: string): number {
  if (/^\d{1,4}$/.test(text)) return Number(text);
  throw usageFault(`"${text}" is no shard`, 'give its number, such as 1; 0 is the main thread');
}
