/**
 * Our path against the best of the peers, kind by kind: the fastest for rates, the most sparing for CPU time, the
 * quickest for latencies, each chosen by itself. A ratio whose cases were not in the run is left out.
 */
import type { CaseResult } from '../runner/BenchmarkDocument.js';
import { caseName, ownName, type PeerCase, receiverCounts } from './peerCases.js';
import { type Manner, manners } from './SignalFraming.js';

type Figure = (result: CaseResult) => number | null;

const keys = { used: 'vs_best_peer', batched: 'vs_best_peer_batched', codec: 'vs_best_peer_same_codec' } as const;

export function peerRatios(
  cases: readonly PeerCase[],
  results: Readonly<Record<string, CaseResult>>,
): Record<string, number> {
  const figuresOf = (figure: Figure, wanted: (peerCase: PeerCase) => boolean): number[] =>
    cases.filter(wanted).flatMap((peerCase) => {
      const result = results[caseName(peerCase)];
      return (result && figure(result)) ?? [];
    });
  const rates = (receivers: number, manner: Manner | 'own') => (each: PeerCase) =>
    each.receivers === receivers && each.manner === manner && each.signalsPerSecond === null;
  const ratios: Record<string, number> = {};
  const put = (key: string, above: number, below: number): void => {
    if (Number.isFinite(above / below)) ratios[key] = above / below;
  };
  for (const receivers of receiverCounts) {
    const ownRate = largest(figuresOf(median, rates(receivers, 'own')));
    const ownCpu = smallest(figuresOf(cpu, rates(receivers, 'own')));
    for (const manner of manners) {
      put(`${keys[manner]}_1to${receivers}`, ownRate, largest(figuresOf(median, rates(receivers, manner))));
    }
    put(`cpu_vs_best_peer_1to${receivers}`, smallest(figuresOf(cpu, rates(receivers, 'used'))), ownCpu);
  }
  const own = (each: PeerCase): boolean => each.system === ownName && each.signalsPerSecond !== null;
  const foreign = (each: PeerCase): boolean => each.system !== ownName && each.signalsPerSecond !== null;
  for (const [key, figure] of [
    ['latency_p50_vs_best_peer', (result) => result.p50],
    ['latency_p99_vs_best_peer', (result) => result.p99],
  ] as const satisfies readonly (readonly [string, Figure])[]) {
    put(key, smallest(figuresOf(figure, own)), smallest(figuresOf(figure, foreign)));
  }
  return ratios;
}

function median(result: CaseResult): number {
  return result.median;
}

function cpu(result: CaseResult): number | null {
  return result.cpuSecondsPerMillion;
}

function largest(values: readonly number[]): number {
  return values.length === 0 ? Number.NaN : Math.max(...values);
}

function smallest(values: readonly number[]): number {
  return values.length === 0 ? Number.NaN : Math.min(...values);
}
