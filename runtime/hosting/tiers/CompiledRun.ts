/** One life of a compiled machine: where it stands and its context. What is rare is made when it is first needed. */

import type { MachineSelf } from './MachineSelf.js';
import type { MachineOwner, MachineRun } from './MachineTier.js';
import type { Place } from './Place.js';
import type { Step } from './Step.js';
import type { Context } from './xstateShapes.js';

export class CompiledRun implements MachineRun {
  readonly owner: MachineOwner;
  status: MachineRun['status'] = 'active';
  place: Place;
  context: Context;
  /** The step that it is taking. */
  step: Step | null = null;
  rare: RareParts | null = null;

  constructor(owner: MachineOwner, place: Place, context: Context) {
    this.owner = owner;
    this.place = place;
    this.context = context;
  }
}

export interface RareParts {
  self?: MachineSelf<CompiledRun>;
  /** Of a machine that is in its final state. */
  output?: unknown;
  error?: unknown;
}
