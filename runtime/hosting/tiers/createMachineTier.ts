/** Picks for a machine the fastest tier that can run it. */
import type { AnyActorLogic } from 'xstate';
import type { Clock } from '../../protocol/Clock.js';
import { CompiledTier } from './CompiledTier.js';
import { FullTier } from './FullTier.js';
import type { MachineOutlet, MachineTier, TierName } from './MachineTier.js';
import type { Chart } from './xstateShapes.js';

export interface MachineTierOptions {
  /** For what runs beside a full actor: its children's timers. */
  readonly clock: Clock;
  /** Runs it in this tier, for tests and for authors who know why. @default the fastest that fits */
  readonly force?: TierName | undefined;
}

export function createMachineTier(
  machine: AnyActorLogic,
  outlet: MachineOutlet,
  options: MachineTierOptions,
): MachineTier {
  if (options.force === 'compiled') return new CompiledTier(machine as unknown as Chart, outlet);
  return new FullTier(machine, outlet, options.clock, []);
}
