/**
 * The other nodes that a node knows: what they said of themselves, where they are reached, when they were last heard,
 * and what this node has seen of them. Reputation comes from the last only (settlement C27): a peer's word about itself
 * is not evidence. Bounded; what was seen of a peer outlives its entry.
 */
import { LRUCache } from 'lru-cache';
import { canonicalJson } from '../protocol/canonicalJson.js';
import type { NodeId } from '../protocol/identity.js';
import { limits } from '../protocol/limits.js';
import type { NodeAnnounce, NodeCapabilities } from '../protocol/schemas/node.js';
import type { NodeIntroduction } from './NodeIntroduction.js';

export type NodeNetworkInfo = NodeAnnounce['network'];

/** 0 to 1, or null where nothing was seen that could tell. */
export interface NodeReputation {
  /** Mean of how much this node's personas gained from the peer's training and genomes. */
  readonly trainingQuality: number | null;
  /** Mean of how sessions with it ended. */
  readonly collaborationScore: number | null;
  /** Genome announcements heard from it. */
  readonly genomeContributions: number;
  /** Share of its periodic announces that were heard. */
  readonly uptimeRatio: number | null;
  readonly evidence: {
    readonly packets: number;
    readonly announcesHeard: number;
    readonly announcesMissed: number;
    readonly trainingJudged: number;
    readonly collaborationsJudged: number;
  };
}

export interface AcademyNodeInfo {
  readonly nodeId: NodeId;
  readonly alias: string;
  readonly academyId: string;
  readonly self: boolean;
  readonly capabilities: NodeCapabilities;
  /** As the node says it; `host` is where it was really heard from, when that is known. */
  readonly network: NodeNetworkInfo;
  readonly rooms: readonly string[];
  readonly reputation: NodeReputation;
  /** How its packets come here; `connection` also stands for a peer that others have told of. */
  readonly reach: 'self' | 'multicast' | 'connection';
  /** Milliseconds since it was last heard; 0 for the node itself. */
  readonly lastHeardAgoMs: number;
}

export interface Peer {
  readonly nodeId: NodeId;
  introduction: NodeIntroduction;
  /** The introduction as it came, to be passed on to those who cannot hear the peer. */
  payload: Uint8Array;
  /** Where it was heard from; undefined until it was heard directly. */
  seenHost: string | undefined;
  /** Whether it was ever heard without another in between. */
  direct: boolean;
  lastHeardMs: number;
  /** Undefined: never heard by multicast. */
  lastMulticastMs: number | undefined;
  /** Capabilities that it confirmed when asked; its introduction may have been cut. */
  readonly confirmed: Set<string>;
}

class Mean {
  #sum = 0;
  n = 0;

  add(value: number): void {
    this.#sum += Math.min(1, Math.max(0, value));
    this.n += 1;
  }

  get value(): number | null {
    return this.n === 0 ? null : this.#sum / this.n;
  }
}

class Evidence {
  packets = 0;
  announcesHeard = 0;
  announcesMissed = 0;
  genomeShares = 0;
  lastAnnounceMs: number | undefined;
  readonly training = new Mean();
  readonly collaboration = new Mean();

  reputation(): NodeReputation {
    const announces = this.announcesHeard + this.announcesMissed;
    return {
      trainingQuality: this.training.value,
      collaborationScore: this.collaboration.value,
      genomeContributions: this.genomeShares,
      uptimeRatio: announces === 0 ? null : this.announcesHeard / announces,
      evidence: {
        packets: this.packets,
        announcesHeard: this.announcesHeard,
        announcesMissed: this.announcesMissed,
        trainingJudged: this.training.n,
        collaborationsJudged: this.collaboration.n,
      },
    };
  }
}

export const noReputation: NodeReputation = new Evidence().reputation();

export class PeerTable {
  readonly #peers: LRUCache<NodeId, Peer>;
  readonly #evidence = new LRUCache<NodeId, Evidence>({ max: limits.sourcesMax });
  /** Timestamps of the newest introductions, also of peers that have gone: an older one is a replay. */
  readonly #newest = new LRUCache<string, number>({ max: limits.sourcesMax });
  readonly #expiryMs: number;
  readonly #announceMs: number;
  // Asked at every publication, so they are made anew only when something has changed.
  #all: readonly NodeId[] | undefined;
  #beyondMulticast: readonly NodeId[] | undefined;

  /** @param onEvicted told of a peer that had to make room for another */
  constructor(
    options: { readonly expiryMs: number; readonly announceMs: number; readonly peersMax?: number },
    onEvicted: (peer: Peer) => void,
  ) {
    this.#expiryMs = options.expiryMs;
    this.#announceMs = options.announceMs;
    this.#peers = new LRUCache({
      max: options.peersMax ?? limits.peersMax,
      dispose: (peer, _nodeId, reason) => {
        if (reason === 'evict') onEvicted(peer);
      },
    });
  }

  get size(): number {
    return this.#peers.size;
  }

  get(nodeId: string): Peer | undefined {
    return this.#peers.peek(nodeId as NodeId);
  }

  values(): Peer[] {
    return [...this.#peers.values()];
  }

  all(): readonly NodeId[] {
    this.#all ??= [...this.#peers.keys()];
    return this.#all;
  }

  /** Peers from which no multicast has come within the expiry: they get copies over the reliable transport. */
  beyondMulticast(nowMs: number): readonly NodeId[] {
    this.#beyondMulticast ??= this.values()
      .filter((peer) => !this.isHeardByMulticast(peer, nowMs))
      .map((peer) => peer.nodeId);
    return this.#beyondMulticast;
  }

  isHeardByMulticast(peer: Peer, nowMs: number): boolean {
    return peer.lastMulticastMs !== undefined && nowMs - peer.lastMulticastMs <= this.#expiryMs;
  }

  /** Any packet that came from the node itself: a sign of life, and evidence. */
  heard(nodeId: NodeId, byMulticast: boolean, isGenomeShare: boolean, nowMs: number): void {
    const peer = this.#peers.get(nodeId);
    if (!peer) return;
    peer.lastHeardMs = nowMs;
    if (byMulticast) {
      if (!this.isHeardByMulticast(peer, nowMs)) this.#beyondMulticast = undefined;
      peer.lastMulticastMs = nowMs;
    }
    const evidence = this.#evidenceOf(nodeId);
    evidence.packets += 1;
    if (isGenomeShare) evidence.genomeShares += 1;
  }

  /** Whether an introduction is newer than all that came of that node before; does not remember it. */
  isNews(introduction: NodeIntroduction): boolean {
    return introduction.timestamp > (this.#newest.get(introduction.nodeId) ?? -1);
  }

  /** Takes an introduction whose signature was checked, and says what it changes. */
  introduce(introduction: NodeIntroduction, payload: Uint8Array, nowMs: number): 'new' | 'changed' | 'same' {
    const nodeId = introduction.nodeId as NodeId;
    this.remember(introduction);
    this.#countAnnounce(nodeId, nowMs);
    const known = this.#peers.get(nodeId);
    if (!known) {
      this.#peers.set(nodeId, newPeer(introduction, payload, nowMs));
      this.#membersChanged();
      return 'new';
    }
    const changed = substance(known.introduction) !== substance(introduction);
    known.introduction = introduction;
    known.payload = payload;
    known.lastHeardMs = nowMs;
    return changed ? 'changed' : 'same';
  }

  /** Notes the timestamp, so that nothing older is believed; enough for a goodbye. */
  remember(introduction: NodeIntroduction): void {
    this.#newest.set(introduction.nodeId, introduction.timestamp);
  }

  remove(nodeId: NodeId): Peer | undefined {
    const peer = this.#peers.peek(nodeId);
    if (!peer) return undefined;
    this.#peers.delete(nodeId);
    this.#evidenceOf(nodeId).lastAnnounceMs = undefined;
    this.#membersChanged();
    return peer;
  }

  /** Removes and returns the peers that were silent for longer than the expiry. */
  expire(nowMs: number): Peer[] {
    this.#beyondMulticast = undefined;
    const silent = this.values().filter((peer) => nowMs - peer.lastHeardMs > this.#expiryMs);
    for (const { nodeId } of silent) {
      this.#evidenceOf(nodeId).announcesMissed += Math.round(this.#expiryMs / this.#announceMs);
      this.remove(nodeId);
    }
    return silent;
  }

  /** @param value 0 to 1 */
  addEvidence(nodeId: NodeId, kind: 'training' | 'collaboration', value: number): void {
    this.#evidenceOf(nodeId)[kind].add(value);
  }

  info(peer: Peer, nowMs: number): AcademyNodeInfo {
    const { alias, academyId, capabilities, network, rooms } = peer.introduction;
    return {
      nodeId: peer.nodeId,
      alias,
      academyId,
      self: false,
      capabilities,
      network: { ...network, host: peer.seenHost ?? network.host },
      rooms,
      reputation: this.#evidenceOf(peer.nodeId).reputation(),
      reach: this.isHeardByMulticast(peer, nowMs) ? 'multicast' : 'connection',
      lastHeardAgoMs: nowMs - peer.lastHeardMs,
    };
  }

  /** Introductions come at least every announceMs; what a longer silence left out was missed. */
  #countAnnounce(nodeId: NodeId, nowMs: number): void {
    const evidence = this.#evidenceOf(nodeId);
    const silenceMs = nowMs - (evidence.lastAnnounceMs ?? nowMs);
    evidence.announcesMissed += Math.max(0, Math.round(silenceMs / this.#announceMs) - 1);
    evidence.announcesHeard += 1;
    evidence.lastAnnounceMs = nowMs;
  }

  #evidenceOf(nodeId: NodeId): Evidence {
    let evidence = this.#evidence.get(nodeId);
    if (!evidence) {
      evidence = new Evidence();
      this.#evidence.set(nodeId, evidence);
    }
    return evidence;
  }

  #membersChanged(): void {
    this.#all = undefined;
    this.#beyondMulticast = undefined;
  }
}

function newPeer(introduction: NodeIntroduction, payload: Uint8Array, nowMs: number): Peer {
  return {
    nodeId: introduction.nodeId as NodeId,
    introduction,
    payload,
    seenHost: undefined,
    direct: false,
    lastHeardMs: nowMs,
    lastMulticastMs: undefined,
    confirmed: new Set(),
  };
}

/** What makes two introductions of a node different to those who know it: not its clock, load or signature. */
function substance({ alias, capabilities, rooms, network }: NodeIntroduction): string {
  const { host, trainingPort, genomePort, collaborationPort } = network;
  return canonicalJson([alias, capabilities, rooms, host, trainingPort, genomePort, collaborationPort]);
}
