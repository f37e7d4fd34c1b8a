/**
 * The grammar of paths (settlement C19):
 *
 * ```
 * /remote/{node}/academy/{category}[/{rest…}]     another node's academy; `/remote/academy/{category}/{node}/…` is an alias
 * /remote/{node}/commands/{command}               a command on another node
 * /remote/{node}/{rest…}                          anything else there, e.g. actors/{name}
 * /academy/{category}[/{rest…}]                   this node's academy
 * /chat/room/{room}/events/{type | *}             the events of one room; type is the name after `academy.`, or its last word
 * /{rest…}                                        this node
 * ```
 *
 * Segments are percent-encoded (RFC 3986), so a room may hold any character. A node cannot be called like a word of
 * the grammar.
 */
import { AcademyError } from './errors.js';
import { type AcademyEventName, academyEventNames } from './events.js';
import { limits } from './limits.js';

export const academyCategories = ['training', 'genome', 'persona', 'collaboration'] as const;
export type AcademyCategory = (typeof academyCategories)[number];

/** Words that are no node's id or alias. */
export const reservedNodeNames: readonly string[] = [
  'academy',
  'commands',
  'actors',
  'chat',
  'local',
  'remote',
  'all',
  '*',
];

export type Endpoint =
  | {
      readonly kind: 'remote-academy';
      readonly node: string;
      readonly category: AcademyCategory;
      readonly rest: readonly string[];
    }
  | { readonly kind: 'remote-command'; readonly node: string; readonly command: string }
  | { readonly kind: 'remote'; readonly node: string; readonly rest: readonly string[] }
  | { readonly kind: 'academy'; readonly category: string; readonly rest: readonly string[] }
  | { readonly kind: 'room-events'; readonly roomId: string; readonly event: AcademyEventName | '*' }
  | { readonly kind: 'local'; readonly rest: readonly string[] };

const pathCharactersMax = 2_048;

/** @throws AcademyError ERR_ACADEMY_ENDPOINT_INVALID saying which segment does not fit */
export function parseEndpoint(path: string): Endpoint {
  if (path.length > pathCharactersMax)
    throw invalid(`${path.slice(0, 40)}…`, `is longer than ${pathCharactersMax} characters`);
  if (!path.startsWith('/')) throw invalid(path, 'does not start with "/"');
  const segments = path
    .slice(1)
    .split('/')
    .map((segment) => decodeSegment(path, segment));
  const [first, second, third, ...rest] = segments;
  if (first === 'remote') {
    if (second === 'academy') {
      const category = categoryOf(path, third);
      const [node, ...further] = rest;
      return { kind: 'remote-academy', node: nodeName(path, node), category, rest: further };
    }
    const node = nodeName(path, second);
    if (third === 'academy') {
      const [category, ...further] = rest;
      return { kind: 'remote-academy', node, category: categoryOf(path, category), rest: further };
    }
    if (third === 'commands') {
      if (rest.length !== 1 || !rest[0]) throw invalid(path, 'needs exactly one command after "commands"');
      return { kind: 'remote-command', node, command: rest[0] };
    }
    return { kind: 'remote', node, rest: third === undefined ? [] : [third, ...rest] };
  }
  if (first === 'academy') {
    if (!second) throw invalid(path, 'has no category');
    return { kind: 'academy', category: second, rest: third === undefined ? [] : [third, ...rest] };
  }
  if (first === 'chat') return roomEvents(path, segments);
  return { kind: 'local', rest: segments };
}

/** The inverse of parseEndpoint, in the grammar's own form (never the alias). */
export function formatEndpoint(endpoint: Endpoint): string {
  const path = (...segments: readonly string[]): string => `/${segments.map(encodeURIComponent).join('/')}`;
  switch (endpoint.kind) {
    case 'remote-academy':
      return path('remote', endpoint.node, 'academy', endpoint.category, ...endpoint.rest);
    case 'remote-command':
      return path('remote', endpoint.node, 'commands', endpoint.command);
    case 'remote':
      return path('remote', endpoint.node, ...endpoint.rest);
    case 'academy':
      return path('academy', endpoint.category, ...endpoint.rest);
    case 'room-events':
      return `${path('chat', 'room', endpoint.roomId, 'events')}/${endpoint.event === '*' ? '*' : endpoint.event}`;
    case 'local':
      return path(...endpoint.rest);
  }
}

function roomEvents(path: string, segments: readonly string[]): Endpoint {
  const [, room, roomId, events, type, ...further] = segments;
  if (room !== 'room' || !roomId || events !== 'events' || !type || further.length > 0) {
    throw invalid(path, 'is not of the form /chat/room/{room}/events/{type}');
  }
  if (roomId === '*' || roomId.length > limits.idCharactersMax) throw invalid(path, 'must name one room');
  if (type === '*') return { kind: 'room-events', roomId, event: '*' };
  const event =
    academyEventNames.find((name) => name === type || name === `academy.${type}`) ??
    academyEventNames.find((name) => name.endsWith(`.${type}`));
  if (!event) throw invalid(path, `names no event: "${type}"`);
  return { kind: 'room-events', roomId, event };
}

function categoryOf(path: string, category: string | undefined): AcademyCategory {
  const known = academyCategories.find((candidate) => candidate === category);
  if (known) return known;
  throw invalid(path, `has an unknown category "${category ?? ''}"; known are ${academyCategories.join(', ')}`);
}

function nodeName(path: string, name: string | undefined): string {
  if (!name) throw invalid(path, 'has no node');
  if (name.length > limits.idCharactersMax) throw invalid(path, 'has a node name that is too long');
  if (reservedNodeNames.includes(name)) throw invalid(path, `names a node by the reserved word "${name}"`);
  return name;
}

function decodeSegment(path: string, segment: string): string {
  try {
    return decodeURIComponent(segment);
  } catch {
    throw invalid(path, `has a badly encoded segment "${segment}"`);
  }
}

function invalid(path: string, fault: string): AcademyError {
  return new AcademyError('ERR_ACADEMY_ENDPOINT_INVALID', `endpoint ${path} ${fault}`, {
    remedy:
      'write /remote/{node}/academy/{category}/…, /remote/{node}/commands/{command}, /academy/{category}/… or /chat/room/{room}/events/{type}',
  });
}
