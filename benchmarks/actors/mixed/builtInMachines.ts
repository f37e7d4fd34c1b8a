/** The project's own machines that need no node around them but somebody to speak to: they belong to the mixed load. */
import { human } from '../../../actors/human.js';
import type { PersonaReport, RoomNotices } from '../../../actors/messages.js';
import { personaManager } from '../../../actors/personaManager.js';
import { system } from '../../../actors/system.js';
import type { ActorMessage } from '../../../runtime/protocol/actors.js';
import type { ChatParticipant } from '../../../runtime/protocol/schemas/participant.js';
import { type MixedMachine, said, sinkName } from './MixedMachine.js';

const participant: ChatParticipant = { id: 'ann', name: 'Ann', type: 'human' };
const roomId = 'lobby';

function remark(text: string): ActorMessage {
  // What the machine reads of a message is its text and its author; it only passes it on.
  const message = { roomId, messageId: 'm-1', participantId: 'bob', text } as RoomNotices['room.message']['message'];
  return said('room.message', { roomId, message } satisfies RoomNotices['room.message']);
}

function report(index: number): ActorMessage {
  const data: PersonaReport = {
    personaId: `persona-${index}`,
    capabilities: ['cooking'],
    activeGenomes: [],
    signals: index,
    answersKnown: 10 * index,
    satisfaction: 0.5,
    judged: index,
    examItems: 0,
  };
  return said('persona.reported', data);
}

export const builtInMachines: readonly MixedMachine[] = [
  {
    name: 'human',
    definition: human,
    script: [
      said('seat.attach', { outlet: sinkName }),
      remark('Good morning.'),
      remark('Is anybody here?'),
      said('room.typing', { roomId }),
      said('seat.detach'),
      remark('Nobody.'),
    ],
    options: { participant },
    reports: false,
    speaks: true,
  },
  {
    name: 'system',
    definition: system,
    script: ['learnt', 'forgotten'].map((what) => said('system.notice', { roomId, text: `something was ${what}` })),
    options: { participant: { id: 'system', name: 'System', type: 'system' } satisfies ChatParticipant },
    reports: false,
    speaks: true,
  },
  {
    name: 'personaManager',
    definition: personaManager,
    script: [1, 2, 3, 4].map(report),
    options: {},
    reports: false,
  },
];
