import t from 'tap';
import { type LoadRound, loadDocument } from '../../../benchmarks/load/loadDocument.js';
import { loadShape } from '../../../benchmarks/load/loadOptions.js';
import type { LoadTotals } from '../../../benchmarks/load/loadWords.js';
import { describeMachine } from '../../../benchmarks/runner/describeMachine.js';
import { encodeHistogram, latencyHistogram, recordLatency } from '../../../benchmarks/runner/latencyHistogram.js';
import { renderDocument } from '../../../benchmarks/runner/renderDocument.js';

const startNs = 1e12;

function latencies(...millis: number[]): string {
  const histogram = latencyHistogram();
  for (const ms of millis) recordLatency(histogram, ms * 1e6);
  return encodeHistogram(histogram);
}

function totals(given: Partial<LoadTotals>): LoadTotals {
  return {
    threadId: 1,
    offered: 0,
    stored: 0,
    refused: {},
    dueLocal: 0,
    dueRemote: 0,
    heardLocal: 0,
    heardRemote: 0,
    doubled: 0,
    lastStoredNs: 0,
    lastLocalNs: 0,
    lastRemoteNs: 0,
    histograms: { stored: latencies(), local: latencies(), remote: latencies() },
    ...given,
  };
}

/** Ten messages in a second by two nodes: nine stored, one refused, one remote delivery missing. */
const round: LoadRound = {
  stretch: { stretch: 2, startNs, intervalNs: 1e8, messages: 10, participants: 4 },
  settleSeconds: 0.5,
  reports: [
    {
      nodeId: 'a'.repeat(32),
      participants: 2,
      cpuSeconds: 0.2,
      rssBytes: 100 * 2 ** 20,
      faults: [],
      troubles: [],
      threads: [
        totals({
          offered: 5,
          stored: 5,
          dueLocal: 5,
          dueRemote: 10,
          heardLocal: 5,
          heardRemote: 8,
          lastStoredNs: startNs + 1e9,
          lastLocalNs: startNs + 1e9,
          lastRemoteNs: startNs + 2e9,
          histograms: { stored: latencies(1, 2, 3), local: latencies(1), remote: latencies(9, 10) },
        }),
      ],
    },
    {
      nodeId: 'b'.repeat(32),
      participants: 2,
      cpuSeconds: 0.3,
      rssBytes: 200 * 2 ** 20,
      faults: [],
      troubles: ['room/load-room-0 crashed: as told'],
      threads: [
        totals({
          offered: 5,
          stored: 4,
          refused: { ERR_ACADEMY_MAILBOX_FULL: 1 },
          dueLocal: 4,
          dueRemote: 8,
          heardLocal: 4,
        }),
        totals({ heardRemote: 9, lastRemoteNs: startNs + 1.5e9 }),
      ],
    },
  ],
};

t.test('the three cases tell rates, losses and latencies over all nodes and threads', async (t) => {
  const document = loadDocument(loadShape({ rate: 10, seconds: 1 }), describeMachine(), [round]);
  t.match(document, {
    name: 'load',
    rounds: 1,
    guards: {},
    results: [
      { case: 'send', unit: 'messages/s', median: 9, lost: 1 },
      { case: 'deliver local', unit: 'deliveries/s', median: 9, lost: 0 },
      { case: 'deliver remote', unit: 'deliveries/s', median: 8.5, lost: 1 },
    ],
    ratios: { stored_vs_offered: 0.9 },
  });
  t.ok(Math.abs((document.ratios.delivered_vs_expected ?? 0) - 26 / 27) < 1e-12);
  const [send, local, remote] = document.results;
  t.ok(Math.abs((send?.p50 ?? 0) - 2_000) < 5, 'the median latency of 1, 2 and 3 ms');
  t.ok(Math.abs((remote?.p99 ?? 0) - 10_000) < 20);
  const perMillion = (0.5 / 26) * 1e6;
  for (const row of [local, remote]) t.ok(Math.abs((row?.cpuSecondsPerMillion ?? 0) - perMillion) < 1e-6);
  t.strictSame(JSON.parse(JSON.stringify(document)), document, 'it is plain JSON');
});

t.test('figures beyond the table are in the document and in the text', async (t) => {
  const document = loadDocument(loadShape({ rate: 10, seconds: 1 }), describeMachine(), [round, round]);
  t.match(document.load, {
    messages: { offered: 20, stored: 18, refused: { ERR_ACADEMY_MAILBOX_FULL: 2 }, storedPerSecond: 9 },
    deliveries: { local: { expected: 18, received: 18, lost: 0 }, remote: { expected: 36, received: 34, lost: 2 } },
    settleSeconds: 0.5,
    nodes: [{ participants: 2, cpuSeconds: 0.2 }, { rssBytes: 200 * 2 ** 20 }],
    troubles: ['room/load-room-0 crashed: as told'],
  });
  const text = renderDocument(document, { columns: 80 });
  for (const told of ['2 ERR_ACADEMY_MAILBOX_FULL', 'remote 34 of 36', '200 MB', 'crashed: as told']) {
    t.match(text.replace(/\n +/g, ' '), told);
  }
});

t.test(
  'messages that were never settled are told as such, and a run of one node has no remote deliveries',
  async (t) => {
    const [report] = round.reports;
    if (!report) throw new Error('unreachable');
    const alone = { ...report, threads: report.threads.map((each) => ({ ...each, dueRemote: 0, heardRemote: 0 })) };
    const document = loadDocument(loadShape({ nodes: 1 }), describeMachine(), [{ ...round, reports: [alone] }]);
    t.strictSame(document.load.messages.refused, { 'no answer': 5 });
    t.match(document.results[2], { case: 'deliver remote', median: 0, lost: 0, cpuSecondsPerMillion: null });
  },
);
