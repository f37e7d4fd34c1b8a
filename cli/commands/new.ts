import { Command, Option } from 'commander';
import type { CommandContext } from '../CommandContext.js';
import type { Template } from '../scaffold/participantModule.js';
import { usageFault } from '../usageFault.js';
import { withJson } from './nodeOptions.js';

interface NewOptions {
  readonly dir?: string;
  readonly js?: boolean;
  readonly ts?: boolean;
  readonly template: Template;
}

export function newCommand(context: CommandContext): Command {
  return new Command('new')
    .description('make something of your own to start from')
    .addCommand(participantCommand(context));
}

function participantCommand({ output }: CommandContext): Command {
  return withJson(new Command('participant').description('a module with a test that passes'))
    .argument('<name>', 'what others see and mention, e.g. weather-bot')
    .option('--dir <folder>', 'where to make it; by default a folder of its name')
    .option('--js', 'JavaScript, which needs no build (the default)')
    .option('--ts', 'TypeScript')
    .addOption(
      new Option('--template <form>', 'callbacks, or an XState machine')
        .choices(['callbacks', 'machine'])
        .default('callbacks'),
    )
    .action(async (name: string, { dir, js, ts, template }: NewOptions) => {
      if (js && ts) throw usageFault('--js and --ts exclude each other', 'give one of them');
      const { newParticipant } = await import('../scaffold/newParticipant.js');
      const language = ts ? 'ts' : 'js';
      const made = newParticipant({ name, cwd: process.cwd(), folder: dir, language, template });
      output.result(made, ({ folder, files, next }) =>
        [
          `made ${folder}`,
          ...files.map((file) => `  ${file}`),
          'go on with:',
          ...next.map((command) => `  ${command}`),
        ].join('\n'),
      );
    });
}
