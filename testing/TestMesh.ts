/**
 * Whole nodes in one thread, on a network in memory and under one virtual clock: what createAcademyNode() makes, with
 * everything but sockets, disk and threads. The network loses, delays, reorders and doubles as it is told; nodes are
 * cut off from each other, crash, and have clocks that go wrong. The same seed gives the same run.
 *
 * ```ts
 * const mesh = await TestMesh.open({ nodes: 3, rooms: [{ id: 'lobby', consent: 'academy' }] });
 * const [left, middle, right] = mesh.nodes;
 * mesh.partition([left, middle], [right]);
 * const ann = await mesh.settled(left.node.person({ id: 'ann', name: 'Ann', type: 'human' }, ['lobby']));
 * await mesh.settled(ann.say({ roomId: 'lobby', text: 'Hello' }));
 * mesh.heal();
 * await mesh.until('the right node knows it', () => …);
 * await mesh.close();
 * ```
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pino } from 'pino';
import type { AcademyNode } from '../node/AcademyNode.js';
import { createAcademyNode } from '../node/createAcademyNode.js';
import type { NodeMeans } from '../node/NodeMeans.js';
import type { NetworkParts, NodeNetwork } from '../node/networkTransports.js';
import type { AcademyUserConfig } from '../runtime/config/academyConfig.js';
import { deriveKey, type NodeId } from '../runtime/protocol/identity.js';
import { type Random, seededRandom } from '../runtime/protocol/Random.js';
import { Store } from '../runtime/storage/Store.js';
import { type Delivery, type LinkConditions, MemoryNetwork } from '../transports/memory/MemoryNetwork.js';
import { MemoryReliableTransport, memoryHost } from '../transports/memory/MemoryReliableTransport.js';
import { MemoryTransport } from '../transports/memory/MemoryTransport.js';
import { TransportFactory } from '../transports/TransportFactory.js';
import { type GroupChannel, groupAddresses } from '../transports/udp/groupAddresses.js';
import { Simulation, type SimulationOptions } from './Simulation.js';
import { SkewedClock } from './SkewedClock.js';

export interface TestMeshOptions extends SimulationOptions {
  /** To share time and chance with others. @default one of its own */
  readonly simulation?: Simulation;
  /** @default 2 */
  readonly nodes?: number;
  /** Of all nodes; personas are none unless they are named. */
  readonly config?: AcademyUserConfig;
  /** @default the room `lobby`, from which training signals go to all nodes */
  readonly rooms?: AcademyUserConfig['rooms'];
  /** Of every link between two nodes. @default perfect */
  readonly conditions?: Partial<LinkConditions>;
}

export interface TestNode {
  readonly node: AcademyNode;
  readonly nodeId: NodeId;
  /** The node's own, to be set wrong. */
  readonly clock: SkewedClock;
  /** What it has logged, oldest first: the text is `msg`. */
  readonly logged: readonly Readonly<Record<string, unknown>>[];
}

/** Streams of a few hundred messages, since a test has several nodes in one process. */
const ringBytes = 1_048_576;
const defaultNodes = 2;
const capacity = { cpuLoadRatio: 0, memoryFreeBytes: 2 ** 30, storageFreeBytes: 2 ** 30, slotsFree: 1_000 };

export class TestMesh {
  readonly simulation: Simulation;
  readonly network: MemoryNetwork;
  /** What has arrived anywhere, oldest first. */
  readonly deliveries: Delivery[] = [];
  readonly #options: TestMeshOptions;
  readonly #folder = mkdtempSync(join(tmpdir(), 'academy-mesh-test-'));
  readonly #factories = new Map<AcademyNode, TransportFactory>();
  readonly #nodes: TestNode[] = [];
  #started = 0;

  private constructor(options: TestMeshOptions) {
    this.#options = options;
    this.simulation = options.simulation ?? new Simulation(options);
    const { clock, random } = this.simulation;
    this.network = new MemoryNetwork({
      clock,
      random,
      conditions: options.conditions ?? {},
      onDelivery: (delivery) => this.deliveries.push(delivery),
    });
  }

  /** Resolves when all nodes run and know each other. */
  static async open(options: TestMeshOptions = {}): Promise<TestMesh> {
    const mesh = new TestMesh(options);
    const { nodes = defaultNodes } = options;
    for (let number = 0; number < nodes; number++) await mesh.add();
    await mesh.until('all nodes know each other', () =>
      mesh.nodes.every(({ node }) => node.nodes().length === mesh.nodes.length),
    );
    return mesh;
  }

  /** Nodes that run. */
  get nodes(): readonly TestNode[] {
    return this.#nodes;
  }

  /** Starts another node; the others find it as time goes on. */
  async add(config: AcademyUserConfig = {}): Promise<TestNode> {
    const clock = new SkewedClock(this.simulation.clock);
    // Of its own, so that what one node draws does not change what another one does.
    const random = seededRandom(Math.floor(this.simulation.random.next() * 2 ** 32));
    const number = ++this.#started;
    let factory: TransportFactory | undefined;
    const logged: Record<string, unknown>[] = [];
    const means: NodeMeans = {
      openNetwork: (parts) => {
        const network = this.#openNetwork(parts, random);
        factory = network.factory;
        return network;
      },
      openStore: () => Store.inMemory(),
      openLog: (_folder, level) => ({
        log: pino({ level }, { write: (line) => logged.push(JSON.parse(line)) }),
        close: async () => {},
      }),
      capacity: () => () => capacity,
      defer: this.simulation.defer,
    };
    const rooms = this.#options.rooms ?? [{ id: 'lobby', consent: 'academy' }];
    const node = await this.simulation.atOnce(
      createAcademyNode(
        {
          academyId: 'test',
          alias: `node-${number}`,
          open: true,
          threads: 0,
          personas: [],
          rooms,
          ...this.#options.config,
          ...config,
          data: join(this.#folder, String(number)),
          clock,
          random,
        },
        means,
      ),
    );
    const added: TestNode = { node, nodeId: node.nodeId as NodeId, clock, logged };
    this.#nodes.push(added);
    if (factory) this.#factories.set(node, factory);
    return added;
  }

  /** Stops a node in good order: it says goodbye. */
  async stop({ node }: TestNode): Promise<void> {
    this.#forget(node);
    await this.settled(node.stop());
  }

  /** Takes a node off the network at once, as if its machine had lost power; the others find out by themselves. */
  async crash({ node }: TestNode): Promise<void> {
    await this.simulation.atOnce(this.#factories.get(node)?.stopAll() ?? Promise.resolve());
    this.#forget(node);
    await this.settled(node.stop());
  }

  /** Nodes of different groups do not hear each other; those that are named in no group are one more group. */
  partition(...groups: readonly (readonly TestNode[])[]): void {
    this.network.partition(...groups.map((nodes) => nodes.map(({ nodeId }) => nodeId)));
  }

  heal(): void {
    this.network.heal();
  }

  /** What a promise of a node settles with, moving virtual time on as far as it needs. */
  settled<T>(promise: Promise<T>, withinMs?: number): Promise<T> {
    return this.simulation.settled(promise, withinMs);
  }

  until(what: string, condition: () => unknown, withinMs?: number): Promise<void> {
    return this.simulation.until(what, condition, withinMs);
  }

  advance(ms: number): Promise<void> {
    return this.simulation.advance(ms);
  }

  async close(): Promise<void> {
    for (const node of [...this.#nodes]) await this.stop(node);
    rmSync(this.#folder, { recursive: true, force: true });
  }

  #forget(node: AcademyNode): void {
    const place = this.#nodes.findIndex((other) => other.node === node);
    if (place >= 0) this.#nodes.splice(place, 1);
  }

  #openNetwork({ config, identity, secret }: NetworkParts, random: Random): NodeNetwork {
    const { network } = this;
    const { academyId } = config;
    const factory = new TransportFactory();
    const groups = groupAddresses(academyId, 'academy', config.udp.port);
    const datagramKey = secret ? deriveKey(secret, academyId, 'datagram') : null;
    for (const channel of Object.keys(groups) as GroupChannel[]) {
      const streams = { identity, datagramKey, random, ringBytes };
      factory.register(new MemoryTransport({ network, nodeId: identity.nodeId, channel, streams }));
    }
    const connectionKey = secret ? deriveKey(secret, academyId, 'connection') : null;
    const reliable = new MemoryReliableTransport({ network, identity, academyId, connectionKey });
    factory.register(reliable);
    return { factory, reliable, interfaceAddress: memoryHost, groups };
  }
}
