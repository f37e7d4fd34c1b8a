import { Command } from 'commander';
import type { CommandContext } from '../CommandContext.js';
import { table } from '../Output.js';
import { type NodeOptions, withNodeOptions } from './nodeOptions.js';
import { flagsOf, type UpFlags, withUpFlags } from './upFlags.js';

export function configCommand({ output }: CommandContext): Command {
  return withUpFlags(
    withNodeOptions(new Command('config').description('each value of the configuration, and where it comes from')),
  ).action(async (options: NodeOptions & UpFlags) => {
    const { readConfiguration } = await import('../readConfiguration.js');
    const { configKeys, configValue } = await import('../library.js');
    const { config, origins, file = null, dataFolder } = await readConfiguration(options, flagsOf(options));
    const values = configKeys().map(({ path, description, variable = null }) => ({
      key: path,
      value: (path === 'data' ? dataFolder : configValue(config, path)) ?? null,
      origin: origins[path] ?? null,
      variable,
      description,
    }));
    output.result({ file, values }, () =>
      [
        table(
          values.map(({ key, value, origin, variable }) => [key, shown(value), origin ?? 'not set', variable ?? '']),
          ['key', 'value', 'from', 'environment variable'],
        ),
        file === null ? 'No configuration file was read.' : `File: ${file}`,
        'A flag wins over the environment, the environment over the file, the file over the default.',
      ].join('\n'),
    );
  });
}

const widthMax = 60;

function shown(value: unknown): string {
  const text = value === null ? '-' : typeof value === 'string' ? value : JSON.stringify(value);
  return text.length <= widthMax ? text : `${text.slice(0, widthMax - 1)}…`;
}
