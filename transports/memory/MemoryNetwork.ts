/**
 * A network inside one process, for tests and simulations: datagram groups and reliable links between nodes, with
 * loss, delay, jitter, reordering, duplication and partition. All chance comes from one Random and all time from one
 * Clock, so the same seed gives the same deliveries; under a VirtualClock, exactly and at once.
 *
 * ```ts
 * const clock = new VirtualClock();
 * const network = new MemoryNetwork({ clock, random: seededRandom(7), conditions: { lossPerMille: 50, delayMs: 2 } });
 * network.partition([left, middle], [right]);
 * ```
 */
import type { Clock } from '../../runtime/protocol/Clock.js';
import { AcademyError } from '../../runtime/protocol/errors.js';
import type { NodeId } from '../../runtime/protocol/identity.js';
import type { Random } from '../../runtime/protocol/Random.js';

/** How one direction between two nodes behaves. */
export interface LinkConditions {
  /** Of 1000 datagrams, how many are lost. On a reliable link a loss is a retransmission. @default 0 */
  readonly lossPerMille: number;
  /** @default 0 */
  readonly delayMs: number;
  /** Up to this much is added to each delay; it changes no order. @default 0 */
  readonly jitterMs: number;
  /** Of 1000 datagrams, how many are held back for `reorderMs` while later ones pass. @default 0 */
  readonly reorderPerMille: number;
  /** @default 5 */
  readonly reorderMs: number;
  /** Of 1000 datagrams, how many arrive twice. @default 0 */
  readonly duplicatePerMille: number;
}

export interface LinkCounters {
  /** Datagrams and reliable messages that were to go this way. */
  readonly offered: number;
  readonly delivered: number;
  readonly lost: number;
  /** Datagrams that met a partition. */
  readonly partitioned: number;
  readonly reordered: number;
  readonly duplicated: number;
  /** Further attempts of reliable messages: after a loss, in a partition, or because nobody listened yet. */
  readonly retransmitted: number;
}

/** One arrival, for traces. */
export interface Delivery {
  readonly atMs: number;
  readonly kind: 'datagram' | 'reliable';
  readonly from: NodeId;
  readonly to: NodeId;
  readonly bytes: number;
}

export interface MemoryNetworkOptions {
  readonly clock: Clock;
  readonly random: Random;
  /** Of every link that has none of its own. */
  readonly conditions?: Partial<LinkConditions>;
  readonly onDelivery?: (delivery: Delivery) => void;
}

/** A member of a datagram group, as the network sees it. */
export interface DatagramMember {
  readonly nodeId: NodeId;
  receive(bytes: Uint8Array, from: NodeId): void;
}

/** One message on a reliable link. */
export interface Parcel {
  readonly bytes: number;
  /** Whether anyone still waits for it; asked before each attempt. */
  isWanted(): boolean;
  /** Delivers it, or says that nobody listens: then it is tried again. */
  arrive(): boolean;
}

const perfect: LinkConditions = {
  lossPerMille: 0,
  delayMs: 0,
  jitterMs: 0,
  reorderPerMille: 0,
  reorderMs: 5,
  duplicatePerMille: 0,
};
/** Pause before a reliable message is tried again. */
const retransmitMs = 50;
/** Where ports that nobody chose begin. */
const firstFreePort = 49_152;

type MutableCounters = { -readonly [K in keyof LinkCounters]: number };

interface Link {
  readonly from: NodeId;
  readonly to: NodeId;
  readonly counters: MutableCounters;
  conditions: LinkConditions | null;
  /** What is sent later arrives no earlier, unless it is reordered. */
  lastArrivalMs: number;
  /** Reliable messages in order; the first is being tried. */
  readonly backlog: Parcel[];
  isTrying: boolean;
}

export class MemoryNetwork {
  readonly #options: MemoryNetworkOptions;
  readonly #links = new Map<string, Link>();
  readonly #groups = new Map<string, Set<DatagramMember>>();
  readonly #listeners = new Map<number, unknown>();
  #conditions: LinkConditions;
  #partition: ReadonlyMap<NodeId, number> | null = null;

  constructor(options: MemoryNetworkOptions) {
    this.#options = options;
    this.#conditions = conditionsFrom(options.conditions ?? {});
  }

  get clock(): Clock {
    return this.#options.clock;
  }

  /** Conditions of every link that has none of its own. */
  setConditions(conditions: Partial<LinkConditions>): void {
    this.#conditions = conditionsFrom(conditions);
  }

  /** Conditions of one direction, instead of the common ones. */
  setLink(from: NodeId, to: NodeId, conditions: Partial<LinkConditions>): void {
    this.#link(from, to).conditions = conditionsFrom(conditions);
  }

  /** Nodes of different groups do not hear each other; those that are named in no group are one more group. */
  partition(...groups: readonly (readonly NodeId[])[]): void {
    this.#partition = new Map(groups.flatMap((group, index) => group.map((nodeId) => [nodeId, index] as const)));
  }

  heal(): void {
    this.#partition = null;
  }

  isPartitioned(from: NodeId, to: NodeId): boolean {
    return this.#partition !== null && this.#partition.get(from) !== this.#partition.get(to);
  }

  /** Of one direction, or of the whole network. */
  counters(from?: NodeId, to?: NodeId): LinkCounters {
    if (from !== undefined && to !== undefined) return { ...this.#link(from, to).counters };
    const sum = noCounts();
    for (const { counters } of this.#links.values()) {
      for (const key of Object.keys(sum) as (keyof LinkCounters)[]) sum[key] += counters[key];
    }
    return sum;
  }

  join(group: string, member: DatagramMember): void {
    const members = this.#groups.get(group) ?? new Set();
    this.#groups.set(group, members.add(member));
  }

  leave(group: string, member: DatagramMember): void {
    this.#groups.get(group)?.delete(member);
  }

  /** To every member, the sender included, as multicast with loopback has it. The bytes must not change any more. */
  broadcast(group: string, from: NodeId, bytes: Uint8Array): void {
    for (const member of this.#groups.get(group) ?? []) this.#sendDatagram(group, from, member, bytes);
  }

  /** Takes a port for a listener, `asked` or any. @throws AcademyError ERR_ACADEMY_PORT_IN_USE */
  listen(listener: unknown, asked: number): number {
    let port = asked || firstFreePort;
    while (asked === 0 && this.#listeners.has(port)) port += 1;
    if (this.#listeners.has(port)) {
      throw new AcademyError('ERR_ACADEMY_PORT_IN_USE', `memory port ${port} is in use`, {
        remedy: 'choose another port, or 0 for any free one',
      });
    }
    this.#listeners.set(port, listener);
    return port;
  }

  unlisten(port: number): void {
    this.#listeners.delete(port);
  }

  listenerAt(port: number): unknown {
    return this.#listeners.get(port);
  }

  /** In order, and tried until it arrives or nobody wants it any longer. */
  carry(from: NodeId, to: NodeId, parcel: Parcel): void {
    const link = this.#link(from, to);
    link.counters.offered += 1;
    link.backlog.push(parcel);
    this.#tryNext(link);
  }

  #sendDatagram(group: string, from: NodeId, member: DatagramMember, bytes: Uint8Array): void {
    const link = this.#link(from, member.nodeId);
    const conditions = this.#conditionsOf(link);
    const { counters } = link;
    counters.offered += 1;
    if (this.isPartitioned(from, member.nodeId)) {
      counters.partitioned += 1;
      return;
    }
    if (this.#happens(conditions.lossPerMille)) {
      counters.lost += 1;
      return;
    }
    const deliver = (): void => {
      if (!this.#groups.get(group)?.has(member)) return;
      this.#delivered(link, 'datagram', bytes.length);
      member.receive(bytes, from);
    };
    this.#atArrival(link, conditions, deliver);
    if (this.#happens(conditions.duplicatePerMille)) {
      counters.duplicated += 1;
      this.#atArrival(link, conditions, deliver);
    }
  }

  #atArrival(link: Link, conditions: LinkConditions, deliver: () => void): void {
    const { clock } = this.#options;
    const nowMs = clock.monotonicMs();
    const isHeldBack = this.#happens(conditions.reorderPerMille);
    if (isHeldBack) {
      link.counters.reordered += 1;
      clock.setTimeout(deliver, this.#delay(conditions) + conditions.reorderMs);
      return;
    }
    link.lastArrivalMs = Math.max(link.lastArrivalMs, nowMs + this.#delay(conditions));
    clock.setTimeout(deliver, link.lastArrivalMs - nowMs);
  }

  #tryNext(link: Link): void {
    if (link.isTrying) return;
    while (link.backlog[0] && !link.backlog[0].isWanted()) link.backlog.shift();
    if (link.backlog.length === 0) return;
    link.isTrying = true;
    const conditions = this.#conditionsOf(link);
    const isLost = this.#happens(conditions.lossPerMille);
    if (isLost) link.counters.lost += 1;
    if (isLost || this.isPartitioned(link.from, link.to)) this.#tryLater(link);
    else this.#options.clock.setTimeout(() => this.#arrive(link), this.#delay(conditions));
  }

  /** All that was sent before the first arrives with it: a link is a pipe and not a ping-pong. */
  #arrive(link: Link): void {
    let bound = link.backlog.length;
    for (; bound > 0; bound--) {
      const parcel = link.backlog[0] as Parcel;
      if (parcel.isWanted()) {
        if (this.isPartitioned(link.from, link.to) || !parcel.arrive()) return this.#tryLater(link);
        this.#delivered(link, 'reliable', parcel.bytes);
      }
      link.backlog.shift();
    }
    link.isTrying = false;
    this.#tryNext(link);
  }

  #tryLater(link: Link): void {
    link.counters.retransmitted += 1;
    this.#options.clock.setTimeout(() => {
      link.isTrying = false;
      this.#tryNext(link);
    }, retransmitMs);
  }

  #delivered(link: Link, kind: Delivery['kind'], bytes: number): void {
    link.counters.delivered += 1;
    const { clock, onDelivery } = this.#options;
    onDelivery?.({ atMs: clock.monotonicMs(), kind, from: link.from, to: link.to, bytes });
  }

  #delay({ delayMs, jitterMs }: LinkConditions): number {
    return jitterMs > 0 ? delayMs + this.#options.random.next() * jitterMs : delayMs;
  }

  #happens(perMille: number): boolean {
    return perMille > 0 && this.#options.random.next() * 1000 < perMille;
  }

  /** A node always hears itself. */
  #conditionsOf(link: Link): LinkConditions {
    if (link.conditions) return link.conditions;
    return link.from === link.to ? perfect : this.#conditions;
  }

  #link(from: NodeId, to: NodeId): Link {
    const key = `${from} ${to}`;
    let link = this.#links.get(key);
    if (!link) {
      link = { from, to, counters: noCounts(), conditions: null, lastArrivalMs: 0, backlog: [], isTrying: false };
      this.#links.set(key, link);
    }
    return link;
  }
}

function noCounts(): MutableCounters {
  return { offered: 0, delivered: 0, lost: 0, partitioned: 0, reordered: 0, duplicated: 0, retransmitted: 0 };
}

/** @throws AcademyError ERR_ACADEMY_BAD_ARGUMENT */
function conditionsFrom(given: Partial<LinkConditions>): LinkConditions {
  for (const [name, value] of Object.entries(given)) {
    const max = name.endsWith('PerMille') ? 1000 : Number.MAX_SAFE_INTEGER;
    if (value >= 0 && value <= max) continue;
    throw new AcademyError('ERR_ACADEMY_BAD_ARGUMENT', `${name}: ${value} is not a number from 0 to ${max}`);
  }
  return { ...perfect, ...given };
}
