/** The two measures for which actors need only be started: how fast that goes, and how much memory each one takes. */
import { slopeOfMemory, timed } from './measure.js';
import type { Workload } from './Workload.js';

/**
 * @param many starts that many actors
 * @param check says what is wrong when fewer than `count` of them live
 */
export function startMeasures<A>(
  many: (count: number) => A[],
  check: (actors: readonly A[], count: number) => string | null | Promise<string | null>,
): Pick<Workload, 'spawn' | 'idle'> {
  return {
    async spawn(count) {
      let actors = many(Math.ceil(count / 5));
      return timed(
        count,
        () => {
          actors = many(count);
        },
        () => check(actors, count),
      );
    },

    idle: (count) => slopeOfMemory(count, many, (all) => check(all, all.length)),
  };
}
