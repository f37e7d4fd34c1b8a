/**
 * A persona: an AI that sits in rooms, answers from its knowledge pack when it is sure enough, and learns from every
 * judgement it hears while the talk goes on. What it has learnt is saved, published when it is worth it, and extended
 * by genomes that pass an exam on its own held-out questions. The machine is its life; PersonaMind is its knowledge.
 */
import { assign, enqueueActions, not, setup } from 'xstate';
import {
  type ActorDefinition,
  type ActorEffect,
  type ActorInput,
  type AskToken,
  type DeliveredMessage,
  failure,
} from '../runtime/protocol/actors.js';
import { AcademyError, type ErrorRecord, toErrorRecord } from '../runtime/protocol/errors.js';
import { ACADEMY_CHAT_EVENTS } from '../runtime/protocol/events.js';
import { decodeGenome } from '../runtime/protocol/genome/decodeGenome.js';
import { encodeGenome } from '../runtime/protocol/genome/encodeGenome.js';
import type { Genome } from '../runtime/protocol/genome/Genome.js';
import type { ContextCodec } from '../runtime/protocol/persistence.js';
import {
  type Asked,
  actorNames,
  chatCommands,
  type ExamReport,
  type GenomeQuestions,
  type GenomeStoreQuestions,
  type ImprovementEvidence,
  improvementEvidence,
  type PersonaQuestions,
  type PersonaStoreQuestions,
  personaReported,
  type RoomNotice,
  type RoomNotices,
  type SettledAs,
} from './messages.js';
import { PersonaMind, type PersonaMindOptions, type PersonaMindSnapshot } from './PersonaMind.js';

export interface PersonaOptions extends PersonaMindOptions {
  /** Milliseconds after a change before what it has learnt is saved; a crash loses at most so much. @default 5_000 */
  readonly saveAfterMs?: number;
  /** Least time between two performance reports for a room. @default 500 */
  readonly performanceEveryMs?: number;
}

/** Why a genome is read from the store. */
type GenomePurpose =
  | { readonly kind: 'examine'; readonly ask: AskToken; readonly genomeId: string }
  | { readonly kind: 'adopt'; readonly ask: AskToken; readonly genomeId: string; readonly exam: ExamReport };

interface PublishTag {
  /** Null when it published by itself. */
  readonly ask: AskToken | null;
  readonly capability: string;
  readonly gain: number;
  readonly n: number;
}

type TimerEvent =
  | { readonly type: 'persona.save-due' }
  | { readonly type: 'persona.performance-due'; readonly roomId: string; readonly sessionId: string }
  | { readonly type: 'persona.publish-due'; readonly capability: string };

type PersonaEvent =
  | RoomNotice
  | Asked<PersonaQuestions>
  | DeliveredMessage<'persona.woken', SettledAs<Uint8Array | null>>
  | DeliveredMessage<'persona.genome-read', SettledAs<Readonly<Record<string, Uint8Array>> | null>>
  | DeliveredMessage<'persona.published', SettledAs<GenomeQuestions['genome.publish']['answer']>>
  | DeliveredMessage<'persona.saved', SettledAs<null>>
  | TimerEvent;

interface PersonaContext {
  readonly input: ActorInput<PersonaOptions>;
  /** Changes in place: millions of numbers are not copied for every lesson. */
  readonly mind: PersonaMind;
  /** What arrived while it woke; the oldest questions matter least. */
  readonly early: readonly PersonaEvent[];
  /** False when what it knew could not be read: then it is not overwritten either. */
  readonly maySave: boolean;
  readonly isSavePlanned: boolean;
  readonly examining: number;
  readonly adopting: number;
  /** When performance was last told, by room. */
  readonly performanceToldAtMs: ReadonlyMap<string, number>;
  readonly publications: number;
}

interface Enqueue {
  assign(changes: Partial<PersonaContext> | ((args: { context: PersonaContext }) => Partial<PersonaContext>)): void;
  emit(effect: ActorEffect): void;
  raise(event: TimerEvent, options: { delay: number; id: string }): void;
  cancel(id: string): void;
}

/** What a handler works with. */
interface Desk {
  readonly context: PersonaContext;
  readonly mind: PersonaMind;
  readonly enqueue: Enqueue;
}

const saveAfterMsDefault = 5_000;
const performanceEveryMsDefault = 500;
const earlyEventsMax = 1_024;
const storeDeadlineMs = 10_000;

const machine = setup({
  types: {} as {
    context: PersonaContext;
    events: PersonaEvent;
    input: ActorInput<PersonaOptions>;
    emitted: ActorEffect;
  },
  actions: {
    askForMemory: enqueueActions(({ context, enqueue }) => {
      enqueue.emit(askPersonaStore('learnt.get', { personaId: idOf(context) }, 'persona.woken'));
    }),
    keepForLater: assign(({ context, event }) => ({ early: [...context.early, event].slice(-earlyEventsMax) })),
    wake: enqueueActions(({ context, event, enqueue }) => {
      if (event.type === 'persona.woken') remember(deskOf(context, enqueue), event.data);
    }),
    catchUp: enqueueActions(({ context, enqueue }) => {
      const desk = deskOf(context, enqueue);
      report(desk);
      for (const event of context.early) handle(desk, event);
      enqueue.assign({ early: [] });
    }),
    handle: enqueueActions(({ context, event, enqueue }) => handle(deskOf(context, enqueue), event)),
  },
  guards: {
    isExamining: ({ context }) => context.examining > 0,
    isAdopting: ({ context }) => context.adopting > 0,
  },
}).createMachine({
  id: 'persona',
  context: ({ input }) => ({
    input,
    mind: new PersonaMind(input.options, input.seed),
    early: [],
    maySave: true,
    isSavePlanned: false,
    examining: 0,
    adopting: 0,
    performanceToldAtMs: new Map(),
    publications: 0,
  }),
  initial: 'waking',
  states: {
    waking: {
      entry: 'askForMemory',
      on: { 'persona.woken': { target: 'attending', actions: 'wake' }, '*': { actions: 'keepForLater' } },
    },
    // Exams and adoptions wait for the store; meanwhile the talk goes on.
    attending: {
      entry: 'catchUp',
      on: { '*': { actions: 'handle' } },
      initial: 'listening',
      states: {
        listening: {
          always: [
            { guard: 'isAdopting', target: 'adopting' },
            { guard: 'isExamining', target: 'examining' },
          ],
        },
        examining: { always: { guard: not('isExamining'), target: 'listening' } },
        adopting: { always: { guard: not('isAdopting'), target: 'listening' } },
      },
    },
  },
});

/** A persona at rest. */
interface PackedPersona extends Omit<PersonaContext, 'input' | 'mind'> {
  readonly mind: PersonaMindSnapshot;
}

const contextCodec: ContextCodec<PersonaContext, PackedPersona, PersonaOptions> = {
  pack: ({ input: _, mind, ...rest }) => ({ ...rest, mind: mind.snapshot() }),
  unpack: ({ mind, ...rest }, input) => ({ ...rest, input, mind: PersonaMind.fromSnapshot(mind, input.options) }),
};

export const persona: ActorDefinition = {
  kind: 'academy-actor',
  machine,
  restart: { kind: 'permanent' },
  contextCodec,
};

function deskOf(context: PersonaContext, enqueue: unknown): Desk {
  return { context, mind: context.mind, enqueue: enqueue as Enqueue };
}

function idOf({ input }: PersonaContext): string {
  return input.options.participant.id;
}

function handle(desk: Desk, event: PersonaEvent): void {
  const { mind } = desk;
  switch (event.type) {
    case 'room.message':
      return hearMessage(desk, event.data, event.atMs);
    case 'room.signal':
      return hearSignal(desk, event.data, event.atMs);
    case 'room.joined':
    case 'room.member-joined':
    case 'room.member-left':
      mind.contexts.note(event);
      return;
    case 'persona.inspect':
      return reply(desk, event.ask, mind.report());
    case 'persona.gap':
      return reply(desk, event.ask, mind.gap(event.data.capability));
    case 'persona.measure':
      return reply(desk, event.ask, mind.measure(event.data.items));
    case 'persona.answer':
      return reply(desk, event.ask, mind.answer(event.data.input));
    case 'persona.examine':
      return event.ask && readGenome(desk, { kind: 'examine', ask: event.ask, genomeId: event.data.genomeId });
    case 'persona.adopt':
      return event.ask && requestAdoption(desk, event.data, event.ask);
    case 'persona.genome-read':
      return genomeRead(desk, event.data);
    case 'persona.drop':
      return drop(desk, event.data.genomeId, event.ask);
    case 'persona.publish':
      return event.ask && publishBest(desk, event.ask, event.atMs);
    case 'persona.publish-due':
      return publishIfWorthwhile(desk, event.capability);
    case 'persona.published':
      return published(desk, event.data, event.atMs);
    case 'persona.save':
      return save(desk, event.ask ?? null);
    case 'persona.save-due':
      return save(desk, null);
    case 'persona.saved':
      return saved(desk, event.data);
    case 'persona.performance-due':
      return tellPerformance(desk, event.roomId, event.sessionId);
    case 'persona.woken':
    case 'room.typing':
    case 'room.presence':
    case 'room.evolution':
      return;
  }
}

function reply({ enqueue }: Desk, ask: AskToken | undefined, result: unknown): void {
  if (ask) enqueue.emit({ type: 'reply', ask, result });
}

function refuse({ enqueue }: Desk, ask: AskToken, error: ErrorRecord): void {
  enqueue.emit({ type: 'reply', ask, error });
}

// ---- waking and saving ----

function remember(desk: Desk, { result, error }: SettledAs<Uint8Array | null>): void {
  const { mind, enqueue } = desk;
  if (error) {
    enqueue.assign({ maySave: false });
    return warn(desk, 'what it had learnt cannot be read; it starts without, and saves nothing', error);
  }
  if (!result) return;
  try {
    mind.restore(result);
  } catch (thrown) {
    const reason = toErrorRecord(thrown, 'ERR_ACADEMY_STORE');
    // Another base model makes it worthless; anything else may be read by another version yet.
    enqueue.assign({ maySave: reason.code === 'ERR_ACADEMY_BASE_MISMATCH' });
    warn(desk, 'what it had learnt cannot be used; it starts without', reason);
  }
}

function planSave({ context, enqueue }: Desk): void {
  if (context.isSavePlanned || !context.maySave) return;
  enqueue.assign({ isSavePlanned: true });
  const delay = context.input.options.saveAfterMs ?? saveAfterMsDefault;
  // Of several plans within one turn the last stands.
  enqueue.cancel('save');
  enqueue.raise({ type: 'persona.save-due' }, { delay, id: 'save' });
}

function save(desk: Desk, ask: AskToken | null): void {
  const { context, mind, enqueue } = desk;
  enqueue.assign({ isSavePlanned: false });
  if (!context.maySave) {
    const error = failure('ERR_ACADEMY_STORE', 'what it had learnt could not be read, so it is not overwritten');
    if (ask) refuse(desk, ask, error);
    return;
  }
  enqueue.cancel('save');
  const data = { personaId: idOf(context), bytes: mind.save() };
  enqueue.emit(askPersonaStore('learnt.put', data, 'persona.saved', ask));
}

function saved(desk: Desk, { tag, error }: SettledAs<null>): void {
  const ask = tag as AskToken | null;
  if (error) {
    warn(desk, 'what it has learnt could not be saved; it will try again', error);
    planSave(desk);
  }
  if (ask && error) return refuse(desk, ask, error);
  if (ask) reply(desk, ask, null);
}

// ---- talking ----

function hearMessage(desk: Desk, { message }: RoomNotices['room.message'], atMs: number): void {
  const { mind, enqueue } = desk;
  const change = mind.contexts.note({ type: 'room.message', data: { roomId: message.roomId, message } });
  if (!change.isNew) return;
  const answer = mind.replyTo(message, atMs);
  if (!answer) return;
  enqueue.emit({
    type: 'tell',
    to: { name: actorNames.chatDaemon },
    message: { type: chatCommands.sendMessage, data: answer },
  });
}

function hearSignal(desk: Desk, { roomId, signal }: RoomNotices['room.signal'], atMs: number): void {
  const { context, mind, enqueue } = desk;
  if (signal.roomId !== roomId || signal.academyId !== context.input.academyId) return;
  const { lesson, capability, satisfaction } = mind.hear(signal, atMs);
  if (capability === null) return;
  if (satisfaction !== null) {
    const evidence: ImprovementEvidence = {
      roomId,
      capability,
      satisfaction,
      examItems: mind.heldOutItems(capability),
    };
    enqueue.emit({
      type: 'tell',
      to: { name: actorNames.selfImprovement(idOf(context)) },
      message: { type: improvementEvidence, data: evidence },
    });
    planPerformance(desk, roomId, signal.sessionId, atMs);
  }
  if (lesson !== 'ignored') planPublication(desk, capability);
  planSave(desk);
}

// ---- performance ----

function planPerformance({ context, mind, enqueue }: Desk, roomId: string, sessionId: string, atMs: number): void {
  if (!mind.contexts.roomIds.includes(roomId)) return;
  const every = context.input.options.performanceEveryMs ?? performanceEveryMsDefault;
  const due = (context.performanceToldAtMs.get(roomId) ?? 0) + every;
  // Planned anew by each judgement for the same moment, so that a report holds all that came before it.
  const id = `performance/${roomId}`;
  enqueue.cancel(id);
  enqueue.raise({ type: 'persona.performance-due', roomId, sessionId }, { delay: Math.max(0, due - atMs), id });
}

function tellPerformance(desk: Desk, roomId: string, sessionId: string): void {
  const { context, mind, enqueue } = desk;
  const nowMs = context.input.nowMs();
  enqueue.assign({ performanceToldAtMs: new Map(context.performanceToldAtMs).set(roomId, nowMs) });
  const { technicalAccuracy, collaborationQuality, humanSatisfaction, contextAwareness, scorer, n } =
    mind.performanceIn(roomId, 0);
  enqueue.emit({
    type: 'publish',
    event: ACADEMY_CHAT_EVENTS.PERFORMANCE_FEEDBACK,
    data: {
      personaId: idOf(context),
      academyId: context.input.academyId,
      roomId,
      sessionId,
      scores: { technicalAccuracy, collaborationQuality, humanSatisfaction, contextAwareness },
      scorer: scorer ?? 'judged-answers',
      n: n ?? 0,
      timestamp: nowMs,
    },
    network: mind.contexts.consentOf(roomId) !== 'local',
  });
  report(desk);
}

function report({ mind, enqueue }: Desk): void {
  enqueue.emit({
    type: 'tell',
    to: { name: actorNames.personaManager },
    message: { type: personaReported, data: mind.report() },
  });
}

// ---- exams and adoption ----

function readGenome({ enqueue }: Desk, purpose: GenomePurpose): void {
  const { genomeId, kind } = purpose;
  enqueue.assign(({ context }) =>
    kind === 'examine' ? { examining: context.examining + 1 } : { adopting: context.adopting + 1 },
  );
  enqueue.emit({
    type: 'ask',
    to: { name: actorNames.genomeStore },
    message: { type: 'store.get', data: { genomeId } satisfies GenomeStoreQuestions['store.get']['ask'] },
    deadlineMs: storeDeadlineMs,
    settles: 'persona.genome-read',
    tag: purpose,
  });
}

function requestAdoption(
  desk: Desk,
  { genomeId, exam }: PersonaQuestions['persona.adopt']['ask'],
  ask: AskToken,
): void {
  if (exam.genomeId === genomeId && exam.accepted) return readGenome(desk, { kind: 'adopt', ask, genomeId, exam });
  refuse(desk, ask, failure('ERR_ACADEMY_BAD_ARGUMENT', `genome ${genomeId} has not passed an exam of this persona`));
}

function genomeRead(desk: Desk, settled: SettledAs<Readonly<Record<string, Uint8Array>> | null>): void {
  const purpose = settled.tag as GenomePurpose;
  desk.enqueue.assign(({ context }) =>
    purpose.kind === 'examine' ? { examining: context.examining - 1 } : { adopting: context.adopting - 1 },
  );
  const { ask, genomeId } = purpose;
  if (settled.error) return refuse(desk, ask, settled.error);
  if (!settled.result) {
    const missing = failure('ERR_ACADEMY_GENOME_NOT_FOUND', `this node has no genome ${genomeId}`);
    return refuse(desk, ask, missing);
  }
  try {
    act(desk, purpose, decodeGenome(new Map(Object.entries(settled.result))));
  } catch (thrown) {
    if (!(thrown instanceof AcademyError)) throw thrown;
    refuse(desk, ask, toErrorRecord(thrown, thrown.code));
  }
}

function act(desk: Desk, { kind, ask }: GenomePurpose, genome: Genome): void {
  if (kind === 'examine') return reply(desk, ask, desk.mind.examine(genome));
  reply(desk, ask, desk.mind.adopt(genome));
  report(desk);
  planSave(desk);
}

function drop(desk: Desk, genomeId: string, ask: AskToken | undefined): void {
  const isDropped = desk.mind.drop(genomeId);
  if (isDropped) {
    report(desk);
    planSave(desk);
  } else if (ask) {
    return refuse(desk, ask, failure('ERR_ACADEMY_GENOME_NOT_FOUND', `genome ${genomeId} is not in use`));
  }
  reply(desk, ask, null);
}

// ---- publishing ----

function planPublication({ mind, enqueue }: Desk, capability: string): void {
  if (!mind.isRipe(capability)) return;
  const id = `publish/${capability}`;
  enqueue.cancel(id);
  enqueue.raise({ type: 'persona.publish-due', capability }, { delay: mind.thresholds.publishQuietMs, id });
}

function publishIfWorthwhile(desk: Desk, capability: string): void {
  const { context, mind } = desk;
  const { input } = context;
  const publication = mind.publication(input.nodeId, input.nowMs(), [capability]);
  mind.noteConsidered(capability, publication.genome !== null);
  if (publication.genome) return publish(desk, publication.genome, { ...publication, ask: null });
  const { reason, gain, n } = publication;
  desk.enqueue.emit({
    type: 'log',
    level: 'debug',
    text: 'what it has learnt is not published',
    fields: { capability, reason, gain, n },
  });
}

function publishBest(desk: Desk, ask: AskToken, atMs: number): void {
  const publication = desk.mind.publication(desk.context.input.nodeId, atMs);
  if (publication.genome) return publish(desk, publication.genome, { ...publication, ask });
  const { gain, n, reason } = publication;
  const answer: PersonaQuestions['persona.publish']['answer'] = { genomeId: null, gain, n, reason };
  reply(desk, ask, answer);
}

function publish({ context, enqueue }: Desk, genome: Genome, { ask, capability, gain, n }: PublishTag): void {
  const data: GenomeQuestions['genome.publish']['ask'] = {
    files: Object.fromEntries(encodeGenome(genome)),
    personaId: idOf(context),
  };
  const tag: PublishTag = { ask, capability, gain, n };
  enqueue.emit({
    type: 'ask',
    to: { name: actorNames.genomeManager },
    message: { type: 'genome.publish', data },
    deadlineMs: storeDeadlineMs,
    settles: 'persona.published',
    tag,
  });
}

function published(
  desk: Desk,
  { tag, result, error }: SettledAs<GenomeQuestions['genome.publish']['answer']>,
  atMs: number,
): void {
  const { context, mind, enqueue } = desk;
  const { ask, capability, gain, n } = tag as PublishTag;
  if (!result) {
    const reason = error ?? failure('ERR_ACADEMY_COMMAND_FAILED', 'the genome manager did not publish it');
    warn(desk, 'what it has learnt could not be published', reason);
    if (ask) refuse(desk, ask, reason);
    return;
  }
  mind.noteConsidered(capability, true);
  const { genomeId } = result;
  const version = context.publications + 1;
  enqueue.assign({ publications: version });
  enqueue.emit({
    type: 'publish',
    event: ACADEMY_CHAT_EVENTS.LORA_EVOLUTION,
    data: {
      personaId: idOf(context),
      academyId: context.input.academyId,
      layerId: genomeId,
      version,
      ...(version > 1 ? { previousVersion: version - 1 } : {}),
      signals: mind.report().signals,
      timestamp: atMs,
    },
  });
  const reason = `right answers on "${capability}" rose by ${gain.toFixed(2)} on ${n} held-out questions`;
  const answer: PersonaQuestions['persona.publish']['answer'] = { genomeId, gain, n, reason };
  if (ask) reply(desk, ask, answer);
}

function askPersonaStore<K extends keyof PersonaStoreQuestions & string>(
  type: K,
  data: PersonaStoreQuestions[K]['ask'],
  settles: PersonaEvent['type'],
  tag: unknown = null,
): ActorEffect {
  const to = { name: actorNames.personaStore };
  return { type: 'ask', to, message: { type, data }, deadlineMs: storeDeadlineMs, settles, tag };
}

function warn({ enqueue }: Desk, text: string, error: ErrorRecord): void {
  enqueue.emit({ type: 'log', level: 'warn', text, fields: { ...error } });
}
