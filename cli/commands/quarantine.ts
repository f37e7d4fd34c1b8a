import { Command } from 'commander';
import type { CommandContext } from '../CommandContext.js';
import { errorText } from '../errorText.js';
import { table } from '../Output.js';
import { type NodeOptions, withNode, withNodeOptions } from './nodeOptions.js';

export function quarantineCommand({ output }: CommandContext): Command {
  return withNodeOptions(
    new Command('quarantine').description(
      'messages that were set aside because their actor fell by them, and the cause',
    ),
  ).action(async (options: NodeOptions) => {
    const messages = await withNode(options, (node) => node.request('quarantined', {}));
    output.result(messages, (shown) => {
      if (shown.length === 0) return 'nothing was set aside';
      return table(
        shown.map(({ atMs, name, messageType, failures, error, data }) => [
          new Date(atMs).toISOString().slice(0, 19),
          name,
          messageType,
          `failed ${failures} times by ${error.code}: ${errorText(error)}`,
          data.slice(0, 120),
        ]),
        ['when (UTC)', 'actor', 'message', 'cause', 'data'],
      );
    });
  });
}
