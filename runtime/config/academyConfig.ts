/**
 * Everything that can be configured, in one schema: it gives the TypeScript type, the check at start, the defaults,
 * and the description that `academy config` shows beside each value. Units are in the names.
 */

import { flowTagPattern } from '../protocol/flowTags.js';
import { limits } from '../protocol/limits.js';
import { RoomConsent } from '../protocol/schemas/participant.js';
import { Fields, Id, Ids, Phrases, Ratio, Words } from '../protocol/schemas/shapes.js';
import Type, { type Static } from '../protocol/typebox.js';
import { defaultPersonas, defaultRooms } from './demoRooms.js';

const Path = Type.String({ minLength: 1, maxLength: 4_096 });
const Port = (description: string, port: number) =>
  Type.Integer({ minimum: 0, maximum: 65_535, default: port, description });
const GroupAddress = (group: string) =>
  Type.Optional(
    Type.String({
      pattern: '^(22[4-9]|23[0-9])(\\.(25[0-5]|2[0-4][0-9]|1?[0-9]{1,2})){3}$',
      description: `IPv4 multicast address of the ${group} group, 224.0.0.0 to 239.255.255.255`,
      expects: 'an IPv4 multicast address, 224.0.0.0 to 239.255.255.255',
    }),
  );

const FlowTag = (description: string) =>
  Type.String({
    pattern: flowTagPattern,
    description,
    expects: '1 to 16 small letters, digits and "-", beginning with a letter or digit',
  });

const Peer = Type.String({
  maxLength: 300,
  pattern: '^(\\[[0-9A-Fa-f:.]+\\]|[^\\s:\\[\\]]+):[0-9]{1,5}$',
  expects: 'host:port or [address]:port',
});

export const RoomConfig = Fields({
  id: { ...Id, description: 'name of the room; nodes that use the same name share it' },
  consent: {
    ...RoomConsent,
    description: 'what may leave the room for training: local (nothing), academy (signals to its nodes), export',
  },
  topic: Type.Optional({
    ...Type.String({ minLength: 1, maxLength: limits.phraseCharactersMax }),
    description: 'shown',
  }),
  personas: Type.Optional({ ...Ids, description: 'ids of personas that sit here, beside those that name the room' }),
});
export type RoomConfig = Static<typeof RoomConfig>;

export const PersonaConfig = Fields({
  id: { ...Id, description: 'id of the persona; what it has learnt is kept under it' },
  name: { ...Id, description: 'what others see and mention' },
  capabilities: { ...Phrases, description: 'what it can do, in words that others search for' },
  knowledge: Type.Array(Path, {
    maxItems: limits.listItemsMax,
    description: 'knowledge packs it answers from: files, or builtin:<name> of a pack that ships',
  }),
  rooms: { ...Ids, description: 'rooms it sits in' },
  specialities: Type.Optional({ ...Phrases, description: 'words that wake it' }),
  rank: Type.Optional(
    Type.Integer({
      minimum: 1,
      maximum: 256,
      description: 'rank of the layers it trains: 16 for one domain, 32 for many',
    }),
  ),
});
export type PersonaConfig = Static<typeof PersonaConfig>;

export const AcademyConfigSchema = Fields({
  academyId: Type.String({
    pattern: '^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$',
    expects: '1 to 64 letters, digits, ".", "_" or "-", beginning with a letter or digit',
    default: 'default',
    description: 'the academy that the node belongs to; nodes of another one are not heard',
  }),
  alias: Type.Optional({ ...Id, description: 'name for this node in paths, beside the id that its key gives it' }),
  name: { ...Id, description: "the person's display name; by default the user of the operating system" },
  data: Type.Optional({ ...Path, description: "the node's data folder; by default in the user's data home" }),
  threads: Type.Integer({
    minimum: 0,
    maximum: 64,
    description: 'worker threads with actors, by default one less than cores, 1 to 4; 0 runs all in the main thread',
  }),
  maxHeapMb: Type.Optional(
    Type.Integer({
      minimum: 32,
      maximum: 1_048_576,
      description:
        'heap of each worker thread, after which it is ended and its actors come back; by default what V8 takes',
    }),
  ),
  hangMs: Type.Integer({
    minimum: 250,
    maximum: 3_600_000,
    default: 5_000,
    description: 'a worker thread whose loop has not turned for so long is ended, and its actors come back',
  }),
  open: Type.Boolean({
    default: false,
    description: 'no secret: whoever reaches the network may take part, and nothing guards against forgery',
  }),
  lan: Type.Boolean({
    default: false,
    description: 'hear and be heard on the local network, not only on this machine',
  }),
  interface: Type.Optional({
    ...Type.String({ minLength: 1, maxLength: 64 }),
    description: 'name or address of the network interface; by default loopback, with lan the first one',
  }),
  preset: { ...Words('default', 'plan'), default: 'default', description: "addresses and ports: ours, or the plan's" },
  udp: Fields({
    port: Port('UDP port that all nodes of the academy share', 47_100),
    ttl: Type.Integer({ minimum: 0, maximum: 255, default: 1, description: 'routers that a datagram may pass' }),
    receiveBufferBytes: Type.Integer({
      minimum: 65_536,
      maximum: 268_435_456,
      default: 4_194_304,
      description: 'receive buffer asked of the system; it may give less',
    }),
    step: {
      ...Words('auto', 'segment-offload', 'plain'),
      default: 'auto',
      description: 'how datagrams leave and arrive: many in one system call, one by one, or the best that works here',
    },
    streamRingBytes: Type.Integer({
      minimum: 1_048_576,
      maximum: 268_435_456,
      default: 25_165_824,
      description: 'memory of one outgoing stream, from which it is sent and repaired',
    }),
    flowTag: Type.Optional(FlowTag('what this node says of itself to publishers that are paced by some members only')),
    limitByTag: Type.Optional(
      FlowTag("flow tag of the members that pace this node's streams; others may lose; by default all pace them"),
    ),
  }),
  groups: Fields({
    training: GroupAddress('training'),
    evolution: GroupAddress('evolution'),
    genome: GroupAddress('genome'),
  }),
  tcp: Fields({
    host: Type.Optional({
      ...Type.String({ minLength: 1, maxLength: 255 }),
      description: 'address to listen on; by default loopback, with lan all',
    }),
    port: Port('TCP port of the reliable transport; 0 takes a free one and announces it', 0),
  }),
  peers: Type.Array(Peer, {
    maxItems: limits.peersMax,
    default: [],
    description: 'nodes to connect to where multicast does not reach, as host:port or [address]:port',
  }),
  transports: Type.Record(Type.String(), Type.String({ minLength: 1, maxLength: 64 }), {
    default: {},
    description: 'transport by event name or family, e.g. {"academy.chat.*": "tcp-reliable"}; the same on all nodes',
  }),
  proofOfSource: Type.Record(Type.String(), Type.Boolean(), {
    default: {},
    description:
      'whether an event must prove the node that it names, by name or family, e.g. {"academy.training.*": true}; the same on all nodes',
  }),
  rooms: Type.Array(RoomConfig, { maxItems: 1_024, default: defaultRooms, description: 'rooms that the node opens' }),
  personas: Type.Array(PersonaConfig, {
    maxItems: 256,
    default: defaultPersonas,
    description: 'personas that the node hosts',
  }),
  participants: Type.Array(Path, {
    maxItems: 256,
    default: [],
    description: "participants of one's own, as ./module.js or ./module.js#export",
  }),
  specializations: {
    ...Phrases,
    default: ['typescript_expert', 'browser_automation', 'collaborative_ai', 'system_architecture'],
    description: 'what the node says it specialises in',
  },
  commands: Fields({
    allow: { ...Ids, default: [], description: 'commands that other nodes may run here; none by default' },
  }),
  thresholds: Fields({
    accuracy: { ...Ratio, default: 0.7, description: 'measured accuracy below which a persona looks for help' },
    satisfaction: { ...Ratio, default: 0.8, description: 'mean satisfaction below which a capability has a gap' },
    signal: { ...Ratio, default: 0.5, description: 'size of a signal from which on it goes to the other nodes' },
    shareGain: { ...Ratio, default: 0.1, description: 'gain in accuracy that must be exceeded before it is shared' },
    windowJudgements: Type.Integer({
      minimum: 1,
      maximum: 10_000,
      default: 50,
      description: 'judged answers that satisfaction is taken over, the newest',
    }),
    evidenceMin: Type.Integer({
      minimum: 1,
      maximum: 10_000,
      default: 20,
      description: 'judged answers without which no gap is seen',
    }),
    examItemsMin: Type.Integer({
      minimum: 1,
      maximum: 100_000,
      default: 50,
      description: 'held-out items without which no genome is examined',
    }),
    cooldownMs: Type.Integer({
      minimum: 0,
      maximum: 86_400_000,
      default: 30_000,
      description: 'time between two searches for the same capability',
    }),
    candidatesMax: Type.Integer({
      minimum: 1,
      maximum: 64,
      default: 3,
      description: 'genomes that are examined in one search',
    }),
  }),
  discovery: Fields({
    announceMs: Type.Integer({
      minimum: 50,
      maximum: 3_600_000,
      default: 1_000,
      description: 'time between two signs of life of this node',
    }),
    expiryMs: Type.Integer({
      minimum: 100,
      maximum: 86_400_000,
      default: 5_000,
      description: 'silence after which a node is taken for gone; longer than announceMs',
    }),
  }),
  turnTaking: Fields({
    aiShareMax: {
      ...Ratio,
      default: 0.6,
      description: 'largest share of AI messages, unless a person waits for an answer',
    },
    window: Type.Integer({
      minimum: 1,
      maximum: 10_000,
      default: 20,
      description: 'messages over which that share is taken',
    }),
    aiChainMax: Type.Integer({
      minimum: 0,
      maximum: 1_000,
      default: 2,
      description: 'AI messages that may answer one another in a row',
    }),
    holdMsMax: Type.Integer({
      minimum: 0,
      maximum: 60_000,
      default: 120,
      description: 'longest wait of an answer that is not sure, so that a surer one comes first',
    }),
    elsewhereHoldMs: Type.Integer({
      minimum: 0,
      maximum: 60_000,
      default: 150,
      description: "further wait when another node's member asked",
    }),
  }),
  supervision: Fields({
    escalation: {
      ...Words('degrade', 'stop'),
      default: 'degrade',
      description: 'what the node does when no supervisor could mend a fault: go on without what failed, or stop',
    },
  }),
  log: Fields({
    level: {
      ...Words('debug', 'info', 'warn', 'error', 'silent'),
      default: 'warn',
      description: 'least that is logged',
    },
  }),
});

/** A configuration with every value settled. Paths in it are absolute. */
export type AcademyConfig = Static<typeof AcademyConfigSchema>;

type Partly<T> = T extends readonly unknown[] ? T : T extends object ? { [K in keyof T]?: Partly<T[K]> } : T;

/** What a file or a caller writes: any part of a configuration; lists replace the default ones as a whole. */
export type AcademyUserConfig = Partly<AcademyConfig>;
