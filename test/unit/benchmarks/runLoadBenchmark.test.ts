import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import t, { type Test } from 'tap';
import { runLoadBenchmark } from '../../../benchmarks/index.js';

/** A folder for temporary files of its own, to see that nothing stays in it. */
function ownTemporaryFolder(t: Test): string {
  const folder = mkdtempSync(join(tmpdir(), 'load-test-'));
  const before = process.env.TMPDIR;
  process.env.TMPDIR = folder;
  t.teardown(() => {
    if (before === undefined) delete process.env.TMPDIR;
    else process.env.TMPDIR = before;
    rmSync(folder, { recursive: true, force: true });
  });
  return folder;
}

t.test('what two nodes are offered is stored and heard by every member, and nothing is left behind', async (t) => {
  const folder = ownTemporaryFolder(t);
  const texts: string[] = [];
  const result = await runLoadBenchmark({
    rooms: 2,
    participants: 8,
    rate: 40,
    seconds: 0.5,
    nodes: 2,
    onProgress: ({ text }) => texts.push(text),
  });
  t.match(result.load.messages, { offered: 20, stored: 20, refused: {} });
  t.match(result.load.deliveries, {
    local: { expected: 20, received: 20, lost: 0 },
    remote: { expected: 40, received: 40, lost: 0 },
  });
  t.strictSame(result.load.troubles, []);
  t.equal(new Set(result.load.nodes.map(({ nodeId }) => nodeId)).size, 2);
  for (const { median, p50, p99, p999 } of result.results) {
    t.ok(median > 0 && p50 !== null && p99 !== null && p999 !== null && p50 <= p99 && p99 <= p999);
  }
  t.ok(texts.some((text) => text.includes('round 1 of 1')));
  t.strictSame(readdirSync(folder), []);
});

t.test('a run that is given up rejects, and leaves neither process nor folder', async (t) => {
  const folder = ownTemporaryFolder(t);
  const giveUp = new AbortController();
  const run = runLoadBenchmark({
    rooms: 1,
    participants: 4,
    rate: 20,
    seconds: 60,
    nodes: 2,
    signal: giveUp.signal,
    onProgress: ({ text }) => text.startsWith('warming up') && giveUp.abort(),
  });
  await t.rejects(run, { name: 'AbortError' });
  t.strictSame(readdirSync(folder), []);
});
