/**
 * The node's own supervision tree. What a room or a participant does wrong costs itself; what the daemons cannot
 * survive costs them a fresh start together; and only what that does not mend reaches the node.
 *
 * ```
 *   node ─┬─ node/daemons        chat-daemon, academy-daemon, persona-manager, genome-manager
 *         ├─ node/rooms          one for each room
 *         └─ node/participants   people, personas with their loops, assistants, participants of one's own
 * ```
 */
import type { GenomeManagerOptions } from '../actors/genomeManager.js';
import { defineSupervisor } from '../runtime/hosting/supervision/defineSupervisor.js';
import { actorNames } from '../runtime/protocol/actorNames.js';
import type { ActorSpec, RestartOptions } from '../runtime/protocol/actors.js';
import type { SupervisorDefinition } from '../runtime/protocol/supervision.js';
import { actorModules } from './actorModules.js';

export const nodeSupervisors = {
  root: 'node',
  daemons: 'node/daemons',
  rooms: 'node/rooms',
  participants: 'node/participants',
} as const;

/** Of each room and participant: beyond it, it alone is given up. */
const ownBound: Partial<RestartOptions> = { intensity: 5, withinMs: 10_000 };

/** The rest of the spec of a room or a participant: whose child it is, and its own bound. */
export function childOf(supervisor: 'rooms' | 'participants'): Pick<ActorSpec, 'supervisor' | 'restart'> {
  return { supervisor: nodeSupervisors[supervisor], restart: ownBound };
}

export function nodeTree(genomeOptions: GenomeManagerOptions): SupervisorDefinition {
  const restart = { kind: 'permanent' } as const;
  const daemons = defineSupervisor({
    children: [
      { name: actorNames.chatDaemon, ...actorModules.chatDaemon, restart },
      { name: actorNames.academyDaemon, ...actorModules.academyDaemon, restart },
      { name: actorNames.personaManager, ...actorModules.personaManager, restart, options: {} },
      { name: actorNames.genomeManager, ...actorModules.genomeManager, restart, options: genomeOptions },
    ],
  });
  // Many that fall at once, because something they all need is gone, are no reason to end them all: each has its bound.
  const each = defineSupervisor({ strategy: 'dynamic', intensity: Number.POSITIVE_INFINITY });
  return defineSupervisor({
    intensity: 3,
    withinMs: 60_000,
    children: [
      { name: nodeSupervisors.daemons, supervisor: daemons },
      { name: nodeSupervisors.rooms, supervisor: each },
      { name: nodeSupervisors.participants, supervisor: each },
    ],
  });
}
