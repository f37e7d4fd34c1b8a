/**
 * The way of a packet from a transport's bytes to the actors, on one page, read downward. Each step passes the packet
 * on or ends with the reason for which it was dropped; the reason is counted by kind and by source, and written to
 * the log at most once a minute. It never throws and never answers, whatever comes in: a bad packet is not an error.
 */
import type { Clock } from '../protocol/Clock.js';
import type { DropReason } from '../protocol/dropReasons.js';
import { eventById } from '../protocol/events.js';
import type { NodeId } from '../protocol/identity.js';
import { limits } from '../protocol/limits.js';
import { type PacketHeader, type PacketSealer, sessionAt } from '../protocol/packet.js';
import type { PacketSource } from '../protocol/Transport.js';
import { type AcademySmartEventRouter, channelOfTransport } from './AcademySmartEventRouter.js';
import type { MeshCounters } from './MeshCounters.js';
import type { RateLimitedLog } from './RateLimitedLog.js';
import { isLaterSession, type ReplayWindow } from './ReplayWindow.js';
import type { SourceBudget } from './SourceBudget.js';

/**
 * Takes a packet that passed every check, and says how many took it (shards, listeners, the mesh itself). The payload
 * is a view into the transport's buffer: whoever keeps it copies it.
 */
export type DeliverPacket = (header: PacketHeader, payload: Uint8Array, from: PacketSource) => number;

export interface ReceiveParts {
  readonly nodeId: NodeId;
  readonly clock: Clock;
  readonly budget: SourceBudget;
  readonly sealer: PacketSealer;
  readonly replays: ReplayWindow;
  readonly router: AcademySmartEventRouter;
  readonly counters: MeshCounters;
  readonly log: RateLimitedLog;
  readonly deliver: DeliverPacket;
}

/** @returns why the packet went no further, or null when somebody took it */
export type ReceivePacket = (bytes: Uint8Array, from: PacketSource) => DropReason | null;

export function receivePath(parts: ReceiveParts): ReceivePacket {
  const { nodeId, clock, budget, sealer, replays, router, counters, log, deliver } = parts;

  const receive: ReceivePacket = (bytes, from) => {
    if (!budget.take(from.source)) return 'over-budget';
    const packet = sealer.open(bytes);
    if (typeof packet === 'string') return packet;
    const { header, payload } = packet;
    if (header.sourceNode === nodeId) return 'own-echo';
    if (!mayBring(header, from)) return 'forged-source';
    if (!mayTravelBy(header, from)) return 'wrong-channel';
    // Before the window, so that a packet of a broken or forged clock cannot move it beyond the good ones.
    const skewMs = Math.abs(header.timestampMs - clock.nowMs());
    if (skewMs > limits.clockSkewMsMax) reportSkew(header);
    if (skewMs > recordedAfterMs || isSessionAhead(header)) return 'clock-skew';
    const event = eventById(header.eventId);
    if (event && router.needsProof(event.name) && !isProven(header, from)) return 'unproven-source';
    if (!replays.accept(header)) return 'replayed';
    if (!event) return 'unknown-event';
    if (!router.accepts(event.name, header.channel)) return 'wrong-channel';
    if (skewMs > limits.clockSkewMsMax) counters.clockSkewed += 1;
    return deliver(header, payload, from) > 0 ? null : 'no-listener';
  };

  const reportSkew = ({ sourceNode, timestampMs }: PacketHeader): void => {
    const nowMs = clock.nowMs();
    const minutes = Math.round(Math.abs(timestampMs - nowMs) / 60_000);
    const place = timestampMs > nowMs ? 'ahead of' : 'behind';
    log.report('clock skew', 'warn', `a node's clock is ${minutes} minutes ${place} this node's`, {
      node: sourceNode,
      theirClock: new Date(timestampMs).toISOString(),
      ownClock: new Date(nowMs).toISOString(),
      remedy: 'set the clock that is wrong; until then rooms refuse what is said on the node that is ahead',
    });
  };

  return (bytes, from) => {
    counters.packetsReceived += 1;
    let dropped: DropReason | null;
    try {
      dropped = receive(bytes, from);
    } catch (fault) {
      // No input makes the steps above throw; what throws is our own delivery.
      counters.deliveryFailures += 1;
      log.report('delivery-failure', 'error', 'a packet could not be delivered on this node', {
        fault: fault instanceof Error ? fault.message : String(fault),
      });
      return null;
    }
    if (dropped === null) {
      counters.packetsDelivered += 1;
      return null;
    }
    counters.dropped(dropped, from.source);
    if (!ordinary.has(dropped)) {
      log.report(`drop ${dropped}`, 'warn', `packets are dropped: ${dropped}`, { source: from.source });
    }
    return dropped;
  };
}

/** What happens in every healthy mesh: it is counted, and nobody needs to be told. */
const ordinary: ReadonlySet<DropReason> = new Set<DropReason>(['own-echo', 'replayed', 'no-listener']);

/** Beyond a day a packet is a recorded one, or its sender has no clock at all. */
const recordedAfterMs = 24 * 60 * 60_000;

/**
 * A peer that has proved its key speaks for itself. It may pass on what another has multicast, within hopsMax; what
 * names the reliable channel was meant for its receivers only and is passed on by nobody.
 */
function mayBring(header: PacketHeader, from: PacketSource): boolean {
  if (header.hops > limits.hopsMax) return false;
  if (from.provenNode !== undefined && from.provenNode !== header.sourceNode) return false;
  if (from.authenticatedNode === undefined || from.authenticatedNode === header.sourceNode) return true;
  return header.hops > 0 && header.channel !== 'reliable';
}

/** A connection carries every channel, since it stands in where multicast does not reach; a group only its own. */
function mayTravelBy(header: PacketHeader, from: PacketSource): boolean {
  if (from.authenticatedNode !== undefined) return true;
  const arrivedOn = (channelOfTransport as Readonly<Record<string, string>>)[from.transport];
  return arrivedOn === 'reliable' || arrivedOn === header.channel;
}

/** Whether the node that it names has sent it, and not another one that has the academy's key as well. */
function isProven({ sourceNode }: PacketHeader, { authenticatedNode, provenNode }: PacketSource): boolean {
  return authenticatedNode === sourceNode || provenNode === sourceNode;
}

/** A session is the time at which its node started, so it cannot be later than the packet. */
function isSessionAhead(header: PacketHeader): boolean {
  return isLaterSession(header.session, sessionAt(header.timestampMs + limits.clockSkewMsMax));
}
