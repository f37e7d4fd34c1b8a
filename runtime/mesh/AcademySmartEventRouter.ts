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

export interface Route {
  /** A name, or a family written `academy.chat.*`; `*` is everything else. */
  readonly prefix: string;
  readonly channel: Channel;
  readonly transport: TransportName;
  readonly class: DeliveryClass;
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
  /** Why it goes another way than the table says. */
  readonly detour?: string;
}

/** Events that are told on this node only and that no packet carries. */
export const localOnlyEvents: ReadonlySet<string> = new Set<AcademyEventName>(['academy.node.discovered']);

const everythingElse: Route = route('*', 'tcp-reliable', 'ordered', 'what no rule knows must not get lost');

const builtInRoutes: readonly Route[] = [
  route('academy.chat.typing', 'academy-training', 'lossy', 'a notice that the next one replaces'),
  route('academy.chat.presence', 'academy-training', 'lossy', 'a notice that the next one replaces'),
  route('academy.chat.*', 'academy-training', 'log-repaired', 'all nodes of a room at once; its log fills the gaps'),
  route('academy.training.*', 'academy-training', 'ordered', 'many small signals for every node at once'),
  route('academy.node.*', 'academy-training', 'lossy', 'beacons, repeated until they are heard'),
  route('academy.persona.*', 'academy-evolution', 'ordered', 'every node hears who has grown'),
  route('academy.capability.*', 'academy-evolution', 'lossy', 'a question to every node, asked again if need be'),
  route('academy.genome.*', 'academy-genome', 'ordered', 'announcements and queries; contents are fetched reliably'),
  route('academy.lora.*', 'academy-genome', 'ordered', 'announcements of new layer versions'),
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

const reliable: SelectedRoute = { transport: 'tcp-reliable', channel: 'reliable', class: 'ordered' };

export class AcademySmartEventRouter {
  /** Longest prefix first, so that the first match is the one. */
  readonly #routes: readonly Route[];
  /** Every declared name's row, so that a packet costs one look-up. */
  readonly #byName: ReadonlyMap<string, Route>;

  /**
   * @param overrides transport by name or family (`academy.chat.*`, `academy.chat.typing`, `*`); these rows replace the
   * built-in ones of the same prefix and are matched by length like them. All nodes of an academy must agree on them
   * @throws AcademyError ERR_ACADEMY_CONFIG_INVALID for a transport or a prefix that does not exist
   */
  constructor(overrides: Readonly<Record<string, string>> = {}) {
    const rows = new Map(builtInRoutes.map((row) => [stem(row.prefix), row]));
    for (const [prefix, transport] of Object.entries(overrides)) rows.set(stem(prefix), overridden(prefix, transport));
    this.#routes = [...rows.values()].sort((left, right) => stem(right.prefix).length - stem(left.prefix).length);
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
    return { transport: selected.transport, channel: selected.channel, class: selected.class };
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
    return { transport, channel: channelOfTransport[transport], class: 'lossy' };
  }
}

function route(prefix: string, transport: TransportName, deliveryClass: DeliveryClass, reason: string): Route {
  return { prefix, channel: channelOfTransport[transport], transport, class: deliveryClass, reason };
}

function overridden(prefix: string, transport: string): Route {
  if (!/^(\*|academy(\.[a-z-]+)*(\.\*)?)$/.test(prefix)) {
    throw new AcademyError('ERR_ACADEMY_CONFIG_INVALID', `transports: "${prefix}" is no event name or family`, {
      remedy: 'write a name (academy.chat.typing), a family (academy.chat.*) or *',
    });
  }
  const name = transportNames.find((known) => known === transport);
  if (!name) {
    throw new AcademyError('ERR_ACADEMY_CONFIG_INVALID', `transports: "${prefix}" names no transport: "${transport}"`, {
      remedy: `use one of: ${transportNames.join(', ')}`,
    });
  }
  const builtIn = longestMatch(builtInRoutes, stem(prefix)).class;
  return route(prefix, name, name === 'tcp-reliable' ? 'ordered' : builtIn, 'set by configuration');
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
