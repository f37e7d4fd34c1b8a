/** Where the modules of the built-in actors are, for the worker threads that import them. */
import type { ActorModule } from '../runtime/protocol/actorModule.js';

const builtIn = (file: string, exportName: string): ActorModule => ({
  module: new URL(`../actors/${file}.js`, import.meta.url).href,
  exportName,
});

export const actorModules = {
  chatRoom: builtIn('chatRoom', 'chatRoom'),
  chatDaemon: builtIn('chatDaemon', 'chatDaemon'),
  academyDaemon: builtIn('academyDaemon', 'academyDaemon'),
  personaManager: builtIn('personaManager', 'personaManager'),
  genomeManager: builtIn('genomeManager', 'genomeManager'),
  selfImprovementLoop: builtIn('selfImprovementLoop', 'selfImprovementLoop'),
  human: builtIn('human', 'human'),
  persona: builtIn('persona', 'persona'),
  aiAssistant: builtIn('aiAssistant', 'aiAssistant'),
  system: builtIn('system', 'system'),
} as const;
