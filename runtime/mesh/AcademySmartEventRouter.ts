/**
 * Which transport an event goes by: one table, as data, for everything that sends and for what is accepted when it
 * arrives. `academy routes` prints it; configuration replaces rows of it.
 */
import { parseEndpoint } from '../protocol/endpoints.js';
import { AcademyError } from '../protocol/errors.js';
import { type AcademyEventName, academyEventNames } from '../protocol/events.js';
import { limits } from '../protocol/limits.js';
import type { Channel, Priority } from '../protocol/packet.js';

/** Where each transport's packets belong; the reverse of what a route says. */
export const channelOfTransport = {
  'academy-training': 'training',
  'academy-evolution': 'evolution',
  'academy-genome': 'genome',
  'tcp-reliable': 'reliable',
} as const satisfies Record<string, Channel>;

export type TransportName = keyof typeof channelOfTransport;
export const transportNames = Object.keys(channelOfTransport) as TransportName[];

/**
 * What a receiver can count on. `ordered`: every event, in order of sending, from when it has joined the sender's stream
 * or connection. `lossy`: what the network brings, with the losses counted. `log-repaired`: sent like `lossy`, and the room's log fetches what was missed.
 */
export type DeliveryClass = 'ordered' | 'lossy' | 'log-repaired';

/**
 * What is known of an event's source. `member`: a tag of the group, which every member can make. `node`: the key of the
 * node that is named, by its connection or by proofs in its stream.
 */
export type SourceProof = 'member' | 'node';

export interface Route {
  /** A name, or a family written `academy.chat.*`; `*` is everything else. */
  readonly prefix: string;
  readonly channel: Channel;
  readonly transport: TransportName;
  readonly class: DeliveryClass;
  /** What comes with less is dropped. */
  readonly source: SourceProof;
  /** Why, for people. */
  readonly reason: string;
}

export interface RouteQuery {
  /** An event's name; one that nobody declared is routed too, by the last row. */
  readonly name: string;
  readonly priority: Priority;
  /** An endpoint of protocol/endpoints.ts; only remote ones change the route. */
  readonly path?: string;
  /** Size of the packet, header included. */
  readonly bytes?: number;
}

export interface SelectedRoute {
  readonly transport: TransportName;
  readonly channel: Channel;
  readonly class: DeliveryClass;
  readonly source: SourceProof;
  /** Why it goes another way than the table says. */
  readonly detour?: string;
}

/** Events that are told on this node only and that no packet carries. */
export const localOnlyEvents: ReadonlySet<string> = new Set<AcademyEventName>(['academy.node.discovered']);

const everythingElse: Route = route('*', 'tcp-reliable', 'ordered', 'what no rule knows must not get lost');

/**
 * Signals are many, and a forged one is one voice of several; what a persona has become and which genomes there are is
 * seldom said, moves what others adopt, and carries no signature of its own: so those prove their node.
 */
const builtInRoutes: readonly Route[] = [
  route('academy.chat.typing', 'academy-training', 'lossy', 'a notice that the next one replaces'),
  route('academy.chat.presence', 'academy-training', 'lossy', 'a notice that the next one replaces'),
  route('academy.chat.*', 'academy-training', 'log-repaired', 'all nodes of a room at once; its log fills the gaps'),
  route('academy.training.*', 'academy-training', 'ordered', 'many small signals for every node at once'),
  route('academy.node.*', 'academy-training', 'lossy', 'beacons, repeated until they are heard'),
  route('academy.persona.*', 'academy-evolution', 'ordered', 'every node hears who has grown', 'node'),
  route('academy.capability.*', 'academy-evolution', 'lossy', 'a question to every node, asked again if need be'),
  route(
    'academy.genome.*',
    'academy-genome',
    'ordered',
    'announcements and queries; contents are fetched reliably',
    'node',
  ),
  route('academy.lora.*', 'academy-genome', 'ordered', 'announcements of new layer versions', 'node'),
  route('academy.collaboration.*', 'tcp-reliable', 'ordered', 'an agreement between few nodes'),
  route('academy.session.*', 'tcp-reliable', 'ordered', 'the life of such an agreement'),
  everythingElse,
];

/** Where a path `/remote/{node}/academy/{category}` leads. */
const transportOfCategory: Readonly<Record<string, TransportName>> = {
  training: 'academy-training',
  genome: 'academy-genome',
  persona: 'academy-evolution',
  collaboration: 'tcp-reliable',
};

const reliable: SelectedRoute = { transport: 'tcp-reliable', channel: 'reliable', class: 'ordered', source: 'node' };

export interface RouteOverrides {
  /**
   * Transport by name or family (`academy.chat.*`, `academy.chat.typing`, `*`); these rows replace the built-in ones of
   * the same prefix and are matched by length like them.
   */
  readonly transports?: Readonly<Record<string, string>>;
  /** Whether the node that an event names must be proven, by name or family, as above. */
  readonly proofOfSource?: Readonly<Record<string, boolean>>;
}

export class AcademySmartEventRouter {
  /** Longest prefix first, so that the first match is the one. */
  readonly #routes: readonly Route[];
  /** Every declared name's row, so that a packet costs one look-up. */
  readonly #byName: ReadonlyMap<string, Route>;

  /**
   * @param overrides all nodes of an academy must agree on them
   * @throws AcademyError ERR_ACADEMY_CONFIG_INVALID for a transport or a prefix that does not exist, and for proofs where
   * nothing can carry them
   */
  constructor({ transports = {}, proofOfSource = {} }: RouteOverrides = {}) {
    const rows = new Map(builtInRoutes.map((row) => [stem(row.prefix), row]));
    for (const [prefix, transport] of Object.entries(transports)) rows.set(stem(prefix), overridden(prefix, transport));
    const moved = longestFirst(rows.values());
    for (const [prefix, isProven] of Object.entries(proofOfSource)) {
      rows.set(stem(prefix), withProof(moved, prefix, isProven));
    }
    this.#routes = longestFirst(rows.values());
    this.#byName = new Map(academyEventNames.map((name) => [name, longestMatch(this.#routes, name)]));
  }

  /**
   * The rules in their order: a critical event goes reliably; a remote path goes by its category; else the longest
   * prefix decides. Whatever exceeds a datagram goes reliably.
   * @throws AcademyError ERR_ACADEMY_ENDPOINT_INVALID for a path that is none
   */
  select(query: RouteQuery): SelectedRoute {
    if (query.priority === 'critical') return reliable;
    const row = this.routeOf(query.name);
    const selected = query.path === undefined ? row : this.#byPath(query.path, row);
    if (selected.channel !== 'reliable' && (query.bytes ?? 0) > limits.datagramBytesMax) {
      return { ...reliable, detour: 'too-large-for-datagram' };
    }
    const { transport, channel, class: deliveryClass, source } = selected;
    return { transport, channel, class: deliveryClass, source };
  }

  /** The row of the table that a name falls under. */
  routeOf(name: string): Route {
    return this.#byName.get(name) ?? longestMatch(this.#routes, name);
  }

  /** Whether a packet of that event may name that channel: its own, or the reliable one after a detour. */
  accepts(name: AcademyEventName, channel: Channel): boolean {
    if (localOnlyEvents.has(name)) return false;
    return channel === 'reliable' || this.routeOf(name).channel === channel;
  }

  /** Whether an event counts only when the node that it names is proven to have sent it. */
  needsProof(name: AcademyEventName): boolean {
    return this.routeOf(name).source === 'node';
  }

  /** The whole table, in the order in which it is searched, for `academy routes`. */
  table(): readonly Route[] {
    return this.#routes;
  }

  /**
   * A category and a family that disagree go reliably: receivers accept an event on its own channel or on the reliable
   * one, and on no other.
   */
  #byPath(path: string, row: Route): SelectedRoute {
    const endpoint = parseEndpoint(path);
    if (endpoint.kind === 'remote-command' || endpoint.kind === 'remote') return reliable;
    if (endpoint.kind !== 'remote-academy') return row;
    const transport = transportOfCategory[endpoint.category] ?? 'tcp-reliable';
    if (row.transport === transport) return row;
    if (row.prefix !== '*' || transport === 'tcp-reliable') return reliable;
    return { transport, channel: channelOfTransport[transport], class: 'lossy', source: 'member' };
  }
}

function route(
  prefix: string,
  transport: TransportName,
  deliveryClass: DeliveryClass,
  reason: string,
  source: SourceProof = transport === 'tcp-reliable' ? 'node' : 'member',
): Route {
  return { prefix, channel: channelOfTransport[transport], transport, class: deliveryClass, source, reason };
}

function longestFirst(rows: Iterable<Route>): readonly Route[] {
  return [...rows].sort((left, right) => stem(right.prefix).length - stem(left.prefix).length);
}

function overridden(prefix: string, transport: string): Route {
  checkPrefix('transports', prefix);
  const name = transportNames.find((known) => known === transport);
  if (!name) {
    throw new AcademyError('ERR_ACADEMY_CONFIG_INVALID', `transports: "${prefix}" names no transport: "${transport}"`, {
      remedy: `use one of: ${transportNames.join(', ')}`,
    });
  }
  const builtIn = longestMatch(builtInRoutes, stem(prefix));
  const isReliable = name === 'tcp-reliable';
  const source = isReliable ? 'node' : builtIn.class === 'ordered' ? builtIn.source : 'member';
  return route(prefix, name, isReliable ? 'ordered' : builtIn.class, 'set by configuration', source);
}

/** The row that a prefix falls under, as one of its own. */
function withProof(rows: readonly Route[], prefix: string, isProven: boolean): Route {
  checkPrefix('proofOfSource', prefix);
  const row = longestMatch(rows, stem(prefix));
  if (row.transport === 'tcp-reliable') return { ...row, prefix };
  if (isProven && row.class !== 'ordered') {
    throw new AcademyError('ERR_ACADEMY_CONFIG_INVALID', `proofOfSource: "${prefix}" goes by single datagrams`, {
      remedy: 'ask for proofs of events of the class ordered, which `academy routes` shows',
    });
  }
  return { ...row, prefix, source: isProven ? 'node' : 'member', reason: 'set by configuration' };
}

function checkPrefix(key: string, prefix: string): void {
  if (/^(\*|academy(\.[a-z-]+)*(\.\*)?)$/.test(prefix)) return;
  throw new AcademyError('ERR_ACADEMY_CONFIG_INVALID', `${key}: "${prefix}" is no event name or family`, {
    remedy: 'write a name (academy.chat.typing), a family (academy.chat.*) or *',
  });
}

/** @param rows longest prefix first */
function longestMatch(rows: readonly Route[], name: string): Route {
  return rows.find((row) => matches(row.prefix, name)) ?? everythingElse;
}

/** `academy.chat.*` without its star; empty for `*`. */
function stem(prefix: string): string {
  return prefix.replace(/\.?\*$/, '');
}

function matches(prefix: string, name: string): boolean {
  const start = stem(prefix);
  return start === '' || name === start || name.startsWith(`${start}.`);
}
