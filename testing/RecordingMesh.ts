/** What leaves the actors of a test for the network: kept to be looked at, and brought back where a node would. */

import type { ActorSystem } from '../runtime/hosting/ActorSystem.js';
import type { ActorMesh } from '../runtime/hosting/events/ActorMesh.js';
import type { EncodedEvent } from '../runtime/hosting/frames.js';
import type { ActorMessage, LogLevel } from '../runtime/protocol/actors.js';
import { type AcademyEventData, type AcademyEventName, requireEvent } from '../runtime/protocol/events.js';
import { asNodeId, type NodeId } from '../runtime/protocol/identity.js';
import { MessageCodec } from '../runtime/protocol/MessageCodec.js';
import { type PacketHeader, topicOf } from '../runtime/protocol/packet.js';

export interface LoggedLine {
  readonly level: LogLevel;
  readonly actor: string;
  readonly text: string;
  readonly fields?: Record<string, unknown>;
}

const codec = new MessageCodec();
/** Where no node has given the test one. */
const testNodeId = asNodeId('1'.repeat(32)) as NodeId;

export class RecordingMesh implements ActorMesh {
  readonly nodeId: NodeId;
  readonly published: EncodedEvent[] = [];
  readonly told: { readonly node: NodeId; readonly name: string; readonly message: ActorMessage }[] = [];
  readonly logged: LoggedLine[] = [];
  /** Answers to effects `execute`, by endpoint; set them as a test needs. */
  readonly commands = new Map<string, (payload: unknown, deadlineMs: number) => unknown>();
  /** Answers to what is asked of actors on other nodes. */
  onRemoteAsk: (node: NodeId, name: string, message: ActorMessage) => unknown = (_, name) => {
    throw new Error(`nobody answers for "${name}" of another node in this test`);
  };
  system: ActorSystem | null = null;

  constructor(nodeId: NodeId = testNodeId) {
    this.nodeId = nodeId;
  }

  publish(event: EncodedEvent): void {
    this.published.push(event);
    this.system?.deliverEvent(headerOf(event, this.nodeId), event.payload);
  }

  async execute(endpoint: string, payload: unknown, deadlineMs: number): Promise<unknown> {
    const command = this.commands.get(endpoint);
    if (!command) throw new Error(`no command answers for "${endpoint}" in this test`);
    return command(payload, deadlineMs);
  }

  tellRemote(node: NodeId, name: string, message: ActorMessage): void {
    this.told.push({ node, name, message });
  }

  async askRemote(node: NodeId, name: string, message: ActorMessage): Promise<unknown> {
    return this.onRemoteAsk(node, name, message);
  }

  log(level: LogLevel, actor: string, text: string, fields?: Record<string, unknown>): void {
    this.logged.push({ level, actor, text, ...(fields ? { fields } : {}) });
  }

  /**
   * Hands an event to the actors that subscribe to it, as if another node had published it.
   * @returns number of shards that have such actors
   */
  deliver<N extends AcademyEventName>(name: N, data: AcademyEventData[N], sourceNode: NodeId): number {
    const { id, roomScoped } = requireEvent(name);
    const roomId = roomScoped ? (data as { readonly roomId?: string }).roomId : undefined;
    const header = headerOf({ eventId: id, topic: roomId === undefined ? 0 : topicOf(roomId) }, sourceNode);
    return this.system?.deliverEvent(header, codec.encode(data)) ?? 0;
  }
}

/** The header of a packet of that event, where the rest does not matter. */
export function headerOf(
  { eventId, topic }: Pick<EncodedEvent, 'eventId' | 'topic'>,
  sourceNode: NodeId,
): PacketHeader {
  return {
    eventId,
    topic,
    sourceNode,
    channel: 'training',
    priority: 'normal',
    hops: 0,
    timestampMs: 1_000,
    session: 1,
    sequence: 1,
    traceId: '0'.repeat(32),
  };
}
