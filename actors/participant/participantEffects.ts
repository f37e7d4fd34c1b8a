/** Effects that a participant written as an XState machine emits to take part; see MachineParticipant. */
import type { ActorEffect, ActorMessage } from '../../runtime/protocol/actors.js';
import type { SendMessageParams } from '../../runtime/protocol/schemas/commands.js';
import type { ChatParticipant } from '../../runtime/protocol/schemas/participant.js';
import type { SayOptions } from '../defineParticipant.js';
import { actorNames, chatCommands } from '../messages.js';

export const participantEffects = {
  /** Says something in a room that the participant sits in. */
  say(participant: ChatParticipant, roomId: string, text: string, options: SayOptions = {}): ActorEffect {
    const message = participantEffects.sayCommand(participant, roomId, text, options);
    return { type: 'tell', to: { name: actorNames.chatDaemon }, message };
  },

  /** The command behind `say`, for an `ask` of one's own. */
  sayCommand(
    participant: ChatParticipant,
    roomId: string,
    text: string,
    options: SayOptions,
  ): ActorMessage & { data: SendMessageParams } {
    const { replyTo, confidence = 1, mentions, answerId, threadId } = options;
    return {
      type: chatCommands.sendMessage,
      data: {
        roomId,
        participantId: participant.id,
        text,
        messageType: 'text',
        ...(replyTo === undefined ? {} : { replyTo }),
        ...(threadId === undefined ? {} : { threadId }),
        ...(mentions === undefined ? {} : { mentions: [...mentions] }),
        ...(answerId === undefined ? {} : { answerId }),
        metadata: {
          aiGenerated: participant.type === 'persona' || participant.type === 'ai_assistant',
          participantType: participant.type,
          confidence,
        },
      },
    };
  },
};
