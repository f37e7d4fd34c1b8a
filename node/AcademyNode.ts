/**
 * A running node, as a program sees it: rooms and what is said in them, participants, the mesh, and what can be seen
 * of all of it. Made by createAcademyNode(), which joins the parts; this only speaks to them.
 */
import type { HumanOptions } from '../actors/human.js';
import type { RoomRecord } from '../actors/messages.js';
import { outlet } from '../actors/outlet.js';
import type { AcademyConfig } from '../runtime/config/academyConfig.js';
import { ActorHandle } from '../runtime/hosting/ActorHandle.js';
import type { ActorSystem } from '../runtime/hosting/ActorSystem.js';
import type { AcademyEventSystem } from '../runtime/mesh/AcademyEventSystem.js';
import type { AcademyJTAGRouter } from '../runtime/mesh/AcademyJTAGRouter.js';
import type { AcademyNodeDiscovery } from '../runtime/mesh/AcademyNodeDiscovery.js';
import type { AcademySmartEventRouter, Route } from '../runtime/mesh/AcademySmartEventRouter.js';
import type { AdminCapability } from '../runtime/mesh/AdminCapability.js';
import type { CommandRegistry } from '../runtime/mesh/CommandRegistry.js';
import type { EventPublication, EventStreams, PublicationOptions } from '../runtime/mesh/EventStreams.js';
import type { MeshCounters } from '../runtime/mesh/MeshCounters.js';
import type { AcademyNodeInfo } from '../runtime/mesh/PeerTable.js';
import type { RemoteCommandExecutor } from '../runtime/mesh/RemoteCommandExecutor.js';
import type { ActorModule } from '../runtime/protocol/actorModule.js';
import { actorNames, chatCommands } from '../runtime/protocol/actorNames.js';
import type { ActorReport } from '../runtime/protocol/actorReport.js';
import type { ActorAddress, ActorInfo, ActorReference, DeadLetter } from '../runtime/protocol/actors.js';
import type { SpecOf } from '../runtime/protocol/contract.js';
import type { DropCounts } from '../runtime/protocol/dropReasons.js';
import type { NodeIdentity } from '../runtime/protocol/identity.js';
import type { HotEventName } from '../runtime/protocol/layout/hotEvents.js';
import type {
  AcademyChatParams,
  AcademyChatResult,
  FeedbackParams,
  FeedbackResult,
  GetHistoryParams,
  GetHistoryResult,
  JoinRoomParams,
  JoinRoomResult,
  LeaveRoomParams,
  SendMessageParams,
  SendMessageResult,
} from '../runtime/protocol/schemas/commands.js';
import type { ChatParticipant, RoomConsent } from '../runtime/protocol/schemas/participant.js';
import type { QuarantinedMessage, SupervisorDefinition, SupervisorInfo } from '../runtime/protocol/supervision.js';
import type { TransportStats } from '../runtime/protocol/Transport.js';
import { actorModules } from './actorModules.js';
import { actorModuleOf, loadParticipantModule, type ParticipantSource } from './loadParticipantModule.js';
import type { ModuleWatch } from './ModuleWatch.js';
import { childOf } from './nodeTree.js';
import { PersonSeat } from './PersonSeat.js';

/** Everything that a node is made of; createAcademyNode() puts it together. */
export interface AcademyNodeParts {
  readonly config: AcademyConfig;
  readonly identity: NodeIdentity;
  readonly alias: string;
  /** Folder with the node's key, log and genomes. */
  readonly dataFolder: string;
  readonly startedAtMs: number;
  readonly nowMs: () => number;
  readonly actors: ActorSystem;
  readonly events: AcademyEventSystem;
  readonly discovery: AcademyNodeDiscovery;
  readonly executor: RemoteCommandExecutor;
  readonly commands: CommandRegistry;
  readonly router: AcademyJTAGRouter;
  readonly routes: AcademySmartEventRouter;
  readonly streams: EventStreams;
  readonly admin: AdminCapability;
  /** Loads participants again whose files are saved; null when nobody develops them. */
  readonly watch: ModuleWatch | null;
  readonly meshCounters: MeshCounters;
  readonly transportStats: () => Readonly<Record<string, TransportStats>>;
  /** Ends everything that createAcademyNode() started, in the reverse order. */
  readonly close: () => Promise<void>;
}

export interface NodeStatus {
  readonly nodeId: string;
  readonly alias: string;
  readonly academyId: string;
  readonly dataFolder: string;
  readonly uptimeMs: number;
  readonly rooms: number;
  readonly actors: number;
  readonly peers: number;
  /** Worker threads with actors, and the bounds of each: `null` is what V8 takes. */
  readonly threads: number;
  readonly maxHeapMb: number | null;
  readonly hangMs: number;
  readonly memoryRssBytes: number;
  readonly counters: Readonly<Record<string, number>>;
  readonly drops: Readonly<Record<string, number>>;
  readonly transports: Readonly<Record<string, TransportStats>>;
}

/** A room as this node knows it, with what its actor says of itself. */
export interface RoomStatus extends RoomRecord {
  readonly members: readonly ChatParticipant[];
  readonly localMembers: number;
  readonly remoteNodes: readonly string[];
  readonly deliveries: number;
  readonly pendingEntries: number;
  /** What other nodes said and the room refused, by reason. */
  readonly drops: DropCounts;
}

/** A participant that was spawned: it can be asked, and sent away. */
export interface ParticipantHandle {
  readonly participant: ChatParticipant;
  readonly rooms: readonly string[];
  stop(): Promise<void>;
}

export interface SpawnOptions {
  /** Rooms to sit in, instead of those that the definition names. */
  readonly rooms?: readonly string[];
  /** Handed to the participant as `context.options`; must be cloneable. */
  readonly options?: unknown;
  /** Another id and name than the definition's, to run one definition several times. */
  readonly id?: string;
  readonly name?: string;
}

const commandDeadlineMs = 15_000;

export class AcademyNode {
  readonly #parts: AcademyNodeParts;
  readonly #persons = new Map<string, Promise<PersonSeat>>();
  #stopping: Promise<void> | undefined;

  constructor(parts: AcademyNodeParts) {
    this.#parts = parts;
  }

  get nodeId(): string {
    return this.#parts.identity.nodeId;
  }

  get alias(): string {
    return this.#parts.alias;
  }

  get academyId(): string {
    return this.#parts.config.academyId;
  }

  get dataFolder(): string {
    return this.#parts.dataFolder;
  }

  get config(): AcademyConfig {
    return this.#parts.config;
  }

  /** Typed events: `on` by room, `emit` on this node, `emitToAcademyNetwork` to all. */
  get events(): AcademyEventSystem {
    return this.#parts.events;
  }

  /**
   * A handle for publishing one kind of event at speed: its fixed layout straight into the stream's memory, ids that
   * repeat as numbers, back-pressure instead of loss. This node's own listeners do not hear what it publishes.
   *
   * ```ts
   * const signals = node.publisher('academy.training.signal');
   * for (const signal of batch) while (!signals.publish(signal)) await signals.ready();
   * await signals.flush(); // every member has them
   * ```
   * @throws AcademyError ERR_ACADEMY_NODE_STOPPED
   */
  publisher<N extends HotEventName>(event: N, options: PublicationOptions = {}): EventPublication<N> {
    return this.#parts.streams.publication(event, options);
  }

  /** The owner's right to hear all rooms: `node.events.on(name, { admin: node.admin }, handler)`. */
  get admin(): AdminCapability {
    return this.#parts.admin;
  }

  /** The other nodes: who is there, what they can, how they are found. */
  get discovery(): AcademyNodeDiscovery {
    return this.#parts.discovery;
  }

  /** Commands that other nodes may run here. */
  get commands(): CommandRegistry {
    return this.#parts.commands;
  }

  // ---- rooms ----

  /** Opens a room, or does nothing if it is open. A new room keeps feedback on this node unless `consent` says more. */
  async openRoom(roomId: string, options: { consent?: RoomConsent; topic?: string } = {}): Promise<void> {
    const { consent = 'local', topic } = options;
    const room: RoomRecord = { roomId, consent, ...(topic === undefined ? {} : { topic }) };
    await this.ask(actorNames.roomLog, 'rooms.open', room);
  }

  async rooms(): Promise<readonly RoomStatus[]> {
    const records = (await this.ask(actorNames.roomLog, 'rooms.list', null)) as readonly RoomRecord[];
    return Promise.all(records.map(({ roomId }) => this.room(roomId)));
  }

  /** @throws AcademyError ERR_ACADEMY_ACTOR_STOPPED when the room is not open */
  room(roomId: string): Promise<RoomStatus> {
    return this.ask(actorNames.room(roomId), 'room.inspect', null) as Promise<RoomStatus>;
  }

  // ---- what people, AIs and programs do alike ----

  sendMessage(params: SendMessageParams): Promise<SendMessageResult> {
    return this.ask(actorNames.chatDaemon, chatCommands.sendMessage, params) as Promise<SendMessageResult>;
  }

  /** sendMessage with the scores that the sender has measured. */
  academyChat(params: AcademyChatParams): Promise<AcademyChatResult> {
    return this.ask(actorNames.chatDaemon, chatCommands.academyChat, params) as Promise<AcademyChatResult>;
  }

  joinRoom(params: JoinRoomParams): Promise<JoinRoomResult> {
    return this.ask(actorNames.chatDaemon, chatCommands.joinRoom, params) as Promise<JoinRoomResult>;
  }

  async leaveRoom(params: LeaveRoomParams): Promise<void> {
    await this.ask(actorNames.chatDaemon, chatCommands.leaveRoom, params);
  }

  /** Pages backwards: hand in the cursor of a page to get the one before it. */
  history(params: GetHistoryParams): Promise<GetHistoryResult> {
    return this.ask(actorNames.chatDaemon, chatCommands.getHistory, params) as Promise<GetHistoryResult>;
  }

  feedback(params: FeedbackParams): Promise<FeedbackResult> {
    return this.ask(actorNames.chatDaemon, chatCommands.feedback, params) as Promise<FeedbackResult>;
  }

  // ---- participants ----

  /**
   * Starts a participant on a worker thread, under supervision, and seats it in its rooms.
   * @param source path or file URL of a compiled module, with `#export` for another export than the default one; or
   * `{ module, exportName }`
   * @throws AcademyError ERR_ACADEMY_ACTOR_MODULE, ERR_ACADEMY_NAME_TAKEN
   */
  async spawn(source: ParticipantSource, options: SpawnOptions = {}): Promise<ParticipantHandle> {
    const { watch } = this.#parts;
    const asked = actorModuleOf(source);
    const loaded = watch?.fresh(asked) ?? asked;
    const { definition } = await loadParticipantModule(loaded);
    const { id = definition.participant.id, name = options.name ?? options.id ?? definition.participant.name } =
      options;
    const participant: ChatParticipant = { ...definition.participant, id, name };
    const rooms = options.rooms ?? definition.rooms;
    const handle = await this.#seatParticipant(participant, loaded, options.options ?? {}, rooms);
    await watch?.add(id, asked, loaded);
    return handle;
  }

  /**
   * Starts an actor of one's own that sits in no room, under supervision, and gives a handle to it that knows which
   * messages it takes; see actorModule.
   *
   * ```ts
   * const counter = await node.spawnActor(counterModule, { name: 'counter', options: { start: 5 } });
   * const count = await counter.ask('count', null, { deadlineMs: 1_000 });
   * ```
   * @throws AcademyError as ActorSystem.spawn() does
   */
  async spawnActor<C>({ module, exportName }: ActorModule<C>, spec: SpecOf<C>): Promise<ActorHandle<C>> {
    const { actors } = this.#parts;
    return new ActorHandle<C>(actors, spec.name, await actors.spawn({ ...spec, module, exportName }));
  }

  /**
   * Starts a supervision tree of one's own; see defineSupervisor. The node hears of it when its root gives up.
   * @throws AcademyError as ActorSystem.spawnSupervisor() does
   */
  spawnSupervisor(name: string, supervisor: SupervisorDefinition): Promise<void> {
    return this.#parts.actors.spawnSupervisor(name, supervisor);
  }

  /** Starts one of the built-in participants. */
  spawnBuiltIn(
    participant: ChatParticipant,
    actorModule: ActorModule,
    options: unknown,
    rooms: readonly string[],
  ): Promise<ParticipantHandle> {
    return this.#seatParticipant(participant, actorModule, options, rooms);
  }

  /** Starts one of the built-in actors that sit in no room. */
  async spawnDaemon(name: string, actorModule: ActorModule, options: unknown): Promise<void> {
    await this.#parts.actors.spawn({ name, ...actorModule, options, ...childOf('participants') });
  }

  /** A person's seat; asked for twice, it is the same one. */
  person(participant: ChatParticipant, rooms: readonly string[]): Promise<PersonSeat> {
    let seat = this.#persons.get(participant.id);
    if (!seat) {
      seat = this.#openSeat(participant, rooms);
      this.#persons.set(participant.id, seat);
      seat.catch(() => this.#persons.delete(participant.id));
    }
    return seat;
  }

  async #openSeat(participant: ChatParticipant, rooms: readonly string[]): Promise<PersonSeat> {
    const seat = new PersonSeat(participant, this.#parts.actors);
    const outletName = `outlet/${participant.id}`;
    this.#parts.actors.spawnLocal(outletName, outlet, {
      onNotice: (type: string, data: unknown) => seat.deliver(type, data),
    });
    const options: HumanOptions = { participant, outlet: outletName };
    await this.#seatParticipant(participant, actorModules.human, options, rooms);
    return seat;
  }

  async #seatParticipant(
    participant: ChatParticipant,
    actorModule: ActorModule,
    options: unknown,
    rooms: readonly string[],
  ): Promise<ParticipantHandle> {
    const { actors } = this.#parts;
    const seat = actorNames.participant(participant.id);
    await actors.spawn({ name: seat, ...actorModule, options, ...childOf('participants') });
    await Promise.all(rooms.map((roomId) => this.joinRoom({ roomId, participant, seat, create: true })));
    return {
      participant,
      rooms,
      stop: async () => {
        await Promise.all(rooms.map((roomId) => this.leaveRoom({ roomId, participantId: participant.id })));
        await actors.stop({ name: seat });
      },
    };
  }

  // ---- mesh ----

  /** Nodes that are known now, this one first. */
  nodes(): readonly AcademyNodeInfo[] {
    return this.#parts.discovery.nodes();
  }

  /**
   * Runs a command or hands a message to whatever the endpoint names, here or on another node.
   * @throws AcademyError ERR_ACADEMY_ENDPOINT_INVALID, ERR_ACADEMY_NODE_UNKNOWN, ERR_ACADEMY_DEADLINE,
   * ERR_ACADEMY_COMMAND_DENIED, ERR_ACADEMY_COMMAND_UNKNOWN, ERR_ACADEMY_COMMAND_FAILED
   */
  execute(endpoint: string, payload: unknown, options: { deadlineMs?: number } = {}): Promise<unknown> {
    return this.#parts.router.routeMessage({ endpoint, payload, ...options });
  }

  /** A command on another node, by its id or alias, at most once, within one total deadline. */
  executeRemoteCommand(
    node: string,
    command: string,
    payload: unknown,
    options: { deadlineMs?: number; idempotencyKey?: string } = {},
  ): Promise<unknown> {
    return this.#parts.executor.executeRemoteCommand(node, command, payload, options);
  }

  routeTable(): readonly Route[] {
    return this.#parts.routes.table();
  }

  // ---- seeing it ----

  /** Asks an actor of this node by name. */
  ask(actor: string, type: string, data: unknown, options: { deadlineMs?: number } = {}): Promise<unknown> {
    const { deadlineMs = commandDeadlineMs } = options;
    return this.#parts.actors.ask({ name: actor }, { type, data }, { deadlineMs });
  }

  /** Tells an actor of this node, by its name or a reference, or, with `node` in the reference, one of another node. */
  tell(to: string | ActorReference, type: string, data: unknown): void {
    this.#parts.actors.tell(typeof to === 'string' ? { name: to } : to, { type, data });
  }

  tree(): Promise<readonly ActorInfo[]> {
    return this.#parts.actors.infos();
  }

  /**
   * All that is known of one actor of this node: state, context, mailbox, bonds, timers, restarts, last error.
   * @throws AcademyError as ActorSystem.inspect() does
   */
  inspect(name: string): Promise<ActorReport> {
    return this.#parts.actors.inspect({ name });
  }

  /** All supervisors, each before its children, with what happens in them. */
  supervisors(): readonly SupervisorInfo[] {
    return this.#parts.actors.supervisors();
  }

  /** Messages that were set aside because their actor fell by them again and again, with the cause. */
  quarantined(): Promise<readonly QuarantinedMessage[]> {
    return this.#parts.actors.quarantined();
  }

  /**
   * Moves an actor to another thread, with its state and all that waits for it.
   * @throws AcademyError as ActorSystem.move() does
   */
  move(name: string, shard: number): Promise<ActorAddress> {
    return this.#parts.actors.move({ name }, shard);
  }

  /**
   * Stops an actor, if it runs, and forgets all that was kept of it: also of one that cannot go on from that any more.
   * @throws AcademyError as ActorSystem.forget() does
   */
  forgetActor(name: string): Promise<void> {
    return this.#parts.actors.forget(name);
  }

  deadLetters(): Promise<readonly DeadLetter[]> {
    return this.#parts.actors.deadLetters();
  }

  /** Supervision as it happens: restarts, failures, escalations, messages set aside, shards that went and came back. */
  get supervision(): Pick<ActorSystem, 'on' | 'off'> {
    return this.#parts.actors;
  }

  async status(): Promise<NodeStatus> {
    const { actors, discovery, meshCounters, config, identity, alias, dataFolder, startedAtMs, nowMs } = this.#parts;
    const [infos, actorCounters, rooms] = await Promise.all([
      actors.infos(),
      actors.counters(),
      this.ask(actorNames.roomLog, 'rooms.list', null) as Promise<readonly RoomRecord[]>,
    ]);
    const { drops, ...counters } = meshCounters.snapshot();
    return {
      nodeId: identity.nodeId,
      alias,
      academyId: config.academyId,
      dataFolder,
      uptimeMs: nowMs() - startedAtMs,
      rooms: rooms.length,
      actors: infos.length,
      peers: discovery.nodes().length - 1,
      threads: config.threads,
      maxHeapMb: config.maxHeapMb ?? null,
      hangMs: config.hangMs,
      memoryRssBytes: process.memoryUsage.rss(),
      counters: { ...counters, ...actorCounters },
      drops,
      transports: this.#parts.transportStats(),
    };
  }

  /** Says goodbye, ends actors in order, flushes the store, and leaves no thread, socket or lock. Idempotent. */
  stop(): Promise<void> {
    this.#stopping ??= this.#parts.close();
    return this.#stopping;
  }
}
