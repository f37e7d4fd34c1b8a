import t from 'tap';
import { caseName, type PeerCase, peerCases } from '../../../benchmarks/peers/peerCases.js';
import { peerChart } from '../../../benchmarks/peers/peerChart.js';
import { type PeerName, peerNames } from '../../../benchmarks/peers/peers.js';
import type { BenchmarkDocument } from '../../../benchmarks/runner/BenchmarkDocument.js';
import { describeMachine } from '../../../benchmarks/runner/describeMachine.js';

const figures = {
  unit: 'signals/s',
  min: 1,
  max: 1,
  p50: null,
  p99: null,
  p999: null,
  cpuSecondsPerMillion: null,
  cpuSecondsPerMillionMin: null,
  senderCpuSecondsPerMillion: null,
};

function documentOf(peers: readonly PeerName[], medianOf: (peerCase: PeerCase) => number): BenchmarkDocument {
  const results = peerCases(peers, new Set()).map((peerCase) => ({
    ...{ case: caseName(peerCase), median: medianOf(peerCase), lost: 0 },
    ...figures,
  }));
  const machine = { ...describeMachine(), cpu: 'A & B <fast>' };
  return { name: 'peers', machine, rounds: 5, results, ratios: {}, guards: {} };
}

function bars(svg: string): { width: number; fill: string }[] {
  const found = svg.matchAll(/<rect x="[\d.]+" y="[\d.]+" width="([\d.]+)" height="11" rx="2" fill="(#\w+)"\/>/g);
  // The legend's squares are as wide as they are high.
  return [...found].map(([, width, fill = '']) => ({ width: Number(width), fill })).filter(({ width }) => width !== 11);
}

t.test('every system has a bar for each manner in both panels, and ours stands out', async (t) => {
  const svg = peerChart(documentOf(peerNames, ({ manner }) => (manner === 'own' ? 1e6 : 1e5)));
  t.match(svg, /^<svg xmlns="http:\/\/www\.w3\.org\/2000\/svg"/);
  t.equal(bars(svg).length, 2 * (peerNames.length * 3 + 1));
  t.equal(bars(svg).filter(({ fill }) => fill === '#d9572b').length, 2);
  for (const name of ['academy', ...peerNames])
    t.equal(svg.split(`>${name}</text>`).length - 1, name === 'academy' ? 3 : 2);
});

t.test('the scale is logarithmic: the same factor has the same length', async (t) => {
  const rates = { used: 1_000, batched: 10_000, codec: 100_000, own: 1_000_000 };
  const widths = bars(peerChart(documentOf(['ws'], ({ manner }) => rates[manner])))
    .slice(0, 4)
    .map(({ width }) => width)
    .sort((a, b) => a - b);
  const steps = widths.slice(1).map((width, index) => width - (widths[index] ?? 0));
  t.ok(
    steps.every((step) => step > 0 && Math.abs(step - (steps[0] ?? 0)) < 0.5),
    `steps ${steps}`,
  );
});

t.test('what was not in the run is left out, and names are escaped', async (t) => {
  const svg = peerChart(documentOf(['zeromq'], () => 50));
  t.notMatch(svg, 'gossipsub');
  t.match(svg, 'A &#38; B &#60;fast&#62;');
  t.doesNotThrow(() => peerChart({ ...documentOf([], () => 1), results: [] }));
});
