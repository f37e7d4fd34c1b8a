import { Command } from 'commander';
import type { CommandContext } from '../CommandContext.js';
import { asMisuse } from '../misuse.js';
import { type NodeOptions, withNodeOptions } from './nodeOptions.js';
import { flagsOf, type UpFlags, withUpFlags } from './upFlags.js';

interface UpOptions extends NodeOptions, UpFlags {
  readonly chat: boolean;
  readonly scene: boolean;
  readonly ticket?: string;
  readonly watch?: boolean;
}

export function upCommand({ output }: CommandContext): Command {
  return withUpFlags(
    withNodeOptions(
      new Command('up').description('start a node; in a terminal, talk; without one, play the demo and serve'),
    ),
  )
    .option('--ticket <line>', 'become a member of the academy of another machine: what "academy ticket" printed there')
    .option('--watch', 'for development: load participants again when their files are saved; TypeScript too')
    .option('--no-chat', 'serve only, even in a terminal')
    .option('--no-scene', 'serve only, even without a terminal')
    .action(async ({ chat, scene, ticket, watch = false, ...options }: UpOptions) => {
      const { runNode } = await import('../runNode.js');
      const terminal = process.stdin.isTTY && process.stdout.isTTY;
      await runNode({
        output,
        choice: ticket === undefined ? options : { ...options, academy: await academyOf(ticket) },
        flags: flagsOf(options),
        chat: chat && terminal && !output.json,
        scene: scene && !terminal && !watch,
        watch,
      });
    });
}

async function academyOf(ticket: string): Promise<string> {
  const { joinByTicket, parseTicket } = await import('../library.js');
  await asMisuse(() => parseTicket(ticket));
  return joinByTicket(ticket);
}
