import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync } from 'node:fs';
import t from 'tap';
import { openErlang } from '../../../benchmarks/actors/erlang/openErlang.js';

const isThere = spawnSync('erl', ['-version'], { stdio: 'ignore' }).error === undefined;
const skip = isThere ? false : 'Erlang is not installed';
const options = { signal: AbortSignal.timeout(120_000), onProgress: () => {} };

t.test('Erlang does all of each work, by its own counts, and leaves nothing behind', { skip }, async (t) => {
  const { TMPDIR } = process.env;
  t.teardown(() => {
    if (TMPDIR === undefined) delete process.env.TMPDIR;
    else process.env.TMPDIR = TMPDIR;
  });
  // A folder of this test's own: others may run Erlang at the same time.
  const folder = t.testdir();
  process.env.TMPDIR = folder;
  const { erlang, notes } = await openErlang(options);
  if (!erlang) throw new Error(notes.join(' '));
  t.match(erlang.release, /^\d+$/);
  for (const work of ['spawn', 'pingPong', 'roundTrips', 'restart'] as const) {
    t.match(await erlang.run(work, 200, options.signal), { count: 200, complete: true, seconds: Number }, work);
  }
  t.match(await erlang.run('fanOut', 2_000, options.signal), { count: 2_000, complete: true });
  t.match(await erlang.run('idle', 500, options.signal), { complete: true, value: Number });
  erlang.dispose();
  t.strictSame(readdirSync(folder), []);
});

t.test('where there is no Erlang and none may be installed, it is left out with a note', async (t) => {
  const { PATH } = process.env;
  t.teardown(() => {
    process.env.PATH = PATH;
  });
  process.env.PATH = t.testdir();
  const { erlang, notes } = await openErlang(options);
  t.equal(erlang, null);
  t.match(notes[0], /left out: it is not installed \(on Debian: apt-get install erlang-base\)/);
  t.notOk(existsSync('academy_bench.beam'));
});
