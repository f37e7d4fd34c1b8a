/** The system participant: posts notices into rooms, such as what a persona has learnt. It cannot be sent out. */
import { enqueueActions, setup } from 'xstate';
import type { ActorDefinition, ActorEffect, ActorInput, DeliveredMessage } from '../runtime/protocol/actors.js';
import type { SendMessageParams } from '../runtime/protocol/schemas/commands.js';
import type { ChatParticipant } from '../runtime/protocol/schemas/participant.js';
import { actorNames, chatCommands, type RoomNotice } from './messages.js';

export interface SystemOptions {
  readonly participant: ChatParticipant;
}

type SystemEvent = RoomNotice | DeliveredMessage<'system.notice', { readonly roomId: string; readonly text: string }>;

const machine = setup({
  types: {} as {
    context: { readonly participantId: string };
    events: SystemEvent;
    input: ActorInput<SystemOptions>;
    emitted: ActorEffect;
  },
  actions: {
    post: enqueueActions(({ context, event, enqueue }) => {
      if (event.type !== 'system.notice') return;
      const params: SendMessageParams = {
        roomId: event.data.roomId,
        participantId: context.participantId,
        text: event.data.text,
        messageType: 'notice',
        trainingMode: 'disabled',
        metadata: { aiGenerated: false, participantType: 'system', confidence: 1 },
      };
      enqueue.emit({
        type: 'tell',
        to: { name: actorNames.chatDaemon },
        message: { type: chatCommands.sendMessage, data: params },
      });
    }),
  },
}).createMachine({
  id: 'system',
  context: ({ input }) => ({ participantId: input.options.participant.id }),
  initial: 'attending',
  states: { attending: { on: { 'system.notice': { actions: 'post' } } } },
});

export const system: ActorDefinition = { kind: 'academy-actor', machine };
