/**
 * What changes while a machine deals with one event. A tier has one that it uses again and again, and makes another
 * only when a machine sets off a second one from within its step.
 */
import type { AnyEventObject } from 'xstate';
import type { CompiledRun } from './CompiledRun.js';
import type { MachineSelf } from './MachineSelf.js';
import type { Place } from './Place.js';
import type { Written } from './writtenCode.js';
import type { Context } from './xstateShapes.js';

/** One part of what a transition does. */
export interface Operation extends Written {
  (step: Step): void;
}

/** What the world is asked for when the step is taken. */
export type Effect =
  | { readonly kind: 'emit'; readonly event: AnyEventObject }
  | { readonly kind: 'send'; readonly target: unknown; readonly event: AnyEventObject }
  | {
      readonly kind: 'schedule';
      readonly id: string | undefined;
      readonly delayMs: number;
      readonly event: AnyEventObject;
      readonly target: unknown;
    }
  | { readonly kind: 'cancel'; readonly id: string };

/** The tier, as far as its operations need it. */
export interface StepHost {
  selfOf(run: CompiledRun): MachineSelf;
  log(run: CompiledRun, words: readonly unknown[]): void;
}

export class Step {
  readonly host: StepHost;
  run: CompiledRun;
  context: Context;
  event: AnyEventObject;
  /** Where the machine stood when the present microstep began. */
  place: Place;
  /** Whether XState would have made a new snapshot in this microstep: then eventless transitions are asked again. */
  hasChanged = false;
  isDone = false;
  output: unknown = undefined;
  /** Raised events; they come before all others. */
  readonly raised: AnyEventObject[] = [];
  readonly effects: Effect[] = [];
  /** What the machine has sent itself from within the step; it is dealt with after it. */
  readonly toSelf: AnyEventObject[] = [];
  /** On entering the initial state the machine's own functions are called when all is decided. */
  entryCalls: (() => void)[] | null = null;

  constructor(host: StepHost, run: CompiledRun) {
    this.host = host;
    this.run = run;
    this.context = run.context;
    this.place = run.place;
    this.event = noEvent;
  }

  begin(run: CompiledRun, event: AnyEventObject): void {
    this.run = run;
    this.context = run.context;
    this.place = run.place;
    this.event = event;
    this.hasChanged = false;
  }

  /** After a step that has failed or was the last: what it has left undone is not for the next. */
  clear(): void {
    this.isDone = false;
    this.output = undefined;
    this.entryCalls = null;
    this.raised.length = 0;
    this.effects.length = 0;
    this.toSelf.length = 0;
  }
}

const noEvent: AnyEventObject = { type: '' };
