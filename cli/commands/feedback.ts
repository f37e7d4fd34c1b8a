import { Command } from 'commander';
import type { CommandContext } from '../CommandContext.js';
import { usageFault } from '../usageFault.js';
import { type NodeOptions, withNode, withNodeOptions } from './nodeOptions.js';

interface FeedbackOptions extends NodeOptions {
  readonly value?: number;
  readonly expected?: string;
  readonly silence?: boolean;
  readonly room?: string;
  readonly comment?: string;
}

export function feedbackCommand({ output }: CommandContext): Command {
  return withNodeOptions(new Command('feedback').description('judge a message: a training signal for its room'))
    .argument('<message>', 'id of an answer, or of a question that nobody answered')
    .option('--value <number>', 'from -1 (wrong) to 1 (right)', ratio)
    .option('--expected <answer>', 'id of the answer that should have been given')
    .option('--silence', 'nobody should have answered')
    .option('--room <room>', 'room of the message; found by itself')
    .option('--comment <text>', 'a word on why')
    .action(async (messageId: string, given: FeedbackOptions) => {
      const { value, expected, silence, room, comment, ...options } = given;
      if (value === undefined && expected === undefined && !silence) {
        throw usageFault('a judgement is missing', 'give --value, --expected or --silence');
      }
      const heard = await withNode(options, (node) =>
        node.request('feedback', {
          messageId,
          ...(room === undefined ? {} : { roomId: room }),
          ...(value === undefined ? {} : { value }),
          ...(silence ? { expected: null } : expected === undefined ? {} : { expected }),
          ...(comment === undefined ? {} : { comment }),
        }),
      );
      output.result(heard, ({ heardBy, propagated, roomId }) =>
        propagated
          ? `heard by ${heardBy} members of ${roomId} here, and by every node of the academy`
          : `heard by ${heardBy} members of ${roomId}; it stays on this node`,
      );
    });
}

function ratio(text: string): number {
  const value = Number(text);
  if (text.trim() !== '' && value >= -1 && value <= 1) return value;
  throw usageFault(`--value ${text} is no number from -1 to 1`, 'write for instance --value 1');
}
