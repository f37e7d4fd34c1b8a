// The one-sided sign test: could this many wins against so few losses be luck?

/**
 * Probability of at least `wins` heads in wins + losses tosses of a fair coin, exactly; ties are left out beforehand.
 *
 * ```ts
 * signTest(5, 0); // 0.03125
 * ```
 *
 * @param wins - Items that got better, an integer ≥ 0.
 * @param losses - Items that got worse, an integer ≥ 0.
 * @returns p in (0, 1]; 1 when there was no change at all.
 */
export function signTest(wins: number, losses: number): number {
  const n = wins + losses;
  // ln C(n, k) grows from k = n downwards; logarithms, because 2^n overflows from 1,024 items on.
  let logChoose = 0;
  let p = 0;
  for (let k = n; k >= wins; k--) {
    p += Math.exp(logChoose - n * Math.LN2);
    logChoose += Math.log(k) - Math.log(n - k + 1);
  }
  return Math.min(1, p);
}
