/**
 * The words that the built-in actors send each other on one node, with the shape of each. They never come from the
 * network: what a peer sends arrives as a declared event or as a command.
 */

import { actorNames, chatCommands } from '../runtime/protocol/actorNames.js';
import type { DeliveredMessage } from '../runtime/protocol/actors.js';
import type { ErrorRecord } from '../runtime/protocol/errors.js';
import type { ChainHead, RoomLogEntry } from '../runtime/protocol/roomLog.js';
import type { ChatMessage, Presence, Typing } from '../runtime/protocol/schemas/chat.js';
import type { GenomeCandidate, GenomeDescriptor, GenomeQuery } from '../runtime/protocol/schemas/genome.js';
import type { ChatParticipant, RoomConsent } from '../runtime/protocol/schemas/participant.js';
import type { PersonaEvolution } from '../runtime/protocol/schemas/persona.js';
import type { TrainingSignal } from '../runtime/protocol/schemas/training.js';
import type { Static } from '../runtime/protocol/typebox.js';
import type { AcademyMessage } from './academyDaemon.js';
import type { ModelAdapterReference } from './ModelAdapter.js';

export { actorNames, chatCommands };

/** What a room tells its members. Every participant, of whatever kind, receives exactly these. */
export interface RoomNotices {
  /** After a join, or when the room or the participant was started again. */
  'room.joined': {
    roomId: string;
    members: readonly ChatParticipant[];
    consent: RoomConsent;
    recent: readonly ChatMessage[];
  };
  'room.message': { roomId: string; message: ChatMessage; replyTo?: ChatMessage };
  'room.member-joined': { roomId: string; participant: ChatParticipant; nodeId: string };
  'room.member-left': { roomId: string; participantId: string; nodeId: string; reason: string };
  'room.signal': { roomId: string; signal: TrainingSignal; fromNode: string };
  'room.typing': { roomId: string; typing: Static<typeof Typing> };
  'room.presence': { roomId: string; presence: Static<typeof Presence> };
  'room.evolution': { roomId: string; evolution: PersonaEvolution };
}
export type RoomNotice = { [K in keyof RoomNotices]: DeliveredMessage<K, RoomNotices[K]> }[keyof RoomNotices];

/** A member's seat in a room, as the room-log service keeps it for rooms that are started again. */
export interface Seat {
  readonly participant: ChatParticipant;
  /** Name of the member's actor. */
  readonly actor: string;
}

/** Questions to the service `room-log`. */
export interface RoomLogQuestions {
  /** Everything a room needs to start, again or for the first time. */
  'log.open': { ask: { roomId: string }; answer: RoomOpening };
  'log.append': { ask: { entries: readonly RoomLogEntry[] }; answer: null };
  'log.history': {
    ask: { roomId: string; before?: string; limit: number };
    answer: { entries: readonly RoomLogEntry[]; cursor: string | null };
  };
  'log.message': { ask: { roomId: string; messageId: string }; answer: RoomLogEntry | null };
  /** Entries after the given version vector, at most `limit`. */
  'log.after': {
    ask: { roomId: string; versions: Readonly<Record<string, number>>; limit: number };
    answer: { entries: readonly RoomLogEntry[]; more: boolean };
  };
  'rooms.list': { ask: null; answer: readonly RoomRecord[] };
  /** Opens a room: stores it and starts its actor. Idempotent. */
  'rooms.open': { ask: RoomRecord; answer: null };
  'seats.put': { ask: { roomId: string; seat: Seat }; answer: null };
  'seats.remove': { ask: { roomId: string; participantId: string }; answer: null };
}

export interface RoomRecord {
  readonly roomId: string;
  readonly consent: RoomConsent;
  readonly topic?: string;
}

export interface RoomOpening {
  readonly room: RoomRecord;
  readonly heads: Readonly<Record<string, ChainHead>>;
  /** Newest entries, oldest first. */
  readonly recent: readonly RoomLogEntry[];
  readonly seats: readonly Seat[];
}

/** Questions to a persona's actor `participant/{id}`. */
export interface PersonaQuestions {
  'persona.inspect': { ask: null; answer: PersonaReport };
  /** Tests the genome of the store on the persona's own held-out items; adopts nothing. */
  'persona.examine': { ask: { genomeId: string }; answer: ExamReport };
  /** Adopts a genome of the store. */
  'persona.adopt': {
    ask: { genomeId: string; exam: ExamReport };
    answer: { capabilities: readonly string[]; addedGenomes: readonly string[] };
  };
  /** Takes a genome off again (rollback). */
  'persona.drop': { ask: { genomeId: string }; answer: null };
  /** Share of right answers on labelled items; trains nothing. */
  'persona.measure': { ask: { items: readonly LabelledItem[] }; answer: { accuracy: number; n: number } };
  /** What its loop needs to know before it looks for help with a capability. */
  'persona.gap': { ask: { capability: string }; answer: CapabilityGap };
  /** What it would answer; says nothing in any room. */
  'persona.answer': {
    ask: { input: string };
    answer: { answerId: string | null; confidence: number; text: string | null };
  };
  /** Publishes what it has learnt as a genome, if the measured gain on its held-out items exceeds the threshold. */
  'persona.publish': { ask: null; answer: { genomeId: string | null; gain: number; n: number; reason: string } };
  /** Writes what it has learnt to the persona store now. */
  'persona.save': { ask: null; answer: null };
}

/** Questions to an AI assistant's actor `participant/{id}`. */
export interface AssistantQuestions {
  /** Loads another model and speaks through it from then on; when it cannot be loaded the old one stays. */
  'assistant.swap-model': { ask: ModelAdapterReference; answer: { model: string } };
  'assistant.inspect': { ask: null; answer: { model: string; thinking: number; rooms: readonly string[] } };
}

export interface CapabilityGap {
  readonly capability: string;
  /** 512 numbers that describe what it was asked; null: nothing is known of the capability. */
  readonly vector: readonly number[] | null;
  readonly capabilities: readonly string[];
  readonly activeGenomes: readonly string[];
  /** Held-out items of the capability. */
  readonly examItems: number;
  /** Rooms that it is a member of. */
  readonly rooms: readonly string[];
}

export interface LabelledItem {
  readonly input: string;
  /** Id of the right answer; null for silence. */
  readonly expected: string | null;
}

export interface ExamReport {
  readonly genomeId: string;
  readonly n: number;
  readonly before: number;
  readonly after: number;
  readonly gain: number;
  readonly pValue: number;
  readonly accepted: boolean;
  /** Why it was accepted or refused, in words. */
  readonly reason: string;
}

export interface PersonaReport {
  readonly personaId: string;
  readonly capabilities: readonly string[];
  readonly activeGenomes: readonly string[];
  readonly signals: number;
  readonly answersKnown: number;
  /** Mean of the judged answers of the last window, 0 to 1; null: none judged. Source: human_feedback and tests. */
  readonly satisfaction: number | null;
  readonly judged: number;
  readonly examItems: number;
}

/** What a persona tells its loop `self-improvement/{id}` after each judged answer. */
export interface ImprovementEvidence {
  readonly roomId: string;
  readonly capability: string;
  /** 0 to 1; what the judgement says of the answer. */
  readonly satisfaction: number;
  /** Held-out items of that capability that an exam could use now. */
  readonly examItems: number;
}

/** The word with which a persona hands ImprovementEvidence to its loop; nobody waits for an answer. */
export const improvementEvidence = 'improvement.evidence';

/** Questions to a persona's loop `self-improvement/{id}`. */
export interface ImprovementQuestions {
  'improvement.inspect': { ask: null; answer: ImprovementReport };
  /** Looks for help with a capability now, whatever the evidence; answered when the attempt has ended. */
  'improvement.run': { ask: { capability: string; roomId: string }; answer: ImprovementOutcome };
}

export interface ImprovementReport {
  /** Step of the attempt that is under way; `watching` when there is none. */
  readonly step: string;
  readonly evidence: readonly {
    readonly capability: string;
    /** Null: nobody has judged it since it last changed. */
    readonly satisfaction: number | null;
    readonly judged: number;
    readonly examItems: number;
    /** No attempt for this capability before this wall time. */
    readonly restsUntilMs: number;
  }[];
  /** Newest last. */
  readonly outcomes: readonly ImprovementOutcome[];
}

export interface ImprovementOutcome {
  readonly capability: string;
  readonly roomId: string;
  readonly outcome: 'adopted' | 'no-candidates' | 'refused' | 'failed' | 'rolled-back';
  readonly reason: string;
  readonly genomeId: string | null;
  readonly fromNode: string | null;
  /** The exam that decided; null when none was held. */
  readonly exam: ExamReport | null;
  /** Whether the genome was announced again, with the evidence of the exam. */
  readonly shared: boolean;
  readonly costBytes: number;
  readonly costMs: number;
  readonly atMs: number;
}

/** Questions to the genome manager. */
export interface GenomeQuestions {
  'genome.discover': {
    ask: {
      requesterId: string;
      query: GenomeQuery;
      searchRadius: 'local' | 'academy' | 'mesh' | 'global';
      maxResults: number;
      timeoutMs: number;
    };
    answer: { candidates: readonly GenomeCandidate[] };
  };
  /** Fetches from the node, checks hash, base and bounds, and stores. */
  'genome.fetch': {
    ask: { genomeId: string; nodeId: string };
    answer: { genomeId: string; bytes: number; descriptor: GenomeDescriptor };
  };
  /** Stores a genome of this node and announces it. */
  'genome.publish': {
    ask: { files: Readonly<Record<string, Uint8Array>>; personaId: string };
    answer: { genomeId: string; descriptor: GenomeDescriptor };
  };
  'genome.list': { ask: null; answer: readonly GenomeDescriptor[] };
  /** What the command `genome-fetch` answers another node with. */
  'genome.files': { ask: { genomeId: string }; answer: { files: Readonly<Record<string, Uint8Array>> } };
  /** A message to `/academy/genome/{discover}`. */
  'academy.message': { ask: AcademyMessage; answer: unknown };
}

/** The word with which a persona tells the persona manager that it is there, and later how it is. */
export const personaReported = 'persona.reported';

/** Questions to the persona manager. */
export interface PersonaManagerQuestions {
  'personas.list': { ask: null; answer: readonly PersonaReport[] };
  /** Hands a signal to one persona, as if it had been given in its room. */
  'persona.updateTraining': { ask: { personaId: string; signal: TrainingSignal }; answer: null };
  /** A message to `/academy/persona/{personaId}`. */
  'academy.message': { ask: AcademyMessage; answer: unknown };
}

/** Questions to the service `genome-store`. Files by name, in peft's shape. */
export interface GenomeStoreQuestions {
  'store.put': { ask: { genomeId: string; files: Readonly<Record<string, Uint8Array>> }; answer: null };
  'store.get': { ask: { genomeId: string }; answer: Readonly<Record<string, Uint8Array>> | null };
  'store.list': { ask: null; answer: readonly string[] };
}

/** Questions to the service `persona-store`: what a persona has learnt, kept over restarts. */
export interface PersonaStoreQuestions {
  'learnt.put': { ask: { personaId: string; bytes: Uint8Array }; answer: null };
  'learnt.get': { ask: { personaId: string }; answer: Uint8Array | null };
}

/** What a machine receives when one of these questions is put to it; `ask` is set when an answer is awaited. */
export type Asked<Q extends { [K in keyof Q]: { ask: unknown; answer: unknown } }> = {
  [K in keyof Q & string]: DeliveredMessage<K, Q[K]['ask']>;
}[keyof Q & string];

/** The data of a message with which an `ask` effect settles. */
export interface SettledAs<T> {
  readonly tag: unknown;
  readonly result?: T;
  readonly error?: ErrorRecord;
}
