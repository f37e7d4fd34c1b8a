/**
 * What happened on the way in and out of a node, as plain numbers that only grow. Nothing that is dropped or fails is
 * missing here; what is remembered of each source is bounded.
 */
import { LRUCache } from 'lru-cache';
import type { DropCounts, DropReason } from '../protocol/dropReasons.js';
import { limits } from '../protocol/limits.js';

export interface MeshCountersSnapshot {
  readonly drops: DropCounts;
  readonly packetsReceived: number;
  readonly packetsDelivered: number;
  /** Packets taken although their sender's clock is more than limits.clockSkewMsMax off. */
  readonly clockSkewed: number;
  /** Packets whose delivery on this node threw: a fault of ours. */
  readonly deliveryFailures: number;
  readonly eventsPublished: number;
  readonly eventsKeptLocal: number;
  /** Events that found no node to go to. */
  readonly eventsWithoutPeers: number;
  /** Events that went another way than the table says; detours() tells them apart. */
  readonly eventsDetoured: number;
  /** Events that a transport did not take, or that could not be sealed. */
  readonly sendFailures: number;
  readonly handlerFailures: number;
  readonly commandsSent: number;
  readonly commandRetries: number;
  readonly commandsServed: number;
  readonly commandsDenied: number;
  /** Retried commands that were answered with the result of their first run. */
  readonly commandsAnsweredAgain: number;
  readonly peersDiscovered: number;
  readonly peersLost: number;
}

export class MeshCounters {
  packetsReceived = 0;
  packetsDelivered = 0;
  clockSkewed = 0;
  deliveryFailures = 0;
  eventsPublished = 0;
  eventsKeptLocal = 0;
  eventsWithoutPeers = 0;
  sendFailures = 0;
  handlerFailures = 0;
  commandsSent = 0;
  commandRetries = 0;
  commandsServed = 0;
  commandsDenied = 0;
  commandsAnsweredAgain = 0;
  peersDiscovered = 0;
  peersLost = 0;
  readonly #drops: DropCounts = {};
  readonly #dropsBySource = new LRUCache<string, DropCounts>({ max: limits.sourcesMax });
  readonly #detours: Record<string, number> = {};

  /** @param source `address:port` or a node id: whatever is known of who sent it */
  dropped(reason: DropReason, source: string): void {
    this.#drops[reason] = (this.#drops[reason] ?? 0) + 1;
    let bySource = this.#dropsBySource.get(source);
    if (!bySource) {
      bySource = {};
      this.#dropsBySource.set(source, bySource);
    }
    bySource[reason] = (bySource[reason] ?? 0) + 1;
  }

  detoured(detour: string): void {
    this.#detours[detour] = (this.#detours[detour] ?? 0) + 1;
  }

  /** The most recent sources that had something dropped, most recent first. */
  dropsBySource(): { readonly source: string; readonly drops: DropCounts }[] {
    return [...this.#dropsBySource.entries()].map(([source, drops]) => ({ source, drops: { ...drops } }));
  }

  detours(): Readonly<Record<string, number>> {
    return { ...this.#detours };
  }

  snapshot(): MeshCountersSnapshot {
    return {
      drops: { ...this.#drops },
      packetsReceived: this.packetsReceived,
      packetsDelivered: this.packetsDelivered,
      clockSkewed: this.clockSkewed,
      deliveryFailures: this.deliveryFailures,
      eventsPublished: this.eventsPublished,
      eventsKeptLocal: this.eventsKeptLocal,
      eventsWithoutPeers: this.eventsWithoutPeers,
      eventsDetoured: Object.values(this.#detours).reduce((sum, count) => sum + count, 0),
      sendFailures: this.sendFailures,
      handlerFailures: this.handlerFailures,
      commandsSent: this.commandsSent,
      commandRetries: this.commandRetries,
      commandsServed: this.commandsServed,
      commandsDenied: this.commandsDenied,
      commandsAnsweredAgain: this.commandsAnsweredAgain,
      peersDiscovered: this.peersDiscovered,
      peersLost: this.peersLost,
    };
  }
}
