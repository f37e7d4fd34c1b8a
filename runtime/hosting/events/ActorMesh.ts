/** What leaves the world of actors; implemented by the node. */
import type { ActorMessage, LogLevel } from '../../protocol/actors.js';
import type { NodeId } from '../../protocol/identity.js';
import type { EncodedEvent } from '../frames.js';

export interface ActorMesh {
  /** The event is checked and encoded. This node's own subscribers hear it when it comes back by deliverEvent(). */
  publish(event: EncodedEvent): void;
  /** Settles within the deadline, with a result or an AcademyError. */
  execute(endpoint: string, payload: unknown, deadlineMs: number): Promise<unknown>;
  tellRemote(node: NodeId, name: string, message: ActorMessage): void;
  askRemote(node: NodeId, name: string, message: ActorMessage, deadlineMs: number): Promise<unknown>;
  log(level: LogLevel, actor: string, text: string, fields?: Record<string, unknown>): void;
}
