/**
 * A node's dealings in genomes: it keeps what this node's personas publish, answers what others look for, looks for
 * what a persona here lacks, and fetches it. It judges nothing: a genome that it stores is well-formed and what its
 * id says; whether it is any good is for the persona's exam to find out.
 */
import { enqueueActions, setup } from 'xstate';
import {
  type ActorDefinition,
  type ActorEffect,
  type ActorInput,
  type AskToken,
  type DeliveredEvent,
  type DeliveredMessage,
  failure,
} from '../runtime/protocol/actors.js';
import type { EventMessage } from '../runtime/protocol/EventMessage.js';
import { formatEndpoint } from '../runtime/protocol/endpoints.js';
import { AcademyError, type ErrorRecord, toErrorRecord } from '../runtime/protocol/errors.js';
import { ACADEMY_CHAT_EVENTS, isEventData } from '../runtime/protocol/events.js';
import { decodeGenome } from '../runtime/protocol/genome/decodeGenome.js';
import { describeGenome } from '../runtime/protocol/genome/describeGenome.js';
import { encodeGenome, GENOME_FILES } from '../runtime/protocol/genome/encodeGenome.js';
import type { Genome } from '../runtime/protocol/genome/Genome.js';
import { signGenome, verifyGenome } from '../runtime/protocol/genome/signGenome.js';
import { identityFromSeed, type NodeIdentity } from '../runtime/protocol/identity.js';
import { limits } from '../runtime/protocol/limits.js';
import type { ContextCodec } from '../runtime/protocol/persistence.js';
import { type RandomState, type SeededRandom, seededRandom } from '../runtime/protocol/Random.js';
import type { GenomeDescriptor } from '../runtime/protocol/schemas/genome.js';
import type { AcademyMessage } from './academyDaemon.js';
import { GenomeCatalogue, type GenomeCatalogueSnapshot } from './GenomeCatalogue.js';
import { type Asked, actorNames, type GenomeQuestions, type GenomeStoreQuestions, type SettledAs } from './messages.js';

export interface GenomeManagerOptions {
  /** The node's private key: with it, what personas of this node publish is signed. */
  readonly nodeKeySeed?: Uint8Array;
  /** Genomes of another base model are not stored. Without it, personas refuse them only when they adopt. */
  readonly baseModelSha256?: string;
}

type Files = Readonly<Record<string, Uint8Array>>;
type DiscoverQuestion = GenomeQuestions['genome.discover']['ask'];

interface Discovery {
  readonly requestId: string;
  readonly question: DiscoverQuestion;
  readonly ask: AskToken;
}

/** What a settled read or write of the store, or a transfer, was for. */
interface FetchTag {
  readonly ask: AskToken;
  readonly genomeId: string;
  readonly nodeId: string;
}

interface StoredTag {
  readonly ask: AskToken;
  readonly descriptor: GenomeDescriptor;
  /** Set when a persona of this node published it. */
  readonly personaId: string | null;
}

type FilesTag = Pick<FetchTag, 'ask' | 'genomeId'>;

type GenomeEvent =
  | Asked<GenomeQuestions>
  | DeliveredEvent
  | DeliveredMessage<'genome.listed', SettledAs<readonly string[]>>
  | DeliveredMessage<'genome.read', SettledAs<Files | null>>
  | DeliveredMessage<'genome.transferred', SettledAs<{ files: Files }>>
  | DeliveredMessage<'genome.stored', SettledAs<null>>
  | DeliveredMessage<'genome.files-read', SettledAs<Files | null>>
  | { readonly type: 'genome.time-up'; readonly requestId: string };

/** All of it changes in place; machines with thousands of genomes should not copy them for every message. */
interface ManagerContext {
  readonly input: ActorInput<GenomeManagerOptions>;
  readonly identity: NodeIdentity | null;
  readonly random: SeededRandom;
  readonly catalogue: GenomeCatalogue;
  readonly discoveries: Map<string, Discovery>;
  /** Genomes of the store that are still being read at the start. */
  readonly unread: Set<string>;
  /** What arrived before they were. */
  readonly early: GenomeEvent[];
}

interface Desk extends ManagerContext {
  readonly emit: (effect: ActorEffect) => void;
  readonly later: (event: GenomeEvent & { type: 'genome.time-up' }, delayMs: number) => void;
}

const storeDeadlineMs = 10_000;
const earlyEventsMax = 1_024;
/** Stored genomes that are offered; the store may hold more. */
const cataloguedMax = 4_096;
const discoveriesMax = 256;
const answersPerQueryMax = 8;
const maxResultsMax = 64;
const timeoutMsMax = 60_000;

const machine = setup({
  types: {} as {
    context: ManagerContext;
    events: GenomeEvent;
    input: ActorInput<GenomeManagerOptions>;
    emitted: ActorEffect;
  },
  actions: {
    open: enqueueActions(({ enqueue }) => {
      enqueue.emit({
        type: 'subscribe',
        event: ACADEMY_CHAT_EVENTS.GENOME_DISCOVERY,
        roomId: null,
        remoteOnly: true,
      });
      // Also what loops of this node announce: their exams are evidence that queries are answered with.
      enqueue.emit({ type: 'subscribe', event: ACADEMY_CHAT_EVENTS.GENOME_SHARE, roomId: null });
      enqueue.emit(askStore('store.list', null, 'genome.listed', null));
    }),
    readStored: enqueueActions(({ context, event, enqueue }) => {
      if (event.type !== 'genome.listed') return;
      if (event.data.error) enqueue.emit(warning('the stored genomes cannot be listed', event.data.error));
      for (const genomeId of event.data.result?.slice(-cataloguedMax) ?? []) {
        context.unread.add(genomeId);
        enqueue.emit(askStore('store.get', { genomeId }, 'genome.read', genomeId));
      }
    }),
    catalogueRead: enqueueActions(({ context, event, enqueue }) => {
      if (event.type !== 'genome.read') return;
      const { tag, result, error } = event.data;
      context.unread.delete(tag as string);
      try {
        if (result) context.catalogue.store(describeGenome(openGenome(context, result)), null);
      } catch (thrown) {
        const reason = toErrorRecord(thrown, 'ERR_ACADEMY_GENOME_INVALID');
        enqueue.emit(warning(`the stored genome ${String(tag)} cannot be used`, reason));
      }
      if (error) enqueue.emit(warning(`the stored genome ${String(tag)} cannot be read`, error));
    }),
    keepForLater: ({ context, event }) => {
      if (context.early.length < earlyEventsMax) context.early.push(event);
    },
    catchUp: enqueueActions(({ context, enqueue }) => {
      const desk = deskOf(context, enqueue);
      for (const event of context.early.splice(0)) handle(desk, event);
    }),
    handle: enqueueActions(({ context, event, enqueue }) => handle(deskOf(context, enqueue), event)),
  },
  guards: { isRead: ({ context }) => context.unread.size === 0 },
}).createMachine({
  id: 'genomeManager',
  context: ({ input }) => ({
    input,
    identity: identityOf(input),
    random: seededRandom(input.seed),
    catalogue: new GenomeCatalogue(input.nodeId),
    discoveries: new Map(),
    unread: new Set(),
    early: [],
  }),
  initial: 'listing',
  states: {
    listing: {
      entry: 'open',
      on: { 'genome.listed': { target: 'reading', actions: 'readStored' }, '*': { actions: 'keepForLater' } },
    },
    reading: {
      always: { guard: 'isRead', target: 'serving', actions: 'catchUp' },
      on: { 'genome.read': { actions: 'catalogueRead' }, '*': { actions: 'keepForLater' } },
    },
    serving: { on: { '*': { actions: 'handle' } } },
  },
});

/** A manager at rest. Its key is made again from the seed. */
interface PackedManager {
  readonly random: RandomState;
  readonly catalogue: GenomeCatalogueSnapshot;
  readonly discoveries: readonly Discovery[];
  readonly unread: readonly string[];
  readonly early: readonly GenomeEvent[];
}

const contextCodec: ContextCodec<ManagerContext, PackedManager, GenomeManagerOptions> = {
  pack: ({ random, catalogue, discoveries, unread, early }) => ({
    random: random.snapshot(),
    catalogue: catalogue.snapshot(),
    discoveries: [...discoveries.values()],
    unread: [...unread],
    early: [...early],
  }),
  unpack: ({ random, catalogue, discoveries, unread, early }, input) => ({
    input,
    identity: identityOf(input),
    random: seededRandom(0).resume(random),
    catalogue: GenomeCatalogue.restore(catalogue, input.nodeId),
    discoveries: new Map(discoveries.map((discovery) => [discovery.requestId, discovery])),
    unread: new Set(unread),
    early: [...early],
  }),
};

export const genomeManager: ActorDefinition = {
  kind: 'academy-actor',
  machine,
  restart: { kind: 'permanent' },
  contextCodec,
};

function identityOf({ options }: ActorInput<GenomeManagerOptions>): NodeIdentity | null {
  return options.nodeKeySeed ? identityFromSeed(options.nodeKeySeed) : null;
}

function deskOf(
  context: ManagerContext,
  enqueue: {
    emit(effect: ActorEffect): void;
    raise(event: GenomeEvent, options: { delay: number }): void;
  },
): Desk {
  return {
    ...context,
    emit: (effect) => enqueue.emit(effect),
    later: (event, delayMs) => enqueue.raise(event, { delay: delayMs }),
  };
}

function handle(desk: Desk, event: GenomeEvent): void {
  switch (event.type) {
    case 'academy.event':
      return hear(desk, event.data, event.atMs);
    case 'genome.discover':
      return event.ask && answering(desk, event.ask, (ask) => discover(desk, event.data, ask, event.atMs));
    case 'genome.time-up':
      return endDiscovery(desk, event.requestId);
    case 'genome.fetch':
      return event.ask && fetch(desk, event.data, event.ask);
    case 'genome.transferred':
      return transferred(desk, event.data);
    case 'genome.publish':
      return event.ask && answering(desk, event.ask, (ask) => publish(desk, event.data, ask));
    case 'genome.stored':
      return stored(desk, event.data, event.atMs);
    case 'genome.list':
      return event.ask && reply(desk, event.ask, desk.catalogue.stored);
    case 'genome.files':
      return event.ask && readFiles(desk, event.data.genomeId, event.ask);
    case 'genome.files-read':
      return filesRead(desk, event.data);
    case 'academy.message':
      return event.ask && answering(desk, event.ask, (ask) => handlePath(desk, event.data, ask));
    case 'genome.listed':
    case 'genome.read':
      return;
  }
}

/** What goes wrong because of the question is the answer to it; anything else is a fault and the supervisor's. */
function answering(desk: Desk, ask: AskToken, act: (ask: AskToken) => void): void {
  try {
    act(ask);
  } catch (thrown) {
    if (!(thrown instanceof AcademyError)) throw thrown;
    desk.emit({ type: 'reply', ask, error: toErrorRecord(thrown, thrown.code) });
  }
}

function reply(desk: Desk, ask: AskToken, result: unknown): void {
  desk.emit({ type: 'reply', ask, result });
}

// ---- what other nodes say ----

function hear(desk: Desk, event: EventMessage, atMs: number): void {
  if (event.name === ACADEMY_CHAT_EVENTS.GENOME_DISCOVERY) return answerQuery(desk, event as never, atMs);
  if (event.name === ACADEMY_CHAT_EVENTS.GENOME_SHARE) return hearShare(desk, event as never);
}

/** Settlement C36: never one's own query; the answer goes to the node that asked (C33), whoever the persona is. */
function answerQuery(desk: Desk, event: EventMessage<'academy.genome.discovery'>, atMs: number): void {
  const { input, catalogue } = desk;
  const { requestId, academyId, query, maxResults } = event.data;
  if (event.sourceNode === input.nodeId || academyId !== input.academyId) return;
  for (const genome of catalogue.findStored(query).slice(0, Math.min(maxResults, answersPerQueryMax))) {
    const evidence = catalogue.evidenceOf(genome.id).at(-1);
    desk.emit({
      type: 'publish',
      event: ACADEMY_CHAT_EVENTS.GENOME_SHARE,
      data: {
        requestId,
        genomeId: genome.id,
        shareFromNodeId: input.nodeId,
        shareToNodeId: event.sourceNode,
        academyId,
        genome,
        sharingMode: 'reference',
        ...(evidence ? { evidence } : {}),
        timestamp: atMs,
      },
      nodes: [event.sourceNode],
    });
  }
}

function hearShare(desk: Desk, { data, sourceNode }: EventMessage<'academy.genome.share'>): void {
  const { requestId, genome, genomeId, shareFromNodeId, academyId, evidence } = data;
  // Nobody speaks for another node, or for a genome other than the one that is described.
  if (academyId !== desk.input.academyId || shareFromNodeId !== sourceNode || genome.id !== genomeId) return;
  desk.catalogue.announce(genome, sourceNode, evidence);
  const discovery = requestId === undefined ? undefined : desk.discoveries.get(requestId);
  if (discovery && found(desk, discovery.question, 'all').length >= discovery.question.maxResults) {
    endDiscovery(desk, discovery.requestId);
  }
}

// ---- looking for a genome ----

function discover(desk: Desk, question: DiscoverQuestion, ask: AskToken, atMs: number): void {
  const { maxResults, timeoutMs, searchRadius } = question;
  if (searchRadius === 'global') return desk.emit({ type: 'reply', ask, error: noWideArea });
  requireWithin('maxResults', maxResults, maxResultsMax);
  requireWithin('timeoutMs', timeoutMs, timeoutMsMax);
  const known = found(desk, question, searchRadius === 'local' ? 'stored' : 'all');
  if (searchRadius === 'local' || known.length >= maxResults) return reply(desk, ask, { candidates: known });
  if (desk.discoveries.size >= discoveriesMax) {
    throw new AcademyError('ERR_ACADEMY_COMMAND_FAILED', `${discoveriesMax} searches are under way already`);
  }
  const requestId = desk.random.id();
  desk.discoveries.set(requestId, { requestId, question, ask });
  desk.later({ type: 'genome.time-up', requestId }, timeoutMs);
  desk.emit({
    type: 'publish',
    event: ACADEMY_CHAT_EVENTS.GENOME_DISCOVERY,
    data: {
      requestId,
      requesterId: question.requesterId,
      academyId: desk.input.academyId,
      query: question.query,
      searchRadius,
      maxResults,
      timeoutMs,
      timestamp: atMs,
    },
  });
}

const noWideArea: ErrorRecord = failure(
  'ERR_ACADEMY_TRANSPORT_UNKNOWN',
  'a search of radius "global" needs the wide-area transport, which this node does not have',
  'Search with the radius "mesh", or reach a distant node with --peers; the wide-area transport (libp2p) is switched on by `transports.libp2p` in the configuration once it is installed.',
);

function requireWithin(name: string, value: number, max: number): void {
  if (Number.isInteger(value) && value >= 1 && value <= max) return;
  throw new AcademyError('ERR_ACADEMY_BAD_ARGUMENT', `${name} must be 1 to ${max}, not ${value}`);
}

function found(desk: Desk, { query, requesterId, maxResults }: DiscoverQuestion, scope: 'stored' | 'all') {
  return desk.catalogue.find(query, requesterId, scope).slice(0, maxResults);
}

function endDiscovery(desk: Desk, requestId: string): void {
  const discovery = desk.discoveries.get(requestId);
  if (!discovery) return;
  desk.discoveries.delete(requestId);
  reply(desk, discovery.ask, { candidates: found(desk, discovery.question, 'all') });
}

// ---- fetching and storing ----

function fetch(desk: Desk, { genomeId, nodeId }: GenomeQuestions['genome.fetch']['ask'], ask: AskToken): void {
  const descriptor = desk.catalogue.storedDescriptor(genomeId);
  if (descriptor) return reply(desk, ask, { genomeId, bytes: descriptor.bytes, descriptor });
  const tag: FetchTag = { ask, genomeId, nodeId };
  desk.emit({
    type: 'execute',
    endpoint: formatEndpoint({ kind: 'remote-command', node: nodeId, command: 'genome-fetch' }),
    payload: { genomeId },
    deadlineMs: limits.commandDeadlineMs,
    settles: 'genome.transferred',
    tag,
  });
}

function transferred(desk: Desk, { tag, result, error }: SettledAs<{ files: Files }>): void {
  const { ask, genomeId, nodeId } = tag as FetchTag;
  const refuse = (record: ErrorRecord): void => {
    desk.catalogue.forgetHolder(genomeId, nodeId);
    desk.emit({ type: 'reply', ask, error: record });
  };
  if (!result) return refuse(error ?? failure('ERR_ACADEMY_COMMAND_FAILED', `node ${nodeId} sent nothing`));
  try {
    const files = genomeFilesOf(result.files);
    const genome = openGenome(desk, files);
    if (genome.manifest.id !== genomeId) {
      throw new AcademyError(
        'ERR_ACADEMY_GENOME_INVALID',
        `node ${nodeId} sent the genome ${genome.manifest.id} instead of ${genomeId}`,
      );
    }
    store(desk, files, { ask, descriptor: describeGenome(genome), personaId: null });
  } catch (thrown) {
    // Whatever a peer's bytes provoke is the peer's fault.
    refuse(toErrorRecord(thrown, 'ERR_ACADEMY_GENOME_INVALID'));
  }
}

/** The three files of a genome, from a payload that a peer made; what else it sent is left out. */
function genomeFilesOf(files: unknown): Files {
  const record = typeof files === 'object' && files !== null ? (files as Record<string, unknown>) : {};
  const wanted = Object.values(GENOME_FILES).map((name): [string, Uint8Array] => {
    const bytes = Object.hasOwn(record, name) ? record[name] : undefined;
    if (bytes instanceof Uint8Array) return [name, bytes];
    throw new AcademyError('ERR_ACADEMY_GENOME_INVALID', `the genome cannot be used: ${name} is missing`);
  });
  return Object.fromEntries(wanted);
}

/**
 * Decoding checks form, bounds and id; here the signature and the base are checked too.
 * @throws AcademyError ERR_ACADEMY_GENOME_INVALID, ERR_ACADEMY_BASE_MISMATCH
 */
function openGenome({ input }: Pick<ManagerContext, 'input'>, files: Files): Genome {
  const genome = decodeGenome(new Map(Object.entries(files)));
  verifyGenome(genome);
  const { baseModel, id } = genome.manifest;
  const { baseModelSha256 } = input.options;
  if (baseModelSha256 !== undefined && baseModel.sha256 !== baseModelSha256) {
    throw new AcademyError(
      'ERR_ACADEMY_BASE_MISMATCH',
      `genome ${id} belongs to the base model ${baseModel.id} (${baseModel.sha256.slice(0, 12)}), this node has ${baseModelSha256.slice(0, 12)}`,
      { remedy: 'Run the same version of academy-mesh on both nodes.' },
    );
  }
  return genome;
}

function publish(desk: Desk, { files, personaId }: GenomeQuestions['genome.publish']['ask'], ask: AskToken): void {
  const genome = openGenome(desk, genomeFilesOf(files));
  const { identity } = desk;
  const signed = identity && genome.manifest.signature === undefined ? signGenome(genome, identity) : genome;
  store(desk, Object.fromEntries(encodeGenome(signed)), { ask, descriptor: describeGenome(signed), personaId });
}

function store(desk: Desk, files: Files, tag: StoredTag): void {
  desk.emit(askStore('store.put', { genomeId: tag.descriptor.id, files }, 'genome.stored', tag));
}

function stored(desk: Desk, { tag, error }: SettledAs<null>, atMs: number): void {
  const { ask, descriptor, personaId } = tag as StoredTag;
  if (error) return desk.emit({ type: 'reply', ask, error });
  desk.catalogue.store(descriptor, personaId);
  const { id: genomeId, bytes } = descriptor;
  if (personaId === null) return reply(desk, ask, { genomeId, bytes, descriptor });
  const { nodeId, academyId } = desk.input;
  desk.emit({
    type: 'publish',
    event: ACADEMY_CHAT_EVENTS.GENOME_SHARE,
    data: {
      genomeId,
      shareFromNodeId: nodeId,
      shareToNodeId: '*',
      academyId,
      genome: descriptor,
      sharingMode: 'reference',
      timestamp: atMs,
    },
  });
  reply(desk, ask, { genomeId, descriptor });
}

function readFiles(desk: Desk, genomeId: string, ask: AskToken): void {
  desk.emit(askStore('store.get', { genomeId }, 'genome.files-read', { ask, genomeId } satisfies FilesTag));
}

function filesRead(desk: Desk, { tag, result, error }: SettledAs<Files | null>): void {
  const { ask, genomeId } = tag as FilesTag;
  if (result) return reply(desk, ask, { files: result });
  const missing = failure('ERR_ACADEMY_GENOME_NOT_FOUND', `this node has no genome ${genomeId}`);
  desk.emit({ type: 'reply', ask, error: error ?? missing });
}

// ---- paths ----

/** `/academy/genome/discover` with a GenomeQuery, `/academy/genome/share` with a GenomeShare. */
function handlePath(desk: Desk, { rest, payload }: AcademyMessage, ask: AskToken): void {
  const [operation] = rest;
  if (operation === 'discover') {
    const query = requireQuery(desk, payload);
    return reply(desk, ask, { candidates: desk.catalogue.find(query, '', 'stored').slice(0, maxResultsMax) });
  }
  if (operation === 'share') {
    if (!isEventData('academy.genome.share', payload)) {
      throw new AcademyError('ERR_ACADEMY_EVENT_INVALID', 'the payload is no academy.genome.share');
    }
    if (payload.academyId === desk.input.academyId && payload.genome.id === payload.genomeId) {
      desk.catalogue.announce(payload.genome, payload.shareFromNodeId);
    }
    return reply(desk, ask, null);
  }
  throw new AcademyError('ERR_ACADEMY_COMMAND_UNKNOWN', `there is no operation "${operation ?? ''}" on genomes`, {
    remedy: 'Use /academy/genome/discover or /academy/genome/share.',
  });
}

function requireQuery({ input }: Desk, payload: unknown) {
  // Checked inside the event that carries queries, so that there is one definition of what a query is.
  const event = {
    requestId: '-',
    requesterId: '-',
    academyId: input.academyId,
    query: payload,
    searchRadius: 'local',
    maxResults: 1,
    timeoutMs: 1,
    timestamp: 0,
  };
  if (isEventData('academy.genome.discovery', event)) return event.query;
  throw new AcademyError('ERR_ACADEMY_BAD_ARGUMENT', 'the payload is no GenomeQuery');
}

function askStore<K extends keyof GenomeStoreQuestions & string>(
  type: K,
  data: GenomeStoreQuestions[K]['ask'],
  settles: GenomeEvent['type'],
  tag: unknown,
): ActorEffect {
  return {
    type: 'ask',
    to: { name: actorNames.genomeStore },
    message: { type, data },
    deadlineMs: storeDeadlineMs,
    settles,
    tag,
  };
}

function warning(text: string, error: ErrorRecord): ActorEffect {
  return { type: 'log', level: 'warn', text, fields: { ...error } };
}
