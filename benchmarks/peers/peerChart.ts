/** The chart of the benchmark `peers`: all systems as used, batched and with our codec side by side, and our path. */

import type { BenchmarkDocument } from '../runner/BenchmarkDocument.js';
import { type BarGroup, barChart } from '../runner/barChart.js';
import { machineLine } from '../runner/describeMachine.js';
import { caseName, ownName, type PeerCase, receiverCounts } from './peerCases.js';
import { peerNames } from './peers.js';
import { manners } from './SignalFraming.js';

const series = [
  { name: 'as its users use it', color: '#a9bcc4' },
  { name: 'batched by 128', color: '#6d8b99' },
  { name: 'with our codec, batched by 200', color: '#34515f' },
  { name: 'academy', color: '#d9572b' },
] as const;
const ownSeries = 3;

/** @returns SVG; systems that were not in the run are left out */
export function peerChart(document: BenchmarkDocument): string {
  const medians = new Map(document.results.map((result) => [result.case, result.median]));
  const barsOf = (peerCases: readonly PeerCase[], seriesOf: (index: number) => number): BarGroup['bars'] =>
    peerCases.flatMap((peerCase, index) => {
      const value = medians.get(caseName(peerCase));
      return value === undefined ? [] : [{ series: seriesOf(index), value }];
    });
  const panels = receiverCounts.map((receivers) => {
    const at = { receivers, signalsPerSecond: null } as const;
    const own: BarGroup = {
      name: ownName,
      highlighted: true,
      bars: barsOf([{ system: ownName, manner: 'own', ...at }], () => ownSeries),
    };
    const peers = peerNames.map((system): BarGroup => {
      const cases = manners.map((manner): PeerCase => ({ system, manner, ...at }));
      return { name: system, bars: barsOf(cases, (index) => index) };
    });
    return {
      title: receivers === 1 ? 'one receiver' : `${receivers} receivers, each`,
      groups: [own, ...peers].filter(({ bars }) => bars.length > 0),
    };
  });
  return barChart({
    title: 'Training signals a second between processes',
    subtitle:
      'Object in, equal object out, every field read; in order, nothing missing. ' +
      `Median of ${document.rounds} interleaved ${document.rounds === 1 ? 'round' : 'rounds'}, logarithmic scale.`,
    series,
    panels,
    footnote: machineLine(document.machine),
  });
}
