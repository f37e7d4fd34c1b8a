/**
 * Peers by address, for where multicast does not work (containers, clouds): each is connected to until it answers,
 * with growing pauses, and again when it is lost.
 */
import type { Clock, TimerHandle } from '../protocol/Clock.js';
import type { NodeId } from '../protocol/identity.js';
import type { Random } from '../protocol/Random.js';
import type { RateLimitedLog } from './RateLimitedLog.js';

/** Connects to an address whose node is not known yet, and resolves with the id that it has proved. */
export type ConnectStatic = (host: string, port: number) => Promise<NodeId>;

export interface StaticPeerParts {
  readonly clock: Clock;
  readonly random: Random;
  readonly log: RateLimitedLog;
  readonly connect: ConnectStatic;
  readonly onConnected: (nodeId: NodeId, host: string, port: number) => void;
}

interface StaticPeer {
  readonly host: string;
  readonly port: number;
  nodeId: NodeId | undefined;
  failures: number;
  timer: TimerHandle | undefined;
}

const firstPauseMs = 250;
/** A node that was away for long is found within half a minute of its return. */
const longestPauseMs = 30_000;

export class StaticPeers {
  readonly #parts: StaticPeerParts;
  readonly #peers: StaticPeer[] = [];
  #stopped = false;

  constructor(parts: StaticPeerParts) {
    this.#parts = parts;
  }

  add(host: string, port: number): void {
    if (this.#peers.some((peer) => peer.host === host && peer.port === port)) return;
    const peer: StaticPeer = { host, port, nodeId: undefined, failures: 0, timer: undefined };
    this.#peers.push(peer);
    void this.#connect(peer);
  }

  /** The address by which a node was connected to: it may stand behind one that maps ports, and not know it. */
  addressOf(nodeId: NodeId): { readonly host: string; readonly port: number } | undefined {
    return this.#peers.find((peer) => peer.nodeId === nodeId);
  }

  /** The node has gone: if it is one of these, it is connected to again. */
  lost(nodeId: NodeId): void {
    for (const peer of this.#peers.filter((each) => each.nodeId === nodeId)) {
      peer.nodeId = undefined;
      this.#connectLater(peer);
    }
  }

  stop(): void {
    this.#stopped = true;
    for (const { timer } of this.#peers) if (timer !== undefined) this.#parts.clock.clearTimeout(timer);
  }

  async #connect(peer: StaticPeer): Promise<void> {
    const { connect, onConnected, log } = this.#parts;
    const { host, port } = peer;
    try {
      const nodeId = await connect(host, port);
      if (this.#stopped) return;
      peer.nodeId = nodeId;
      peer.failures = 0;
      onConnected(nodeId, host, port);
    } catch (fault) {
      if (this.#stopped) return;
      log.report(`static peer ${host}:${port}`, 'warn', `the peer ${host}:${port} does not answer yet`, {
        fault: fault instanceof Error ? fault.message : String(fault),
      });
      peer.failures += 1;
      this.#connectLater(peer);
    }
  }

  #connectLater(peer: StaticPeer): void {
    const { clock, random } = this.#parts;
    if (this.#stopped || peer.timer !== undefined) return;
    const pauseMs = Math.min(longestPauseMs, firstPauseMs * 2 ** Math.min(peer.failures, 10));
    // Half of it by chance, so that nodes which lost the same peer do not all come back at once.
    const delayMs = pauseMs / 2 + (random.next() * pauseMs) / 2;
    peer.timer = clock.setTimeout(() => {
      peer.timer = undefined;
      void this.#connect(peer);
    }, delayMs);
  }
}
