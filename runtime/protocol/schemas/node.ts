/** Payloads by which nodes find each other and what one tells of itself; reputation is never among it (C27). */

import { publicKeyBytes, signatureBytes } from '../identity.js';
import { limits } from '../limits.js';
import Type, { type Static } from '../typebox.js';
import { Bytes, Count, Fields, Id, Ids, Phrase, Phrases, Ratio, TimestampMs, Words } from './shapes.js';

/** Settlement C26: one shape, with the units in the names. */
export const NodeCapacity = Fields({
  cpuLoadRatio: Ratio,
  memoryFreeBytes: Count,
  storageFreeBytes: Count,
  slotsFree: Count,
});
export type NodeCapacity = Static<typeof NodeCapacity>;

export const NodeCapabilities = Fields({ training: Phrases, genomes: Ids, personas: Ids, specializations: Phrases });
export type NodeCapabilities = Static<typeof NodeCapabilities>;

const Port = Type.Integer({ minimum: 0, maximum: 65_535 });

export const NodeNetworkInfo = Fields({
  /** Address at which the reliable port answers. */
  host: Type.String({ minLength: 1, maxLength: 255 }),
  trainingPort: Port,
  genomePort: Port,
  /** TCP port of the reliable transport. */
  collaborationPort: Port,
  uptimeMs: Count,
  capacity: NodeCapacity,
});

const about = {
  nodeId: Id,
  alias: Id,
  academyId: Id,
  publicKey: Bytes(publicKeyBytes),
  capabilities: NodeCapabilities,
  network: NodeNetworkInfo,
  rooms: Type.Array(Id, { maxItems: limits.listItemsMax }),
  timestamp: TimestampMs,
  /** Ed25519 over all other fields in canonical JSON, by the node's own key. */
  signature: Bytes(signatureBytes),
};

/** A node asks who is there, and says who it is. */
export const NodeDiscovery = Fields(about);
/** The answer, the periodic sign of life, and the goodbye (settlement C24). */
export const NodeAnnounce = Fields({ ...about, kind: Words('answer', 'alive', 'goodbye') });
export type NodeAnnounce = Static<typeof NodeAnnounce>;
export type NodeDiscovery = Static<typeof NodeDiscovery>;

/** Local only: emitted once for each node that is found. */
export const NodeDiscovered = Fields({ nodeId: Id, discoveredBy: Id, timestamp: TimestampMs });

export const CapabilityQuery = Fields({ requestId: Id, academyId: Id, capability: Phrase, timestamp: TimestampMs });
export const CapabilityResponse = Fields({
  requestId: Id,
  academyId: Id,
  nodeId: Id,
  capability: Phrase,
  personas: Ids,
  timestamp: TimestampMs,
});

/** An invitation to learn together, and the life of the session that follows; both over the reliable path. */
export const CollaborationInvite = Fields({
  sessionId: Id,
  academyId: Id,
  hostNodeId: Id,
  capability: Phrase,
  participantNodes: Ids,
  timestamp: TimestampMs,
});
export const SessionUpdate = Fields({
  sessionId: Id,
  academyId: Id,
  state: Words('waiting', 'running', 'ended', 'cancelled'),
  participantNodes: Ids,
  timestamp: TimestampMs,
});
