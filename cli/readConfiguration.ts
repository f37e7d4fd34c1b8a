/** The configuration that a command works with, as `up` would resolve it in the same folder. */
import {
  type AcademyUserConfig,
  defaultDataFolder,
  loadConfigFile,
  type ResolvedConfig,
  resolveConfig,
} from './library.js';
import { asMisuse } from './misuse.js';

export interface ConfigurationChoice {
  readonly data?: string;
  readonly academy?: string;
  readonly config?: string;
}

export interface Configuration extends ResolvedConfig {
  /** Absolute. */
  readonly dataFolder: string;
}

/** @throws AcademyError ERR_ACADEMY_CONFIG_INVALID, ERR_ACADEMY_FILE_NOT_FOUND */
export async function readConfiguration(
  { data, academy, config: configFile }: ConfigurationChoice,
  flags: AcademyUserConfig = {},
): Promise<Configuration> {
  const readFile = () => loadConfigFile(process.cwd(), configFile);
  const file = await (configFile === undefined ? readFile() : asMisuse(readFile));
  const resolved = resolveConfig({
    flags: {
      ...flags,
      ...(data === undefined ? {} : { data }),
      ...(academy === undefined ? {} : { academyId: academy }),
    },
    file,
  });
  return { ...resolved, dataFolder: resolved.config.data ?? defaultDataFolder(resolved.config.academyId) };
}
