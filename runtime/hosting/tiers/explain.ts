/** Says of a machine in which tier it runs, and why it is not a faster one. */
import type { AnyActorLogic } from 'xstate';
import type { ActorDefinition } from '../../protocol/actors.js';
import { analyseMachine, type MachineAnalysis } from './analyseMachine.js';

/**
 * @example
 * ```ts
 * const { tier, reasons } = explain(machine);
 * for (const { feature, place, remedy } of reasons) console.log(`${tier}: ${feature} at ${place}; ${remedy}`);
 * ```
 */
export function explain(machine: AnyActorLogic | ActorDefinition): MachineAnalysis {
  return analyseMachine('kind' in machine && machine.kind === 'academy-actor' ? machine.machine : machine);
}
