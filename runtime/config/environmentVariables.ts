/** The environment variables that configure a node, and how their text becomes a value. */
import { AcademyError } from '../protocol/errors.js';

export interface EnvironmentVariable {
  readonly name: string;
  /** The key that it sets, e.g. `udp.port`. */
  readonly path: string;
  readonly kind: 'text' | 'number' | 'switch' | 'list';
}

export const environmentVariables: readonly EnvironmentVariable[] = [
  { name: 'ACADEMY_ID', path: 'academyId', kind: 'text' },
  { name: 'NODE_ID', path: 'alias', kind: 'text' },
  { name: 'ACADEMY_NAME', path: 'name', kind: 'text' },
  { name: 'ACADEMY_DATA', path: 'data', kind: 'text' },
  { name: 'ACADEMY_THREADS', path: 'threads', kind: 'number' },
  { name: 'ACADEMY_MAX_HEAP_MB', path: 'maxHeapMb', kind: 'number' },
  { name: 'ACADEMY_HANG_MS', path: 'hangMs', kind: 'number' },
  { name: 'ACADEMY_OPEN', path: 'open', kind: 'switch' },
  { name: 'ACADEMY_LAN', path: 'lan', kind: 'switch' },
  { name: 'ACADEMY_INTERFACE', path: 'interface', kind: 'text' },
  { name: 'ACADEMY_PRESET', path: 'preset', kind: 'text' },
  { name: 'ACADEMY_UDP_PORT', path: 'udp.port', kind: 'number' },
  { name: 'ACADEMY_TCP_HOST', path: 'tcp.host', kind: 'text' },
  { name: 'ACADEMY_TCP_PORT', path: 'tcp.port', kind: 'number' },
  { name: 'ACADEMY_PEERS', path: 'peers', kind: 'list' },
  { name: 'ACADEMY_PARTICIPANTS', path: 'participants', kind: 'list' },
  { name: 'ACADEMY_LOG', path: 'log.level', kind: 'text' },
];

const switchWords: Readonly<Record<string, boolean>> = {
  '1': true,
  true: true,
  yes: true,
  on: true,
  '0': false,
  false: false,
  no: false,
  off: false,
};

/**
 * The values that are set, by path. An empty variable counts as not set.
 * @throws AcademyError ERR_ACADEMY_CONFIG_INVALID naming the variable
 */
export function readEnvironment(environment: Readonly<Record<string, string | undefined>>): Map<string, unknown> {
  const values = new Map<string, unknown>();
  for (const variable of environmentVariables) {
    const text = environment[variable.name]?.trim();
    if (text) values.set(variable.path, parsedValue(variable, text));
  }
  return values;
}

function parsedValue({ name, path, kind }: EnvironmentVariable, text: string): unknown {
  switch (kind) {
    case 'text':
      return text;
    case 'list':
      return text
        .split(',')
        .map((item) => item.trim())
        .filter((item) => item !== '');
    case 'number':
      if (/^-?\d+(\.\d+)?$/.test(text)) return Number(text);
      throw invalid(name, path, text, 'a number');
    case 'switch': {
      const value = switchWords[text.toLowerCase()];
      if (value !== undefined) return value;
      throw invalid(name, path, text, 'one of 1, true, yes, on, 0, false, no, off');
    }
  }
}

function invalid(name: string, path: string, text: string, wanted: string): AcademyError {
  return new AcademyError('ERR_ACADEMY_CONFIG_INVALID', `${path} must be ${wanted}; ${name} is "${text}"`, {
    remedy: `correct or unset the environment variable ${name}`,
  });
}
