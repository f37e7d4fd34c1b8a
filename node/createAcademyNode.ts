/**
 * Joins the parts to a running node in the order in which data flows: folder and keys, store, transports, mesh,
 * actors, rooms, participants; and takes them apart in the reverse order.
 */
import type { AcademyMessage } from '../actors/academyDaemon.js';
import type { ChatRoomOptions } from '../actors/chatRoom.js';
import type { GenomeManagerOptions } from '../actors/genomeManager.js';
import { loadBaseModel } from '../actors/learning/loadBaseModel.js';
import type { RoomRecord } from '../actors/messages.js';
import { serviceActor } from '../actors/serviceActor.js';
import type { AcademyConfig, AcademyUserConfig } from '../runtime/config/academyConfig.js';
import { loadConfigFile } from '../runtime/config/loadConfigFile.js';
import { resolveConfig } from '../runtime/config/resolveConfig.js';
import { ActorSystem } from '../runtime/hosting/ActorSystem.js';
import type { ActorMesh } from '../runtime/hosting/events/ActorMesh.js';
import { AcademyEventSystem } from '../runtime/mesh/AcademyEventSystem.js';
import { type AcademyHandlers, AcademyJTAGRouter, type AcademyRequest } from '../runtime/mesh/AcademyJTAGRouter.js';
import { AcademyNodeDiscovery } from '../runtime/mesh/AcademyNodeDiscovery.js';
import { AcademySmartEventRouter } from '../runtime/mesh/AcademySmartEventRouter.js';
import { AdminCapability } from '../runtime/mesh/AdminCapability.js';
import { CommandRegistry } from '../runtime/mesh/CommandRegistry.js';
import { EventPublisher } from '../runtime/mesh/EventPublisher.js';
import { EventStreams } from '../runtime/mesh/EventStreams.js';
import { MeshCounters } from '../runtime/mesh/MeshCounters.js';
import { PacketWriter } from '../runtime/mesh/PacketWriter.js';
import { RateLimitedLog } from '../runtime/mesh/RateLimitedLog.js';
import { RemoteCommandExecutor } from '../runtime/mesh/RemoteCommandExecutor.js';
import { ReplayWindow } from '../runtime/mesh/ReplayWindow.js';
import { receivePath } from '../runtime/mesh/receivePath.js';
import { SourceBudget } from '../runtime/mesh/SourceBudget.js';
import { actorNames } from '../runtime/protocol/actorNames.js';
import type { Clock } from '../runtime/protocol/Clock.js';
import { deriveKey } from '../runtime/protocol/identity.js';
import { MessageCodec } from '../runtime/protocol/MessageCodec.js';
import { PacketSealer } from '../runtime/protocol/packet.js';
import type { Random } from '../runtime/protocol/Random.js';
import { ActorStore } from '../runtime/storage/ActorStore.js';
import { openAcademySecret } from '../runtime/storage/academySecret.js';
import { DataFolder } from '../runtime/storage/DataFolder.js';
import { GenomeStore } from '../runtime/storage/GenomeStore.js';
import { PersonaStore } from '../runtime/storage/PersonaStore.js';
import { RoomLogStore } from '../runtime/storage/RoomLogStore.js';
import { systemClock } from '../runtime/system/systemClock.js';
import { systemRandom } from '../runtime/system/systemRandom.js';
import { AcademyNode } from './AcademyNode.js';
import { actorModules } from './actorModules.js';
import { Closing } from './Closing.js';
import { genomeStoreService } from './genomeStoreService.js';
import { loadParticipants } from './loadParticipants.js';
import { ModuleWatch, type ReloadReport } from './ModuleWatch.js';
import { registerMeshCommands } from './meshCommands.js';
import { mistypedRooms } from './mistypedRooms.js';
import { machineMeans, type NodeMeans } from './NodeMeans.js';
import type { LogLevelName } from './nodeLog.js';
import { childOf, nodeSupervisors, nodeTree } from './nodeTree.js';
import { parsePeer } from './parsePeer.js';
import { personaStoreService } from './personaStoreService.js';
import { roomLogService } from './roomLogService.js';
import { seatParticipants } from './seatParticipants.js';

/** Configuration as in academy.config.ts, and what a test or a program hands in besides. */
export interface AcademyNodeOptions extends AcademyUserConfig {
  /** A configuration file to read; without it none is read. */
  readonly configFile?: string;
  /** Told what is being done, a line each. */
  readonly onProgress?: (step: string) => void;
  /** Told what is probably not meant, such as a room with a mistyped name; a sentence each. */
  readonly onWarning?: (warning: string) => void;
  /** Calls the start back: what was opened is closed, and the promise is rejected with the signal's reason. */
  readonly signal?: AbortSignal;
  readonly clock?: Clock;
  readonly random?: Random;
  /**
   * For development: participants may be TypeScript, and when one of their files is saved they are loaded again and go
   * on where they were. Told how each goes on.
   */
  readonly onReload?: (report: ReloadReport) => void;
}

const shutdownLimitMs = 5_000;
const connectDeadlineMs = 5_000;
const saveLimitMs = 3_000;

/** See index.ts. */
export async function createAcademyNode(
  options: AcademyNodeOptions = {},
  nodeMeans: NodeMeans = machineMeans,
): Promise<AcademyNode> {
  const {
    onProgress = () => {},
    onWarning = () => {},
    signal = new AbortController().signal,
    clock = systemClock,
    random = systemRandom,
    configFile,
    onReload,
    ...flags
  } = options;
  const file = configFile === undefined ? undefined : await loadConfigFile(process.cwd(), configFile);
  const { config } = resolveConfig({ flags, file });
  const closing = new Closing();
  try {
    return await joinParts(config, { ...nodeMeans, onProgress, onWarning, onReload, clock, random, signal }, closing);
  } catch (fault) {
    // What was opened before the fault is closed; the fault itself is what the caller needs to see.
    await closing.run(() => {});
    throw fault;
  }
}

interface Means extends NodeMeans {
  readonly onProgress: (step: string) => void;
  readonly onWarning: (warning: string) => void;
  readonly onReload: ((report: ReloadReport) => void) | undefined;
  readonly clock: Clock;
  readonly random: Random;
  readonly signal: AbortSignal;
}

async function joinParts(config: AcademyConfig, means: Means, closing: Closing): Promise<AcademyNode> {
  const { onProgress, clock, random, signal, defer } = means;
  const { academyId } = config;

  onProgress('opening the data folder');
  const folder = DataFolder.open({ academyId, path: config.data, random });
  closing.add('data folder', () => folder.release());
  const { identity } = folder;
  const { nodeId } = identity;
  const { log, close: closeLog } = means.openLog(folder.path, config.log.level as LogLevelName, nodeId);
  closing.add('log', closeLog);
  const secret = config.open ? null : openAcademySecret(academyId, { random });
  const store = means.openStore(folder.storeFolder);
  closing.add('store', () => store.close());
  const roomLog = new RoomLogStore(store, (fault) => log.error(fault));
  const genomes = await GenomeStore.open(folder.genomesFolder);
  const personaStore = new PersonaStore(store);

  const meshLog = new RateLimitedLog((level, text, fields) => log[level](fields ?? {}, text), clock);
  const counters = new MeshCounters();
  const codec = new MessageCodec();
  const network = means.openNetwork({ config, identity, secret, clock, random, warn: (text) => log.warn(text) });
  const { factory, reliable } = network;
  const routes = new AcademySmartEventRouter(config);
  const sealer = new PacketSealer(academyId, secret ? deriveKey(secret, academyId, 'datagram') : null);
  const writer = new PacketWriter(nodeId, sealer, clock, random);

  const admin = new AdminCapability();
  const publisher: EventPublisher = new EventPublisher({
    nodeId,
    router: routes,
    writer,
    transports: factory,
    ordered: {
      carries: (transport) => streams.carries(transport),
      sendPacket: (transport, packet, source) => streams.sendPacket(transport, packet, source),
    },
    peers: { all: () => discovery.all(), beyondMulticast: () => discovery.beyondMulticast() },
    counters,
    log: meshLog,
    deliverLocal: (header, payload) => {
      actors.deliverEvent(header, payload);
      events.deliver(header, payload);
    },
  });
  const events = new AcademyEventSystem({
    nodeId,
    codec,
    publisher,
    admin,
    counters,
    log: meshLog,
    resolveNode: (idOrAlias) => discovery.resolve(idOrAlias),
  });
  closing.add('event listeners', () => events.close());

  const mesh: ActorMesh = {
    publish: (event) => void publisher.publish(event),
    execute: (endpoint, payload, deadlineMs) => router.routeMessage({ endpoint, payload, deadlineMs }),
    tellRemote: (node, name, message) => executor.tell(node, name, message),
    askRemote: (node, name, message, deadlineMs) => executor.ask(node, name, message, { deadlineMs }),
    log: (level, actor, text, fields) => log[level]({ actor, ...fields }, text),
  };
  const { threads, maxHeapMb, hangMs } = config;
  const actors = new ActorSystem({
    nodeId,
    academyId,
    clock,
    random,
    threads,
    ...(maxHeapMb === undefined ? {} : { maxHeapMb }),
    hangMs,
    mesh,
    defer,
    storage: new ActorStore(store),
  });

  closing.add('actors', () => actors.shutdown({ limitMs: shutdownLimitMs }));
  actors.on('actor-restarted', ({ name, restarts, error }) => {
    log.warn({ actor: name, restarts, error }, 'an actor was started again');
    // It has forgotten its rooms: they greet it anew.
    const [kind, participantId] = name.split('/', 2);
    if (kind === 'participant' && participantId) greetAnew(actors, participantId);
  });
  actors.on('actor-failed', ({ name, error }) => log.error({ actor: name, error }, 'an actor was given up'));
  actors.on('supervisor-restarted', ({ name, restarts, error }) =>
    log.error({ supervisor: name, restarts, error }, 'a supervisor had given up, and was started again'),
  );
  actors.on('quarantined', ({ name, messageType, failures, error }) =>
    log.error({ actor: name, messageType, failures, error }, 'a message was set aside'),
  );
  actors.on('shard-down', ({ shard, cause }) => log.error({ shard, cause }, 'a worker thread has gone'));

  let genomeIds: readonly string[] = await genomes.list();
  const discovery: AcademyNodeDiscovery = new AcademyNodeDiscovery({
    identity,
    alias: config.alias ?? nodeId.slice(0, 8),
    academyId,
    clock,
    random,
    codec,
    counters,
    log: meshLog,
    publish: (event) => publisher.publish(event),
    describe: () => ({
      capabilities: {
        training: [...new Set(config.personas.flatMap(({ capabilities }) => capabilities))],
        genomes: genomeIds.slice(0, announcedMax),
        personas: config.personas.map(({ id }) => id),
        specializations: config.specializations,
      },
      rooms: roomLog
        .rooms()
        .map(({ roomId }) => roomId)
        .slice(0, announcedMax),
    }),
    capacity: means.capacity(folder.path, () => actors.size),
    network: () => ({
      host: network.interfaceAddress,
      trainingPort: network.groups.training.port,
      genomePort: network.groups.genome.genomePort ?? network.groups.genome.port,
      collaborationPort: reliable.port,
    }),
    reliable,
    connectStatic: (host, port) => reliable.connect(host, port, { deadlineMs: connectDeadlineMs }),
    options: config.discovery,
  });

  const commands = new CommandRegistry((command) => config.commands.allow.includes(command));
  registerMeshCommands(commands, actors, roomLog);
  const executor: RemoteCommandExecutor = new RemoteCommandExecutor({
    nodeId,
    reliable,
    codec,
    clock,
    random,
    commands,
    actors: {
      tell: (name, message, from) => actors.deliverRemote(name, message, from),
      ask: (name, message, deadlineMs, from) => actors.askFromRemote(name, message, from, { deadlineMs }),
    },
    resolveNode: (idOrAlias) => discovery.resolve(idOrAlias),
    counters,
    log: meshLog,
  });
  const router: AcademyJTAGRouter = new AcademyJTAGRouter({
    nodeId,
    academyId,
    clock,
    random,
    resolveNode: (idOrAlias) => discovery.resolve(idOrAlias),
    events,
    executor,
    commands,
    academy: academyHandlers(actors),
    askActor: (name, message, deadlineMs) => actors.ask({ name }, message, { deadlineMs }),
  });

  const watch = means.onReload ? moduleWatch(actors, clock, means.onReload) : null;
  closing.add('module watch', () => watch?.close());

  if (config.participants.length > 0) onProgress('loading the participants');
  const definitions = await unlessCalledBack(signal, loadParticipants(config.participants, watch));
  for (const warning of mistypedRooms(config, definitions)) {
    log.warn(warning);
    means.onWarning(warning);
  }

  signal.throwIfAborted();
  onProgress('opening the network');
  const receive = receivePath({
    nodeId,
    clock,
    budget: new SourceBudget(clock),
    sealer,
    replays: new ReplayWindow(),
    router: routes,
    counters,
    log: meshLog,
    deliver: (header, payload, from) =>
      discovery.deliver(header, payload, from) + actors.deliverEvent(header, payload) + events.deliver(header, payload),
  });
  const streams: EventStreams = new EventStreams({
    nodeId,
    transports: factory,
    router: routes,
    clock,
    counters,
    log: meshLog,
    ...(config.udp.limitByTag === undefined ? {} : { limitByTag: config.udp.limitByTag }),
    receivePacket: (bytes, from) => void receive(bytes, from),
    deliver: (header, data) => events.deliverDecoded(header, data),
    hears: (eventId) => events.hears(eventId),
    handOver: ({ nodeId, session, streamClass }, channel, ids) =>
      actors.openStream({ nodeId, session, channel }, streamClass, ids),
  });
  factory.onStreams((name) => streams.consumerOf(name));
  await factory.startAll((bytes, from) => void receive(bytes, from));
  closing.add('transports', () => factory.stopAll());

  // What comes now may be left in the middle: the actors end with all that they are about to do.
  signal.throwIfAborted();
  onProgress(`starting ${config.threads} worker ${config.threads === 1 ? 'thread' : 'threads'}`);
  await unlessCalledBack(signal, actors.start());
  const startRoom = roomStarter(actors, config, folder.keySeed);
  actors.spawnLocal(actorNames.roomLog, serviceActor, roomLogService({ store: roomLog, startRoom }));
  actors.spawnLocal(
    actorNames.genomeStore,
    serviceActor,
    genomeStoreService(genomes, (ids) => {
      genomeIds = ids;
    }),
  );
  actors.spawnLocal(actorNames.personaStore, serviceActor, personaStoreService(personaStore));
  const genomeOptions: GenomeManagerOptions = { nodeKeySeed: folder.keySeed, baseModelSha256: loadBaseModel().sha256 };
  const daemons = actors.spawnSupervisor(nodeSupervisors.root, nodeTree(genomeOptions));
  await unlessCalledBack(signal, daemons);

  const node = new AcademyNode({
    config,
    identity,
    alias: config.alias ?? nodeId.slice(0, 8),
    dataFolder: folder.path,
    startedAtMs: clock.nowMs(),
    nowMs: () => clock.nowMs(),
    actors,
    events,
    discovery,
    executor,
    commands,
    router,
    routes,
    streams,
    admin,
    watch,
    meshCounters: counters,
    transportStats: () => Object.fromEntries(factory.names().map((name) => [name, factory.get(name).stats()])),
    close: () => closing.run((what, fault) => log.error({ fault: String(fault) }, `${what} did not close`)),
  });

  actors.on('escalated', ({ name, error }) => {
    const stops = config.supervision.escalation === 'stop';
    log.error(
      { actor: name, error },
      `no supervisor could mend it: the node ${stops ? 'stops' : 'goes on without it'}`,
    );
    if (stops) void node.stop();
  });

  onProgress('opening the rooms');
  const stored: RoomRecord[] = roomLog.rooms();
  const configured: RoomRecord[] = config.rooms.map(({ id, consent, topic }) => ({
    roomId: id,
    consent,
    ...(topic === undefined ? {} : { topic }),
  }));
  const rooms = new Map([...stored, ...configured].map((room) => [room.roomId, room]));
  const opened = Promise.all([...rooms.values()].map((room) => node.openRoom(room.roomId, room)));
  await unlessCalledBack(signal, opened);

  onProgress('seating the participants');
  await unlessCalledBack(signal, seatParticipants(node, config));
  closing.add('what personas have learnt', () => savePersonas(actors, config));

  discovery.events.on('lost', ({ nodeId: gone }) =>
    actors.tell({ name: actorNames.chatDaemon }, { type: 'chat.node-gone', data: { nodeId: gone } }),
  );
  discovery.start();
  closing.add('discovery', () => discovery.stop());
  for (const peer of config.peers) discovery.addStaticPeer(...parsePeer(peer));
  return node;
}

function greetAnew(actors: ActorSystem, participantId: string): void {
  actors.tell({ name: actorNames.chatDaemon }, { type: 'chat.here', data: { participantId } });
}

function moduleWatch(actors: ActorSystem, clock: Clock, onReload: (report: ReloadReport) => void): ModuleWatch {
  return new ModuleWatch({
    actors,
    clock,
    onReload: (report) => {
      if (report.how === 'afresh') greetAnew(actors, report.participantId);
      onReload(report);
    },
  });
}

/** Waits for a step of the start, or no longer than until the start is called back. */
async function unlessCalledBack<T>(signal: AbortSignal, step: Promise<T>): Promise<T> {
  signal.throwIfAborted();
  const given = new AbortController();
  const calledBack = new Promise<never>((_, reject) => {
    signal.addEventListener('abort', () => reject(signal.reason), { once: true, signal: given.signal });
  });
  try {
    return await Promise.race([step, calledBack]);
  } finally {
    given.abort();
  }
}

/** What was learnt since the last save would be lost with the threads. */
async function savePersonas(actors: ActorSystem, { personas }: AcademyConfig): Promise<void> {
  const save = { type: 'persona.save', data: null };
  await Promise.all(
    personas.map(({ id }) => actors.ask({ name: actorNames.participant(id) }, save, { deadlineMs: saveLimitMs })),
  );
}

/** Names of genomes and rooms that are announced: more would not fit a datagram; the rest is found by asking. */
const announcedMax = 8;

/** Starts each room once, and tells the chat daemon that it is there. */
function roomStarter(
  actors: ActorSystem,
  config: AcademyConfig,
  nodeKeySeed: Uint8Array,
): (room: RoomRecord) => Promise<void> {
  const started = new Map<string, Promise<unknown>>();
  return async (room) => {
    const { roomId } = room;
    let starting = started.get(roomId);
    if (!starting) {
      const options: ChatRoomOptions = { roomId, nodeKeySeed, turnPolicy: config.turnTaking };
      const spec = { name: actorNames.room(roomId), ...actorModules.chatRoom, options, ...childOf('rooms') };
      starting = actors.spawn(spec);
      started.set(roomId, starting);
    }
    await starting;
    actors.tell({ name: actorNames.chatDaemon }, { type: 'chat.room-opened', data: room });
  };
}

/** Which actor answers for each category of /academy paths. */
function academyHandlers(actors: ActorSystem): AcademyHandlers {
  const ask =
    (name: string) =>
    (category: string) =>
    ({ rest, payload, deadlineMs }: AcademyRequest): Promise<unknown> => {
      const data: AcademyMessage = { category, rest, payload };
      return actors.ask({ name }, { type: 'academy.message', data }, { deadlineMs });
    };
  const daemon = ask(actorNames.academyDaemon);
  return {
    training: daemon('training'),
    persona: ask(actorNames.personaManager)('persona'),
    genome: ask(actorNames.genomeManager)('genome'),
    collaboration: daemon('collaboration'),
    default: (request) => daemon(request.category)(request),
  };
}
