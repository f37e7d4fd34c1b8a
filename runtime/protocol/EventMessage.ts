/**
 * An event on its way: the payload with the name, priority, time, origin and trace that surround it. Origin and
 * target belong here and never into the payload (settlement C6).
 */
import type { AcademyEventData, AcademyEventName } from './events.js';
import type { NodeId } from './identity.js';
import { type PacketHeader, type Priority, packetId } from './packet.js';

export interface EventMessage<N extends AcademyEventName = AcademyEventName> {
  readonly name: N;
  readonly data: AcademyEventData[N];
  readonly id: string;
  readonly priority: Priority;
  readonly timestampMs: number;
  readonly sourceNode: NodeId;
  readonly traceId: string;
}

/** What listeners are told of an event that has come with that header. */
export function eventMessage(
  name: AcademyEventName,
  data: EventMessage['data'],
  header: PacketHeader,
  id: string = packetId(header),
): EventMessage {
  const { priority, timestampMs, sourceNode, traceId } = header;
  return { name, data, id, priority, timestampMs, sourceNode, traceId };
}

/** Whom an event is for. Without `nodes` it goes to the group that the routing table names. */
export interface EventTarget {
  readonly nodes?: readonly NodeId[];
  readonly path?: string;
}
