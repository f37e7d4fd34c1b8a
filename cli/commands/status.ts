import { Command } from 'commander';
import { amountOf } from '../amountOf.js';
import type { CommandContext } from '../CommandContext.js';
import { table } from '../Output.js';
import { type NodeOptions, withNode, withNodeOptions } from './nodeOptions.js';

export function statusCommand({ output }: CommandContext): Command {
  return withNodeOptions(new Command('status').description('what the running node is and does')).action(
    async (options: NodeOptions) => {
      const status = await withNode(options, (node) => node.request('status', {}));
      output.result(status, (shown) =>
        table([
          ['node', `${shown.alias} (${shown.nodeId})`],
          ['academy', shown.academyId],
          ['person', shown.person.name],
          ['data', shown.dataFolder],
          [
            'process',
            `${shown.pid}, up ${Math.round(shown.uptimeMs / 1000)} s, ${Math.round(shown.memoryRssBytes / 2 ** 20)} MB`,
          ],
          [
            'holds',
            `${amountOf(shown.rooms, 'room')}, ${amountOf(shown.actors, 'actor')}, ${amountOf(shown.peers, 'other node')}`,
          ],
          [
            'threads',
            `${amountOf(shown.threads, 'worker thread')}${shown.maxHeapMb === null ? '' : ` of ${shown.maxHeapMb} MB heap`}; one that hangs for ${shown.hangMs} ms is ended`,
          ],
          ...counted('counted', shown.counters),
          ...counted('dropped', shown.drops),
          ...Object.entries(shown.transports).map(([name, stats]) => [
            name,
            `${stats.packetsSent} packets sent, ${stats.packetsReceived} received, ${stats.sendErrors} errors`,
          ]),
        ]),
      );
    },
  );
}

function counted(label: string, counters: Readonly<Record<string, number>>): string[][] {
  const some = Object.entries(counters).filter(([, count]) => count > 0);
  return some.length === 0 ? [] : [[label, some.map(([name, count]) => `${name} ${count}`).join(', ')]];
}
