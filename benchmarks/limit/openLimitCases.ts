/** The physical limit as cases of a benchmark, to be measured in the same rounds as what is held against it. */
import type { BenchmarkCase } from '../runner/defineBenchmark.js';
import { compileUdpLimit, type UdpLimitWay } from './runUdpLimit.js';

export interface LimitCases {
  readonly cases: readonly BenchmarkCase<LimitCaseName>[];
  /** Why some or all are left out. */
  readonly notes: readonly string[];
  /** Removes the program. */
  dispose(): void;
}

export type LimitCaseName = `C ${UdpLimitWay} 1:${LimitReceivers}`;
type LimitReceivers = 1 | 3;

/** Compiles the program; where that cannot be done there are no cases, and a note says why. */
export async function openLimitCases(signal: AbortSignal): Promise<LimitCases> {
  const program = await compileUdpLimit(signal);
  if (typeof program === 'string') return { cases: [], notes: [program], dispose: () => {} };
  const cases = ([1, 3] as const).flatMap((receivers) =>
    program.ways.map(
      (way): BenchmarkCase<LimitCaseName> => ({
        case: `C ${way} 1:${receivers}`,
        unit: 'datagrams/s',
        run: (context) => program.run({ way, receivers }, context),
      }),
    ),
  );
  const notes = program.ways.includes('gso') ? [] : ['UDP_SEGMENT and UDP_GRO are left out: this kernel refuses them.'];
  return { cases, notes, dispose: () => program.dispose() };
}
