/** All that is wrong with a joined configuration, by the path of each bad key. */
import { existsSync } from 'node:fs';
import { dirname } from 'node:path';
import { reservedNodeNames } from '../protocol/endpoints.js';
import { Compile } from '../protocol/typebox.js';
import { builtInKnowledgeFolder } from './absolutePaths.js';
import { type AcademyConfig, AcademyConfigSchema } from './academyConfig.js';
import { nearestWord } from './nearestWord.js';

const validator = Compile(AcademyConfigSchema);

export interface ConfigFault {
  /** `personas[0].rooms`. */
  readonly path: string;
  readonly text: string;
}

/** Empty when the configuration is good. */
export function configFaults(config: unknown): ConfigFault[] {
  return validator.Check(config) ? faultsBeyondSchema(config) : faultsOfSchema(config);
}

function faultsOfSchema(config: unknown): ConfigFault[] {
  return [...validator.Errors(config)].map((error) => {
    const segments = error.instancePath.split('/').slice(1);
    const path = segments.map((key) => (/^\d+$/.test(key) ? `[${key}]` : `.${key}`)).join('');
    const { allowedValues } = error.params as { allowedValues?: readonly unknown[] };
    const allowed = allowedValues ? `: ${allowedValues.join(', ')}` : '';
    return { path: path.slice(1) || 'the configuration', text: `${error.message}${allowed}` };
  });
}

/** What one key demands of another. */
function faultsBeyondSchema(config: AcademyConfig): ConfigFault[] {
  const { alias, rooms, personas, peers, discovery } = config;
  const faults: ConfigFault[] = [];
  if (alias !== undefined && reservedNodeNames.includes(alias)) {
    faults.push({ path: 'alias', text: `must not be "${alias}", a word of the paths` });
  }
  peers.forEach((peer, index) => {
    const port = Number(peer.slice(peer.lastIndexOf(':') + 1));
    if (port < 1 || port > 65_535) faults.push({ path: `peers[${index}]`, text: 'must have a port from 1 to 65535' });
  });
  if (discovery.expiryMs <= discovery.announceMs) {
    faults.push({ path: 'discovery.expiryMs', text: 'must be longer than discovery.announceMs' });
  }
  const roomIds = rooms.map(({ id }) => id);
  const personaIds = personas.map(({ id }) => id);
  faults.push(...repeated('rooms', roomIds), ...repeated('personas', personaIds));
  personas.forEach((persona, index) => {
    faults.push(...unknownNames(`personas[${index}].rooms`, persona.rooms, roomIds, 'room'));
    persona.knowledge.forEach((pack, place) => {
      // Other packs are read, and missed, by who answers from them.
      if (dirname(pack) === builtInKnowledgeFolder() && !existsSync(pack)) {
        faults.push({ path: `personas[${index}].knowledge[${place}]`, text: 'names no pack that ships' });
      }
    });
  });
  rooms.forEach((room, index) => {
    faults.push(...unknownNames(`rooms[${index}].personas`, room.personas ?? [], personaIds, 'persona'));
  });
  return faults;
}

function repeated(path: string, ids: readonly string[]): ConfigFault[] {
  return ids.flatMap((id, index) =>
    ids.indexOf(id) < index ? [{ path: `${path}[${index}].id`, text: `must not be "${id}" again` }] : [],
  );
}

function unknownNames(path: string, names: readonly string[], known: readonly string[], what: string): ConfigFault[] {
  return names.flatMap((name, index) => {
    if (known.includes(name)) return [];
    const near = nearestWord(name, known);
    const hint = near ? `; did you mean "${near}"?` : `; there are ${known.join(', ') || 'none'}`;
    return [{ path: `${path}[${index}]`, text: `names no ${what}: "${name}"${hint}` }];
  });
}
