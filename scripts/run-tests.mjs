#!/usr/bin/env node
// Runs the compiled tests with tap and says, file by file, how they went; its last line is "N passed, N failed".
// Unlike tap by itself it insists that every file it was asked for has run: one hung file can make tap drop the files
// still in its queue. The ordinary suite is all of dist/test but test/long/ (`--long` runs only that).
//
//   node scripts/run-tests.mjs [--long] [file or folder]...      e.g. test/network  test/unit/protocol/MessageCodec.test.ts

import { spawn } from 'node:child_process';
import { existsSync, readdirSync, statSync } from 'node:fs';
import { dirname, join, normalize, relative, sep } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

const ROOT = dirname(dirname(fileURLToPath(import.meta.url)));
const TESTS = 'dist/test';
const LONG_TESTS = 'dist/test/long/';
const LONG_TIMEOUT_SECONDS = 3_600;
const SILENCE_MS = 10_000;

/** All compiled test files, as paths relative to the root. */
function compiledTests(folder = TESTS) {
  if (!existsSync(join(ROOT, folder))) return [];
  return readdirSync(join(ROOT, folder), { withFileTypes: true }).flatMap((entry) => {
    const path = `${folder}/${entry.name}`;
    if (entry.isDirectory()) return entry.name === 'fixtures' ? [] : compiledTests(path);
    return entry.name.endsWith('.test.js') ? [path] : [];
  });
}

/** The compiled path of what a person named: a source or compiled file, or a folder of either. */
function compiledPath(named) {
  const path = relative(ROOT, join(process.cwd(), named)).split(sep).join('/');
  const compiled = path.startsWith('dist/') || path === 'dist' ? path : `dist/${path}`;
  return normalize(compiled.replace(/\.ts$/, '.js'));
}

function selectTests(args) {
  const long = args.includes('--long');
  const named = args.filter((arg) => !arg.startsWith('--')).map(compiledPath);
  const all = compiledTests().sort();
  if (named.length === 0) return all.filter((file) => file.startsWith(LONG_TESTS) === long);
  for (const path of named) {
    if (!existsSync(join(ROOT, path))) throw new Error(`There is no ${path}; is it spelt right, and built?`);
  }
  const isFolder = (path) => statSync(join(ROOT, path)).isDirectory();
  return all.filter((file) => named.some((path) => file === path || (isFolder(path) && file.startsWith(`${path}/`))));
}

function runTap(files, options) {
  const tap = join(ROOT, 'node_modules', 'tap', 'dist', 'esm', 'run.mjs');
  return spawn(process.execPath, [tap, 'run', '--reporter=tap', ...options, ...files], {
    cwd: ROOT,
    stdio: ['ignore', 'pipe', 'inherit'],
  });
}

/**
 * Reads tap's stream: a line for each file that ended, all that a failed file said, and the totals.
 * @returns {Promise<{ ended: Set<string>, passed: number, failed: number, skipped: number }>}
 */
async function report(stream, total) {
  const result = { ended: new Set(), passed: 0, failed: 0, skipped: 0 };
  let block = [];
  let lastLineAt = Date.now();
  const print = (text) => {
    lastLineAt = Date.now();
    process.stdout.write(`${text}\n`);
  };
  const heartbeat = setInterval(() => {
    if (Date.now() - lastLineAt > SILENCE_MS) print(`… ${result.ended.size} of ${total} files done`);
  }, SILENCE_MS / 4);

  for await (const line of createInterface({ input: stream })) {
    const end = /^(not )?ok \d+ - (.*?)(?: # time=([\d.]+)ms)?(?: # .*)?$/.exec(line);
    const totals = /^# \{ (total: .*) \}$/.exec(line);
    if (end !== null) {
      const [, failed, name, ms] = end;
      if (name.startsWith(TESTS)) result.ended.add(name);
      if (failed !== undefined) for (const said of block) if (!/^\s*ok \d+/.test(said)) print(said);
      print(`${failed ? 'FAILED' : 'ok    '} ${name}${ms ? `  ${Math.round(Number(ms))} ms` : ''}`);
      block = [];
    } else if (/^ {2}(exitCode: [1-9]|signal: SIG)/.test(line)) {
      // From the diagnosis that follows a failed file; the rest of it repeats the file's own output.
      print(line);
    } else if (totals !== null) {
      const count = (word) => Number(new RegExp(`\\b${word}: (\\d+)`).exec(totals[1])?.[1] ?? 0);
      result.passed = count('pass');
      result.failed = count('fail');
      result.skipped = count('skip') + count('todo');
    } else if (line.startsWith('# Subtest: ')) {
      block = [];
    } else {
      block.push(line);
    }
  }
  clearInterval(heartbeat);
  return result;
}

async function main() {
  const args = process.argv.slice(2);
  const files = selectTests(args);
  if (files.length === 0) throw new Error('There are no such tests.');

  const started = Date.now();
  process.stdout.write(`running ${files.length} test files on Node.js ${process.versions.node}\n`);
  const options = args.includes('--long') ? [`--timeout=${LONG_TIMEOUT_SECONDS}`] : [];
  const tap = runTap(files, options);
  // On Ctrl-C tap gets the signal too, ends its children and reports; then we do. A second one is final.
  process.once('SIGINT', () => process.once('SIGINT', () => tap.kill('SIGKILL')));
  process.on('SIGTERM', () => tap.kill('SIGTERM'));
  const closed = new Promise((resolve) => tap.once('close', (code, signal) => resolve(code ?? signal)));
  const result = await report(tap.stdout, files.length);
  const exit = await closed;

  const dropped = files.filter((file) => !result.ended.has(file));
  for (const file of dropped) process.stdout.write(`NOT RUN ${file}\n`);
  let failed = result.failed + dropped.length;
  if (exit !== 0 && failed === 0) {
    process.stdout.write(`tap ended with ${exit} though no test failed\n`);
    failed = 1;
  }
  const seconds = Math.round((Date.now() - started) / 1000);
  process.stdout.write(`\n${files.length - dropped.length} of ${files.length} files in ${seconds} s, `);
  process.stdout.write(`${result.skipped} assertions skipped\n`);
  process.stdout.write(`${result.passed} passed, ${failed} failed\n`);
  process.exitCode = failed === 0 ? 0 : 1;
}

main().catch((error) => {
  process.stderr.write(`${error.message}\n`);
  process.exitCode = 2;
});
