import { Command } from 'commander';
import type { CommandContext } from '../CommandContext.js';
import { exitCodes } from '../exitCodes.js';
import { type NodeOptions, withNode, withNodeOptions } from './nodeOptions.js';

interface SayOptions extends NodeOptions {
  readonly replyTo?: string;
}

export function sayCommand(context: CommandContext): Command {
  return withNodeOptions(new Command('say').description('say something in a room, as the person of the node'))
    .argument('<room>')
    .argument('<text...>')
    .option('--reply-to <message>', 'id of the message that is answered')
    .action(async (roomId: string, words: readonly string[], { replyTo, ...options }: SayOptions) => {
      const text = words.join(' ');
      const said = await withNode(options, (node) =>
        node.request('say', { roomId, text, ...(replyTo === undefined ? {} : { replyTo }) }),
      );
      if (said.receipt === 'withdrawn') context.exitCode = exitCodes.failure;
      context.output.result(said, ({ receipt, messageId, reason }) =>
        receipt === 'stored' ? `${receipt} ${messageId}` : `${receipt}: ${reason ?? 'another answer stands'}`,
      );
    });
}
