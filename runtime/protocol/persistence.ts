/**
 * What of an actor outlives its thread and its node. The author says it in the definition, whoever spawns the actor in
 * its spec. docs/SEMANTICS.md says what each kind promises.
 */
import type { ActorInput } from './actors.js';

/**
 * `none`: nothing, it starts afresh. `snapshot`: its state, now and then; what came since is lost, and counted.
 * `journal`: every message that it has handled is on disk before anyone hears of what it did; nothing of it is lost.
 */
export type PersistKind = 'none' | 'snapshot' | 'journal';

export const persistKinds: readonly PersistKind[] = ['none', 'snapshot', 'journal'];

/**
 * Of a message that is an effect of a `journal` actor: its id, the effect's number, the one up to which all is done, and
 * the one that goes before it for the same receiver and is not answered; 0 when there is none.
 */
export type EffectOrigin = readonly [sender: number, effect: number, done: number, before: number];

/** Of a message to a `journal` actor: an effect of one, or the answer to an effect of its own. */
export type MessageOrigin = EffectOrigin | { readonly answers: number };

/**
 * The two ways between a context with instances of classes and plain data, for a machine that is to be kept or moved all
 * the same. `X`: the context. `P`: what it is packed into. `O`: the actor's options.
 */
export interface ContextCodec<X = unknown, P = unknown, O = unknown> {
  /**
   * Gives what is needed to make the context again: plain objects, lists, maps, sets, typed arrays, dates, numbers and
   * texts. It leaves the context as it is and hands out copies of whatever the machine changes in place. What is in no
   * need of being kept, above all the input, it leaves out. What it throws, or an instance of a class in what it gives,
   * keeps the actor from being kept or moved: ERR_ACADEMY_SNAPSHOT_INVALID with the place.
   */
  pack(context: X): P;
  /**
   * Makes the context again, from what `pack` has given, or `migrate` has made of it. What it throws is
   * ERR_ACADEMY_SNAPSHOT_INVALID: the actor does not move, or is not started.
   * @param input as for an actor that starts there: `self` is its address now, `nowMs` the clock of its shard, which
   *   shows the journal's time while the machine goes through that again. `seed` and `startedAtMs` are new as well: what
   *   must stay as it was belongs into what is packed
   */
  unpack(packed: P, input: ActorInput<O>): X;
}

/** Part of an ActorDefinition. `X`: the machine's context. `P`: what it is packed into. `O`: the actor's options. */
export interface PersistDefinition<X = unknown, P = unknown, O = unknown> {
  /** @default 'none' */
  readonly persist?: PersistKind;
  /** Of the machine's states and context: raise it when older snapshots do not fit any more. @default 1 */
  readonly snapshotVersion?: number;
  /**
   * Makes a snapshot of an older version fit. Both are in XState's persisted shape: `{ status, value, context, … }`, with
   * the context as `contextCodec` packs it.
   * @default a snapshot of another version is an error, by which the actor is not started
   */
  readonly migrate?: (snapshot: unknown, fromVersion: number) => unknown;
  /** For a context with instances of classes. @default the context is kept as it is, and must be plain data */
  readonly contextCodec?: ContextCodec<X, P, O>;
  /** An actor that nothing has reached for so long is put to disk, until its next message. @default never */
  readonly passivateAfterMs?: number;
}

/** Part of an ActorSpec; goes before what the definition says. */
export interface PersistSpec {
  readonly persist?: PersistKind;
  readonly passivateAfterMs?: number;
}
