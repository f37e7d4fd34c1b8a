/**
 * Joins what flags, environment, file and defaults say into one configuration that is wholly checked, and remembers
 * where each value came from. A mistake anywhere is told by the path of its key and by where it was written.
 */
import { availableParallelism, userInfo } from 'node:os';
import { dirname } from 'node:path';
import { AcademyError } from '../protocol/errors.js';
import { withAbsolutePaths } from './absolutePaths.js';
import type { AcademyConfig, AcademyUserConfig, PersonaConfig } from './academyConfig.js';
import { type ConfigFault, configFaults } from './configFaults.js';
import { configGroups, isPlainObject, leafSchemas, leavesOf } from './configKeys.js';
import { environmentVariables, readEnvironment } from './environmentVariables.js';
import type { ConfigFile } from './loadConfigFile.js';

export type ConfigOrigin = 'flag' | 'environment' | 'file' | 'default';

export interface ConfigSources {
  /** What the command line or a program says. Highest. */
  readonly flags?: AcademyUserConfig;
  /** @default process.env */
  readonly environment?: Readonly<Record<string, string | undefined>>;
  readonly file?: ConfigFile | undefined;
  /** Folder to which paths of flags and environment are relative. @default process.cwd() */
  readonly folder?: string;
}

export interface ResolvedConfig {
  readonly config: AcademyConfig;
  /** Where each value came from, by path (`udp.port`); values that are not set have none. */
  readonly origins: Readonly<Record<string, ConfigOrigin>>;
  /** The file that was read. */
  readonly file?: string;
}

interface Layer {
  readonly origin: ConfigOrigin;
  readonly values: ReadonlyMap<string, unknown>;
  /** What its paths are relative to. */
  readonly folder: string;
}

/**
 * Precedence: flag, environment, file, default. Objects are joined key by key, lists and the table of transports
 * replace each other as a whole.
 * @throws AcademyError ERR_ACADEMY_CONFIG_INVALID with the path of every bad key and where it was set
 */
export function resolveConfig(sources: ConfigSources = {}): ResolvedConfig {
  const { flags = {}, environment = process.env, file, folder = process.cwd() } = sources;
  const layers: Layer[] = [
    { origin: 'flag', values: leavesOf(flags, 'the flags'), folder },
    { origin: 'environment', values: readEnvironment(environment), folder },
  ];
  if (file) layers.push({ origin: 'file', values: leavesOf(file.value, file.path), folder: dirname(file.path) });
  const preset = layers.map(({ values }) => values.get('preset')).find((value) => value !== undefined);
  layers.push({ origin: 'default', values: defaultLeaves(preset), folder });

  const values = new Map<string, unknown>();
  const origins: Record<string, ConfigOrigin> = {};
  for (const layer of layers) {
    for (const [path, value] of layer.values) {
      if (values.has(path)) continue;
      values.set(path, withAbsolutePaths(path, value, layer.folder));
      origins[path] = layer.origin;
    }
  }
  if (origins.personas === 'default') seatDefaults(values);
  const config = nest(values);
  const faults = configFaults(config);
  if (faults.length > 0) throw invalid(faults, origins, file?.path);
  return { config: seatPersonas(config as AcademyConfig), origins, ...(file ? { file: file.path } : {}) };
}

/** A value of the configuration by its path, e.g. `udp.port`. */
export function configValue(config: AcademyConfig, path: string): unknown {
  return path.split('.').reduce<unknown>((value, key) => (value as Record<string, unknown> | undefined)?.[key], config);
}

function defaultLeaves(preset: unknown): Map<string, unknown> {
  const leaves = new Map<string, unknown>([
    ['name', systemUserName()],
    ['threads', threadsForThisMachine()],
  ]);
  for (const [path, schema] of leafSchemas()) {
    // A copy, so that a caller who changes his configuration changes nobody else's.
    if ('default' in schema) leaves.set(path, structuredClone(schema.default));
  }
  if (preset === 'plan') {
    leaves.set('udp.port', 9_000);
    leaves.set('tcp.port', 9_003);
  }
  return leaves;
}

/** One core stays with the main thread's sockets and store; a thread with an idle shard costs some 20 MB. */
function threadsForThisMachine(): number {
  return Math.min(4, Math.max(1, availableParallelism() - 1));
}

function systemUserName(): string {
  try {
    return userInfo().username || 'guest';
  } catch {
    // A process may run under a number that has no name, as containers do.
    return 'guest';
  }
}

function nest(values: ReadonlyMap<string, unknown>): Record<string, unknown> {
  const config: Record<string, unknown> = Object.fromEntries(configGroups.map((group) => [group, {}]));
  for (const [path, value] of values) {
    const [key, inner] = path.split('.') as [string, string | undefined];
    if (inner === undefined) config[key] = value;
    else (config[key] as Record<string, unknown>)[inner] = value;
  }
  return config;
}

/** Who configures rooms and no personas has the default ones there. */
function seatDefaults(values: Map<string, unknown>): void {
  const rooms: unknown = values.get('rooms');
  if (!Array.isArray(rooms)) return;
  const known = rooms.map((room: unknown) => (isPlainObject(room) ? room.id : undefined));
  const personas = (values.get('personas') as readonly PersonaConfig[]).map((persona) => {
    const seats = persona.rooms.filter((room) => known.includes(room));
    return { ...persona, rooms: seats.length > 0 ? seats : known };
  });
  values.set('personas', personas);
}

/** A room may name its personas and a persona its rooms; afterwards each persona names all of its rooms. */
function seatPersonas(config: AcademyConfig): AcademyConfig {
  const personas = config.personas.map((persona) => {
    const inviting = config.rooms.filter((room) => room.personas?.includes(persona.id)).map((room) => room.id);
    return { ...persona, rooms: [...new Set([...persona.rooms, ...inviting])] };
  });
  return { ...config, personas };
}

/** More would not be read. */
const faultsTold = 8;

function invalid(
  faults: readonly ConfigFault[],
  origins: Readonly<Record<string, ConfigOrigin>>,
  file: string | undefined,
): AcademyError {
  const placed = faults.map(({ path, text }) => ({ path, text, where: whereSet(path, origins, file) }));
  // Defaults are good by themselves: what is wrong with one follows from another mistake.
  const made = placed.filter(({ where }) => where !== 'default');
  const lines = (made.length > 0 ? made : placed)
    .slice(0, faultsTold)
    .map(({ path, text, where }) => `${path} ${text} (${where})`);
  return new AcademyError('ERR_ACADEMY_CONFIG_INVALID', lines.join('; '), {
    remedy: 'correct it where it is set; "academy config" shows all keys',
  });
}

function whereSet(path: string, origins: Readonly<Record<string, ConfigOrigin>>, file: string | undefined): string {
  const isAbove = (key: string): boolean => path.startsWith(key) && /^($|[.[])/.test(path.slice(key.length));
  const key = Object.keys(origins).find(isAbove);
  switch (key && origins[key]) {
    case 'environment':
      return `environment variable ${environmentVariables.find((variable) => variable.path === key)?.name}`;
    case 'file':
      return `${file}`;
    case 'flag':
      return 'flag';
    default:
      return 'default';
  }
}
