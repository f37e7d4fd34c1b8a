/**
 * Actors on real worker threads and in real time, for tests of what virtual time cannot show: a thread dies, and its
 * actors come back; the whole host ends, and starts again on what was kept.
 *
 * ```ts
 * const shards = await TestShards.open({ threads: 2 });
 * const counter = await shards.spawn(counterModule, { name: 'counter', shard: 1, options: { start: 5 } });
 * const { lost, millis } = await shards.kill(1, 'exit');
 * assert.equal(await shards.ask(counter.address, 'count', null), 5);
 * await shards.close();
 * ```
 */
import { ActorHandle } from '../runtime/hosting/ActorHandle.js';
import { ActorSystem, type ActorSystemEvents, type ActorSystemOptions } from '../runtime/hosting/ActorSystem.js';
import { defaultHangMs } from '../runtime/hosting/shards/ShardPool.js';
import type { ActorModule } from '../runtime/protocol/actorModule.js';
import { actorModule } from '../runtime/protocol/actorModule.js';
import type { ActorReference } from '../runtime/protocol/actors.js';
import type { AnswerOf, DataOf, QuestionType, ReferenceTo, SpecOf } from '../runtime/protocol/contract.js';
import { seededRandom } from '../runtime/protocol/Random.js';
import { ActorStore } from '../runtime/storage/ActorStore.js';
import { Store } from '../runtime/storage/Store.js';
import { systemClock } from '../runtime/system/systemClock.js';
import { Probe } from './Probe.js';
import { RecordingMesh } from './RecordingMesh.js';
import { realTime } from './realTime.js';
import type { ShardDeath } from './shardKiller.js';
import type { TestHost } from './TestHost.js';

type HostOptions = Pick<
  ActorSystemOptions,
  'academyId' | 'hangMs' | 'maxHeapMb' | 'nodeId' | 'restart' | 'shardRestart' | 'snapshotEveryMs' | 'threads'
>;

/** As of a node's actors, and where they are kept. */
export interface TestShardsOptions extends Partial<HostOptions> {
  /** Worker threads, one shard each, numbered from 1; 0: all actors live in the main thread. @default 2 */
  readonly threads?: number;
  /** Heap of each thread; small, so that it is soon full. @default 128 */
  readonly maxHeapMb?: number;
  /** Folder of a store on disk for what persists. @default memory, which outlives restart() and nothing else */
  readonly folder?: string;
}

export type ShardDown = ActorSystemEvents['shard-down'][0];
export type ShardUp = ActorSystemEvents['shard-up'][0];
export type ActorFailure = ActorSystemEvents['actor-failed'][0];

const defaultThreads = 2;
const defaultHeapMb = 128;
const defaultDeadlineMs = 10_000;
const closeLimitMs = 5_000;
/** Beyond what it takes to find out that a thread hangs. */
const backWithinMs = 10_000;
const killerName = 'test.shard-killer';
const killer = actorModule(
  () => import('./shardKiller.js'),
  new URL('./shardKiller.js', import.meta.url),
  'shardKiller',
);

export class TestShards implements TestHost {
  readonly time = realTime;
  /** What has left for the network, and what was logged. */
  readonly mesh: RecordingMesh;
  /** Threads that have died, oldest first. */
  readonly downs: ShardDown[] = [];
  /** Threads that came back. */
  readonly ups: ShardUp[] = [];
  /** Actors that were given up. */
  readonly failures: ActorFailure[] = [];
  readonly #probes: Probe[] = [];
  #options: TestShardsOptions;
  #store: Store;
  #system: ActorSystem;
  #ending: Promise<void> | null = null;

  private constructor(options: TestShardsOptions) {
    this.#options = options;
    this.mesh = new RecordingMesh(options.nodeId);
    this.#store = this.#openStore();
    this.#system = this.#makeSystem();
  }

  /** Resolves when all threads run. */
  static async open(options: TestShardsOptions = {}): Promise<TestShards> {
    const shards = new TestShards(options);
    await shards.system.start();
    return shards;
  }

  /** Another one after restart(). */
  get system(): ActorSystem {
    return this.#system;
  }

  /** Where what persists is kept; another one after restart() when it is on disk. */
  get store(): Store {
    return this.#store;
  }

  /** Starts an actor on the shard that the spec names, or on the one with the least to do. */
  async spawn<C>({ module, exportName }: ActorModule<C>, spec: SpecOf<C>): Promise<ActorHandle<C>> {
    const address = await this.system.spawn({ ...spec, module, exportName });
    return new ActorHandle<C>(this.system, spec.name, address);
  }

  /** An actor in the hands of the test. It lives in the main thread, which no kill() ends. */
  probe(name = 'probe'): Probe {
    const probe = new Probe(this, name);
    this.#probes.push(probe);
    return probe;
  }

  /** Asks an actor from outside. */
  ask<C, T extends QuestionType<C>>(
    to: ReferenceTo<C>,
    type: T,
    data: DataOf<C, T>,
    { deadlineMs = defaultDeadlineMs }: { readonly deadlineMs?: number } = {},
  ): Promise<AnswerOf<C, T>> {
    return this.system.ask(to, { type, data }, { deadlineMs }) as Promise<AnswerOf<C, T>>;
  }

  /** Crashes an actor as if its machine had thrown; its supervisor decides what becomes of it. */
  crash(target: ActorReference, message = 'crashed by the test'): void {
    this.system.crash(target, { code: 'ERR_ACADEMY_ACTOR_STOPPED', message });
  }

  /**
   * Ends the thread of a shard behind all that it was told so far, by an actor that is started there for this, and
   * resolves when the shard is back. A thread that hangs is found out after `hangMs`; one whose memory fills up more slowly
   * than that is taken for it.
   * @returns what came of it; `lost` counts the order to die as well, unless the thread ends by what is thrown
   * @throws AssertionError when the shard was given up, or does not come back
   */
  async kill(shard: number, how: ShardDeath = 'exit'): Promise<ShardUp> {
    const { system } = this;
    const [downsBefore, upsBefore] = [this.downs.length, this.ups.length];
    const address = await system.spawn({ ...killer, name: `${killerName}/${shard}`, shard });
    system.tell(address, { type: 'end', data: how });
    const isOfShard = (each: ShardDown | ShardUp): boolean => each.shard === shard;
    const down = (): ShardDown | undefined => this.downs.slice(downsBefore).find(isOfShard);
    const up = (): ShardUp | undefined => this.ups.slice(upsBefore).find(isOfShard);
    const { hangMs = defaultHangMs } = this.#options;
    await this.until(
      `shard ${shard} is back`,
      () => up() !== undefined || down()?.isReplaced === false,
      hangMs + backWithinMs,
    );
    const returned = up();
    if (returned) return returned;
    throw realTime.fault(
      `shard ${shard} was given up: ${down()?.cause}; a greater shardRestart.intensity lets it return`,
    );
  }

  /** Waits in real time for a condition, which may be asked for by a promise. */
  until(what: string, condition: () => unknown, withinMs?: number): Promise<void> {
    return realTime.until(what, condition, withinMs);
  }

  /**
   * Stops all actors in good order and starts again on what was kept, with the probes of the test.
   * @param changes options that are others from now on
   */
  async restart(changes: Omit<TestShardsOptions, 'folder' | 'nodeId'> = {}): Promise<void> {
    await this.#system.shutdown({ limitMs: closeLimitMs });
    this.#options = { ...this.#options, ...changes };
    if (this.#options.folder !== undefined) {
      await this.#store.close();
      this.#store = this.#openStore();
    }
    this.#system = this.#makeSystem();
    await this.#system.start();
    for (const probe of this.#probes) probe.enter();
  }

  /** Safe to call twice. */
  close(): Promise<void> {
    this.#ending ??= this.#system.shutdown({ limitMs: closeLimitMs }).then(() => this.#store.close());
    return this.#ending;
  }

  #openStore(): Store {
    const { folder } = this.#options;
    return folder === undefined ? Store.inMemory() : Store.open(folder);
  }

  #makeSystem(): ActorSystem {
    const { folder, ...options } = this.#options;
    const { mesh } = this;
    const system = new ActorSystem({
      academyId: 'test',
      threads: defaultThreads,
      maxHeapMb: defaultHeapMb,
      ...options,
      nodeId: mesh.nodeId,
      clock: systemClock,
      random: seededRandom(1),
      storage: new ActorStore(this.#store),
      mesh,
    });
    mesh.system = system;
    system.on('shard-down', (down) => this.downs.push(down));
    system.on('shard-up', (up) => this.ups.push(up));
    system.on('actor-failed', (failure) => {
      if (!failure.name.startsWith(killerName)) this.failures.push(failure);
    });
    return system;
  }
}
