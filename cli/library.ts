/**
 * What the command line needs of the library beyond its public names: configuration and its origins, the control
 * socket, tickets, knowledge packs. The only file here that reaches behind index.ts; loaded when a command needs it.
 */
import { diagnose, type Finding } from '../node/diagnose.js';
import type { AcademyConfig } from '../runtime/config/academyConfig.js';
import { AcademySmartEventRouter, type Route, type RouteOverrides } from '../runtime/mesh/AcademySmartEventRouter.js';
import { formatTicket, joinAcademy, openAcademySecret } from '../runtime/storage/academySecret.js';
import { systemClock } from '../runtime/system/systemClock.js';
import { systemRandom } from '../runtime/system/systemRandom.js';

export { dataBucket } from '../actors/learning/dataBucket.js';
export { EmbeddedPersona, type LearningSignal } from '../actors/learning/EmbeddedPersona.js';
export { parseKnowledgePack } from '../actors/learning/KnowledgePack.js';
export { loadBaseModel } from '../actors/learning/loadBaseModel.js';
export type { ImprovementOutcome, ImprovementReport, PersonaQuestions, PersonaReport } from '../actors/messages.js';
export type { AcademyUserConfig } from '../runtime/config/academyConfig.js';
export { configKeys } from '../runtime/config/configKeys.js';
export { loadConfigFile } from '../runtime/config/loadConfigFile.js';
export { nearestWord } from '../runtime/config/nearestWord.js';
export { configValue, type ResolvedConfig, resolveConfig } from '../runtime/config/resolveConfig.js';
export { systemParticipantId } from '../runtime/protocol/actorNames.js';
export { decodeGenome } from '../runtime/protocol/genome/decodeGenome.js';
export { encodeGenome, GENOME_FILES } from '../runtime/protocol/genome/encodeGenome.js';
export { genomeLimits } from '../runtime/protocol/genome/Genome.js';
export { identifyGenome } from '../runtime/protocol/genome/genomeIdOf.js';
export { type Random, seededRandom } from '../runtime/protocol/Random.js';
export { Compile, default as Type, type TSchema, type Validator } from '../runtime/protocol/typebox.js';
export { parseTicket } from '../runtime/storage/academySecret.js';
export { makeFolder } from '../runtime/storage/makeFolder.js';
export { defaultDataFolder } from '../runtime/storage/userPaths.js';
export { ControlClient } from '../transports/control/ControlClient.js';
export { type ControlHandler, ControlServer } from '../transports/control/ControlServer.js';
export { groupAddresses } from '../transports/udp/groupAddresses.js';

export type { Finding, Route };
export { systemClock };

/** What `academy doctor` tells. */
export function diagnoseMachine(config: AcademyConfig): Promise<readonly Finding[]> {
  return diagnose({ config, clock: systemClock, random: systemRandom });
}

/** The table that `academy routes` prints, without a node. */
export function routingTable(overrides: RouteOverrides): readonly Route[] {
  return new AcademySmartEventRouter(overrides).table();
}

/** The line that makes another machine a member; the academy's secret is made if this user has none yet. */
export function ticketOf(academyId: string): string {
  return formatTicket(academyId, openAcademySecret(academyId, { random: systemRandom }));
}

/** @returns the id of the academy that this user is a member of now */
export function joinByTicket(ticket: string): string {
  return joinAcademy(ticket, { random: systemRandom });
}
