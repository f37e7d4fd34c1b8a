import fc from 'fast-check';
import t from 'tap';
import { type ChildEnd, defaultRestart, restartPolicy } from '../../../../runtime/hosting/supervision/restartPolicy.js';
import type { RestartKind } from '../../../../runtime/protocol/actors.js';
import { seededRandom } from '../../../../runtime/protocol/Random.js';

const half = { ...seededRandom(1), next: () => 0 };
const options = { ...defaultRestart, intensity: 3, withinMs: 1_000, backoffMs: 20, backoffMaxMs: 50 };

const table: [kind: RestartKind, end: ChildEnd, earlierMs: number[], expected: unknown][] = [
  ['permanent', 'crash', [], { restart: true, delayMs: 10 }],
  ['permanent', 'done', [], { restart: true, delayMs: 10 }],
  ['transient', 'crash', [], { restart: true, delayMs: 10 }],
  ['transient', 'done', [], { restart: false, outcome: 'stopped' }],
  ['temporary', 'crash', [], { restart: false, outcome: 'failed' }],
  ['temporary', 'done', [], { restart: false, outcome: 'stopped' }],
  ['transient', 'crash', [9_500], { restart: true, delayMs: 20 }],
  ['transient', 'crash', [9_500, 9_600], { restart: true, delayMs: 25 }],
  ['transient', 'crash', [9_500, 9_600, 9_700], { restart: false, outcome: 'failed' }],
  ['permanent', 'done', [9_500, 9_600, 9_700], { restart: false, outcome: 'failed' }],
  ['transient', 'crash', [9_000, 9_600, 9_700], { restart: true, delayMs: 25 }],
  ['transient', 'crash', [1, 2, 3, 4, 5, 6], { restart: true, delayMs: 10 }],
];

for (const [kind, end, earlierMs, expected] of table) {
  t.test(`a ${kind} child with restarts at [${earlierMs}] that ends by ${end} at 10000`, async (t) => {
    t.strictSame(restartPolicy({ ...options, kind }, end, earlierMs, 10_000, half), expected);
  });
}

t.test('no window ever sees more restarts than the intensity, and no delay leaves its bounds', async () => {
  fc.assert(
    fc.property(
      fc.integer(),
      fc.integer({ min: 0, max: 8 }),
      fc.array(fc.integer({ min: 0, max: 600 }), { maxLength: 60 }),
      (seed, intensity, pauses) => {
        const random = seededRandom(seed);
        const restarts: number[] = [];
        let nowMs = 0;
        for (const pause of pauses) {
          nowMs += pause;
          const decision = restartPolicy({ ...options, intensity }, 'crash', restarts, nowMs, random);
          const recent = restarts.filter((atMs) => nowMs - atMs < options.withinMs).length;
          if (decision.restart !== recent < intensity) return false;
          if (!decision.restart) break;
          const whole = Math.min(options.backoffMaxMs, options.backoffMs * 2 ** recent);
          if (decision.delayMs < whole / 2 || decision.delayMs > whole) return false;
          restarts.push(nowMs);
        }
        return restarts.every(
          (from) => restarts.filter((atMs) => atMs >= from && atMs < from + options.withinMs).length <= intensity,
        );
      },
    ),
  );
});
