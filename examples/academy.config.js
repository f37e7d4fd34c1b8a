// Copy it into the folder that you start from; `npx academy-mesh config` shows what came of it.
import { defineConfig } from 'academy-mesh';

export default defineConfig({
  academyId: 'study-group',
  name: 'Sam',
  rooms: [
    // Feedback given here trains the personas of every node of the academy.
    { id: 'typescript-help', consent: 'academy', topic: 'TypeScript and Node.js' },
    // What is said and judged here stays on this node.
    { id: 'private', consent: 'local' },
  ],
  personas: [
    {
      id: 'ada',
      name: 'Ada',
      capabilities: ['typescript-basics'],
      knowledge: ['builtin:typescript-help'],
      rooms: ['typescript-help', 'private'],
    },
  ],
  participants: ['./echo-bot.js'],
});
