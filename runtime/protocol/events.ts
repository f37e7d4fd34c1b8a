/**
 * The closed list of events: name, number on the wire, schema, and what the name's family is routed by. One
 * definition gives the TypeScript type, the compiled validator and the JSON Schema. A name that is not here does not
 * exist: it does not compile for a user of the package and is dropped and counted when it comes from the network.
 */

import { AcademyError } from './errors.js';
import * as chat from './schemas/chat.js';
import * as genome from './schemas/genome.js';
import * as node from './schemas/node.js';
import * as persona from './schemas/persona.js';
import * as training from './schemas/training.js';
import { Compile, type Static, type TSchema, type Validator } from './typebox.js';

/** The fifteen events of the academy's chat. */
export const ACADEMY_CHAT_EVENTS = {
  MESSAGE: 'academy.chat.message',
  PRESENCE: 'academy.chat.presence',
  TYPING: 'academy.chat.typing',
  ROOM_JOIN: 'academy.chat.room.join',
  ROOM_LEAVE: 'academy.chat.room.leave',
  USER_LIST: 'academy.chat.user.list',
  PERSONA_EVOLUTION: 'academy.persona.evolution',
  CAPABILITY_REQUEST: 'academy.persona.capability.request',
  CAPABILITY_ACQUIRED: 'academy.persona.capability.acquired',
  TRAINING_SIGNAL: 'academy.training.signal',
  PERFORMANCE_FEEDBACK: 'academy.training.performance',
  COMPETITIVE_CHALLENGE: 'academy.training.challenge',
  GENOME_DISCOVERY: 'academy.genome.discovery',
  GENOME_SHARE: 'academy.genome.share',
  LORA_EVOLUTION: 'academy.lora.evolution',
} as const;

/** The further names that the mesh itself uses. */
export const ACADEMY_MESH_EVENTS = {
  TRAINING_DATA: 'academy.training.data',
  NODE_DISCOVERY: 'academy.node.discovery',
  NODE_ANNOUNCE: 'academy.node.announce',
  NODE_DISCOVERED: 'academy.node.discovered',
  CAPABILITY_QUERY: 'academy.capability.query',
  CAPABILITY_RESPONSE: 'academy.capability.response',
  COLLABORATION_INVITE: 'academy.collaboration.invite',
  SESSION_UPDATE: 'academy.session.update',
} as const;

export const ACADEMY_EVENTS = { ...ACADEMY_CHAT_EVENTS, ...ACADEMY_MESH_EVENTS } as const;

/** Schemas in the order of their numbers on the wire: a number is never given to another event. */
const definitions = {
  'academy.chat.message': { id: 1, schema: chat.ChatMessage, roomScoped: true },
  'academy.chat.presence': { id: 2, schema: chat.Presence, roomScoped: true },
  'academy.chat.typing': { id: 3, schema: chat.Typing, roomScoped: true },
  'academy.chat.room.join': { id: 4, schema: chat.RoomJoin, roomScoped: true },
  'academy.chat.room.leave': { id: 5, schema: chat.RoomLeave, roomScoped: true },
  'academy.chat.user.list': { id: 6, schema: chat.UserList, roomScoped: true },
  'academy.persona.evolution': { id: 7, schema: persona.PersonaEvolution, roomScoped: true },
  'academy.persona.capability.request': { id: 8, schema: persona.CapabilityRequest, roomScoped: false },
  'academy.persona.capability.acquired': { id: 9, schema: persona.CapabilityAcquired, roomScoped: false },
  'academy.training.signal': { id: 10, schema: training.TrainingSignal, roomScoped: true },
  'academy.training.performance': { id: 11, schema: training.PerformanceFeedback, roomScoped: true },
  'academy.training.challenge': { id: 12, schema: training.CompetitiveChallenge, roomScoped: true },
  'academy.genome.discovery': { id: 13, schema: genome.GenomeDiscovery, roomScoped: false },
  'academy.genome.share': { id: 14, schema: genome.GenomeShare, roomScoped: false },
  'academy.lora.evolution': { id: 15, schema: genome.LoRAEvolution, roomScoped: false },
  'academy.training.data': { id: 16, schema: training.TrainingData, roomScoped: false },
  'academy.node.discovery': { id: 17, schema: node.NodeDiscovery, roomScoped: false },
  'academy.node.announce': { id: 18, schema: node.NodeAnnounce, roomScoped: false },
  'academy.node.discovered': { id: 19, schema: node.NodeDiscovered, roomScoped: false },
  'academy.capability.query': { id: 20, schema: node.CapabilityQuery, roomScoped: false },
  'academy.capability.response': { id: 21, schema: node.CapabilityResponse, roomScoped: false },
  'academy.collaboration.invite': { id: 22, schema: node.CollaborationInvite, roomScoped: false },
  'academy.session.update': { id: 23, schema: node.SessionUpdate, roomScoped: false },
} as const satisfies Record<(typeof ACADEMY_EVENTS)[keyof typeof ACADEMY_EVENTS], EventDefinitionShape>;

interface EventDefinitionShape {
  readonly id: number;
  readonly schema: TSchema;
  readonly roomScoped: boolean;
}

type Definitions = typeof definitions;

export type AcademyChatEventName = (typeof ACADEMY_CHAT_EVENTS)[keyof typeof ACADEMY_CHAT_EVENTS];
export type AcademyEventName = keyof Definitions;

/** Payload by event name; a wrong payload for a name is a compile error. */
export type AcademyEventData = { readonly [N in AcademyEventName]: Static<Definitions[N]['schema']> };
export type AcademyChatEventData = Pick<AcademyEventData, AcademyChatEventName>;

/** Names of events whose payload carries the room that they belong to. */
export type RoomScopedEventName = {
  [N in AcademyEventName]: Definitions[N]['roomScoped'] extends true ? N : never;
}[AcademyEventName];

export interface EventDefinition<N extends AcademyEventName = AcademyEventName> {
  readonly name: N;
  /** Number on the wire, 1 to 65535. */
  readonly id: number;
  readonly schema: TSchema;
  /** Whether the payload has a `roomId` by which it is delivered. */
  readonly roomScoped: boolean;
}

const byName = new Map<string, EventDefinition>();
const byId = new Map<number, EventDefinition>();
for (const [name, { id, schema, roomScoped }] of Object.entries(definitions)) {
  const definition: EventDefinition = { name: name as AcademyEventName, id, schema, roomScoped };
  byName.set(name, definition);
  byId.set(id, definition);
}

export const academyEventNames = [...byName.keys()] as readonly AcademyEventName[];

/** @returns undefined for a name that is not declared */
export function eventByName(name: string): EventDefinition | undefined {
  return byName.get(name);
}

/** @returns undefined for a number that no event has */
export function eventById(id: number): EventDefinition | undefined {
  return byId.get(id);
}

export function isAcademyEventName(name: unknown): name is AcademyEventName {
  return typeof name === 'string' && byName.has(name);
}

/** @throws AcademyError ERR_ACADEMY_EVENT_UNKNOWN */
export function requireEvent(name: string): EventDefinition {
  const definition = byName.get(name);
  if (definition) return definition;
  throw new AcademyError('ERR_ACADEMY_EVENT_UNKNOWN', `there is no event "${name}"`, {
    remedy: `use one of: ${academyEventNames.join(', ')}`,
  });
}

// Compiled on first use: a worker that only hosts personas never pays for genome schemas.
const validators = new Map<AcademyEventName, Validator>();

function validatorOf(definition: EventDefinition): Validator {
  let validator = validators.get(definition.name);
  if (!validator) {
    validator = Compile(definition.schema) as Validator;
    validators.set(definition.name, validator);
  }
  return validator;
}

/** Whether `data`, from the network, is a payload of that event. Never throws. */
export function isEventData<N extends AcademyEventName>(name: N, data: unknown): data is AcademyEventData[N] {
  const definition = byName.get(name);
  return definition !== undefined && validatorOf(definition).Check(data);
}

/**
 * Checks what a caller of this process hands in.
 * @throws AcademyError ERR_ACADEMY_EVENT_INVALID with the path of each field that does not fit
 */
export function assertEventData<N extends AcademyEventName>(name: N, data: unknown): AcademyEventData[N] {
  const definition = requireEvent(name);
  const validator = validatorOf(definition);
  if (validator.Check(data)) return data as AcademyEventData[N];
  throw new AcademyError('ERR_ACADEMY_EVENT_INVALID', `${name}: ${describeErrors(validator, data)}`);
}

/** The first few faults of a value, each with its path. */
export function describeErrors(validator: Validator, data: unknown): string {
  return [...validator.Errors(data)]
    .slice(0, 5)
    .map((fault) => `${fault.instancePath || '/'} ${fault.message}`)
    .join('; ');
}
