/** Seats whom the configuration names: the system participant, personas with their loops, and participants of one's own. */
import { readFile } from 'node:fs/promises';
import { parseKnowledgePack } from '../actors/learning/KnowledgePack.js';
import type { PersonaOptions } from '../actors/persona.js';
import type { SelfImprovementOptions } from '../actors/selfImprovementLoop.js';
import type { SystemOptions } from '../actors/system.js';
import { dataFile } from '../packageRoot.js';
import type { AcademyConfig, PersonaConfig } from '../runtime/config/academyConfig.js';
import { systemParticipantId } from '../runtime/protocol/actorNames.js';
import { AcademyError } from '../runtime/protocol/errors.js';
import type { ChatParticipant } from '../runtime/protocol/schemas/participant.js';
import type { AcademyNode } from './AcademyNode.js';
import { actorModules } from './actorModules.js';

const system: ChatParticipant = { id: systemParticipantId, name: 'Academy', type: 'system' };
const builtInPrefix = 'builtin:';

/** @throws AcademyError ERR_ACADEMY_FILE_NOT_FOUND, ERR_ACADEMY_KNOWLEDGE_INVALID, ERR_ACADEMY_ACTOR_MODULE */
export async function seatParticipants(node: AcademyNode, config: AcademyConfig): Promise<void> {
  const rooms = config.rooms.map(({ id }) => id);
  const options: SystemOptions = { participant: system };
  await node.spawnBuiltIn(system, actorModules.system, options, rooms);
  await Promise.all([
    ...config.personas.map((persona) => seatPersona(node, persona, config)),
    ...config.participants.map((source) => node.spawn(source)),
  ]);
}

async function seatPersona(node: AcademyNode, persona: PersonaConfig, { thresholds }: AcademyConfig): Promise<void> {
  const participant: ChatParticipant = {
    id: persona.id,
    name: persona.name,
    type: 'persona',
    traits: ['lora'],
    capabilities: persona.capabilities,
  };
  const packs = await Promise.all(persona.knowledge.map(readKnowledge));
  const options: PersonaOptions = {
    participant,
    knowledge: packs.join('\n'),
    knowledgeSource: persona.knowledge.join(', '),
    ...(persona.rank === undefined ? {} : { rank: persona.rank }),
    ...(persona.specialities === undefined ? {} : { specialities: persona.specialities }),
    thresholds,
  };
  const loop: SelfImprovementOptions = { participant, thresholds };
  try {
    await node.spawnBuiltIn(participant, actorModules.persona, options, persona.rooms);
  } catch (fault) {
    // The worker reads all packs as one; whoever has to mend a line needs its own file and number.
    for (const [place, pack] of packs.entries()) parseKnowledgePack(pack, persona.knowledge[place] ?? persona.id);
    parseKnowledgePack(options.knowledge, persona.knowledge.join(' with '));
    throw fault;
  }
  await node.spawnDaemon(`self-improvement/${persona.id}`, actorModules.selfImprovementLoop, loop);
}

async function readKnowledge(source: string): Promise<string> {
  const path = source.startsWith(builtInPrefix)
    ? dataFile('knowledge', `${source.slice(builtInPrefix.length)}.jsonl`)
    : source;
  try {
    return (await readFile(path, 'utf8')).trimEnd();
  } catch (cause) {
    throw new AcademyError('ERR_ACADEMY_FILE_NOT_FOUND', `the knowledge pack ${path} cannot be read`, {
      remedy: 'name a JSONL file, or builtin:typescript-help, builtin:clinc150, builtin:academy',
      cause,
    });
  }
}
