/** The load benchmark's participant, as its node spawns it on a worker thread. */
import { enqueueActions, setup } from 'xstate';
import { defineParticipant } from '../../actors/defineParticipant.js';
import type { ActorEffect, ActorInput } from '../../runtime/protocol/actors.js';
import { LoadSpeaker } from './LoadSpeaker.js';
import type { LoadSpeakerEvent, LoadSpeakerOptions } from './loadWords.js';

const machine = setup({
  types: {} as {
    context: { readonly speaker: LoadSpeaker };
    events: LoadSpeakerEvent;
    input: ActorInput<LoadSpeakerOptions>;
    emitted: ActorEffect;
  },
  actions: {
    handle: enqueueActions(({ context, event, enqueue, self }) =>
      context.speaker.handle(
        event,
        (effect) => enqueue.emit(effect),
        () => self.send({ type: 'load.due' }),
      ),
    ),
  },
}).createMachine({
  id: 'loadParticipant',
  context: ({ input }) => ({ speaker: new LoadSpeaker(input) }),
  initial: 'talking',
  states: {
    talking: {
      on: {
        'room.message': { actions: 'handle' },
        'load.*': { actions: 'handle' },
      },
    },
  },
});

/** Like a person: turn-taking holds nothing back that it says. */
export const loadParticipant = defineParticipant({ name: 'load', type: 'human', rooms: [], machine });
