/**
 * The self-improvement loop of one persona: it watches how the persona's answers are judged, and when a capability
 * falls short it looks for a genome in the mesh, has it examined on the persona's own held-out items, adopts it only
 * if the exam says so, tells everybody, and takes it off again when it disappoints. Every step can fail, and then the
 * persona stays as it was.
 */
import { type ActionArgs, and, assign, enqueueActions, setup } from 'xstate';
import { systemParticipantId } from '../runtime/protocol/actorNames.js';
import {
  type ActorDefinition,
  type ActorEffect,
  type ActorInput,
  type AskToken,
  type DeliveredMessage,
  failure,
} from '../runtime/protocol/actors.js';
import type { ErrorRecord } from '../runtime/protocol/errors.js';
import { ACADEMY_CHAT_EVENTS } from '../runtime/protocol/events.js';
import { limits } from '../runtime/protocol/limits.js';
import type { ContextCodec } from '../runtime/protocol/persistence.js';
import { type RandomState, type SeededRandom, seededRandom } from '../runtime/protocol/Random.js';
import type { GenomeCandidate } from '../runtime/protocol/schemas/genome.js';
import type { ChatParticipant } from '../runtime/protocol/schemas/participant.js';
import {
  type CapabilityEvidence,
  EvidenceBook,
  type EvolutionThresholds,
  evolutionDefaults,
  isSignificantlyWorse,
  isWorthSharing,
  meanOf,
} from './evolutionPolicy.js';
import {
  type Asked,
  actorNames,
  type CapabilityGap,
  type ExamReport,
  type GenomeQuestions,
  type ImprovementEvidence,
  type ImprovementOutcome,
  type ImprovementQuestions,
  type ImprovementReport,
  type improvementEvidence,
  type PersonaQuestions,
  type SettledAs,
} from './messages.js';

export interface SelfImprovementOptions {
  /** The persona that this loop belongs to; its actor is `participant/{id}`. */
  readonly participant: ChatParticipant;
  readonly thresholds?: Partial<EvolutionThresholds>;
  /** How far genomes are looked for. @default 'academy' */
  readonly searchRadius?: GenomeQuestions['genome.discover']['ask']['searchRadius'];
  /** How long other nodes have to answer. @default 2_000 */
  readonly discoverTimeoutMs?: number;
}

/** One run from a gap to its outcome. */
interface Attempt {
  readonly requestId: string;
  readonly capability: string;
  readonly roomId: string;
  readonly startedAtMs: number;
  readonly step: Step;
  /** Set when somebody asked for this attempt. */
  readonly ask: AskToken | null;
  readonly gap: CapabilityGap | null;
  /** Still to be tried, best first; the first is under way. */
  readonly candidates: readonly GenomeCandidate[];
  readonly fetched: GenomeQuestions['genome.fetch']['answer'] | null;
  /** The last exam, and what kept earlier candidates from one. */
  readonly exam: ExamReport | null;
  readonly fault: string | null;
  readonly costBytes: number;
  readonly adopted: PersonaQuestions['persona.adopt']['answer'] | null;
}

type Step =
  | 'watching'
  | 'analyzing'
  | 'discovering'
  | 'fetching'
  | 'examining'
  | 'adopting'
  | 'announcing'
  | 'rolling-back';

/** A genome that was adopted and has yet to prove itself on real judgements. */
interface Trial {
  readonly capability: string;
  readonly roomId: string;
  readonly genomeId: string;
  readonly fromNode: string;
  readonly exam: ExamReport;
  readonly before: readonly number[];
  readonly after: readonly number[];
}

interface LoopContext {
  readonly input: ActorInput<SelfImprovementOptions>;
  readonly thresholds: EvolutionThresholds;
  readonly random: SeededRandom;
  /** Changes in place: it is the loop's memory, and no transition depends on an earlier state of it. */
  readonly evidence: EvidenceBook;
  readonly attempt: Attempt | null;
  readonly trials: readonly Trial[];
  readonly outcomes: readonly ImprovementOutcome[];
  /** Time of the last event. */
  readonly nowMs: number;
}

type LoopEvent =
  | DeliveredMessage<typeof improvementEvidence, ImprovementEvidence>
  | Asked<ImprovementQuestions>
  | DeliveredMessage<'improvement.analyzed', SettledAs<CapabilityGap>>
  | DeliveredMessage<'improvement.discovered', SettledAs<GenomeQuestions['genome.discover']['answer']>>
  | DeliveredMessage<'improvement.fetched', SettledAs<GenomeQuestions['genome.fetch']['answer']>>
  | DeliveredMessage<'improvement.examined', SettledAs<ExamReport>>
  | DeliveredMessage<'improvement.adopted', SettledAs<PersonaQuestions['persona.adopt']['answer']>>
  | DeliveredMessage<'improvement.dropped', SettledAs<null>>;

type Args = ActionArgs<LoopContext, LoopEvent, LoopEvent>;

const outcomesKept = 32;
const discoverTimeoutMsDefault = 2_000;
/** Time to answer, beyond the search itself, for an actor of this node. */
const localDeadlineMs = 5_000;

const machine = setup({
  types: {} as {
    context: LoopContext;
    events: LoopEvent;
    input: ActorInput<SelfImprovementOptions>;
    emitted: ActorEffect;
  },
  actions: {
    noteEvidence: assign(({ context, event }) => {
      if (event.type !== 'improvement.evidence') return {};
      context.evidence.note(event.data);
      return { nowMs: event.atMs, trials: withJudgement(context, event.data) };
    }),
    begin: assign(({ context }) => {
      const gap = context.evidence.gap(context.nowMs);
      return gap ? { attempt: newAttempt(context, gap.capability, gap.roomId, context.nowMs, null) } : {};
    }),
    beginAsAsked: assign(({ context, event }) => {
      if (event.type !== 'improvement.run') return {};
      const { capability, roomId } = event.data;
      return {
        nowMs: event.atMs,
        attempt: newAttempt(context, capability, roomId, event.atMs, event.ask ?? null),
      };
    }),
    refuseToRun: enqueueActions(({ context, event, enqueue }) => {
      if (event.type !== 'improvement.run' || !event.ask) return;
      const busy = `an attempt for "${context.attempt?.capability}" is under way (${context.attempt?.step})`;
      enqueue.emit({ type: 'reply', ask: event.ask, error: failure('ERR_ACADEMY_COMMAND_FAILED', busy) });
    }),
    report: enqueueActions(({ context, event, enqueue }) => {
      if (event.type === 'improvement.inspect' && event.ask) {
        enqueue.emit({ type: 'reply', ask: event.ask, result: reportOf(context) });
      }
    }),

    askForGap: enqueueActions(({ context, enqueue }) => {
      const { capability } = step(enqueue, context, 'analyzing');
      enqueue.emit(askPersona(context, 'persona.gap', { capability }, 'improvement.analyzed'));
    }),
    takeGap: assign(({ context, event }) =>
      event.type === 'improvement.analyzed' && event.data.result
        ? { nowMs: event.atMs, attempt: changed(context, { gap: event.data.result }) }
        : {},
    ),
    discover: enqueueActions(({ context, enqueue }) => {
      const attempt = step(enqueue, context, 'discovering');
      enqueue.emit(announceRequest(context, attempt));
      enqueue.emit(askToDiscover(context, attempt));
    }),
    takeCandidates: assign(({ context, event }) => {
      if (event.type !== 'improvement.discovered') return {};
      return { nowMs: event.atMs, attempt: changed(context, { candidates: newCandidates(context, event) }) };
    }),
    fetch: enqueueActions(({ context, enqueue }) => {
      const [candidate] = step(enqueue, context, 'fetching').candidates;
      if (!candidate) return;
      const { genomeId, nodeId } = candidate;
      enqueue.emit({
        type: 'ask',
        to: { name: actorNames.genomeManager },
        message: { type: 'genome.fetch', data: { genomeId, nodeId } satisfies GenomeQuestions['genome.fetch']['ask'] },
        deadlineMs: limits.commandDeadlineMs,
        settles: 'improvement.fetched',
      });
    }),
    takeFetched: assign(({ context, event }) => {
      if (event.type !== 'improvement.fetched' || !event.data.result) return {};
      const fetched = event.data.result;
      const costBytes = (context.attempt?.costBytes ?? 0) + fetched.bytes;
      return { nowMs: event.atMs, attempt: changed(context, { fetched, costBytes }) };
    }),
    examine: enqueueActions(({ context, enqueue }) => {
      const { fetched } = step(enqueue, context, 'examining');
      if (!fetched) return;
      const { genomeId } = fetched;
      enqueue.emit(askPersona(context, 'persona.examine', { genomeId }, 'improvement.examined'));
    }),
    takeExam: assign(({ context, event }) =>
      event.type === 'improvement.examined' && event.data.result
        ? { nowMs: event.atMs, attempt: changed(context, { exam: event.data.result }) }
        : {},
    ),
    adopt: enqueueActions(({ context, enqueue }) => {
      const { exam } = step(enqueue, context, 'adopting');
      if (!exam) return;
      enqueue.emit(askPersona(context, 'persona.adopt', { genomeId: exam.genomeId, exam }, 'improvement.adopted'));
    }),
    takeAdopted: assign(({ context, event }) =>
      event.type === 'improvement.adopted' && event.data.result
        ? { nowMs: event.atMs, attempt: changed(context, { adopted: event.data.result }) }
        : {},
    ),
    nextCandidate: assign(({ context, event }) => {
      const fault = (event as { data: { error?: ErrorRecord } }).data.error?.message ?? null;
      const candidates = context.attempt?.candidates.slice(1) ?? [];
      return { attempt: changed(context, { candidates, fetched: null, fault }) };
    }),

    concludeAdopted: enqueueActions((args) => conclude(args, 'adopted', adoptionReason(args.context))),
    concludeEmpty: enqueueActions((args) =>
      conclude(args, 'no-candidates', `no genome in reach offers "${args.context.attempt?.capability}"`),
    ),
    concludeWithoutExam: enqueueActions((args) =>
      conclude(
        args,
        'refused',
        `an exam needs ${args.context.thresholds.examItemsMin} held-out items, there are ${args.context.attempt?.gap?.examItems}`,
      ),
    ),
    /** The last candidate was tried: refused by an exam, or never got that far. */
    concludeExhausted: enqueueActions((args) => {
      const { exam, fault } = args.context.attempt ?? {};
      const error = errorOf(args.event);
      conclude(args, exam ? 'refused' : 'failed', exam?.reason ?? error ?? fault ?? 'no candidate could be fetched');
    }),
    concludeFailed: enqueueActions((args) =>
      conclude(args, 'failed', errorOf(args.event) ?? 'the step gave no result'),
    ),

    beginRollback: assign(({ context }) => {
      const trial = context.trials.find((candidate) => isDisappointing(candidate, context.thresholds));
      if (!trial) return {};
      const attempt = newAttempt(context, trial.capability, trial.roomId, context.nowMs, null);
      return { attempt: { ...attempt, exam: trial.exam } };
    }),
    drop: enqueueActions(({ context, enqueue }) => {
      const { exam } = step(enqueue, context, 'rolling-back');
      if (exam) enqueue.emit(askPersona(context, 'persona.drop', { genomeId: exam.genomeId }, 'improvement.dropped'));
    }),
    concludeRolledBack: enqueueActions((args) => {
      const trial = args.context.trials.find(({ genomeId }) => genomeId === args.context.attempt?.exam?.genomeId);
      if (!trial) return;
      const [before, after] = [percent(meanOf(trial.before)), percent(meanOf(trial.after))];
      conclude(args, 'rolled-back', `satisfaction fell from ${before} to ${after} over ${trial.after.length} answers`);
    }),
  },
  guards: {
    hasGap: ({ context }) => context.evidence.gap(context.nowMs) !== undefined,
    isDisappointed: ({ context }) => context.trials.some((trial) => isDisappointing(trial, context.thresholds)),
    hasFailed: ({ event }) => (event as { data: SettledAs<unknown> }).data.result === undefined,
    hasTooFewItems: ({ context, event }) =>
      event.type === 'improvement.analyzed' && (event.data.result?.examItems ?? 0) < context.thresholds.examItemsMin,
    hasCandidates: ({ context, event }) =>
      event.type === 'improvement.discovered' && newCandidates(context, event).length > 0,
    hasNextCandidate: ({ context }) => (context.attempt?.candidates.length ?? 0) > 1,
    hasPassed: ({ event }) => event.type === 'improvement.examined' && event.data.result?.accepted === true,
  },
}).createMachine({
  id: 'selfImprovementLoop',
  context: ({ input }) => {
    const thresholds = thresholdsOf(input);
    return {
      input,
      thresholds,
      random: seededRandom(input.seed),
      evidence: new EvidenceBook(thresholds),
      attempt: null,
      trials: [],
      outcomes: [],
      nowMs: input.startedAtMs,
    };
  },
  on: {
    'improvement.evidence': { actions: 'noteEvidence' },
    'improvement.inspect': { actions: 'report' },
    'improvement.run': { actions: 'refuseToRun' },
  },
  initial: 'watching',
  states: {
    watching: {
      always: [
        { guard: 'isDisappointed', target: 'rollingBack', actions: 'beginRollback' },
        { guard: 'hasGap', target: 'analyzing', actions: 'begin' },
      ],
      on: { 'improvement.run': { target: 'analyzing', actions: 'beginAsAsked' } },
    },
    analyzing: {
      entry: 'askForGap',
      on: {
        'improvement.analyzed': [
          { guard: 'hasFailed', target: 'watching', actions: 'concludeFailed' },
          { guard: 'hasTooFewItems', target: 'watching', actions: ['takeGap', 'concludeWithoutExam'] },
          { target: 'discovering', actions: 'takeGap' },
        ],
      },
    },
    discovering: {
      entry: 'discover',
      on: {
        'improvement.discovered': [
          { guard: 'hasFailed', target: 'watching', actions: 'concludeFailed' },
          { guard: 'hasCandidates', target: 'fetching', actions: 'takeCandidates' },
          { target: 'watching', actions: 'concludeEmpty' },
        ],
      },
    },
    fetching: {
      entry: 'fetch',
      on: {
        'improvement.fetched': [
          {
            guard: and(['hasFailed', 'hasNextCandidate']),
            target: 'fetching',
            reenter: true,
            actions: 'nextCandidate',
          },
          { guard: 'hasFailed', target: 'watching', actions: 'concludeExhausted' },
          { target: 'examining', actions: 'takeFetched' },
        ],
      },
    },
    examining: {
      entry: 'examine',
      on: {
        'improvement.examined': [
          { guard: 'hasPassed', target: 'adopting', actions: 'takeExam' },
          { guard: 'hasNextCandidate', target: 'fetching', actions: ['takeExam', 'nextCandidate'] },
          { target: 'watching', actions: ['takeExam', 'concludeExhausted'] },
        ],
      },
    },
    adopting: {
      entry: 'adopt',
      on: {
        'improvement.adopted': [
          { guard: 'hasFailed', target: 'watching', actions: 'concludeFailed' },
          { target: 'announcing', actions: 'takeAdopted' },
        ],
      },
    },
    announcing: { always: { target: 'watching', actions: 'concludeAdopted' } },
    rollingBack: {
      entry: 'drop',
      on: {
        'improvement.dropped': [
          { guard: 'hasFailed', target: 'watching', actions: 'concludeFailed' },
          { target: 'watching', actions: 'concludeRolledBack' },
        ],
      },
    },
  },
});

/** A loop at rest. */
interface PackedLoop extends Omit<LoopContext, 'input' | 'thresholds' | 'random' | 'evidence'> {
  readonly random: RandomState;
  readonly evidence: readonly CapabilityEvidence[];
}

const contextCodec: ContextCodec<LoopContext, PackedLoop, SelfImprovementOptions> = {
  pack: ({ random, evidence, attempt, trials, outcomes, nowMs }) => ({
    random: random.snapshot(),
    evidence: evidence.all,
    attempt,
    trials,
    outcomes,
    nowMs,
  }),
  unpack: ({ random, evidence, ...rest }, input) => {
    const thresholds = thresholdsOf(input);
    return {
      ...rest,
      input,
      thresholds,
      random: seededRandom(0).resume(random),
      evidence: EvidenceBook.restore(evidence, thresholds),
    };
  },
};

export const selfImprovementLoop: ActorDefinition = {
  kind: 'academy-actor',
  machine,
  restart: { kind: 'permanent' },
  contextCodec,
};

function thresholdsOf({ options }: ActorInput<SelfImprovementOptions>): EvolutionThresholds {
  return { ...evolutionDefaults, ...options.thresholds };
}

/** What an action may do with the machine. */
interface Enqueue {
  assign(changes: Partial<LoopContext>): void;
  emit(effect: ActorEffect): void;
}

function newAttempt(
  { random }: LoopContext,
  capability: string,
  roomId: string,
  startedAtMs: number,
  ask: AskToken | null,
): Attempt {
  return {
    requestId: random.id(),
    capability,
    roomId,
    startedAtMs,
    step: 'analyzing',
    ask,
    gap: null,
    candidates: [],
    fetched: null,
    exam: null,
    fault: null,
    costBytes: 0,
    adopted: null,
  };
}

function changed({ attempt }: LoopContext, changes: Partial<Attempt>): Attempt | null {
  return attempt && { ...attempt, ...changes };
}

/** Notes which step is under way, for who inspects the loop, and hands out the attempt. */
function step(enqueue: Enqueue, { attempt }: LoopContext, name: Step): Attempt {
  if (!attempt) throw new Error(`there is no attempt in step ${name}`);
  const stepped = { ...attempt, step: name };
  enqueue.assign({ attempt: stepped });
  return stepped;
}

function errorOf(event: LoopEvent): string | undefined {
  return (event as { data: Partial<SettledAs<unknown>> | null }).data?.error?.message;
}

/** Neither what the persona wears already nor, twice, what several nodes offer. */
function newCandidates(
  { attempt, thresholds }: LoopContext,
  event: DeliveredMessage<'improvement.discovered', SettledAs<GenomeQuestions['genome.discover']['answer']>>,
): readonly GenomeCandidate[] {
  const active = attempt?.gap?.activeGenomes ?? [];
  const offered = event.data.result?.candidates ?? [];
  return offered.filter(({ genomeId }) => !active.includes(genomeId)).slice(0, thresholds.candidatesMax);
}

function askPersona<K extends keyof PersonaQuestions & string>(
  { input }: LoopContext,
  type: K,
  data: PersonaQuestions[K]['ask'],
  settles: LoopEvent['type'],
): ActorEffect {
  const to = { name: actorNames.participant(input.options.participant.id) };
  return { type: 'ask', to, message: { type, data }, deadlineMs: localDeadlineMs, settles };
}

function askToDiscover({ input, thresholds }: LoopContext, { capability, gap }: Attempt): ActorEffect {
  const { participant, searchRadius = 'academy', discoverTimeoutMs = discoverTimeoutMsDefault } = input.options;
  const data: GenomeQuestions['genome.discover']['ask'] = {
    requesterId: participant.id,
    query: {
      requiredCapabilities: [capability],
      preferredCapabilities: [],
      antipatterns: [],
      performanceThreshold: 0,
      ...(gap?.vector ? { vector: [...gap.vector] } : {}),
    },
    searchRadius,
    // As many more as may turn out to be worn already.
    maxResults: Math.min(64, thresholds.candidatesMax + (gap?.activeGenomes.length ?? 0)),
    timeoutMs: discoverTimeoutMs,
  };
  return {
    type: 'ask',
    to: { name: actorNames.genomeManager },
    message: { type: 'genome.discover', data },
    deadlineMs: discoverTimeoutMs + localDeadlineMs,
    settles: 'improvement.discovered',
  };
}

function announceRequest({ input, nowMs }: LoopContext, { requestId, capability }: Attempt): ActorEffect {
  const { participant } = input.options;
  return {
    type: 'publish',
    event: ACADEMY_CHAT_EVENTS.CAPABILITY_REQUEST,
    data: {
      requestId,
      personaId: participant.id,
      academyId: input.academyId,
      capability,
      reason: 'capability_gap',
      timestamp: nowMs,
    },
  };
}

/** Ends the attempt: says what came of it to whom it concerns, and begins the rest before the next. */
function conclude(
  { context, enqueue, event }: Args & { enqueue: Enqueue },
  outcome: ImprovementOutcome['outcome'],
  reason: string,
): void {
  const { attempt } = context;
  if (!attempt) return;
  const atMs = 'atMs' in event ? event.atMs : context.nowMs;
  const { capability, roomId, exam, ask } = attempt;
  const ended: ImprovementOutcome = {
    capability,
    roomId,
    outcome,
    reason: reason.slice(0, limits.phraseCharactersMax),
    genomeId: exam?.genomeId ?? null,
    fromNode: originOf(context, attempt),
    exam,
    shared: outcome === 'adopted' && exam !== null && isWorthSharing(exam.gain, context.thresholds),
    costBytes: attempt.costBytes,
    costMs: Math.max(0, atMs - attempt.startedAtMs),
    atMs,
  };
  enqueue.assign({
    attempt: null,
    nowMs: atMs,
    trials: trialsAfter(context, attempt, ended),
    outcomes: [...context.outcomes, ended].slice(-outcomesKept),
  });
  if (outcome === 'adopted' || outcome === 'rolled-back') context.evidence.forgetJudgements(capability);
  context.evidence.rest(capability, atMs);
  for (const effect of announcementsOf(context, attempt, ended)) enqueue.emit(effect);
  if (ask) enqueue.emit({ type: 'reply', ask, result: ended });
}

function originOf({ trials, input }: LoopContext, { candidates, exam, step: last }: Attempt): string | null {
  if (last === 'rolling-back') return trials.find(({ genomeId }) => genomeId === exam?.genomeId)?.fromNode ?? null;
  if (!exam) return null;
  return candidates.find(({ genomeId }) => genomeId === exam.genomeId)?.nodeId ?? input.nodeId;
}

function announcementsOf(context: LoopContext, attempt: Attempt, ended: ImprovementOutcome): ActorEffect[] {
  const { participant } = context.input.options;
  const effects: ActorEffect[] = [acquired(context, attempt, ended)];
  if (ended.outcome === 'adopted' && attempt.adopted && ended.exam) {
    effects.push(evolution(context, attempt, attempt.adopted, ended));
    if (ended.shared) effects.push(share(context, attempt, ended.exam, ended.atMs));
    const text = `${participant.name} adopted what another learnt on "${ended.capability}": ${ended.reason}.`;
    effects.push(...notices(attempt, text));
  }
  if (ended.outcome === 'rolled-back') {
    const text = `${participant.name} took off what it had adopted for "${ended.capability}": ${ended.reason}.`;
    effects.push(...notices(attempt, text));
  }
  return effects;
}

function acquired({ input }: LoopContext, { requestId }: Attempt, ended: ImprovementOutcome): ActorEffect {
  const { capability, outcome, genomeId, reason, exam, atMs } = ended;
  return {
    type: 'publish',
    event: ACADEMY_CHAT_EVENTS.CAPABILITY_ACQUIRED,
    data: {
      requestId,
      personaId: input.options.participant.id,
      academyId: input.academyId,
      capability,
      outcome: outcome === 'adopted' ? 'acquired' : 'refused',
      reason,
      ...(genomeId === null ? {} : { genomeId }),
      ...(exam ? { gain: exam.gain, confidence: 1 - exam.pValue } : {}),
      timestamp: atMs,
    },
  };
}

function evolution(
  { input }: LoopContext,
  { gap }: Attempt,
  adopted: PersonaQuestions['persona.adopt']['answer'],
  { capability, roomId, exam, costBytes, costMs, atMs }: ImprovementOutcome,
): ActorEffect {
  return {
    type: 'publish',
    event: ACADEMY_CHAT_EVENTS.PERSONA_EVOLUTION,
    data: {
      personaId: input.options.participant.id,
      academyId: input.academyId,
      roomId,
      evolution: {
        trigger: 'capability_gap',
        beforeCapabilities: [...(gap?.capabilities ?? [])],
        afterCapabilities: [...adopted.capabilities],
        addedGenomes: [...adopted.addedGenomes],
        removedLimitations: [capability],
        improvementScore: exam?.gain ?? 0,
        measuredOn: exam?.n ?? 0,
        evolutionCostBytes: costBytes,
        evolutionCostMs: costMs,
      },
      networkBroadcast: true,
      timestamp: atMs,
    },
  };
}

/** This node has the genome now too, and has evidence for it. */
function share({ input }: LoopContext, { fetched }: Attempt, exam: ExamReport, atMs: number): ActorEffect {
  if (!fetched) throw new Error('a genome was adopted without being fetched');
  return {
    type: 'publish',
    event: ACADEMY_CHAT_EVENTS.GENOME_SHARE,
    data: {
      genomeId: exam.genomeId,
      shareFromNodeId: input.nodeId,
      shareToNodeId: '*',
      academyId: input.academyId,
      genome: fetched.descriptor,
      sharingMode: 'reference',
      evidence: { before: exam.before, after: exam.after, n: exam.n },
      timestamp: atMs,
    },
  };
}

function notices({ gap, roomId }: Attempt, text: string): ActorEffect[] {
  const rooms = new Set([roomId, ...(gap?.rooms ?? [])]);
  return [...rooms].map((room) => ({
    type: 'tell',
    to: { name: actorNames.participant(systemParticipantId) },
    message: { type: 'system.notice', data: { roomId: room, text } },
  }));
}

function adoptionReason({ attempt }: LoopContext): string {
  if (!attempt?.exam) return '';
  const { before, after, n } = attempt.exam;
  return `right answers rose from ${percent(before)} to ${percent(after)} on ${n} held-out questions`;
}

function percent(ratio: number): string {
  return `${Math.round(ratio * 100)} %`;
}

// ---- what was adopted, on trial ----

function trialsAfter(context: LoopContext, attempt: Attempt, ended: ImprovementOutcome): readonly Trial[] {
  const { exam, capability, roomId } = attempt;
  // Dropped or not: a trial is judged once, so that a persona that cannot drop is not asked for ever.
  if (attempt.step === 'rolling-back') return context.trials.filter(({ genomeId }) => genomeId !== exam?.genomeId);
  if (ended.outcome !== 'adopted' || !exam) return context.trials;
  const before = context.evidence.of(capability).judgements;
  const fromNode = ended.fromNode ?? context.input.nodeId;
  const trial: Trial = { capability, roomId, genomeId: exam.genomeId, fromNode, exam, before, after: [] };
  // A later genome for the same capability makes it impossible to say whose merit the next judgements are.
  return [...context.trials.filter((other) => other.capability !== capability), trial];
}

/** Counts a judgement for what is on trial; after a window of them a trial is passed. */
function withJudgement({ trials, thresholds }: LoopContext, evidence: ImprovementEvidence): readonly Trial[] {
  return trials
    .map((trial) =>
      trial.capability === evidence.capability ? { ...trial, after: [...trial.after, evidence.satisfaction] } : trial,
    )
    .filter((trial) => trial.after.length < thresholds.windowJudgements || isDisappointing(trial, thresholds));
}

function isDisappointing({ before, after }: Trial, { evidenceMin }: EvolutionThresholds): boolean {
  return after.length >= evidenceMin && isSignificantlyWorse(before, after);
}

function reportOf({ attempt, evidence, outcomes }: LoopContext): ImprovementReport {
  return {
    step: attempt?.step ?? 'watching',
    evidence: evidence.all.map(({ capability, judgements, examItems, restsUntilMs }) => ({
      capability,
      satisfaction: judgements.length === 0 ? null : meanOf(judgements),
      judged: judgements.length,
      examItems,
      restsUntilMs,
    })),
    outcomes,
  };
}
