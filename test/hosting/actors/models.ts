/** Models for an AI assistant on a thread. */
import { existsSync, writeFileSync } from 'node:fs';
import type { ModelAdapter } from '../../../actors/ModelAdapter.js';

/** Never comes to an end with the first question that it is ever asked; the file remembers that it was. */
export const ponderer = (file: unknown): ModelAdapter => ({
  name: 'ponderer',
  respond: ({ question }) => {
    if (existsSync(String(file))) return Promise.resolve({ text: `I thought about "${question}"`, confidence: 1 });
    writeFileSync(String(file), question);
    return new Promise(() => {});
  },
});

export const learner = (): ModelAdapter => ({ name: 'learner', respond: async () => null, learn: () => {} });
