#!/usr/bin/env node
// Runs the compiled tests, each file in a process of plain Node.js, two at a time, and says how each went; its last line
// is "N passed, N failed". tap's own runner puts module loaders into every process, which costs a second a file and
// changes what an import fails with, and one hung file can make it drop those still in its queue. The ordinary suite is
// all of dist/test but test/long/ (`--long` runs only that).
//
//   node scripts/run-tests.mjs [--long] [file or folder]...      e.g. test/network  test/unit/protocol/MessageCodec.test.ts

import { spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, rmSync, statSync } from 'node:fs';
import { constants, tmpdir } from 'node:os';
import { dirname, join, normalize, relative, sep } from 'node:path';
import { fileURLToPath } from 'node:url';

const ROOT = dirname(dirname(fileURLToPath(import.meta.url)));
const TESTS = 'dist/test';
const LONG_TESTS = 'dist/test/long/';
const JOBS = 2;
const TIMEOUT_SECONDS = 180;
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

const running = new Set();

/**
 * Runs one file to its end, or kills it when it takes too long.
 * @param folder for what it makes while it runs
 * @returns {Promise<{ output: string, exit: number | string, millis: number, timedOut: boolean }>}
 */
function runFile(file, timeoutSeconds, folder) {
  return new Promise((resolve) => {
    const started = Date.now();
    const child = spawn(process.execPath, [join(ROOT, file)], {
      cwd: ROOT,
      // tap ends a test by itself before it is killed here, and says which one hung.
      env: { ...process.env, TAP_TIMEOUT: String(timeoutSeconds), TMPDIR: folder },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    running.add(child);
    let output = '';
    child.stdout.on('data', (chunk) => {
      output += chunk;
    });
    child.stderr.on('data', (chunk) => {
      output += chunk;
    });
    let timedOut = false;
    const limit = setTimeout(
      () => {
        timedOut = true;
        child.kill('SIGKILL');
      },
      (timeoutSeconds + 20) * 1000,
    );
    child.once('close', (code, signal) => {
      clearTimeout(limit);
      running.delete(child);
      resolve({ output, exit: code ?? signal, millis: Date.now() - started, timedOut });
    });
  });
}

/** What tap counted in a file's output; a file that died before it could count has one failure. */
function countsOf({ output, exit }) {
  const totals = [...output.matchAll(/^# \{ (total: .*) \}$/gm)].at(-1)?.[1] ?? '';
  const count = (word) => Number(new RegExp(`\\b${word}: (\\d+)`).exec(totals)?.[1] ?? 0);
  const failed = count('fail');
  return {
    passed: count('pass'),
    failed: failed === 0 && (exit !== 0 || totals === '') ? 1 : failed,
    skipped: count('skip') + count('todo'),
  };
}

async function main() {
  const args = process.argv.slice(2);
  const files = selectTests(args);
  if (files.length === 0) throw new Error('There are no such tests.');
  const timeoutSeconds = args.includes('--long') ? LONG_TIMEOUT_SECONDS : TIMEOUT_SECONDS;

  const started = Date.now();
  let lastLineAt = started;
  const print = (text) => {
    lastLineAt = Date.now();
    process.stdout.write(`${text}\n`);
  };
  print(`running ${files.length} test files on Node.js ${process.versions.node}`);
  let stoppedBy = null;
  // On Ctrl-C the files get the signal too and end; a second one is final.
  const stop = (signal) => {
    for (const child of running) child.kill(stoppedBy ? 'SIGKILL' : signal);
    stoppedBy ??= signal;
  };
  // A file that is interrupted or killed leaves its folders behind; a short name, since sockets have paths, too.
  const folder = mkdtempSync(join(tmpdir(), 'am-'));
  process.on('exit', () => rmSync(folder, { recursive: true, force: true }));
  process.on('SIGINT', () => stop('SIGINT'));
  process.on('SIGTERM', () => stop('SIGTERM'));

  const sum = { passed: 0, failed: 0, skipped: 0 };
  const queue = [...files];
  let done = 0;
  const heartbeat = setInterval(() => {
    if (Date.now() - lastLineAt > SILENCE_MS) print(`… ${done} of ${files.length} files done`);
  }, SILENCE_MS / 4);
  const work = async () => {
    for (let file = queue.shift(); file !== undefined && !stoppedBy; file = queue.shift()) {
      const result = await runFile(file, timeoutSeconds, folder);
      if (stoppedBy) return;
      const counts = countsOf(result);
      for (const word of Object.keys(sum)) sum[word] += counts[word];
      done++;
      if (counts.failed > 0) {
        print(result.output.replace(/^\s*ok \d+.*\n/gm, '').trimEnd());
        if (result.timedOut) print(`killed after ${Math.round(result.millis / 1000)} s`);
        else if (result.exit !== 0) print(`ended with ${result.exit}`);
      }
      print(`${counts.failed > 0 ? 'FAILED' : 'ok    '} ${file}  ${result.millis} ms`);
    }
  };
  await Promise.all(Array.from({ length: JOBS }, work));
  clearInterval(heartbeat);

  const seconds = Math.round((Date.now() - started) / 1000);
  print(`\n${done} of ${files.length} files in ${seconds} s, ${sum.skipped} assertions skipped`);
  if (stoppedBy) print(`interrupted: ${files.length - done} files did not end`);
  print(`${sum.passed} passed, ${sum.failed} failed`);
  process.exitCode = stoppedBy ? 128 + constants.signals[stoppedBy] : sum.failed === 0 ? 0 : 1;
}

main().catch((error) => {
  process.stderr.write(`${error.message}\n`);
  process.exitCode = 2;
});
