/**
 * What of an actor outlives its thread and its node. The author says it in the definition, whoever spawns the actor in
 * its spec. docs/SEMANTICS.md says what each kind promises.
 */

/**
 * `none`: nothing, it starts afresh. `snapshot`: its state, now and then; what came since is lost, and counted.
 * `journal`: every message that it has handled is on disk before anyone hears of what it did; nothing of it is lost.
 */
export type PersistKind = 'none' | 'snapshot' | 'journal';

export const persistKinds: readonly PersistKind[] = ['none', 'snapshot', 'journal'];

/** Of a message that is an effect of a `journal` actor: its id, the effect's number, and the one up to which all is done. */
export type EffectOrigin = readonly [sender: number, effect: number, done: number];

/** Of a message to a `journal` actor: an effect of one, or the answer to an effect of its own. */
export type MessageOrigin = EffectOrigin | { readonly answers: number };

/** Part of an ActorDefinition. */
export interface PersistDefinition {
  /** @default 'none' */
  readonly persist?: PersistKind;
  /** Of the machine's states and context: raise it when older snapshots do not fit any more. @default 1 */
  readonly snapshotVersion?: number;
  /**
   * Makes a snapshot of an older version fit. Both are in XState's persisted shape: `{ status, value, context, … }`.
   * @default a snapshot of another version is an error, by which the actor is not started
   */
  readonly migrate?: (snapshot: unknown, fromVersion: number) => unknown;
  /** An actor that nothing has reached for so long is put to disk, until its next message. @default never */
  readonly passivateAfterMs?: number;
}

/** Part of an ActorSpec; goes before what the definition says. */
export interface PersistSpec {
  readonly persist?: PersistKind;
  readonly passivateAfterMs?: number;
}
