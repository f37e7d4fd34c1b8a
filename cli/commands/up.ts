import { Command } from 'commander';
import type { CommandContext } from '../CommandContext.js';
import { type NodeOptions, withNodeOptions } from './nodeOptions.js';
import { flagsOf, type UpFlags, withUpFlags } from './upFlags.js';

interface UpOptions extends NodeOptions, UpFlags {
  readonly chat: boolean;
  readonly scene: boolean;
}

export function upCommand({ output }: CommandContext): Command {
  return withUpFlags(
    withNodeOptions(
      new Command('up').description('start a node; in a terminal, talk; without one, play the demo and serve'),
    ),
  )
    .option('--no-chat', 'serve only, even in a terminal')
    .option('--no-scene', 'serve only, even without a terminal')
    .action(async ({ chat, scene, ...options }: UpOptions) => {
      const { runNode } = await import('../runNode.js');
      const terminal = process.stdin.isTTY && process.stdout.isTTY;
      await runNode({
        output,
        choice: options,
        flags: flagsOf(options),
        chat: chat && terminal && !output.json,
        scene: scene && !terminal,
      });
    });
}
