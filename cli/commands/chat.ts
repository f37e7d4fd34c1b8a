import { Command } from 'commander';
import type { CommandContext } from '../CommandContext.js';
import { usageFault } from '../usageFault.js';
import { type NodeOptions, withNode, withNodeOptions } from './nodeOptions.js';

export function chatCommand({ output }: CommandContext): Command {
  return withNodeOptions(new Command('chat').description('talk through the running node')).action(
    async (options: NodeOptions) => {
      await withNode(options, async (node) => {
        if (!process.stdin.isTTY || output.json) {
          throw usageFault(
            'the chat needs a terminal',
            'use "academy say ROOM TEXT" and "academy history ROOM" instead',
          );
        }
        const { runTerminalChat } = await import('../chat/runTerminalChat.js');
        await runTerminalChat({
          connection: node,
          input: process.stdin,
          output: process.stdout,
          style: (style, text) => output.style(style, text),
        });
      });
    },
  );
}
