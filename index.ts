/**
 * academy-mesh: the public names. What is heavy (store, threads, sockets) is loaded when a node is made, so that a
 * participant's module, which every worker thread imports, stays light.
 */
import type { LoadBenchmarkOptions, LoadBenchmarkResult } from './benchmarks/load.js';
import type { AcademyNode } from './node/AcademyNode.js';
import type { AcademyNodeOptions } from './node/createAcademyNode.js';
import type { EventMessage } from './runtime/protocol/EventMessage.js';

export {
  type CallbackParticipant,
  defineParticipant,
  type MachineParticipant,
  type ParticipantAnswers,
  type ParticipantCallbacks,
  type ParticipantContext,
  type ParticipantDefinition,
  type ParticipantRoom,
  type SayOptions,
} from './actors/defineParticipant.js';
export type { ImprovementEvidence, RoomNotice, RoomNotices } from './actors/messages.js';
export { participantEffects } from './actors/participant/participantEffects.js';
export type { AcademyNode, NodeStatus, ParticipantHandle, RoomStatus, SpawnOptions } from './node/AcademyNode.js';
export type { AcademyNodeOptions } from './node/createAcademyNode.js';
export type { ReloadReport } from './node/ModuleWatch.js';
export type { PersonSeat } from './node/PersonSeat.js';
export type { AcademyConfig } from './runtime/config/academyConfig.js';
export { defineConfig } from './runtime/config/defineConfig.js';
export type { ActorHandle } from './runtime/hosting/ActorHandle.js';
export { defineActor } from './runtime/hosting/defineActor.js';
export { defineSupervisor } from './runtime/hosting/supervision/defineSupervisor.js';
export { explain } from './runtime/hosting/tiers/explain.js';
export type { TierName, TierReason } from './runtime/hosting/tiers/MachineTier.js';
export type { EventPublication, PublicationOptions } from './runtime/mesh/EventStreams.js';
export { actorEffects } from './runtime/protocol/actorEffects.js';
export { type ActorModule, actorModule } from './runtime/protocol/actorModule.js';
export type { ActorReport, RunningReport } from './runtime/protocol/actorReport.js';
export type {
  ActorAddress,
  ActorDefinition,
  ActorEffect,
  ActorInfo,
  ActorInput,
  ActorReference,
  ActorSpec,
  DeadLetter,
  DeadLetterReason,
  DeliveredEvent,
  DeliveredMessage,
  Departure,
  DownMessage,
  ExitMessage,
  MailboxAlarm,
  ResumedMessage,
  Settled,
  UndeliveredMessage,
} from './runtime/protocol/actors.js';
export type { ActorContract, ActorTypes, ContractIn, MessagesOf, ReferenceTo } from './runtime/protocol/contract.js';
export type { EventMessage, EventTarget } from './runtime/protocol/EventMessage.js';
export { formatEndpoint, parseEndpoint } from './runtime/protocol/endpoints.js';
export { ACADEMY_ERRORS, AcademyError, type AcademyErrorCode, type ErrorRecord } from './runtime/protocol/errors.js';
export {
  ACADEMY_CHAT_EVENTS,
  ACADEMY_EVENTS,
  type AcademyChatEventData,
  type AcademyChatEventName,
  type AcademyEventData,
  type AcademyEventName,
  academyEventNames,
  assertEventData,
  eventByName,
  isEventData,
} from './runtime/protocol/events.js';
export { limits } from './runtime/protocol/limits.js';
export type { ContextCodec } from './runtime/protocol/persistence.js';
export type { EventReceipt, ReceiptWord } from './runtime/protocol/receipts.js';
export type { ChatMessage, EntrySeal, HybridTime, PerformanceTracking } from './runtime/protocol/schemas/chat.js';
export type {
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
} from './runtime/protocol/schemas/commands.js';
export type { GenomeCandidate, GenomeQuery, LoRALayer } from './runtime/protocol/schemas/genome.js';
export type { ChatParticipant, ParticipantType, RoomConsent } from './runtime/protocol/schemas/participant.js';
export type { PersonaEvolution } from './runtime/protocol/schemas/persona.js';
export type { TrainingSignal } from './runtime/protocol/schemas/training.js';
export type {
  Directive,
  Directives,
  QuarantinedMessage,
  SupervisedActor,
  SupervisedSupervisor,
  SupervisorDefinition,
  SupervisorInfo,
} from './runtime/protocol/supervision.js';
export type { LoadBenchmarkOptions, LoadBenchmarkResult };

/** Class names of the plan for what listeners of a room receive (settlement C3). */
export type MessageSentEvent = EventMessage<'academy.chat.message'>;
export type ParticipantJoinedEvent = EventMessage<'academy.chat.room.join'>;
export type AcademyMessageEvent = MessageSentEvent;
export type PersonaEvolutionEvent = EventMessage<'academy.persona.evolution'>;

/**
 * Makes a node and starts it.
 *
 * @example
 * ```ts
 * const node = await createAcademyNode({ academyId: 'my-academy', data: './data' });
 * await node.spawn('./my-bot.js');
 * await node.stop();
 * ```
 * @throws AcademyError ERR_ACADEMY_CONFIG_INVALID, ERR_ACADEMY_DATA_IN_USE, ERR_ACADEMY_PORT_IN_USE, ERR_ACADEMY_STORE,
 * ERR_ACADEMY_SECRET_INVALID, ERR_ACADEMY_TRANSPORT_START, ERR_ACADEMY_ACTOR_MODULE
 */
export async function createAcademyNode(options: AcademyNodeOptions = {}): Promise<AcademyNode> {
  const joiner = await import('./node/createAcademyNode.js');
  return joiner.createAcademyNode(options);
}

/**
 * Starts real processes, offers messages at a rate and measures what arrives, and when.
 *
 * @example
 * ```ts
 * const result = await runLoadBenchmark({ rooms: 20, participants: 200, rate: 5000, seconds: 10, nodes: 2 });
 * ```
 * @throws AcademyError ERR_ACADEMY_BAD_ARGUMENT
 */
export async function runLoadBenchmark(options: LoadBenchmarkOptions = {}): Promise<LoadBenchmarkResult> {
  const load = await import('./benchmarks/load.js');
  return load.runLoadBenchmark(options);
}
