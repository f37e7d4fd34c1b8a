import { Command } from 'commander';
import type { CommandContext } from '../CommandContext.js';
import { type NodeOptions, withNode, withNodeOptions } from './nodeOptions.js';

export function stopCommand({ output }: CommandContext): Command {
  return withNodeOptions(new Command('stop').description('end the running node cleanly')).action(
    async (options: NodeOptions) => {
      const pid = await withNode(options, async (node) => {
        const status = await node.request('status', {});
        await node.request('stop', {});
        return status.pid;
      });
      const { processHasEnded } = await import('../processHasEnded.js');
      await processHasEnded(pid);
      output.result({ stopped: true, pid }, () => 'The node has ended.');
    },
  );
}
