/** What stands between a node's transports and the listeners of its event system, put together as a node does it. */
import { AcademyEventSystem } from '../../runtime/mesh/AcademyEventSystem.js';
import type { AcademySmartEventRouter } from '../../runtime/mesh/AcademySmartEventRouter.js';
import { AdminCapability } from '../../runtime/mesh/AdminCapability.js';
import { EventPublisher } from '../../runtime/mesh/EventPublisher.js';
import { MeshCounters } from '../../runtime/mesh/MeshCounters.js';
import { PacketWriter } from '../../runtime/mesh/PacketWriter.js';
import { RateLimitedLog } from '../../runtime/mesh/RateLimitedLog.js';
import { ReplayWindow } from '../../runtime/mesh/ReplayWindow.js';
import { type DeliverPacket, type ReceivePacket, receivePath } from '../../runtime/mesh/receivePath.js';
import { SourceBudget } from '../../runtime/mesh/SourceBudget.js';
import type { Clock } from '../../runtime/protocol/Clock.js';
import { asNodeId, type NodeId } from '../../runtime/protocol/identity.js';
import { MessageCodec } from '../../runtime/protocol/MessageCodec.js';
import type { PacketSealer } from '../../runtime/protocol/packet.js';
import type { Random } from '../../runtime/protocol/Random.js';
import type { TransportFactory } from '../../transports/TransportFactory.js';

export interface WireOptions {
  readonly nodeId: NodeId;
  readonly clock: Clock;
  readonly random: Random;
  readonly sealer: PacketSealer;
  readonly router: AcademySmartEventRouter;
  readonly transports: TransportFactory;
  /** Nodes that it knows. @default none */
  readonly peers?: () => readonly NodeId[];
  readonly codec?: MessageCodec;
  /** Sees each packet before the event system has it. */
  readonly onPacket?: DeliverPacket;
}

export interface WiredEvents {
  readonly events: AcademyEventSystem;
  readonly admin: AdminCapability;
  readonly writer: PacketWriter;
  readonly counters: MeshCounters;
  readonly log: RateLimitedLog;
  readonly receive: ReceivePacket;
}

export function wireEvents(options: WireOptions): WiredEvents {
  const { nodeId, clock, random, sealer, router, transports, codec = new MessageCodec() } = options;
  const { peers = () => [], onPacket = () => 0 } = options;
  const counters = new MeshCounters();
  const log = new RateLimitedLog(() => {}, clock);
  const admin = new AdminCapability();
  const writer = new PacketWriter(nodeId, sealer, clock, random);
  const publisher: EventPublisher = new EventPublisher({
    nodeId,
    router,
    writer,
    transports,
    peers: { all: peers, beyondMulticast: () => [] },
    counters,
    log,
    deliverLocal: (header, payload) => events.deliver(header, payload),
  });
  const events: AcademyEventSystem = new AcademyEventSystem({
    nodeId,
    codec,
    publisher,
    admin,
    counters,
    log,
    resolveNode: asNodeId,
  });
  const receive = receivePath({
    nodeId,
    clock,
    budget: new SourceBudget(clock),
    sealer,
    replays: new ReplayWindow(),
    router,
    counters,
    log,
    deliver: (header, payload, from) => onPacket(header, payload, from) + events.deliver(header, payload),
  });
  return { events, admin, writer, counters, log, receive };
}
