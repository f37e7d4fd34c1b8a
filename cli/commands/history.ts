import { Command } from 'commander';
import type { CommandContext } from '../CommandContext.js';
import { usageFault } from '../usageFault.js';
import { type NodeOptions, withNode, withNodeOptions } from './nodeOptions.js';

interface HistoryOptions extends NodeOptions {
  readonly limit: number;
  readonly before?: string;
}

export function historyCommand({ output }: CommandContext): Command {
  return withNodeOptions(new Command('history').description('what was said in a room, oldest first'))
    .argument('<room>')
    .option('--limit <messages>', 'how many at the most, 1 to 1000', messageCount, 50)
    .option('--before <cursor>', 'the page before the one that ended with this cursor')
    .action(async (roomId: string, { limit, before, ...options }: HistoryOptions) => {
      const page = await withNode(options, (node) =>
        node.request('history', { roomId, limit, ...(before === undefined ? {} : { before }) }),
      );
      output.result(page, ({ messages, cursor }) =>
        [
          ...messages.map(({ timestamp, username, node, text, messageId }) => {
            const name = `${username}${node ? `@${node.alias}` : ''}`;
            return `${new Date(timestamp).toISOString().slice(0, 19)}  ${name}: ${text}  ${output.style('dim', messageId)}`;
          }),
          ...(cursor === null ? [] : [output.style('dim', `earlier: --before ${cursor}`)]),
        ].join('\n'),
      );
    });
}

function messageCount(text: string): number {
  const count = Number(text);
  if (Number.isInteger(count) && count >= 1 && count <= 1000) return count;
  throw usageFault(`--limit ${text} is no number from 1 to 1000`, 'write for instance --limit 20');
}
