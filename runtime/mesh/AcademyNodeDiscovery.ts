/**
 * How the nodes of an academy find each other and notice who has gone. At its start a node asks who is there, says
 * every few seconds that it lives, and says goodbye; each of these words is signed. Nodes that multicast does not reach
 * are connected to by address, and are introduced to the others by those whom they reach.
 */
import { EventEmitter } from 'eventemitter3';
import type { Clock, TimerHandle } from '../protocol/Clock.js';
import { reservedNodeNames } from '../protocol/endpoints.js';
import { AcademyError } from '../protocol/errors.js';
import {
  ACADEMY_EVENTS,
  type AcademyEventData,
  type AcademyEventName,
  assertEventData,
  eventById,
  isEventData,
  requireEvent,
} from '../protocol/events.js';
import { isNodeId, type NodeId, type NodeIdentity } from '../protocol/identity.js';
import { limits } from '../protocol/limits.js';
import type { MessageCodec } from '../protocol/MessageCodec.js';
import type { PacketHeader } from '../protocol/packet.js';
import type { Random } from '../protocol/Random.js';
import type { EventReceipt } from '../protocol/receipts.js';
import type { NodeAnnounce, NodeCapabilities, NodeCapacity } from '../protocol/schemas/node.js';
import type { PacketSource, ReliableTransport } from '../protocol/Transport.js';
import { channelOfTransport } from './AcademySmartEventRouter.js';
import type { EncodedEvent, PeerDirectory } from './EventPublisher.js';
import type { MeshCounters } from './MeshCounters.js';
import { introduce, isAuthentic, type NodeIntroduction } from './NodeIntroduction.js';
import { type AcademyNodeInfo, type NodeNetworkInfo, noReputation, type Peer, PeerTable } from './PeerTable.js';
import type { RateLimitedLog } from './RateLimitedLog.js';
import { type ConnectStatic, StaticPeers } from './StaticPeers.js';

export type { AcademyNodeInfo } from './PeerTable.js';

/** What a node tells of itself; asked anew each time. */
export interface NodeDescription {
  readonly capabilities: NodeCapabilities;
  /** Rooms that it has members in. */
  readonly rooms: readonly string[];
}

export interface DiscoveryOptions {
  /** Pauses before each of the questions at the start, in milliseconds. @default [0, 100, 400, 1500] */
  readonly askAfterMs: readonly number[];
  /** @default 2_000 */
  readonly announceMs: number;
  /** Silence after which a peer is lost: three announces may go missing. @default 7_000 */
  readonly expiryMs: number;
}

export const discoveryDefaults: DiscoveryOptions = {
  askAfterMs: [0, 100, 400, 1_500],
  announceMs: 2_000,
  expiryMs: 7_000,
};

export interface DiscoveryParts {
  readonly identity: NodeIdentity;
  readonly alias: string;
  readonly academyId: string;
  readonly clock: Clock;
  readonly random: Random;
  readonly codec: MessageCodec;
  readonly counters: MeshCounters;
  readonly log: RateLimitedLog;
  readonly publish: (event: EncodedEvent) => Promise<EventReceipt>;
  readonly describe: () => NodeDescription;
  /** Measured by whoever runs the node. */
  readonly capacity: () => NodeCapacity;
  /** Where the node is reached; asked each time, since ports are known after the start only. */
  readonly network: () => Pick<NodeNetworkInfo, 'host' | 'trainingPort' | 'genomePort' | 'collaborationPort'>;
  readonly reliable: Pick<ReliableTransport, 'setPeer' | 'forgetPeer'> | null;
  readonly connectStatic: ConnectStatic;
  readonly options?: Partial<DiscoveryOptions>;
}

export type LostReason = 'goodbye' | 'silent' | 'table-full';

export interface DiscoveryEvents {
  discovered: [node: AcademyNodeInfo];
  changed: [node: AcademyNodeInfo];
  lost: [node: AcademyNodeInfo, reason: LostReason];
}

/** Answers to one question wait for each other this long at the most, so that a crowd answers once. */
const answerSpreadMs = 20;
/** After the first node has answered, how long others may take. */
const gatherMs = 250;
/** A question that went unheard is asked again after these times. */
const repeatQueryAfterMs = [500, 1_500];
/** An introduction that is older was recorded; the same day is allowed as for packets. */
const recordedAfterMs = 24 * 60 * 60_000;

interface CapabilitySearch {
  readonly capability: string;
  readonly found: Set<NodeId>;
  /** Tells that somebody has answered. */
  readonly onAnswer: () => void;
}

/** A packet as it came in. */
interface Heard {
  readonly header: PacketHeader;
  readonly payload: Uint8Array;
  readonly from: PacketSource;
}

const takenEvents: ReadonlySet<AcademyEventName> = new Set<AcademyEventName>([
  ACADEMY_EVENTS.NODE_DISCOVERY,
  ACADEMY_EVENTS.NODE_ANNOUNCE,
  ACADEMY_EVENTS.CAPABILITY_QUERY,
  ACADEMY_EVENTS.CAPABILITY_RESPONSE,
]);

export class AcademyNodeDiscovery implements PeerDirectory {
  readonly nodeId: NodeId;
  readonly events = new EventEmitter<DiscoveryEvents>();
  readonly #parts: DiscoveryParts;
  readonly #options: DiscoveryOptions;
  readonly #table: PeerTable;
  readonly #statics: StaticPeers;
  readonly #timers = new Set<TimerHandle>();
  readonly #searches = new Map<string, CapabilitySearch>();
  /** Wakes those who wait for something; when the node stops, at once. */
  readonly #sleepers = new Set<() => void>();
  readonly #startedAtMs: number;
  #lastTimestamp = 0;
  #state: 'new' | 'running' | 'stopped' = 'new';
  /** Who waits for an answer; null in it stands for the whole group. */
  readonly #askers = new Set<NodeId | null>();

  /** @throws AcademyError ERR_ACADEMY_CONFIG_INVALID for an alias that paths could not name */
  constructor(parts: DiscoveryParts) {
    checkAlias(parts.alias);
    this.nodeId = parts.identity.nodeId;
    this.#parts = parts;
    this.#options = { ...discoveryDefaults, ...parts.options };
    this.#startedAtMs = parts.clock.monotonicMs();
    this.#table = new PeerTable(this.#options, (peer) => this.#gone(peer, 'table-full'));
    this.#statics = new StaticPeers({
      ...parts,
      connect: parts.connectStatic,
      onConnected: (nodeId, host, port) => this.#staticConnected(nodeId, host, port),
    });
  }

  /**
   * Asks who is there, and begins to announce. The transports must run.
   * @throws AcademyError ERR_ACADEMY_EVENT_INVALID when what the node tells of itself does not fit
   */
  start(): void {
    assertEventData(ACADEMY_EVENTS.NODE_DISCOVERY, this.#discovery());
    this.#state = 'running';
    let askAtMs = 0;
    for (const pauseMs of this.#options.askAfterMs) {
      askAtMs += pauseMs;
      this.#later(() => void this.#publish(ACADEMY_EVENTS.NODE_DISCOVERY, this.#discovery()), askAtMs);
    }
    this.#announceLater();
    this.#sweepLater();
  }

  /** Says goodbye, so that the others need not wait for the silence. */
  async stop(): Promise<void> {
    if (this.#state === 'stopped') return;
    const saysGoodbye = this.#state === 'running';
    this.#state = 'stopped';
    this.#statics.stop();
    for (const timer of this.#timers) this.#parts.clock.clearTimeout(timer);
    this.#timers.clear();
    for (const wake of this.#sleepers) wake();
    if (saysGoodbye) await this.#publish(ACADEMY_EVENTS.NODE_ANNOUNCE, this.#announce('goodbye'));
  }

  /** Connects to a peer by address, again and again until it answers, and whenever it was lost. */
  addStaticPeer(host: string, port: number): void {
    this.#statics.add(host, port);
  }

  /**
   * Takes every packet that has passed the receive path: as a sign of life, and those of discovery as what they say.
   * @returns 1 for a packet that was meant for discovery, else 0
   */
  deliver(header: PacketHeader, payload: Uint8Array, from: PacketSource): number {
    const event = eventById(header.eventId);
    if (!event || this.#state === 'stopped') return 0;
    if (header.hops === 0) {
      const isGenomeShare = event.name === ACADEMY_EVENTS.GENOME_SHARE;
      this.#table.heard(header.sourceNode, cameByMulticast(from), isGenomeShare, this.#nowMs());
    }
    if (!takenEvents.has(event.name)) return 0;
    const data = this.#parts.codec.decode(payload);
    if (data === undefined) this.#parts.counters.dropped('undecodable', header.sourceNode);
    else if (!this.#take(event.name, data, { header, payload, from })) {
      this.#parts.counters.dropped('invalid-payload', header.sourceNode);
    }
    return 1;
  }

  /** Other nodes known now. */
  all(): readonly NodeId[] {
    return this.#table.all();
  }

  /** Those from which no multicast is heard: they get copies over the reliable transport. */
  beyondMulticast(): readonly NodeId[] {
    return this.#table.beyondMulticast(this.#nowMs());
  }

  /** This node first, then the others. */
  nodes(): AcademyNodeInfo[] {
    const nowMs = this.#nowMs();
    return [this.#self(), ...this.#table.values().map((peer) => this.#table.info(peer, nowMs))];
  }

  /** @returns undefined for a node that is not known now */
  node(nodeId: NodeId): AcademyNodeInfo | undefined {
    if (nodeId === this.nodeId) return this.#self();
    const peer = this.#table.get(nodeId);
    return peer && this.#table.info(peer, this.#nowMs());
  }

  /**
   * The id of a node by id or alias, its own included. An id is taken as it is, known or not.
   * @throws AcademyError ERR_ACADEMY_NODE_UNKNOWN for an alias that no node has, or more than one
   */
  resolve(idOrAlias: string): NodeId {
    if (isNodeId(idOrAlias)) return idOrAlias;
    const matching = this.#table.values().filter((peer) => peer.introduction.alias === idOrAlias);
    const ids = matching.map((peer) => peer.nodeId);
    if (idOrAlias === this.#parts.alias) ids.unshift(this.nodeId);
    const [only, ...others] = ids;
    if (only && others.length === 0) return only;
    const fault = only ? `is the alias of ${ids.length} nodes: ${ids.join(', ')}` : 'is no node of this mesh';
    throw new AcademyError('ERR_ACADEMY_NODE_UNKNOWN', `"${idOrAlias}" ${fault}`, {
      remedy: only ? 'use the id' : '"academy nodes" lists those that are known',
    });
  }

  isSelf(idOrAlias: string): boolean {
    return idOrAlias === this.nodeId || idOrAlias === this.#parts.alias;
  }

  /**
   * What this node has seen of another: how much its training or genomes helped, or how a session with it went.
   * @param value 0 to 1
   */
  addEvidence(nodeId: NodeId, kind: 'training' | 'collaboration', value: number): void {
    this.#table.addEvidence(nodeId, kind, value);
  }

  /**
   * Asks who is there.
   * @returns the nodes that have spoken up within the window
   */
  async discoverAcademyNodes(options: { readonly windowMs?: number } = {}): Promise<AcademyNodeInfo[]> {
    const askedAtMs = this.#nowMs();
    await this.#publish(ACADEMY_EVENTS.NODE_DISCOVERY, this.#discovery());
    await this.#sleep(options.windowMs ?? 1_000);
    return this.nodes().filter(({ self, lastHeardAgoMs }) => !self && this.#nowMs() - lastHeardAgoMs >= askedAtMs);
  }

  /**
   * Other nodes that train or specialise in something. When one is known nothing is sent; else all are asked, and the
   * answers of those who speak up soon after the first are gathered.
   * @returns an empty list when nobody has answered at `timeoutMs`
   */
  async findNodesWithCapability(
    capability: string,
    options: { readonly timeoutMs?: number } = {},
  ): Promise<AcademyNodeInfo[]> {
    const known = this.#withCapability(capability);
    if (known.length > 0) return known;
    await this.#askForCapability(capability, options.timeoutMs ?? 5_000);
    return this.#withCapability(capability);
  }

  /** @returns false for data that do not fit the event */
  #take(name: AcademyEventName, data: unknown, heard: Heard): boolean {
    if (name === ACADEMY_EVENTS.NODE_DISCOVERY && isEventData(name, data)) this.#takeDiscovery(data, heard);
    else if (name === ACADEMY_EVENTS.NODE_ANNOUNCE && isEventData(name, data)) this.#takeAnnounce(data, heard);
    else if (name === ACADEMY_EVENTS.CAPABILITY_QUERY && isEventData(name, data)) this.#answerQuery(data);
    else if (name === ACADEMY_EVENTS.CAPABILITY_RESPONSE && isEventData(name, data)) this.#takeResponse(data, heard);
    else return false;
    return true;
  }

  #takeDiscovery(discovery: NodeIntroduction, heard: Heard): void {
    if (!this.#takeIntroduction(discovery, heard)) return;
    const asker = discovery.nodeId as NodeId;
    const byGroup = cameByMulticast(heard.from) && heard.header.sourceNode === asker;
    if (this.#askers.size === 0) this.#later(() => this.#answerAll(), this.#parts.random.next() * answerSpreadMs);
    if (this.#askers.size < limits.peersMax) this.#askers.add(byGroup ? null : asker);
  }

  #takeAnnounce(announce: NodeAnnounce, heard: Heard): void {
    if (announce.kind === 'goodbye') this.#takeGoodbye(announce, heard);
    else this.#takeIntroduction(announce, heard);
  }

  /** @returns whether it was believed */
  #takeIntroduction(introduction: NodeIntroduction, { header, payload, from }: Heard): boolean {
    if (!this.#isBelievable(introduction, header)) return false;
    const nowMs = this.#nowMs();
    const change = this.#table.introduce(introduction, Uint8Array.from(payload), nowMs);
    const peer = this.#table.get(introduction.nodeId);
    if (!peer) return false;
    const direct = header.hops === 0 && header.sourceNode === introduction.nodeId;
    const moved = this.#noteAddress(peer, direct, from) || change !== 'same';
    if (moved) this.#tellTransport(peer);
    // Until now its packets were a stranger's, and were not counted.
    if (direct && change === 'new') this.#table.heard(peer.nodeId, cameByMulticast(from), false, nowMs);
    if (change === 'new') this.#discovered(peer);
    else if (change === 'changed') this.#tell('changed', this.#table.info(peer, nowMs));
    if (direct && !peer.direct) {
      peer.direct = true;
      this.#passOn(peer);
    } else if (change === 'new') {
      // Somebody has told of it: now the two get to know each other.
      void this.#publish(ACADEMY_EVENTS.NODE_DISCOVERY, this.#discovery(), [peer.nodeId]);
    }
    return true;
  }

  #takeGoodbye(goodbye: NodeAnnounce, { header }: Heard): void {
    if (!this.#isBelievable(goodbye, header)) return;
    this.#table.remember(goodbye);
    const peer = this.#table.remove(goodbye.nodeId as NodeId);
    if (peer) this.#gone(peer, 'goodbye');
  }

  /** In the order of what the checks cost; each failure is counted. */
  #isBelievable(introduction: NodeIntroduction, header: PacketHeader): boolean {
    const { counters, academyId, clock, log } = this.#parts;
    const drop = (reason: Parameters<MeshCounters['dropped']>[0]): false => {
      counters.dropped(reason, header.sourceNode);
      return false;
    };
    if (introduction.academyId !== academyId) return drop('foreign-academy');
    if (introduction.nodeId === this.nodeId) return drop('own-echo');
    if (!this.#table.isNews(introduction)) return drop('replayed');
    if (Math.abs(introduction.timestamp - clock.nowMs()) > recordedAfterMs) return drop('clock-skew');
    if (isAuthentic(introduction)) return true;
    log.report('forged introduction', 'warn', 'a node was introduced by somebody who does not have its key', {
      node: introduction.nodeId,
      source: header.sourceNode,
    });
    return drop('forged-source');
  }

  /** Remembers where a peer was heard from: better than what it believes its address to be. */
  #noteAddress(peer: Peer, direct: boolean, from: PacketSource): boolean {
    const host = direct ? hostOf(from.source) : undefined;
    if (host === undefined || host === peer.seenHost) return false;
    peer.seenHost = host;
    return true;
  }

  #tellTransport(peer: Peer): void {
    const { collaborationPort, host } = peer.introduction.network;
    if (collaborationPort === 0 || this.#statics.addressOf(peer.nodeId)) return;
    this.#parts.reliable?.setPeer({ nodeId: peer.nodeId, host: peer.seenHost ?? host, port: collaborationPort });
  }

  #discovered(peer: Peer): void {
    this.#parts.counters.peersDiscovered += 1;
    const { nodeId } = peer;
    const data = { nodeId, discoveredBy: this.nodeId, timestamp: this.#wallMs() };
    void this.#parts.publish({ ...this.#encoded(ACADEMY_EVENTS.NODE_DISCOVERED, data), network: false });
    this.#tell('discovered', this.#table.info(peer, this.#nowMs()));
  }

  #gone(peer: Peer, reason: LostReason): void {
    this.#parts.counters.peersLost += 1;
    this.#parts.reliable?.forgetPeer(peer.nodeId);
    this.#tell('lost', this.#table.info(peer, this.#nowMs()), reason);
    this.#statics.lost(peer.nodeId);
  }

  /**
   * Introduces a peer to those who cannot hear it, and those to it. Only what was heard directly is passed on, and only
   * once, so that introductions do not run in circles.
   */
  #passOn(peer: Peer): void {
    const beyond = this.beyondMulticast().filter((nodeId) => nodeId !== peer.nodeId);
    if (this.#table.isHeardByMulticast(peer, this.#nowMs())) {
      if (beyond.length > 0) this.#relay(peer, beyond);
      return;
    }
    if (this.#table.size > 1) this.#relay(peer, undefined);
    for (const other of this.#table.values()) if (other !== peer) this.#relay(other, [peer.nodeId]);
  }

  /** The introduction as its node has signed it, in a packet of this node. */
  #relay(peer: Peer, nodes: readonly NodeId[] | undefined): void {
    const isAnnounce = 'kind' in peer.introduction;
    const event = requireEvent(isAnnounce ? ACADEMY_EVENTS.NODE_ANNOUNCE : ACADEMY_EVENTS.NODE_DISCOVERY);
    void this.#parts.publish({
      name: event.name,
      eventId: event.id,
      topic: 0,
      payload: peer.payload,
      priority: 'low',
      network: true,
      local: false,
      nodes,
    });
  }

  #answerAll(): void {
    const nodes = [...this.#askers].filter((asker) => asker !== null);
    if (this.#askers.has(null)) void this.#publish(ACADEMY_EVENTS.NODE_ANNOUNCE, this.#announce('answer'));
    if (nodes.length > 0) void this.#publish(ACADEMY_EVENTS.NODE_ANNOUNCE, this.#announce('answer'), nodes);
    this.#askers.clear();
  }

  #staticConnected(nodeId: NodeId, host: string, port: number): void {
    if (nodeId === this.nodeId) return;
    this.#parts.reliable?.setPeer({ nodeId, host, port });
    void this.#publish(ACADEMY_EVENTS.NODE_DISCOVERY, this.#discovery(), [nodeId]);
  }

  #withCapability(capability: string): AcademyNodeInfo[] {
    const nowMs = this.#nowMs();
    return this.#table
      .values()
      .filter(
        ({ introduction, confirmed }) =>
          hasCapability(introduction.capabilities, capability) || confirmed.has(capability),
      )
      .map((peer) => this.#table.info(peer, nowMs));
  }

  async #askForCapability(capability: string, timeoutMs: number): Promise<void> {
    const requestId = this.#parts.random.id();
    const { academyId } = this.#parts;
    if (this.#searches.size >= limits.listItemsMax) {
      throw new AcademyError('ERR_ACADEMY_MAILBOX_FULL', `${this.#searches.size} searches are open already`);
    }
    const ask = (): void => {
      const query = { requestId, academyId, capability, timestamp: this.#wallMs() };
      void this.#publish(ACADEMY_EVENTS.CAPABILITY_QUERY, query);
    };
    const timers: TimerHandle[] = [];
    const found = new Set<NodeId>();
    const answered = this.#sleep(timeoutMs, (wake) => {
      const onAnswer = (): void => void timers.push(this.#later(wake, gatherMs));
      this.#searches.set(requestId, { capability, found, onAnswer });
      for (const afterMs of repeatQueryAfterMs) {
        if (afterMs < timeoutMs) timers.push(this.#later(() => found.size === 0 && ask(), afterMs));
      }
    });
    ask();
    await answered;
    this.#searches.delete(requestId);
    for (const timer of timers) this.#cancel(timer);
  }

  #answerQuery(query: AcademyEventData['academy.capability.query']): void {
    const { academyId, describe } = this.#parts;
    if (query.academyId !== academyId) return;
    const { capabilities } = describe();
    if (!hasCapability(capabilities, query.capability)) return;
    void this.#publish(ACADEMY_EVENTS.CAPABILITY_RESPONSE, {
      requestId: query.requestId,
      academyId,
      nodeId: this.nodeId,
      capability: query.capability,
      personas: capabilities.personas.slice(0, limits.listItemsMax),
      timestamp: this.#wallMs(),
    });
  }

  #takeResponse(response: AcademyEventData['academy.capability.response'], { header }: Heard): void {
    const search = this.#searches.get(response.requestId);
    if (!search || response.capability !== search.capability) return;
    if (response.nodeId !== header.sourceNode) {
      this.#parts.counters.dropped('forged-source', header.sourceNode);
      return;
    }
    const peer = this.#table.get(response.nodeId);
    if (!peer || search.found.has(peer.nodeId)) return;
    if (peer.confirmed.size < limits.listItemsMax) peer.confirmed.add(response.capability);
    search.found.add(peer.nodeId);
    if (search.found.size === 1) search.onAnswer();
  }

  #announceLater(): void {
    const { announceMs } = this.#options;
    // A tenth by chance, so that nodes which were started together do not announce together for ever.
    this.#later(
      () => {
        void this.#publish(ACADEMY_EVENTS.NODE_ANNOUNCE, this.#announce('alive'));
        this.#announceLater();
      },
      announceMs * (0.9 + this.#parts.random.next() / 10),
    );
  }

  #sweepLater(): void {
    this.#later(() => {
      for (const peer of this.#table.expire(this.#nowMs())) this.#gone(peer, 'silent');
      this.#sweepLater();
    }, this.#options.expiryMs / 8);
  }

  #discovery(): NodeIntroduction {
    return introduce(this.#parts.identity, this.#about(), this.#parts.codec);
  }

  #announce(kind: NodeAnnounce['kind']): NodeAnnounce {
    return introduce<NodeAnnounce>(this.#parts.identity, { ...this.#about(), kind }, this.#parts.codec);
  }

  #about(): Omit<NodeIntroduction, 'signature' | 'kind'> {
    const { identity, alias, academyId, describe } = this.#parts;
    const { capabilities, rooms } = describe();
    // Receivers take what is newer only, so two introductions within one millisecond must differ.
    this.#lastTimestamp = Math.max(this.#wallMs(), this.#lastTimestamp + 1);
    return {
      nodeId: identity.nodeId,
      alias,
      academyId,
      publicKey: identity.publicKey,
      capabilities,
      network: this.#network(),
      rooms: [...rooms],
      timestamp: this.#lastTimestamp,
    };
  }

  #network(): NodeNetworkInfo {
    const uptimeMs = Math.max(0, Math.round(this.#nowMs() - this.#startedAtMs));
    return { ...this.#parts.network(), uptimeMs, capacity: within(this.#parts.capacity()) };
  }

  #self(): AcademyNodeInfo {
    const { alias, academyId, describe } = this.#parts;
    const { capabilities, rooms } = describe();
    return {
      nodeId: this.nodeId,
      alias,
      academyId,
      self: true,
      capabilities,
      network: this.#network(),
      rooms,
      reputation: noReputation,
      reach: 'self',
      lastHeardAgoMs: 0,
    };
  }

  /** A listener that throws must not end the way of a packet, or a timer. */
  #tell<E extends keyof DiscoveryEvents>(event: E, ...about: DiscoveryEvents[E]): void {
    const { counters, log } = this.#parts;
    for (const listener of this.events.listeners(event) as ((...about: DiscoveryEvents[E]) => void)[]) {
      try {
        listener(...about);
      } catch (fault) {
        counters.handlerFailures += 1;
        log.report(`node ${event}`, 'error', `a listener of "${event}" failed`, {
          fault: fault instanceof Error ? (fault.stack ?? fault.message) : String(fault),
        });
      }
    }
  }

  #publish<N extends AcademyEventName>(
    name: N,
    data: AcademyEventData[N] | NodeIntroduction,
    nodes?: readonly NodeId[],
  ): Promise<EventReceipt> {
    return this.#parts.publish({ ...this.#encoded(name, data), network: true, local: false, nodes });
  }

  #encoded(name: AcademyEventName, data: unknown): Omit<EncodedEvent, 'network'> {
    const { id } = requireEvent(name);
    return { name, eventId: id, topic: 0, payload: this.#parts.codec.encode(data), priority: 'normal' };
  }

  /** Whole milliseconds, as timestamps are on the wire, whatever the clock's grain. */
  #wallMs(): number {
    return Math.floor(this.#parts.clock.nowMs());
  }

  #nowMs(): number {
    return this.#parts.clock.monotonicMs();
  }

  /** @param begun is handed what wakes earlier */
  #sleep(durationMs: number, begun?: (wake: () => void) => void): Promise<void> {
    return new Promise((resolve) => {
      const wake = (): void => {
        this.#sleepers.delete(wake);
        this.#cancel(timer);
        resolve();
      };
      const timer = this.#later(wake, durationMs);
      this.#sleepers.add(wake);
      begun?.(wake);
    });
  }

  #later(callback: () => void, delayMs: number): TimerHandle {
    const timer = this.#parts.clock.setTimeout(() => {
      this.#timers.delete(timer);
      callback();
    }, delayMs);
    this.#timers.add(timer);
    return timer;
  }

  #cancel(timer: TimerHandle): void {
    this.#timers.delete(timer);
    this.#parts.clock.clearTimeout(timer);
  }
}

function checkAlias(alias: string): void {
  const fault = reservedNodeNames.includes(alias)
    ? 'is a word of the path grammar'
    : alias.length === 0 || alias.length > limits.idCharactersMax
      ? `must have 1 to ${limits.idCharactersMax} characters`
      : undefined;
  if (!fault) return;
  throw new AcademyError('ERR_ACADEMY_CONFIG_INVALID', `node name: "${alias}" ${fault}`, {
    remedy: 'set another name with --name or NODE_ID',
  });
}

/** Probes give fractions and, on an odd machine, less than nothing. */
function within({ cpuLoadRatio, memoryFreeBytes, storageFreeBytes, slotsFree }: NodeCapacity): NodeCapacity {
  const count = (value: number): number => Math.max(0, Math.floor(value) || 0);
  return {
    cpuLoadRatio: Math.min(1, Math.max(0, cpuLoadRatio || 0)),
    memoryFreeBytes: count(memoryFreeBytes),
    storageFreeBytes: count(storageFreeBytes),
    slotsFree: count(slotsFree),
  };
}

function hasCapability({ training, specializations }: NodeCapabilities, capability: string): boolean {
  return training.includes(capability) || specializations.includes(capability);
}

function cameByMulticast(from: PacketSource): boolean {
  if (from.authenticatedNode !== undefined) return false;
  const channel = (channelOfTransport as Readonly<Record<string, string>>)[from.transport];
  return channel !== undefined && channel !== 'reliable';
}

/** The address in `address:port`; undefined for what is no IP address, such as the names of a simulated network. */
function hostOf(source: string): string | undefined {
  const host = source
    .slice(0, source.lastIndexOf(':'))
    .replace(/^\[|\]$/g, '')
    .replace(/^::ffff:(?=\d+\.)/, '');
  return /^\d+(\.\d+){3}$/.test(host) || /^[0-9a-f]*:[0-9a-f:]+(%\w+)?$/i.test(host) ? host : undefined;
}
