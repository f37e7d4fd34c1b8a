/** The module of a new participant: small, but of the form that a real one has. */
export interface ParticipantNames {
  /** Of files and in rooms: `weather-bot`. */
  readonly id: string;
  /** What people see and mention: `Weather-bot`. */
  readonly name: string;
  /** As a variable in code: `weatherBot`. */
  readonly variable: string;
}

export type Language = 'js' | 'ts';
export type Template = 'callbacks' | 'machine';

export function participantModule(names: ParticipantNames, template: Template, language: Language): string {
  return template === 'machine' ? machineModule(names, language) : callbackModule(names, language);
}

function callbackModule({ id, name }: ParticipantNames, language: Language): string {
  const typed = language === 'ts' ? '<{ heard: number }>' : '';
  return `// ${name}, a participant of an academy. It runs on a worker thread under supervision: if it throws, it is started
// again, and nobody else notices.
import { defineParticipant } from 'academy-mesh';

export default defineParticipant${typed}({
  id: '${id}',
  name: '${name}',
  capabilities: ['repeats what it hears'],
  rooms: ['lobby'],

  // Somebody says "@${name} …". Each room keeps a state of its own, for as long as the participant lives.
  onMention: (message, me) => {
    const room = me.room(message.roomId);
    const heard = (room.state?.heard ?? 0) + 1;
    room.state = { heard };
    const words = message.text.replaceAll('@${name}', '').trim();
    return me.reply(message, \`(\${heard}) You said: \${words}\`);
  },

  // What people think of its answers.
  onSignal: ({ personaId, signal }, me) => {
    if (personaId === me.self.id) me.log('info', \`judged with \${signal.value}\`);
  },
});
`;
}

function machineModule({ id, name, variable }: ParticipantNames, language: Language): string {
  const isTyped = language === 'ts';
  const imports = isTyped
    ? `import {
  type ActorEffect,
  type ActorInput,
  type ChatParticipant,
  defineParticipant,
  participantEffects,
  type RoomNotice,
} from 'academy-mesh';`
    : `import { defineParticipant, participantEffects } from 'academy-mesh';`;
  const types = isTyped
    ? `
  types: {} as {
    context: { heard: number };
    events: RoomNotice;
    input: ActorInput;
    emitted: ActorEffect;
  },
`
    : '';
  return `// ${name}, a participant of an academy, as an XState machine. It receives what its rooms tell as events, and acts by
// emitting effects. It runs on a worker thread under supervision: if it throws, it is started again.
${imports}
import { assign, emit, setup } from 'xstate';

const ${variable}${isTyped ? ': ChatParticipant' : ''} = { id: '${id}', name: '${name}', type: 'ai_assistant' };

const machine = setup({${types}}).createMachine({
  id: '${id}',
  context: { heard: 0 },
  initial: 'listening',
  states: {
    listening: {
      on: {
        'room.message': {
          guard: ({ event }) => event.data.message.mentions?.includes(${variable}.id) ?? false,
          actions: [
            assign({ heard: ({ context }) => context.heard + 1 }),
            emit(({ context, event }) => {
              const { message } = event.data;
              const words = message.text.replaceAll('@${name}', '').trim();
              const answer = \`(\${context.heard}) You said: \${words}\`;
              return participantEffects.say(${variable}, message.roomId, answer, { replyTo: message.messageId });
            }),
          ],
          target: 'resting',
        },
      },
    },
    // So that it does not talk all the time.
    resting: { after: { 2_000: 'listening' } },
  },
});

export default defineParticipant({ ...${variable}, capabilities: ['repeats what it hears'], rooms: ['lobby'], machine });
`;
}
