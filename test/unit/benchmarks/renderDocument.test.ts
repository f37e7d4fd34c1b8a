import t from 'tap';
import type { BenchmarkDocument } from '../../../benchmarks/runner/BenchmarkDocument.js';
import { describeMachine } from '../../../benchmarks/runner/describeMachine.js';
import { renderDocument, shortMicros, shortNumber } from '../../../benchmarks/runner/renderDocument.js';

const document: BenchmarkDocument = {
  name: 'multicast',
  machine: { ...describeMachine(), cpu: 'A processor with the longest name that any maker has ever thought of' },
  rounds: 5,
  results: [
    {
      case: 'a case with a rather long name, 1 to 3 processes, keyed',
      unit: 'signals/s',
      median: 1_234_567,
      min: 999_999.5,
      max: 1_500_000,
      p50: 172,
      p99: 1204,
      p999: 2_000_000,
      cpuSecondsPerMillion: 14.44,
      cpuSecondsPerMillionMin: null,
      senderCpuSecondsPerMillion: null,
      lost: 0,
    },
  ],
  ratios: { transport_vs_naive_1to1: 0.8234 },
  guards: {},
};

t.test('the report fits the terminal and tells every figure', async (t) => {
  for (const columns of [80, 100, 200]) {
    const text = renderDocument(document, { columns });
    for (const line of text.split('\n')) t.ok(line.length <= Math.min(columns, 100), `${line.length}: ${line}`);
    for (const figure of ['1.23 M', '1.5 M', '172 µs', '1.2 ms', '2 s', '14.4', '0.823', process.version]) {
      t.match(text, figure);
    }
  }
});

t.test('columns that no case fills are left out, and colour only comes on request', async (t) => {
  const [result] = document.results;
  const bare = renderDocument({
    ...document,
    results: result ? [{ ...result, p50: null, p99: null, p999: null }] : [],
  });
  t.notMatch(bare, 'p50');
  t.notMatch(bare, '\u001b');
  t.match(renderDocument(document, { color: true }), '\u001b[1m');
});

t.test('numbers are told with three significant digits and their magnitude', async (t) => {
  const numbers: [number, string][] = [
    [0, '0'],
    [12, '12'],
    [0.034567, '0.0346'],
    [999.9, '1 k'],
    [59_234, '59.2 k'],
    [-1_500_000, '-1.5 M'],
    [4.5e9, '4.5 G'],
  ];
  for (const [value, text] of numbers) t.equal(shortNumber(value), text);
  const latencies: [number | null, string][] = [
    [null, ''],
    [0.85, '850 ns'],
    [172.4, '172 µs'],
    [1500, '1.5 ms'],
    [2_500_000, '2.5 s'],
  ];
  for (const [value, text] of latencies) t.equal(shortMicros(value), text);
});
