/**
 * The seam between a host and what runs its machines. A machine may run as tables (`compiled`), by XState's own step
 * (`hosted`) or as an XState actor (`full`); the host sees no difference, and a snapshot of one is understood by all.
 * A tier is made once for each definition of a host, and keeps nothing about its actors but in their runs.
 */
import type { AnyEventObject } from 'xstate';

export type TierName = 'compiled' | 'hosted' | 'full';

/** Why a machine does not run in a faster tier. */
export interface TierReason {
  /** What the machine uses, such as `invoke`. */
  readonly feature: string;
  /** Where: the state's id, and the place in it. */
  readonly place: string;
  /** What its author can do to have it compiled. */
  readonly remedy: string;
}

/** Whom a run belongs to: the host's cell. Handed back with whatever the machine does to the world. */
export interface MachineOwner {
  /** XState's id of the actor. */
  readonly name: string;
  /** Where `sendParent` goes; a machine without a parent fails by it, as in XState. */
  readonly parent?: unknown;
}

/** One life of one machine. What else is in it is the tier's own. */
export interface MachineRun {
  readonly owner: MachineOwner;
  readonly status: 'active' | 'done' | 'error' | 'stopped';
}

/**
 * What machines do to the world. It is called when the step is taken that asked for it, in the order of the machine's
 * actions, so the world never hears of a step that failed. It only fills mailboxes: it must not send to a run of its
 * own accord. What it throws is a fault of the machine.
 */
export interface MachineOutlet {
  emit(owner: MachineOwner, emitted: AnyEventObject): void;
  /** `sendTo` and `sendParent` to anything that is no XState actor: the target as the machine gave it. */
  send(owner: MachineOwner, target: unknown, event: AnyEventObject): void;
  /**
   * A timer: `after`, or a delayed raise or sendTo. When it is due, an event whose target is null goes to
   * `MachineTier.expire`, another to where `send` would have brought it. As in XState a second timer of the same id
   * stands beside the first. An id that is undefined cannot be cancelled. The owner's timers end with its run.
   */
  schedule(owner: MachineOwner, id: string | undefined, delayMs: number, event: AnyEventObject, target: unknown): void;
  /** Ends the latest timer of this id, if there is one. */
  cancel(owner: MachineOwner, id: string): void;
  /** The machine is in its final state. */
  done(owner: MachineOwner, output: unknown): void;
  /** It failed while nobody was sending to it: by an event that its own asynchronous code sent, or by a child. */
  failed(owner: MachineOwner, error: unknown): void;
  log(owner: MachineOwner, ...words: readonly unknown[]): void;
}

export interface MachineTier {
  readonly name: TierName;
  /** Empty for the compiled tier. */
  readonly reasons: readonly TierReason[];
  /** False for a machine that makes nothing of its input: it may be started without one. */
  readonly takesInput: boolean;
  /**
   * Enters the initial state and runs to rest.
   * @throws what the machine threw; then there is no run, and nothing to stop
   */
  start(owner: MachineOwner, input: unknown): MachineRun;
  /**
   * Goes on from a snapshot of any tier. No entry action runs and no timer starts: the host re-arms its own.
   * @throws the machine's error, when the snapshot is of a run that has failed
   */
  restore(owner: MachineOwner, snapshot: unknown): MachineRun;
  /**
   * Hands it an event and runs to rest; a run that is not active ignores it.
   * @throws what the machine threw: then the run is over and its status `error`
   * @throws AcademyError ERR_ACADEMY_BAD_ARGUMENT for an event that only XState itself may send
   */
  send(run: MachineRun, event: AnyEventObject): void;
  /** The same for the event of a timer that is due, which may be one of XState's own. */
  expire(run: MachineRun, event: AnyEventObject): void;
  /** XState's persisted snapshot. Its context is the machine's own object: copy it before the machine runs on. */
  snapshot(run: MachineRun): unknown;
  /** The context of a machine, or the state of other logic: the machine's own object, to be looked at. */
  contextOf(run: MachineRun): unknown;
  /** The state's name, as JSON where states are nested. */
  stateText(run: MachineRun): string;
  /** Whether the machine names this event in its states; a wildcard does not count. */
  hears(type: string): boolean;
  /** Ends the run without a word, and its children with it. */
  stop(run: MachineRun): void;
}
