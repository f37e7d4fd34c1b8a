/** Holds two of a kind to the same answers, one of which is put to rest and made again in between, as a move does it. */
import { isDeepStrictEqual } from 'node:util';
import fc from 'fast-check';
import { assertPlainData } from '../../../runtime/hosting/persistence/assertPlainData.js';
import { decodeImages } from '../../../runtime/hosting/persistence/decodeImages.js';
import { encodeImages } from '../../../runtime/hosting/persistence/encodeImages.js';

export interface Kind<T, S, Op> {
  make(): T;
  snapshot(it: T): S;
  restore(snapshot: S): T;
  readonly operations: fc.Arbitrary<Op>;
  /** @returns what one can see of it then */
  apply(it: T, operation: Op): unknown;
  /** Operations in a run at most. @default 60 */
  readonly stepsMax?: number;
  /** @default 100 */
  readonly runs?: number;
}

/** @throws Error that names the first step at which the two are not the same */
export function goesOnAsBefore<T, S, Op>(kind: Kind<T, S, Op>): void {
  const { make, operations, apply, stepsMax = 60, runs = 100 } = kind;
  const steps = fc.array(fc.record({ operation: operations, rests: fc.boolean() }), {
    maxLength: stepsMax,
    size: 'max',
  });
  fc.assert(
    fc.property(steps, (drawn) => {
      const stays = make();
      let moves = make();
      for (const [step, { operation, rests }] of drawn.entries()) {
        if (rests) moves = elsewhere(kind, moves, operation);
        const [expected, found] = [apply(stays, operation), apply(moves, operation)];
        if (isDeepStrictEqual(found, expected)) continue;
        throw new Error(`step ${step}: ${JSON.stringify(found)} instead of ${JSON.stringify(expected)}`);
      }
    }),
    { numRuns: runs },
  );
}

/** What was put to rest may go on and change in place, before its snapshot is written: nothing of that is in it. */
function elsewhere<T, S, Op>({ snapshot, restore, apply }: Kind<T, S, Op>, it: T, meanwhile: Op): T {
  const rest = snapshot(it);
  assertPlainData(rest, 'snapshot');
  apply(it, meanwhile);
  return restore(throughImage(rest));
}

function throughImage<S>(context: S): S {
  const snapshot = { status: 'active', value: 'idle', context: { rest: context }, children: {}, historyValue: {} };
  const image = { id: 1, version: 1, sequence: 0, ledger: null, timers: [], subscriptions: [], monitors: [], snapshot };
  const [read] = decodeImages(encodeImages([image]));
  return (read as { snapshot: { context: { rest: S } } }).snapshot.context.rest;
}
