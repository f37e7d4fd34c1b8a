/**
 * The actors of a node, seen from the main thread: spawn them by name on any shard, speak to them by one kind of
 * reference, hand them events of the mesh, hear of crashes, and end them in good order. With `threads: 0` all of them
 * live in the main thread, by the same code.
 *
 * ```ts
 * const system = new ActorSystem({ nodeId, academyId, clock, random, threads: 2, mesh });
 * await system.start();
 * await system.spawn({ name: 'counter', module: new URL('./counter.js', import.meta.url).href, exportName: 'counter' });
 * const count = await system.ask({ name: 'counter' }, { type: 'count' }, { deadlineMs: 1000 });
 * await system.shutdown({ limitMs: 5000 });
 * ```
 */
import { EventEmitter } from 'eventemitter3';
import type { ActorReport } from '../protocol/actorReport.js';
import type {
  ActorAddress,
  ActorDefinition,
  ActorInfo,
  ActorMessage,
  ActorReference,
  ActorSpec,
  DeadLetter,
  RestartOptions,
} from '../protocol/actors.js';
import { isActorAddress } from '../protocol/actors.js';
import { AcademyError, type ErrorRecord, fromErrorRecord, toErrorRecord } from '../protocol/errors.js';
import type { NodeId } from '../protocol/identity.js';
import type { IdTable } from '../protocol/layout/IdTable.js';
import type { PacketHeader } from '../protocol/packet.js';
import type { StreamOriginInfo } from '../protocol/StreamedHeader.js';
import type { StreamClass, StreamHandover } from '../protocol/streams.js';
import type { QuarantinedMessage, SupervisorDefinition, SupervisorInfo } from '../protocol/supervision.js';
import { ActorHost } from './ActorHost.js';
import type { ActorSystemEvents, ActorSystemOptions } from './ActorSystemOptions.js';
import { childSlots } from './addresses/ActorTable.js';
import { DeadLetterLog } from './addresses/DeadLetterLog.js';
import { hostAddress } from './addresses/Switchboard.js';
import { cloneSpec } from './cloneSpec.js';
import { assertActorOptions } from './defineActor.js';
import { interestKey } from './events/EventInterest.js';
import { EventRoutes } from './events/EventRoutes.js';
import { MeshGateway } from './events/MeshGateway.js';
import {
  type Frame,
  isPeerFrame,
  type NoticeFrame,
  type OrderFrame,
  type PeerFrame,
  type ReloadOutcome,
  type SeatSupervision,
  type SupervisorOrder,
} from './frames.js';
import { ActorInspector } from './inspection/ActorInspector.js';
import type { HostReport } from './inspection/inspectActor.js';
import { hostWords } from './lives/hostWords.js';
import { ActorMoves } from './moving/ActorMoves.js';
import { notMovable } from './moving/Departures.js';
import { ActorArchive } from './persistence/ActorArchive.js';
import { MemoryActorStorage } from './persistence/MemoryActorStorage.js';
import { nameColumns, seatColumns } from './persistence/SeatColumns.js';
import { defaultSnapshotEveryMs } from './persistence/ShardPersistence.js';
import { ActorRecords } from './records/ActorRecords.js';
import { type ActorRecord, seatOf, unheardInfo } from './records/ActorRegistry.js';
import { leastLoaded } from './shards/leastLoaded.js';
import { counterPlace, ShardLedger } from './shards/ShardLedger.js';
import { defaultHangMs, defaultShardRestart, ShardPool } from './shards/ShardPool.js';
import { ShardReports } from './shards/ShardReports.js';
import type { ShardTask } from './shards/shardWorker.js';
import { stopAllInOrder } from './stopAllInOrder.js';
import { defaultRestart } from './supervision/restartPolicy.js';
import { SupervisedActors } from './supervision/SupervisedActors.js';
import type { Revival } from './supervision/SupervisedNode.js';

export type { ActorSystemEvents, ActorSystemOptions } from './ActorSystemOptions.js';

export class ActorSystem extends EventEmitter<ActorSystemEvents> {
  readonly #options: ActorSystemOptions;
  readonly #restart: RestartOptions;
  readonly #ledger: ShardLedger;
  readonly #records: ActorRecords;
  readonly #host: ActorHost;
  readonly #pool: ShardPool;
  readonly #supervised: SupervisedActors;
  readonly #moves: ActorMoves;
  readonly #inspector: ActorInspector;
  readonly #archive: ActorArchive;
  readonly #snapshotEveryMs: number;
  readonly #gateway: MeshGateway;
  readonly #routes = new EventRoutes((shard, frame) => this.#order(shard, frame));
  readonly #reports: ShardReports;
  readonly #letterLog: DeadLetterLog;
  /** Messages whose effect on actors with snapshots went down with each shard. */
  readonly #unsaved: number[] = [];
  #messagesLost = 0;
  #shardRestarts = 0;
  #state: 'new' | 'running' | 'stopping' | 'ended' = 'new';
  #ending: Promise<void> | null = null;

  /** @throws AcademyError ERR_ACADEMY_BAD_ARGUMENT */
  constructor(options: ActorSystemOptions) {
    super();
    const { threads, clock, random, nodeId, academyId } = options;
    if (!(Number.isSafeInteger(threads) && threads >= 0)) {
      throw new AcademyError('ERR_ACADEMY_BAD_ARGUMENT', 'threads: it must be a whole number from 0');
    }
    assertActorOptions(options.restart ? { restart: options.restart } : {});
    assertActorOptions(options.shardRestart ? { restart: options.shardRestart } : {});
    this.#options = options;
    this.#gateway = new MeshGateway(options.mesh, (shard, frame) => this.#order(shard, frame));
    this.#reports = new ShardReports({
      clock,
      linked: () => this.#pool.linked(),
      order: (shard, frame) => this.#order(shard, frame),
    });
    this.#restart = { ...defaultRestart, ...options.restart };
    this.#ledger = new ShardLedger(threads + 1);
    this.#letterLog = new DeadLetterLog({
      clock,
      countOf: (reason) => this.#ledger.total(`deadLetters.${reason}`),
      write: (level, text) => options.mesh.log(level, 'dead letters', text),
    });
    this.#snapshotEveryMs = options.snapshotEveryMs ?? defaultSnapshotEveryMs;
    this.#archive = new ActorArchive({
      storage: options.storage ?? new MemoryActorStorage(),
      shards: threads + 1,
      order: (shard, frame) => this.#order(shard, frame),
      noticed: (frame, shard) => this.#noticed(frame, shard),
      trouble: (text) => options.mesh.log('error', 'actors', text),
    });
    this.#records = new ActorRecords({
      shards: threads + 1,
      archive: this.#archive,
      moves: () => this.#moves,
      supervised: () => this.#supervised,
      order: (shard, frame) => this.#order(shard, frame),
      tellOthers: (but, frame) => this.#tellOtherShards(but, frame),
      announce: (event, detail) => this.#announce(event, detail),
    });
    this.#host = new ActorHost({
      shard: 0,
      epoch: 1,
      nodeId,
      academyId,
      clock,
      random,
      ledger: this.#ledger,
      restart: this.#restart,
      snapshotEveryMs: this.#snapshotEveryMs,
      toMain: (frame) => this.#noticed(frame, 0),
      defer: options.defer ?? setImmediate,
      courier: options.courier,
    });
    this.#pool = new ShardPool({
      threads,
      maxHeapMb: options.maxHeapMb,
      hangMs: options.hangMs ?? defaultHangMs,
      restart: { ...defaultShardRestart, ...options.shardRestart },
      clock,
      random,
      ledger: this.#ledger,
      switchboard: this.#host.switchboard,
      settled: () => this.#archive.settled(),
      taskFor: (shard) => this.#taskFor(shard),
      receive: (frame, shard) => this.#received(frame, shard),
      received: () => this.#host.takeTurn(),
      down: (shard, cause, isReplaced) => this.#shardDown(shard, cause, isReplaced),
      up: (shard, lost, millis) => this.#shardUp(shard, lost, millis),
      trouble: (text) => this.#options.mesh.log('warn', 'shards', text),
    });
    this.#moves = new ActorMoves({
      registry: this.#records.registry,
      order: (shard, frame) => this.#order(shard, frame),
      // The main thread is the last to hear: what it has to say to the others comes after what they are told.
      reachable: () => [...this.#pool.linked(), 0],
      keepImage: (id, image) => this.#archive.moved(id, image),
    });
    this.#supervised = new SupervisedActors({
      clock,
      random,
      record: (name) => this.#records.registry.byName(name),
      start: (spec, supervised) => this.#start(spec, supervised),
      order: (record, order, revival) => this.#orderOne(record, order, revival),
      endThread: (shard, cause) => this.endThread(shard, cause),
      forget: (record, error) => {
        if (error) this.#records.giveUp(record, error);
        else this.#records.forget(record);
      },
      supervisorRestarted: (name, restarts, error) => this.#announce('supervisor-restarted', { name, restarts, error }),
      escalated: (name, error) => this.#announce('escalated', { name, error }),
    });
    this.#inspector = new ActorInspector({
      nodeId,
      records: this.#records,
      supervised: this.#supervised,
      latest: (address) => this.#host.switchboard.forwards.latest(address),
      isReachable: (shard) => this.#isReachable(shard),
      ask: (address) => this.#askReport(address),
      quarantined: () => this.quarantined(),
    });
  }

  /**
   * Starts the worker threads.
   * @throws AcademyError ERR_ACADEMY_NODE_STOPPED
   */
  async start(): Promise<void> {
    if (this.#state !== 'new') return;
    this.#state = 'running';
    const { threads } = this.#options;
    await this.#archive.open();
    const restored = this.#records.addStored(({ shard }) =>
      shard !== undefined && shard <= threads ? shard : this.#leastLoaded(),
    );
    const shards = new Map(restored.map(({ id, address }) => [id, address.shard]));
    await this.#archive.distribute((id) => shards.get(id));
    await this.#pool.start();
    const here = restored.filter(({ address }) => address.shard === 0);
    const kept = this.#archive.keptOf(
      0,
      here.map(({ id }) => id),
    );
    await this.#host.spawner.spawnAll(
      here.map((record) => seatOf(record)),
      kept,
    );
    for (const record of restored) await record.started.catch((error) => this.#notRestored(record, error));
  }

  /** Nobody has spawned it who could be told. What was kept of it stays. */
  #notRestored({ spec: { name } }: ActorRecord, error: unknown): void {
    const { message, remedy } = toErrorRecord(error, 'ERR_ACADEMY_ACTOR_MODULE');
    const advice = remedy === undefined ? '' : `; ${remedy}`;
    this.#options.mesh.log('error', name, `it was kept, and cannot be started: ${message}${advice}`, { error });
  }

  /**
   * Starts an actor on the shard of the spec, or on the worker thread with the least to do. With `supervisor` it is the
   * latest child of that supervisor.
   * @returns its address, when its machine has started
   * @throws AcademyError ERR_ACADEMY_ACTOR_MODULE (cannot be loaded, or crashes when it starts), ERR_ACADEMY_NAME_TAKEN,
   * ERR_ACADEMY_BAD_ARGUMENT (options that cannot be cloned, a shard that does not exist), ERR_ACADEMY_NODE_STOPPED
   */
  async spawn(spec: ActorSpec): Promise<ActorAddress> {
    if (this.#state !== 'running') throw notRunning();
    assertActorOptions(spec);
    if (spec.supervisor === undefined) {
      const kept = this.#records.claim(spec);
      return kept ? this.#addressOf(kept) : this.#start(spec, null);
    }
    await this.#supervised.add(spec.supervisor, spec);
    return (this.#records.registry.byName(spec.name) as ActorRecord).address;
  }

  /**
   * Starts a supervisor, which starts its children in order, on whatever shards they are to live.
   * @param parent supervisor that it is a child of; without one the node hears of it when it gives up
   * @throws AcademyError as spawn() does
   */
  async spawnSupervisor(name: string, supervisor: SupervisorDefinition, parent: string | null = null): Promise<void> {
    if (this.#state !== 'running') throw notRunning();
    await this.#supervised.add(parent, { name, supervisor });
  }

  async #start(spec: ActorSpec, supervised: SeatSupervision | null): Promise<ActorAddress> {
    const shard = this.#shardFor(spec, supervised !== null);
    const record = this.#records.add(shard === 0 ? spec : cloneSpec(spec), shard, supervised);
    const left = this.#archive.keptActor(record.id);
    const there = left && (await left);
    // Its shard may have died meanwhile, and it with it.
    if (!record.starting) return this.#addressOf(record);
    if (shard === 0) void this.#host.spawner.spawn(seatOf(record), there);
    else this.#order(shard, ['spawn', seatOf(record), there]);
    return this.#addressOf(record);
  }

  #shardFor({ name, shard }: ActorSpec, isSupervised: boolean): number {
    if (shard === undefined) return this.#leastLoaded();
    if (!this.#pool.isGone(shard)) return shard;
    // A supervisor keeps its children alive also where the shard that they were meant for is gone for good.
    if (isSupervised) return this.#leastLoaded();
    throw new AcademyError(
      'ERR_ACADEMY_NODE_STOPPED',
      `"${name}" cannot start: the thread of shard ${shard} was given up`,
      {
        remedy: 'leave out the shard, so that the actor starts on a thread that runs',
      },
    );
  }

  async #addressOf(record: ActorRecord): Promise<ActorAddress> {
    await record.started;
    return record.address;
  }

  /**
   * Starts an actor in the main thread, with options by reference: for services that hold a store or a socket. What
   * persists goes on from what an earlier life of the node has kept of it.
   * @throws AcademyError ERR_ACADEMY_NAME_TAKEN, ERR_ACADEMY_ACTOR_MODULE when it crashes as it starts
   */
  spawnLocal(name: string, definition: ActorDefinition, options?: unknown): ActorAddress {
    if (this.#state === 'stopping' || this.#state === 'ended') throw notRunning();
    const record = this.#records.add({ name, module: '', exportName: name, options, shard: 0 }, 0);
    this.#host.spawner.spawnDefined(seatOf(record), definition, this.#archive.keptNow(record.id));
    if (record.refusal) throw record.refusal;
    return record.address;
  }

  /**
   * Stops an actor when it has handled what waits in its mailbox, and resolves when it has ended. An actor that is
   * gone already has ended; one that was given up is not told of any more. A supervisor stops its children in reverse order.
   * @throws AcademyError ERR_ACADEMY_BAD_ARGUMENT for an actor of another node
   */
  async stop(target: ActorReference): Promise<void> {
    if (!isActorAddress(target) && target.node !== undefined && target.node !== this.#options.nodeId) {
      throw new AcademyError('ERR_ACADEMY_BAD_ARGUMENT', `"${target.name}" lives on another node`);
    }
    if (isActorAddress(target) && target.slot >= childSlots) return this.#stopChild(target);
    const record = this.#recordOf(target);
    const name = record?.spec.name ?? (isActorAddress(target) ? '' : target.name);
    if (this.#supervised.has(name)) await this.#supervised.stop(name);
    else if (record) await this.#stopOne(record);
    else this.#records.failed.forget(name);
  }

  /**
   * Forgets all that was kept of an actor: who spawns it again has a new one. One that runs is stopped first.
   * @throws AcademyError ERR_ACADEMY_ACTOR_STOPPED when no actor of the name runs, and nothing was kept of one
   */
  async forget(name: string): Promise<void> {
    const isThere = this.#supervised.has(name) || this.#records.registry.byName(name) !== undefined;
    const isKnown = isThere || this.#records.failed.get(name) !== undefined;
    if (isKnown) await this.stop({ name });
    const wasKept = await this.#archive.forget(name);
    if (isKnown || wasKept) return;
    throw new AcademyError('ERR_ACADEMY_ACTOR_STOPPED', `no actor "${name}" runs, and nothing was kept of one`, {
      remedy: 'look for its name with "academy tree" or in node.log',
    });
  }

  /**
   * Moves a running actor with a name to another shard: with its state, its timers and subscriptions, what waits in its
   * mailbox, the questions that are open, and whoever watches it. What is sent to its old address finds it there.
   *
   * ```ts
   * const address = await system.move({ name: 'counter' }, 2);
   * ```
   * @returns its new address, when it runs there
   * @throws AcademyError ERR_ACADEMY_NOT_MOVABLE (children without names, an actor of spawnLocal(), one that does not
   * run, a shard that is down), ERR_ACADEMY_SNAPSHOT_INVALID (what it holds cannot be cloned),
   * ERR_ACADEMY_BAD_ARGUMENT (no such shard), ERR_ACADEMY_ACTOR_STOPPED (no such actor, or a thread died meanwhile);
   * in all these cases it goes on where it was
   */
  async move(actor: ActorReference, shard: number): Promise<ActorAddress> {
    if (this.#state !== 'running') throw notRunning();
    if (!(Number.isSafeInteger(shard) && shard >= 0 && shard <= this.#options.threads)) {
      throw new AcademyError('ERR_ACADEMY_BAD_ARGUMENT', `there is no shard ${shard}`, {
        remedy: `use 0 to ${this.#options.threads}`,
      });
    }
    if (isActorAddress(actor) && actor.slot >= childSlots) {
      throw notMovable('a child without a name lives where its parent does', 'give it a name, with the effect "spawn"');
    }
    const record = this.#recordOf(actor);
    if (!record)
      throw new AcademyError('ERR_ACADEMY_ACTOR_STOPPED', 'there is no such actor on this node', {
        remedy: 'look for its name with "academy tree"',
      });
    // What was started with objects of the main thread is refused for that.
    if (record.address.shard === 0 && record.spec.module !== '') record.spec = cloneSpec(record.spec);
    return this.#moves.move(record, shard);
  }

  /** By its name, or by any address that it has had. */
  #recordOf(target: ActorReference): ActorRecord | undefined {
    if (!isActorAddress(target)) {
      const isHere = target.node === undefined || target.node === this.#options.nodeId;
      return isHere ? this.#records.registry.byName(target.name) : undefined;
    }
    const { shard, slot, generation } = this.#host.switchboard.forwards.latest(target);
    return this.#records.registry.byAddress(shard, slot, generation);
  }

  /**
   * Loads an actor's module again, which has changed, while one develops it: it goes on in the state in which it is, if
   * that fits, with all that waits for it.
   * @param module another URL than the one before, since a thread loads each only once; see freshModule()
   * @throws AcademyError ERR_ACADEMY_ACTOR_STOPPED when there is no such actor
   */
  async reload(name: string, { module, exportName }: Pick<ActorSpec, 'module' | 'exportName'>): Promise<ReloadOutcome> {
    const record = this.#records.registry.byName(name);
    if (!record) throw new AcademyError('ERR_ACADEMY_ACTOR_STOPPED', `there is no actor "${name}"`);
    await this.#moves.settled(record);
    const { shard, slot, generation } = record.address;
    return new Promise((resolve) => {
      record.onReload = (outcome) => {
        record.onReload = null;
        if (outcome.how !== 'unchanged') record.spec = { ...record.spec, module, exportName };
        resolve(outcome);
      };
      this.#order(shard, ['reload', slot, generation, module, exportName]);
    });
  }

  /**
   * Crashes an actor as if its machine had thrown, so that its supervisor decides: to free one that is stuck in a bad
   * state, and to test what becomes of a crash. An actor that does not run is left as it is.
   */
  crash(target: ActorReference, error: ErrorRecord): void {
    const record = this.#recordOf(target);
    if (record) this.#moves.cancel(record);
    const known = isActorAddress(target) ? target : this.resolve(target.name);
    if (!known) return;
    const { shard, slot, generation } = this.#host.switchboard.forwards.latest(known);
    this.#order(shard, ['crash', slot, generation, error]);
  }

  /** What reaches nobody is a dead letter; after shutdown() nothing is even that. */
  tell(to: ActorReference, message: ActorMessage, from: ActorReference | null = null): void {
    if (this.#state === 'ended') return;
    this.#host.switchboard.tell(to, message.type, message.data, from);
  }

  /**
   * @returns what the actor replies
   * @throws AcademyError the actor's own, or ERR_ACADEMY_DEADLINE, ERR_ACADEMY_ACTOR_STOPPED (no such actor, or it
   * stopped), ERR_ACADEMY_MAILBOX_FULL, ERR_ACADEMY_ASK_FAILED (it crashed), ERR_ACADEMY_BAD_ARGUMENT,
   * ERR_ACADEMY_NODE_STOPPED
   */
  ask(to: ActorReference, message: ActorMessage, options: { readonly deadlineMs: number }): Promise<unknown> {
    return this.#ask(to, message, options.deadlineMs, null, false);
  }

  /** A message from an actor of another node; one that the receiver does not take from there is a dead letter. */
  deliverRemote(name: string, message: ActorMessage, from: NodeId, sender = ''): void {
    if (this.#state === 'ended') return;
    this.#host.switchboard.tell({ name }, message.type, message.data, { name: sender, node: from }, null, true);
  }

  /**
   * A question from another node.
   * @throws AcademyError as ask() does, and ERR_ACADEMY_COMMAND_DENIED for a type that is not for other nodes
   */
  askFromRemote(
    name: string,
    message: ActorMessage,
    from: NodeId,
    options: { readonly deadlineMs: number; readonly sender?: string },
  ): Promise<unknown> {
    return this.#ask({ name }, message, options.deadlineMs, { name: options.sender ?? '', node: from }, true);
  }

  /**
   * Hands an opened packet to every shard that has subscribers for its event and topic; each decodes and checks it
   * once. The payload's buffer may be used again afterwards.
   * @returns number of shards
   */
  deliverEvent(header: PacketHeader, payload: Uint8Array): number {
    return this.#routes.deliver(header, payload);
  }

  /** Opens the way of a stream's hot events to the shards that listen to them, which decode them. */
  openStream(origin: StreamOriginInfo, streamClass: StreamClass, ids: IdTable | null): StreamHandover {
    return this.#routes.openStream(origin, streamClass, ids);
  }

  /** @returns undefined when no started actor of this node has the name */
  resolve(name: string): ActorAddress | undefined {
    return this.#host.switchboard.names.get(name);
  }

  /** Actors that live now, on all shards. */
  get size(): number {
    return this.#records.registry.size;
  }

  /** All actors, and those that were given up. Of a thread that does not answer nothing but its actors' names. */
  async infos(): Promise<ActorInfo[]> {
    const unheard = (shard: number): ActorInfo[] => this.#records.registry.ofShard(shard).map(unheardInfo);
    const infos = (await this.#reports.ask('infos', unheard)) as ActorInfo[];
    return [...this.#host.infos(), ...infos, ...this.#records.failed.list()].map((info) => {
      const supervisor = this.#supervised.parentOf(info.name);
      return supervisor === undefined ? info : { ...info, supervisor };
    });
  }

  /**
   * All that is known of one actor, running or not; nothing of what it does is disturbed.
   *
   * ```ts
   * const { state, running, lastError } = await system.inspect({ name: 'counter' });
   * ```
   * @param target a child without a name has the name that infos() gives it
   * @throws AcademyError ERR_ACADEMY_ACTOR_STOPPED (no such actor), ERR_ACADEMY_DEADLINE (its thread does not answer),
   * ERR_ACADEMY_BAD_ARGUMENT for an actor of another node
   */
  inspect(target: ActorReference): Promise<ActorReport> {
    return this.#inspector.inspect(target);
  }

  /** All supervisors, each before its children. */
  supervisors(): SupervisorInfo[] {
    return this.#supervised.infos();
  }

  /** The latest messages of each shard that were set aside. A thread that hangs is left out. */
  async quarantined(): Promise<QuarantinedMessage[]> {
    const messages = (await this.#reports.ask('quarantine')) as QuarantinedMessage[];
    return [...this.#host.quarantined(), ...messages].sort((a, b) => a.atMs - b.atMs);
  }

  /** Ends a worker thread on the spot, for whoever must be rid of it; its actors come back on the spare. */
  endThread(shard: number, cause: string): void {
    if (shard >= 1 && shard <= this.#options.threads) this.#pool.kill(shard, cause);
  }

  /** Totals since the start, by name. */
  async counters(): Promise<Record<string, number>> {
    const totals = this.#ledger.totals();
    return {
      ...totals,
      actors: this.#records.registry.size + (totals.children ?? 0),
      messagesLost: this.#messagesLost,
      shardRestarts: this.#shardRestarts,
      moves: this.#moves.count,
    };
  }

  /** The latest of each shard. A thread that hangs is left out. */
  async deadLetters(): Promise<DeadLetter[]> {
    const letters = (await this.#reports.ask('dead-letters')) as DeadLetter[];
    return [...this.#host.switchboard.deadLetters.list(), ...letters].sort((a, b) => a.atMs - b.atMs);
  }

  /**
   * Stops all actors, the latest first, each when it has handled what waits for it; then the threads end. What is not
   * done after `limitMs` is ended by force.
   */
  shutdown(options: { readonly limitMs: number }): Promise<void> {
    this.#ending ??= this.#shutdown(options.limitMs);
    return this.#ending;
  }

  async #shutdown(limitMs: number): Promise<void> {
    this.#state = 'stopping';
    this.#moves.cancelAll();
    const { clock } = this.#options;
    const endMs = clock.monotonicMs() + limitMs;
    let timer: unknown;
    const limit = new Promise<'late'>((resolve) => {
      timer = clock.setTimeout(() => resolve('late'), limitMs);
    });
    this.#archive.close();
    const outcome = await Promise.race([this.#saveAndStop().then(() => 'done' as const), limit]);
    clock.clearTimeout(timer);
    if (outcome === 'late') {
      this.#options.mesh.log(
        'warn',
        'actors',
        `${this.#records.registry.size} actors did not stop within ${limitMs} ms`,
      );
    }
    // A thread that has nothing left to do ends in a few milliseconds; one that hangs is not waited for long.
    await this.#pool.close(Math.max(100, endMs - clock.monotonicMs()));
    this.#host.close();
    this.#letterLog.close();
    this.#supervised.close();
    await this.#archive.settled();
    this.#state = 'ended';
    this.#reports.close();
  }

  /** What stops one by one has little to say of itself when all was put on disk together. */
  async #saveAndStop(): Promise<void> {
    this.#host.receive(['report', 0, 'save'], 0);
    await this.#reports.ask('save');
    await this.#supervised.stopAll();
    await stopAllInOrder({
      registry: this.#records.registry,
      isReachable: (shard) => this.#isReachable(shard),
      order: (shard, frame) => this.#order(shard, frame),
      forget: (record) => this.#records.forget(record),
    });
  }

  #stopOne(record: ActorRecord): Promise<void> {
    this.#moves.cancel(record);
    const { shard, slot, generation } = record.address;
    const ended = new Promise<void>((resolve) => record.onEnd.push(resolve));
    if (this.#isReachable(shard)) this.#order(shard, ['stop', slot, generation]);
    else this.#records.forget(record);
    return ended;
  }

  /** Its shard alone knows of it, so it is watched until it is gone. */
  #stopChild(target: ActorAddress): Promise<void> {
    const { switchboard } = this.#host;
    const from = hostAddress(0);
    return new Promise((resolve) => {
      const id = switchboard.asks.keep(() => resolve());
      switchboard.tell(target, hostWords.watch, 'monitor', from, { asker: from, id });
      switchboard.tell(target, hostWords.stop, null, from);
    });
  }

  #orderOne(record: ActorRecord, order: SupervisorOrder | 'stop', revival: Revival): boolean {
    this.#moves.cancel(record);
    const { shard, slot, generation } = record.address;
    if (!this.#isReachable(shard)) return false;
    if (order === 'stop') this.#order(shard, ['stop', slot, generation]);
    else this.#order(shard, ['supervise', slot, generation, order, revival]);
    return true;
  }

  #ask(
    to: ActorReference,
    message: ActorMessage,
    deadlineMs: number,
    from: ActorReference | null,
    remote: boolean,
  ): Promise<unknown> {
    if (this.#state === 'ended') return Promise.reject(notRunning());
    return new Promise((resolve, reject) => {
      const settle = (result: unknown, error: ErrorRecord | null): void => {
        if (error) reject(fromErrorRecord(error, 'ERR_ACADEMY_ASK_FAILED'));
        else resolve(result);
      };
      this.#host.switchboard.ask(to, message, deadlineMs, hostAddress(0), from, settle, remote);
    });
  }

  async #askReport({ shard, slot, generation }: ActorAddress): Promise<HostReport | null | undefined> {
    if (shard === 0) return this.#host.inspect(slot, generation);
    const answer = this.#reports.askOne(shard, (request) => ['inspect', request, slot, generation]);
    return answer as Promise<HostReport | null | undefined>;
  }

  #leastLoaded(): number {
    if (this.#options.threads === 0) return 0;
    const loads = this.#pool.usable().map((shard) => ({
      shard,
      actors: this.#records.registry.population(shard),
      waiting: this.#ledger.waiting(shard),
      utilisation: this.#pool.utilisation(shard),
    }));
    const shard = leastLoaded(loads);
    if (shard === undefined) throw new AcademyError('ERR_ACADEMY_NODE_STOPPED', 'no worker thread is left');
    return shard;
  }

  #taskFor(shard: number): Omit<ShardTask, 'shard' | 'epoch' | 'shards' | 'memory' | 'heartbeatMs' | 'channel'> {
    const { nodeId, academyId } = this.#options;
    const records = this.#records.registry.ofShard(shard);
    const seats = records.map((record) => seatOf(record, record.supervised !== null));
    return {
      nodeId,
      academyId,
      restart: this.#restart,
      snapshotEveryMs: this.#snapshotEveryMs,
      seats: seatColumns(shard, seats),
      kept: this.#archive.keptOf(
        shard,
        seats.map(({ id }) => id),
      ),
      forwards: this.#host.switchboard.forwards.entries(),
      names: nameColumns(this.#host.switchboard.names.entries().filter(([, address]) => address.shard !== shard)),
    };
  }

  #order(shard: number, frame: OrderFrame | PeerFrame): void {
    if (shard === 0) this.#host.receive(frame, 0);
    else this.#host.switchboard.order(shard, frame);
  }

  #isReachable(shard: number): boolean {
    return shard === 0 || this.#host.switchboard.isConnected(shard);
  }

  #tellOtherShards(origin: number, frame: OrderFrame): void {
    for (const shard of this.#pool.linked()) if (shard !== origin) this.#order(shard, frame);
    if (origin !== 0) this.#host.receive(frame, 0);
  }

  // --- what the shards say

  #received(frame: Frame, shard: number): void {
    if (this.#pool.receive(frame, shard)) return;
    if (isPeerFrame(frame)) this.#host.receive(frame, shard);
    else this.#noticed(frame as NoticeFrame, shard);
  }

  #noticed(frame: NoticeFrame, shard: number): void {
    if (this.#archive.receive(frame, shard) || this.#moves.receive(frame, shard)) return;
    if (this.#records.receive(frame, shard)) return;
    switch (frame[0]) {
      case 'escalated':
        return this.#announce('escalated', { name: frame[1], error: frame[2] });
      case 'quarantined':
        return this.#announce('quarantined', frame[1]);
      case 'interest':
        return this.#routes.setInterest(interestKey(frame[1], frame[2]), shard, frame[3]);
      case 'answer':
        return this.#reports.answered(frame[1], frame[2]);
      case 'dead-letters':
        for (const letter of frame[1]) {
          this.#letterLog.note(letter);
          this.#announce('dead-letter', letter);
        }
        return;
      case 'mailbox-alarm':
        return this.#announce('mailbox-alarm', frame[1]);
      case 'spawn-for':
        void this.spawn(frame[2]).catch((error: unknown) => {
          const { message } = toErrorRecord(error, 'ERR_ACADEMY_ACTOR_MODULE');
          this.#options.mesh.log('error', frame[1], `cannot spawn "${frame[2].name}": ${message}`);
        });
        return;
      case 'stop-for':
        void this.stop(frame[1]).catch(() => {
          // An actor of another node: there is nobody to tell, and nothing to stop here.
        });
        return;
      default:
        this.#gateway.receive(frame, shard);
    }
  }

  #shardDown(shard: number, cause: string, isReplaced: boolean): void {
    this.#unsaved[shard] = this.#archive.shardDown(shard, this.#ledger.get(shard, counterPlace('snapshotHandled')));
    this.#host.shardDown(shard);
    this.#moves.shardDown(shard);
    this.#routes.shardDown(shard);
    this.#reports.shardDown(shard);
    this.#records.shardDown(shard, cause, isReplaced);
  }

  #shardUp(shard: number, inFlight: number, millis: number): void {
    const lost = inFlight + (this.#unsaved[shard] ?? 0);
    this.#unsaved[shard] = 0;
    this.#shardRestarts++;
    this.#messagesLost += lost;
    this.#host.shardUp();
    this.#supervised.shardUp(shard);
    this.#announce('shard-up', { shard, actors: this.#records.registry.population(shard), lost, millis });
  }

  /** A listener that throws does so on its own, not in the middle of a host's turn. */
  #announce<N extends keyof ActorSystemEvents>(event: N, detail: ActorSystemEvents[N][0]): void {
    if (this.listenerCount(event) === 0) return;
    queueMicrotask(() => (this as EventEmitter).emit(event, detail));
  }
}

function notRunning(): AcademyError {
  return new AcademyError('ERR_ACADEMY_NODE_STOPPED', 'the actors are not running', {
    remedy: 'call start() first, and nothing after shutdown()',
  });
}
