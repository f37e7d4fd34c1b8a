import { spawnSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t, { type Test } from 'tap';
import { PROJECT_ROOT } from './projectSources.js';

const script = join(PROJECT_ROOT, 'scripts', 'check-lockfile.mjs');
const check = (lockFile: string) => spawnSync(process.execPath, [script, lockFile], { encoding: 'utf8' });

/** A copy of the real lock file and package.json with one change, in a folder of the test. */
function damaged(t: Test, change: (lock: { packages: Record<string, Record<string, unknown>> }) => void): string {
  const folder = t.testdir({ 'package.json': readFileSync(join(PROJECT_ROOT, 'package.json'), 'utf8') });
  const lock = JSON.parse(readFileSync(join(PROJECT_ROOT, 'package-lock.json'), 'utf8'));
  change(lock);
  const path = join(folder, 'package-lock.json');
  writeFileSync(path, JSON.stringify(lock));
  return path;
}

t.test('every optional dependency stands in the lock file, with no download address', async (t) => {
  for (const folder of ['.', 'benchmarks/peers', 'benchmarks/actors/peers']) {
    const result = check(join(PROJECT_ROOT, folder, 'package-lock.json'));
    t.equal(result.status, 0, result.stderr);
  }
});

t.test('a platform package that npm dropped is named', async (t) => {
  const path = damaged(t, ({ packages }) => {
    delete packages['node_modules/@lmdb/lmdb-darwin-arm64'];
  });
  const result = check(path);
  t.equal(result.status, 1);
  t.match(result.stderr, '@lmdb/lmdb-darwin-arm64, an optional dependency of node_modules/lmdb, is missing');
});

t.test('a download address and a version that differs from package.json are named', async (t) => {
  const path = damaged(t, ({ packages }) => {
    packages['node_modules/xstate'] = { ...packages['node_modules/xstate'], resolved: 'https://example.invalid/x.tgz' };
    packages[''] = { ...packages[''], dependencies: {} };
  });
  const result = check(path);
  t.equal(result.status, 1);
  t.match(result.stderr, 'node_modules/xstate carries a download address');
  t.match(result.stderr, /dependencies: xstate is undefined, package.json says \d/);
});
