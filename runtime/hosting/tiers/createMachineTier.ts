/** Picks for a machine the fastest tier that can run it. */
import type { AnyActorLogic } from 'xstate';
import type { Clock } from '../../protocol/Clock.js';
import { AcademyError } from '../../protocol/errors.js';
import { analyseMachine } from './analyseMachine.js';
import { CompiledTier } from './CompiledTier.js';
import { FullTier } from './FullTier.js';
import { HostedTier } from './HostedTier.js';
import type { MachineOutlet, MachineTier, TierName, TierReason } from './MachineTier.js';
import { withRefusals } from './missingPart.js';
import type { Chart } from './xstateShapes.js';

export interface MachineTierOptions {
  /** For what runs beside a full actor: its children's timers. */
  readonly clock: Clock;
  /** Runs it in this tier, for tests and for authors who know why. @default the fastest that fits */
  readonly force?: TierName | undefined;
  /** For tests: how often a compiled machine makes a choice before all of it becomes one function. @default 200 */
  readonly usesBeforeFusing?: number | undefined;
}

/** From the fastest to the one that can do everything. */
const tiers: readonly TierName[] = ['compiled', 'hosted', 'full'];

/** @throws AcademyError ERR_ACADEMY_MACHINE_UNSUPPORTED when the forced tier cannot run the machine */
export function createMachineTier(
  machine: AnyActorLogic,
  outlet: MachineOutlet,
  options: MachineTierOptions,
): MachineTier {
  const { tier: fastest, reasons } = analyseMachine(machine);
  const { force: name = fastest } = options;
  if (tiers.indexOf(name) < tiers.indexOf(fastest)) throw unfit(name, reasons);
  switch (name) {
    case 'compiled':
      return new CompiledTier(machine as unknown as Chart, outlet, options.usesBeforeFusing);
    case 'hosted':
      return new HostedTier(withRefusals(machine), outlet, reasons);
    case 'full':
      return new FullTier(withRefusals(machine), outlet, options.clock, reasons);
  }
}

function unfit(name: TierName, reasons: readonly TierReason[]): AcademyError {
  const [first] = reasons as [TierReason];
  return new AcademyError(
    'ERR_ACADEMY_MACHINE_UNSUPPORTED',
    `the ${name} tier cannot run ${first.feature} (${first.place})`,
    { remedy: first.remedy },
  );
}
