import t from 'tap';
import { caseName, type PeerCase, peerCases } from '../../../benchmarks/peers/peerCases.js';
import { peerRatios } from '../../../benchmarks/peers/peerRatios.js';
import { peerNames } from '../../../benchmarks/peers/peers.js';
import type { CaseResult } from '../../../benchmarks/runner/BenchmarkDocument.js';
import { describeMachine } from '../../../benchmarks/runner/describeMachine.js';
import { renderDocument } from '../../../benchmarks/runner/renderDocument.js';

function result(peerCase: PeerCase, given: Partial<CaseResult>): CaseResult {
  const figures = {
    median: 1,
    min: 1,
    max: 1,
    p50: null,
    p99: null,
    p999: null,
    cpuSecondsPerMillion: null,
    cpuSecondsPerMillionMin: null,
    senderCpuSecondsPerMillion: null,
    lost: 0,
  };
  return { case: caseName(peerCase), unit: 'signals/s', ...figures, ...given };
}

function byCase(results: readonly CaseResult[]): Record<string, CaseResult> {
  return Object.fromEntries(results.map((each) => [each.case, each]));
}

t.test('our path is held against the best peer of each kind, chosen anew for each figure', async (t) => {
  const cases = peerCases(['zeromq', 'ws'], new Set(['zeromq', 'ws', 'academy']));
  const rates: Readonly<Record<string, number>> = { used: 100, batched: 300, codec: 700, own: 1200 };
  const results = cases.map((peerCase) => {
    const isWs = peerCase.system === 'ws';
    if (peerCase.signalsPerSecond !== null) {
      const own = peerCase.system === 'academy';
      // ws has the better median, zeromq the better tail.
      return result(peerCase, { p50: own ? 20 : isWs ? 100 : 200, p99: own ? 50 : isWs ? 900 : 500 });
    }
    const rate = (rates[peerCase.manner] ?? 0) / peerCase.receivers;
    const own = peerCase.manner === 'own';
    // ws is faster, and costs more.
    return result(peerCase, {
      median: isWs ? rate : own ? rate : rate / 2,
      cpuSecondsPerMillion: own ? 1 : isWs ? 12 : 10,
    });
  });
  t.match(peerRatios(cases, byCase(results)), {
    vs_best_peer_1to1: 12,
    vs_best_peer_1to3: 12,
    vs_best_peer_batched_1to1: 4,
    vs_best_peer_batched_1to3: 4,
    vs_best_peer_same_codec_1to1: 1200 / 700,
    vs_best_peer_same_codec_1to3: 1200 / 700,
    cpu_vs_best_peer_1to1: 10,
    cpu_vs_best_peer_1to3: 10,
    latency_p50_vs_best_peer: 0.2,
    latency_p99_vs_best_peer: 0.1,
  });
});

t.test('a ratio whose cases were not in the run is left out', async (t) => {
  const cases = peerCases(['ws'], new Set());
  const rates = cases.filter(({ receivers }) => receivers === 1).map((each) => result(each, { median: 5 }));
  t.strictSame(Object.keys(peerRatios(cases, byCase(rates))).sort(), [
    'vs_best_peer_1to1',
    'vs_best_peer_batched_1to1',
    'vs_best_peer_same_codec_1to1',
  ]);
});

t.test('the table of all peers fits a terminal of 100 columns, a line each', async (t) => {
  const cases = peerCases(peerNames, new Set([...peerNames, 'academy']));
  const results = cases.map((each) =>
    result(each, {
      ...{ unit: 'datagrams/s', median: 123_456, min: 123_456, max: 123_456, cpuSecondsPerMillion: 12.3456 },
      ...{ p50: 123_456, p99: 123_456, p999: 123_456 },
    }),
  );
  const machine = { ...describeMachine(), cpu: 'a processor' };
  const document = { name: 'peers', machine, rounds: 5, results, ratios: {}, guards: {} };
  const lines = renderDocument(document, { columns: 100 }).split('\n');
  t.ok(lines.every((line) => line.length <= 100));
  for (const { case: name } of results) {
    t.match(
      lines.filter((line) => line.startsWith(`${name} `)),
      [/123 k/],
      name,
    );
  }
});
