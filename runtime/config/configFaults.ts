/** All that is wrong with a joined configuration, by the path of each bad key. */
import { existsSync, readdirSync } from 'node:fs';
import { basename, dirname } from 'node:path';
import { systemParticipantId } from '../protocol/actorNames.js';
import { reservedNodeNames } from '../protocol/endpoints.js';
import { Compile } from '../protocol/typebox.js';
import { builtInKnowledgeFolder } from './absolutePaths.js';
import { type AcademyConfig, AcademyConfigSchema } from './academyConfig.js';
import { expectedInWords, schemaAt } from './expectedInWords.js';
import { foundInWords } from './foundInWords.js';
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
  const faults = [...validator.Errors(config)].flatMap(({ instancePath, params }) => {
    // A JSON pointer (RFC 6901).
    const keys = instancePath
      .split('/')
      .slice(1)
      .map((key) => key.replaceAll('~1', '/').replaceAll('~0', '~'));
    const { requiredProperties = [] } = params as { requiredProperties?: readonly string[] };
    return requiredProperties.length > 0
      ? requiredProperties.map((key) => faultAt(config, [...keys, key]))
      : [faultAt(config, keys)];
  });
  // A value that breaks two rules of its schema is one mistake.
  return faults.filter(({ path }, index) => faults.findIndex((fault) => fault.path === path) === index);
}

function faultAt(config: unknown, keys: readonly string[]): ConfigFault {
  const path = keys.map((key) => (/^\d+$/.test(key) ? `[${key}]` : `.${key}`)).join('');
  const schema = schemaAt(AcademyConfigSchema, keys);
  const expected = schema ? expectedInWords(schema) : 'what "academy config" shows';
  const found = keys.reduce<unknown>((value, key) => (value as Record<string, unknown> | undefined)?.[key], config);
  const text =
    found === undefined ? `is missing: it must be ${expected}` : `must be ${expected}, not ${foundInWords(found)}`;
  return { path: path.slice(1) || 'the configuration', text };
}

/** What one key demands of another. */
function faultsBeyondSchema(config: AcademyConfig): ConfigFault[] {
  const { alias, rooms, personas, peers, discovery } = config;
  const faults: ConfigFault[] = [];
  if (alias !== undefined && reservedNodeNames.includes(alias)) {
    faults.push({ path: 'alias', text: `must not be "${alias}", which is a word of the paths` });
  }
  peers.forEach((peer, index) => {
    const port = Number(peer.slice(peer.lastIndexOf(':') + 1));
    if (port < 1 || port > 65_535)
      faults.push({ path: `peers[${index}]`, text: `must have a port from 1 to 65535, unlike "${peer}"` });
  });
  if (discovery.expiryMs <= discovery.announceMs) {
    faults.push({
      path: 'discovery.expiryMs',
      text: `must be longer than discovery.announceMs, which is ${discovery.announceMs}, not ${discovery.expiryMs}`,
    });
  }
  const roomIds = rooms.map(({ id }) => id);
  const personaIds = personas.map(({ id }) => id);
  faults.push(...repeated('rooms', roomIds), ...repeated('personas', personaIds));
  personas.forEach((persona, index) => {
    if (persona.id === systemParticipantId) {
      faults.push({
        path: `personas[${index}].id`,
        text: `must not be "${persona.id}", which is the node's own participant`,
      });
    }
    faults.push(...unknownNames(`personas[${index}].rooms`, persona.rooms, roomIds, 'room'));
    persona.knowledge.forEach((pack, place) => {
      // Other packs are read, and missed, by who answers from them.
      if (dirname(pack) === builtInKnowledgeFolder() && !existsSync(pack)) {
        faults.push({ path: `personas[${index}].knowledge[${place}]`, text: unknownPack(pack) });
      }
    });
  });
  rooms.forEach((room, index) => {
    faults.push(...unknownNames(`rooms[${index}].personas`, room.personas ?? [], personaIds, 'persona'));
  });
  return faults;
}

function unknownPack(pack: string): string {
  const names = readdirSync(builtInKnowledgeFolder())
    .filter((file) => file.endsWith('.jsonl'))
    .map((file) => basename(file, '.jsonl'));
  return `names no pack that ships: "${basename(pack, '.jsonl')}"; there are ${names.join(', ')}`;
}

function repeated(path: string, ids: readonly string[]): ConfigFault[] {
  return ids.flatMap((id, index) =>
    ids.indexOf(id) < index
      ? [{ path: `${path}[${index}].id`, text: `must not be "${id}" again: each needs an id of its own` }]
      : [],
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
