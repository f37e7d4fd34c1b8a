/**
 * What a persona knows and how it decides, without the machine around it: whether to speak and what to say, what to
 * learn from a judgement and what to keep for exams, what an exam finds, and what is worth publishing. It acts on
 * nothing but itself; what should happen in the world it returns.
 */
import { deserialize, serialize } from 'node:v8';
import type { Genome } from '../runtime/protocol/genome/Genome.js';
import { genomeLimits } from '../runtime/protocol/genome/Genome.js';
import { limits } from '../runtime/protocol/limits.js';
import { type RandomState, type SeededRandom, seededRandom } from '../runtime/protocol/Random.js';
import type { ChatMessage, PerformanceTracking } from '../runtime/protocol/schemas/chat.js';
import type { SendMessageParams } from '../runtime/protocol/schemas/commands.js';
import type { ChatParticipant } from '../runtime/protocol/schemas/participant.js';
import type { TrainingSignal } from '../runtime/protocol/schemas/training.js';
import { type Address, addressOf, withoutCalls } from './addressOf.js';
import { contentWordsOf } from './contentWords.js';
import { type EvolutionThresholds, evolutionDefaults, isWorthSharing, meanOf } from './evolutionPolicy.js';
import { HeldOutItems } from './HeldOutItems.js';
import { capabilityVectorOf } from './learning/capabilityVector.js';
import { dataBucket } from './learning/dataBucket.js';
import {
  EmbeddedPersona,
  type EmbeddedPersonaOptions,
  type EmbeddedPersonaState,
  type SilenceThresholds,
} from './learning/EmbeddedPersona.js';
import type { ExamResult } from './learning/examResult.js';
import { type KnowledgeItem, KnowledgePack, parseKnowledgePack } from './learning/KnowledgePack.js';
import { loadBaseModel } from './learning/loadBaseModel.js';
import type { CapabilityGap, ExamReport, LabelledItem, PersonaReport } from './messages.js';
import { RoomContexts, type RoomContextsOptions, type RoomContextsSnapshot, type RoomRole } from './RoomContexts.js';
import { anyPersona } from './room/feedbackSignal.js';
import { SignalGate, type SignalGateOptions, type SignalGateSnapshot } from './SignalGate.js';
import { type ShareableGenome, shareableGenome } from './shareableGenome.js';

export interface PersonaMindOptions {
  readonly participant: ChatParticipant;
  /** A knowledge pack: JSONL text. */
  readonly knowledge: string;
  /** Where the pack came from, for error messages. @default "the knowledge of {id}" */
  readonly knowledgeSource?: string;
  /** Rank of the layer that it trains: 32 for a whole persona, 16 for one field. @default 16 */
  readonly rank?: number;
  /** Lessons kept for going over again, about 2 KB each. @default 4096 */
  readonly replayMax?: number;
  /** Words that wake it. Without any, every question is its business. */
  readonly specialities?: readonly string[];
  /** Its role by room; `role` elsewhere. @default 'expert' */
  readonly roles?: Readonly<Record<string, RoomRole>>;
  readonly role?: RoomRole;
  /** Say the likeliest answer however unsure it is: for lessons and for being examined by people. @default false */
  readonly answerAll?: boolean;
  /** @default as measured, see EmbeddedPersona */
  readonly silence?: SilenceThresholds;
  readonly thresholds?: Partial<EvolutionThresholds>;
  readonly signalGate?: Partial<SignalGateOptions>;
}

/** Its own state in one room. */
export interface RoomStanding {
  readonly answers: number;
  /** Judged answers of the last window, oldest first: what people thought of them, 0 to 1. */
  readonly satisfaction: readonly number[];
  /** The same where the right answer is known: 1 right, 0 wrong. */
  readonly accuracy: readonly number[];
}

/** What a signal led to. */
export interface SignalOutcome {
  /** What became of it as a lesson. */
  readonly lesson: 'learnt' | 'held-out' | 'ignored';
  readonly capability: string | null;
  /** Set when it judged this persona. */
  readonly satisfaction: number | null;
}

/** A genome that is worth publishing, or why there is none. */
export type Publication =
  | ShareableGenome
  | { readonly genome: null; readonly reason: string; readonly gain: number; readonly n: number };

/** What it has learnt. */
interface Learnt {
  readonly brain: EmbeddedPersonaState;
  readonly heldOut: HeldOutItems['all'];
  readonly satisfaction: readonly number[];
  readonly judged: number;
  readonly signals: number;
  readonly hasPrivateLessons: boolean;
}

/** Everything that outlives a restart. */
interface SavedMind extends Learnt {
  readonly version: 1;
  readonly standings: readonly (readonly [roomId: string, standing: RoomStanding])[];
}

/** A mind at rest, in the middle of whatever it does: plain data. */
export interface PersonaMindSnapshot extends Learnt {
  readonly contexts: RoomContextsSnapshot<RoomStanding>;
  readonly gate: SignalGateSnapshot;
  readonly unpublished: readonly (readonly [capability: string, signals: number])[];
  readonly considerAgainAt: readonly (readonly [capability: string, progress: number])[];
  readonly adoptedCapabilities: readonly (readonly [genomeId: string, capabilities: readonly string[]])[];
  readonly random: RandomState;
}

const judgementsKept = 50;
/** Where a pack names no capability. */
const uncategorised = 'general';
/** Being called by name, or hearing one's subject, halves how sure one must be. */
const wokenFactor = 0.5;
/** A specialist speaks about other subjects only when it is as good as certain. */
const strangerConfidence = 0.5;
/** Lessons or held-out items after which a capability that was not worth publishing is looked at again. */
const considerAgainAfter = 50;
/** Drops on a few guard items are noise up to this many items. */
const guardDropItems = 3;

const newStanding: RoomStanding = { answers: 0, satisfaction: [], accuracy: [] };

export class PersonaMind {
  #contexts: RoomContexts<RoomStanding>;
  #gate: SignalGate;
  readonly thresholds: EvolutionThresholds;
  readonly #options: PersonaMindOptions;
  readonly #random: SeededRandom;
  readonly #knowledge: KnowledgePack;
  readonly #specialities: ReadonlySet<string>;
  #brain: EmbeddedPersona;
  #heldOut = new HeldOutItems();
  #satisfaction: readonly number[] = [];
  #judged = 0;
  #signals = 0;
  /** Whether it was taught in a room whose talk stays there; then its layer stays at home too. */
  #hasPrivateLessons = false;
  /** Trained signals by capability since the last publication. */
  readonly #unpublished = new Map<string, number>();
  /** Lessons and held-out items by capability before which another look at it would find the same. */
  readonly #considerAgainAt = new Map<string, number>();
  readonly #adoptedCapabilities = new Map<string, readonly string[]>();

  /** @throws AcademyError ERR_ACADEMY_KNOWLEDGE_INVALID, ERR_ACADEMY_FILE_NOT_FOUND, ERR_ACADEMY_BAD_ARGUMENT */
  constructor(options: PersonaMindOptions, seed: number) {
    const { participant, knowledge, knowledgeSource = `the knowledge of ${participant.id}` } = options;
    this.#options = options;
    this.#random = seededRandom(seed);
    this.#knowledge = parseKnowledgePack(knowledge, knowledgeSource);
    this.#specialities = new Set((options.specialities ?? []).flatMap(contentWordsOf));
    this.#brain = new EmbeddedPersona(this.#brainOptions(this.#knowledge));
    this.thresholds = { ...evolutionDefaults, ...options.thresholds };
    this.#gate = new SignalGate(options.signalGate);
    this.#contexts = new RoomContexts(contextsOptions(options));
  }

  get contexts(): RoomContexts<RoomStanding> {
    return this.#contexts;
  }

  get gate(): SignalGate {
    return this.#gate;
  }

  // ---- speaking ----

  /**
   * What it says to a message, or undefined: it stays silent. A question that was put aside for exams is answered as it
   * was told to, so that no correction goes unheeded; exams and measurements do not see that memory.
   */
  replyTo(message: ChatMessage, atMs: number): SendMessageParams | undefined {
    const { participant } = this.#options;
    const address = addressOf(message, participant);
    if (address === 'none') return undefined;
    const question = this.#questionOf(message.text);
    const told = this.#heldOut.answerTo(question);
    if (told === null) return undefined;
    const { top, confidence } = told === undefined ? this.#brain.answer(question) : { top: told, confidence: 1 };
    if (!this.#speaks(question, address, confidence)) return undefined;
    const { roomId } = message;
    const standing = this.contexts.personalState(roomId);
    this.contexts.setPersonalState(roomId, { ...standing, answers: standing.answers + 1 });
    return {
      roomId,
      participantId: participant.id,
      text: this.#item(top).answer,
      messageType: 'text',
      replyTo: message.messageId,
      ...(message.threadId === undefined ? {} : { threadId: message.threadId }),
      trainingMode: message.trainingMode,
      answerId: top,
      sessionId: message.sessionId,
      performanceTracking: this.performanceIn(roomId, Math.max(0, atMs - message.timestamp)),
      metadata: { aiGenerated: true, participantType: participant.type, confidence },
    };
  }

  #speaks(question: string, address: Address, confidence: number): boolean {
    if (confidence === 0) return false;
    if (this.#options.answerAll) return true;
    const threshold = this.#brain.silenceThreshold;
    if (address === 'called') return confidence >= threshold * wokenFactor;
    if (this.#specialities.size === 0) return confidence >= threshold;
    const isWoken = contentWordsOf(question).some((word) => this.#specialities.has(word));
    return confidence >= (isWoken ? threshold * wokenFactor : Math.max(threshold, strangerConfidence));
  }

  #questionOf(text: string): string {
    return withoutCalls(text, this.#options.participant);
  }

  /** Scores of its judged answers in a room; null where nobody judged. */
  performanceIn(roomId: string, responseLatencyMs: number): PerformanceTracking {
    const { accuracy, satisfaction } = this.contexts.personalState(roomId);
    return {
      technicalAccuracy: accuracy.length > 0 ? meanOf(accuracy) : null,
      collaborationQuality: null,
      humanSatisfaction: satisfaction.length > 0 ? meanOf(satisfaction) : null,
      contextAwareness: null,
      responseLatencyMs,
      scorer: 'judged-answers',
      n: Math.max(accuracy.length, satisfaction.length),
    };
  }

  /** What it would answer; says nothing. */
  answer(input: string): { answerId: string | null; confidence: number; text: string | null } {
    const question = this.#questionOf(input);
    const told = this.#heldOut.answerTo(question);
    const { answer, confidence } = told === undefined ? this.#brain.answer(question) : { answer: told, confidence: 1 };
    return { answerId: answer, confidence, text: answer === null ? null : this.#item(answer).answer };
  }

  measure(items: readonly LabelledItem[]): { accuracy: number; n: number } {
    const { accuracy, n } = this.#brain.measure(items);
    return { accuracy, n };
  }

  // ---- learning ----

  /**
   * Takes in a judgement. Whatever the persona's own part in it, a known right answer teaches; questions that the hash
   * of their words makes exam questions are put aside instead, on every node the same.
   */
  hear(signal: TrainingSignal, atMs: number): SignalOutcome {
    const ignored: SignalOutcome = { lesson: 'ignored', capability: null, satisfaction: null };
    if (this.gate.admit(signal, atMs) !== 'heard') return ignored;
    const { expectedAnswerId, actualAnswerId } = signal;
    const input = this.#questionOf(signal.signal.inputContext);
    const named = expectedAnswerId ?? actualAnswerId;
    const isKnown = typeof named === 'string' && this.#knowledge.rowOf(named) >= 0;
    // To stay silent is a lesson whatever was said instead; any other is about an answer that one has.
    if (input === '' || !(isKnown || expectedAnswerId === null)) return ignored;
    const capability = (isKnown ? this.#item(named).capability : undefined) ?? uncategorised;
    const lesson = this.#study(signal, input, capability);
    const satisfaction = this.#judgementOfMe(signal);
    if (satisfaction !== null) this.#noteJudgement(signal, satisfaction);
    return { lesson, capability, satisfaction };
  }

  #study(signal: TrainingSignal, input: string, capability: string): SignalOutcome['lesson'] {
    const { expectedAnswerId: expected, actualAnswerId: answered, roomId } = signal;
    if (dataBucket(input) === 'exam') {
      if (expected === undefined) return 'ignored';
      this.#heldOut.add(capability, { input, expected });
      return 'held-out';
    }
    const outcome =
      expected !== undefined
        ? this.#brain.learn({ input, expected })
        : this.#brain.learn({ input, answered: answered as string, value: signal.signal.value });
    if (outcome !== 'learnt') return 'ignored';
    this.#signals += 1;
    this.#unpublished.set(capability, (this.#unpublished.get(capability) ?? 0) + 1);
    if (signal.signal.type !== 'meta' && this.contexts.consentOf(roomId) === 'local') this.#hasPrivateLessons = true;
    return 'learnt';
  }

  /** 0 to 1; null when the signal judges somebody else, or is teaching material that judges nobody. */
  #judgementOfMe({ personaId, signal, expectedAnswerId, actualAnswerId }: TrainingSignal): number | null {
    if (signal.type === 'meta') return null;
    // Nobody answered although this persona has the answer: that is a judgement of its silence.
    if (personaId === anyPersona) return actualAnswerId === null && typeof expectedAnswerId === 'string' ? 0 : null;
    if (personaId !== this.#options.participant.id) return null;
    if (expectedAnswerId !== undefined && actualAnswerId !== undefined)
      return expectedAnswerId === actualAnswerId ? 1 : 0;
    return (signal.value + 1) / 2;
  }

  #noteJudgement({ roomId, signal, expectedAnswerId, actualAnswerId }: TrainingSignal, satisfaction: number): void {
    this.#judged += 1;
    this.#satisfaction = keepLast(this.#satisfaction, satisfaction);
    if (!this.contexts.roomIds.includes(roomId)) return;
    const standing = this.contexts.personalState(roomId);
    const isRightOrWrong = expectedAnswerId !== undefined && actualAnswerId !== undefined;
    this.contexts.setPersonalState(roomId, {
      ...standing,
      ...(signal.source === 'human_feedback' ? { satisfaction: keepLast(standing.satisfaction, satisfaction) } : {}),
      ...(isRightOrWrong ? { accuracy: keepLast(standing.accuracy, satisfaction) } : {}),
    });
  }

  heldOutItems(capability: string): number {
    return this.#heldOut.count(capability);
  }

  // ---- exams ----

  /** @throws AcademyError ERR_ACADEMY_BASE_MISMATCH */
  examine(genome: Genome): ExamReport {
    // By its answers and not by its capabilities' names, which another pack may have chosen otherwise.
    const capabilities = new Set(
      genome.manifest.answers
        .filter((id) => this.#knowledge.rowOf(id) >= 0)
        .map((id) => this.#item(id).capability ?? uncategorised),
    );
    const { items, guard } = this.#heldOut.paperFor(capabilities);
    const result = this.#brain.examine(genome, items, {
      guard,
      itemsMin: this.thresholds.examItemsMin,
      ...(guard.length > 0 ? { guardDropMax: Math.max(0.03, guardDropItems / guard.length) } : {}),
    });
    const { n, before, after, gain, pValue, accepted } = result;
    return { genomeId: genome.manifest.id, n, before, after, gain, pValue, accepted, reason: verdictOf(result) };
  }

  /** @throws AcademyError ERR_ACADEMY_BASE_MISMATCH, ERR_ACADEMY_BAD_ARGUMENT when it wears too many */
  adopt(genome: Genome): { capabilities: readonly string[]; addedGenomes: readonly string[] } {
    const before = this.#activeGenomes();
    this.#brain.adopt(genome);
    this.#adoptedCapabilities.set(genome.manifest.id, genome.manifest.capabilities);
    const addedGenomes = this.#activeGenomes().filter((genomeId) => !before.includes(genomeId));
    return { capabilities: this.#capabilities(), addedGenomes };
  }

  drop(genomeId: string): boolean {
    this.#adoptedCapabilities.delete(genomeId);
    return this.#brain.dropGenome(genomeId);
  }

  // ---- giving away ----

  /** Whether it has learnt enough of a capability since the last publication to look at what that is worth. */
  isRipe(capability: string): boolean {
    const lessons = this.#unpublished.get(capability) ?? 0;
    const { publishAfterSignals } = this.thresholds;
    return lessons >= publishAfterSignals && this.#progress(capability) >= (this.#considerAgainAt.get(capability) ?? 0);
  }

  /** After a publication only further lessons count; after a refusal a look is worth while when there is more to see. */
  noteConsidered(capability: string, isPublished: boolean): void {
    if (isPublished) this.#unpublished.delete(capability);
    this.#considerAgainAt.set(capability, isPublished ? 0 : this.#progress(capability) + considerAgainAfter);
  }

  #progress(capability: string): number {
    return (this.#unpublished.get(capability) ?? 0) + this.#heldOut.count(capability);
  }

  /**
   * The genome of the capability with the largest gain, if that is worth sharing.
   * @param capabilities those to consider; by default all of its pack
   */
  publication(nodeId: string, atMs: number, capabilities = this.#knowledge.capabilities): Publication {
    const none = (reason: string, gain = 0, n = 0): Publication => ({ genome: null, reason, gain, n });
    if (this.#hasPrivateLessons) return none('it was taught in a room whose talk stays there');
    const { shareGain, examItemsMin } = this.thresholds;
    const examinable = capabilities.filter((capability) => this.#heldOut.count(capability) >= examItemsMin);
    if (examinable.length === 0) return none(`it needs ${examItemsMin} held-out questions of what it learnt`);
    const { id: personaId, name } = this.#options.participant;
    const untaught = new EmbeddedPersona({ ...this.#brainOptions(this.#knowledge), random: seededRandom(0) });
    const [best] = examinable
      .flatMap((capability) => {
        const learnt = `${capability}, learnt by ${name} from ${this.#signals} signals`;
        const description = learnt.slice(0, limits.phraseCharactersMax);
        const about = { description, createdAtMs: atMs, author: { nodeId, personaId } };
        return shareableGenome(this.#brain, untaught, capability, this.#heldOut.of(capability), about) ?? [];
      })
      .sort((left, right) => right.gain - left.gain);
    if (!best) return none('it has learnt no answer of what its held-out questions ask');
    if (isWorthSharing(best.gain, this.thresholds)) return best;
    return none(`a gain of ${best.gain.toFixed(2)} is not more than ${shareGain}`, best.gain, best.n);
  }

  // ---- reports ----

  report(): PersonaReport {
    return {
      personaId: this.#options.participant.id,
      capabilities: this.#capabilities(),
      activeGenomes: this.#activeGenomes(),
      signals: this.#signals,
      answersKnown: this.#knowledge.items.length,
      satisfaction: this.#satisfaction.length === 0 ? null : meanOf(this.#satisfaction),
      judged: this.#judged,
      examItems: this.#heldOut.size,
    };
  }

  gap(capability: string): CapabilityGap {
    const asked = this.#heldOut.of(capability).map(({ input }) => input);
    const titles = this.#knowledge.items.filter((item) => item.capability === capability).map(({ title }) => title);
    const texts = asked.length > 0 ? asked : titles;
    return {
      capability,
      vector: texts.length === 0 ? null : [...capabilityVectorOf(texts, this.#brain.baseModel)],
      capabilities: this.#capabilities(),
      activeGenomes: this.#activeGenomes(),
      examItems: this.#heldOut.count(capability),
      rooms: this.contexts.roomIds,
    };
  }

  #capabilities(): readonly string[] {
    const declared = this.#options.participant.capabilities ?? this.#knowledge.capabilities;
    return [...new Set([...declared, ...[...this.#adoptedCapabilities.values()].flat()])].slice(0, limits.listItemsMax);
  }

  #activeGenomes(): readonly string[] {
    return this.#brain.layers.flatMap(({ genomeId }) => genomeId ?? []);
  }

  // ---- sleep ----

  /** Everything it has learnt, as bytes of this program's own. */
  save(): Uint8Array {
    const saved: SavedMind = { version: 1, ...this.#learnt(), standings: [...this.contexts.personalStates()] };
    return new Uint8Array(serialize(saved));
  }

  /**
   * Takes back what was saved. What was learnt survives an edited knowledge pack: answers are matched by their ids.
   * @throws AcademyError ERR_ACADEMY_BASE_MISMATCH when it was saved over another base model; Error when the bytes are
   *   not what `save` writes
   */
  restore(bytes: Uint8Array): void {
    const saved = deserialize(bytes) as SavedMind;
    if (saved.version !== 1) throw new Error(`the version of what was saved is ${String(saved.version)}`);
    this.#takeBack(saved);
    for (const { genome } of saved.brain.adopted) {
      this.#adoptedCapabilities.set(genome.manifest.id, genome.manifest.capabilities);
    }
    for (const [roomId, standing] of saved.standings) this.contexts.setPersonalState(roomId, standing);
  }

  /**
   * A mind as it was, which goes on as if nothing had happened.
   * @throws AcademyError as the constructor does; ERR_ACADEMY_BASE_MISMATCH when it comes from another base model
   */
  static fromSnapshot(snapshot: PersonaMindSnapshot, options: PersonaMindOptions): PersonaMind {
    const mind = new PersonaMind(options, 0);
    mind.#takeBack(snapshot);
    mind.#contexts = RoomContexts.restore(snapshot.contexts, contextsOptions(options));
    mind.#gate = SignalGate.restore(snapshot.gate, options.signalGate);
    for (const [capability, signals] of snapshot.unpublished) mind.#unpublished.set(capability, signals);
    for (const [capability, progress] of snapshot.considerAgainAt) mind.#considerAgainAt.set(capability, progress);
    for (const [id, capabilities] of snapshot.adoptedCapabilities) mind.#adoptedCapabilities.set(id, capabilities);
    // Last: to make a brain takes chance, too.
    mind.#random.resume(snapshot.random);
    return mind;
  }

  snapshot(): PersonaMindSnapshot {
    return {
      ...this.#learnt(),
      contexts: this.contexts.snapshot(),
      gate: this.gate.snapshot(),
      unpublished: [...this.#unpublished],
      considerAgainAt: [...this.#considerAgainAt],
      adoptedCapabilities: [...this.#adoptedCapabilities],
      random: this.#random.snapshot(),
    };
  }

  #learnt(): Learnt {
    return {
      brain: this.#brain.snapshot(),
      heldOut: this.#heldOut.all,
      satisfaction: this.#satisfaction,
      judged: this.#judged,
      signals: this.#signals,
      hasPrivateLessons: this.#hasPrivateLessons,
    };
  }

  #takeBack({ brain, heldOut, satisfaction, judged, signals, hasPrivateLessons }: Learnt): void {
    this.#brain = this.#awakened(brain);
    this.#heldOut = HeldOutItems.from(heldOut);
    this.#satisfaction = satisfaction;
    this.#judged = judged;
    this.#signals = signals;
    this.#hasPrivateLessons = hasPrivateLessons;
  }

  #awakened(state: EmbeddedPersonaState): EmbeddedPersona {
    const { items } = this.#knowledge;
    const isSamePack = state.answers.length === items.length && items.every(({ id }, row) => id === state.answers[row]);
    if (isSamePack) return EmbeddedPersona.restore(state, this.#brainOptions(this.#knowledge));
    // The pack was edited: what was learnt comes along like the genome of another persona.
    const formerPack = new KnowledgePack(state.answers.map((id) => ({ id, title: id, answer: id })));
    const former = EmbeddedPersona.restore(state, this.#brainOptions(formerPack));
    const brain = new EmbeddedPersona(this.#brainOptions(this.#knowledge));
    for (const { genome, scale } of state.adopted) brain.adopt(genome, scale);
    if (state.confirmations.some((count) => count > 0)) {
      const { id: personaId, name } = this.#options.participant;
      const before = former.exportGenome({
        name: 'before the pack was edited',
        description: `what ${name} had learnt before its knowledge pack was edited`,
        columns: genomeLimits.columnsMax,
        createdAtMs: 0,
        author: { personaId },
      });
      brain.adopt(before);
    }
    return brain;
  }

  #brainOptions(knowledge: KnowledgePack): EmbeddedPersonaOptions {
    const { rank, replayMax, silence } = this.#options;
    return {
      knowledge,
      baseModel: loadBaseModel(),
      random: this.#random,
      ...(rank === undefined ? {} : { rank }),
      ...(replayMax === undefined ? {} : { replayMax }),
      ...(silence === undefined ? {} : { silence }),
    };
  }

  #item(answerId: string): KnowledgeItem {
    return this.#knowledge.items[this.#knowledge.rowOf(answerId)] as KnowledgeItem;
  }
}

function contextsOptions({ participant, roles, role }: PersonaMindOptions): RoomContextsOptions<RoomStanding> {
  return {
    self: participant,
    personalState: () => newStanding,
    ...(roles ? { roles } : {}),
    ...(role ? { role } : {}),
  };
}

function keepLast(values: readonly number[], value: number): readonly number[] {
  return [...values, value].slice(-judgementsKept);
}

function verdictOf({ n, before, after, gain, pValue, refusal, guard }: ExamResult): string {
  const figures = `${percent(before)} to ${percent(after)} on ${n} held-out items, p = ${pValue.toPrecision(2)}`;
  switch (refusal) {
    case null:
      return `accepted: right answers rose from ${figures}`;
    case 'too-few-items':
      return `refused: ${n} held-out items are too few for an exam`;
    case 'gain-too-small':
      return `refused: a gain of ${gain.toFixed(3)} is too small (${figures})`;
    case 'not-significant':
      return `refused: the gain may be chance (${figures})`;
    case 'spoils-other-answers':
      return `refused: other answers fell from ${percent(guard.before)} to ${percent(guard.after)} (${figures})`;
  }
}

function percent(ratio: number): string {
  return `${Math.round(ratio * 100)} %`;
}
