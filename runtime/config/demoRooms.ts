/**
 * The rooms and personas of a node that nobody has configured: what a newcomer meets. They have no specialities, so
 * that every question is everybody's business; whoever is surest answers.
 */
import type { PersonaConfig, RoomConfig } from './academyConfig.js';

export const defaultRooms: RoomConfig[] = [
  { id: 'lobby', consent: 'academy', topic: 'Ask anything; whoever knows it answers' },
  { id: 'typescript-help', consent: 'academy', topic: 'TypeScript and Node.js' },
  { id: 'academy-training', consent: 'academy', topic: 'Where personas are taught and examined' },
];

export const defaultPersonas: PersonaConfig[] = [
  {
    id: 'ada',
    name: 'Ada',
    capabilities: ['typescript-basics', 'typescript-types', 'typescript-config', 'typescript-runtime'],
    knowledge: ['builtin:typescript-help'],
    rooms: ['lobby', 'typescript-help', 'academy-training'],
    rank: 16,
  },
  {
    id: 'bo',
    name: 'Bo',
    capabilities: [
      'banking',
      'credit_cards',
      'travel',
      'auto_and_commute',
      'kitchen_and_dining',
      'home',
      'work',
      'utility',
      'small_talk',
      'meta',
    ],
    knowledge: ['builtin:clinc150'],
    rooms: ['lobby', 'academy-training'],
    rank: 32,
  },
  {
    id: 'mia',
    name: 'Mia',
    capabilities: ['academy-guide'],
    knowledge: ['builtin:academy'],
    rooms: ['lobby', 'academy-training'],
    rank: 16,
  },
];
