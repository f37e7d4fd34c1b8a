#!/usr/bin/env node
// Tries what the README promises to a newcomer: the two commands `npm start` and `npm test` in a fresh clone of HEAD,
// without a terminal and without any of this user's data. `npm start` must get ready, end with 0 on SIGTERM and leave
// no process behind. The clone's own suite never starts this script again: ACADEMY_FRESH_CLONE guards against it.

import { spawn, spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

const ROOT = dirname(dirname(fileURLToPath(import.meta.url)));
const GUARD = 'ACADEMY_FRESH_CLONE';
const READY = /\bready\b/i;
const START_LIMIT_MS = 5 * 60_000;
const STOP_LIMIT_MS = 30_000;
const POLL_MS = 100;
/** How long a process that was told to end may outlive the command that told it. */
const LEFTOVER_LIMIT_MS = 1_000;

const sleep = (ms) => new Promise((resolve) => setTimeout(resolve, ms));
const seconds = (sinceMs) => `${((Date.now() - sinceMs) / 1000).toFixed(1)} s`;

function git(...args) {
  const result = spawnSync('git', args, { stdio: ['ignore', 'pipe', 'inherit'], encoding: 'utf8' });
  if (result.status !== 0) throw new Error(`git ${args[0]} failed`);
  return result.stdout.trim();
}

/** The environment of a newcomer: empty folders for data and settings, and nothing of the npm that runs us. */
function newcomersEnvironment(home) {
  const own =
    /^(npm_(lifecycle|package|command|node_execpath|execpath)|npm_config_local_prefix|INIT_CWD|ACADEMY_|NODE_ID)/;
  const kept = Object.entries(process.env).filter(([name]) => !own.test(name));
  const folders = Object.fromEntries(
    ['DATA_HOME', 'CONFIG_HOME', 'STATE_HOME', 'RUNTIME_DIR'].map((name) => [
      `XDG_${name}`,
      join(home, name.toLowerCase()),
    ]),
  );
  for (const folder of Object.values(folders)) mkdirSync(folder, { recursive: true, mode: 0o700 });
  return { ...Object.fromEntries(kept), ...folders, [GUARD]: '1', CI: '1' };
}

/** Starts npm in the clone, in a process group of its own, and passes all that it says on. */
function npm(args, clone, env, onLine = () => {}) {
  const child = spawn('npm', args, { cwd: clone, env, detached: true, stdio: ['ignore', 'pipe', 'pipe'] });
  for (const stream of [child.stdout, child.stderr]) {
    createInterface({ input: stream }).on('line', (line) => {
      process.stdout.write(`  | ${line}\n`);
      onLine(line);
    });
  }
  const ended = new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (code, signal) => resolve(code ?? signal));
  });
  const killGroup = () => {
    try {
      process.kill(-child.pid, 'SIGKILL');
      return true;
    } catch {
      return false; // No process of the group is left.
    }
  };
  process.prependOnceListener('exit', killGroup);
  return { child, ended, killGroup };
}

/**
 * The command lines of a group's processes. One that has ended and was not collected yet by whoever adopted it (a
 * zombie) is none; without /proc nothing is known, and nothing is said.
 */
function processesOfGroup(group) {
  let pids = [];
  try {
    pids = readdirSync('/proc').filter((name) => /^\d+$/.test(name));
  } catch {
    return [];
  }
  return pids.flatMap((pid) => {
    try {
      // "pid (name) state parent group …", where the name may hold anything.
      const [state, , itsGroup] = readFileSync(`/proc/${pid}/stat`, 'utf8')
        .replace(/^.*\) /s, '')
        .split(' ');
      if (Number(itsGroup) !== group || state === 'Z') return [];
      return [`${pid} ${readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ').trim()}`];
    } catch {
      return []; // It ended while we looked.
    }
  });
}

async function expectNoLeftovers(group) {
  const deadline = Date.now() + LEFTOVER_LIMIT_MS;
  while (processesOfGroup(group).length > 0) {
    if (Date.now() > deadline) {
      throw new Error(`npm start ended on SIGTERM, but left behind: ${processesOfGroup(group).join('; ')}`);
    }
    await sleep(POLL_MS);
  }
}

async function within(limitMs, what, promise) {
  const timer = new AbortController();
  const late = sleep(limitMs).then(() => {
    if (!timer.signal.aborted) throw new Error(`${what} took longer than ${limitMs / 1000} s`);
  });
  try {
    return await Promise.race([promise, late]);
  } finally {
    timer.abort();
  }
}

/** `npm start`, until it is ready; then SIGTERM, as a service manager or a container would. */
async function tryStart(clone, env) {
  const started = Date.now();
  let onReady;
  const ready = new Promise((resolve) => {
    onReady = resolve;
  });
  const { child, ended } = npm(['start'], clone, env, (line) => READY.test(line) && onReady());
  const early = ended.then((result) => Promise.reject(new Error(`npm start ended with ${result} before it was ready`)));
  await within(START_LIMIT_MS, 'npm start', Promise.race([ready, early]));
  process.stdout.write(`npm start: ready after ${seconds(started)}\n`);
  early.catch(() => {});

  const stopping = Date.now();
  child.kill('SIGTERM');
  const result = await within(STOP_LIMIT_MS, 'the end of npm start', ended);
  if (result !== 0) throw new Error(`npm start ended with ${result} on SIGTERM, not with 0`);
  const endedAfter = seconds(stopping);
  await expectNoLeftovers(child.pid);
  process.stdout.write(`npm start: ended with 0, ${endedAfter} after SIGTERM\n`);
}

async function tryTest(clone, env) {
  const started = Date.now();
  let lastLine = '';
  const { ended, killGroup } = npm(['test'], clone, env, (line) => {
    if (line !== '') lastLine = line;
  });
  const result = await ended;
  killGroup();
  if (result !== 0) throw new Error(`npm test ended with ${result}`);
  process.stdout.write(`npm test: ${lastLine}, in ${seconds(started)}\n`);
}

async function main() {
  if (process.env[GUARD] !== undefined) {
    process.stdout.write('test:fresh: this is the fresh clone already; nothing to do\n');
    return;
  }
  const home = mkdtempSync(join(tmpdir(), 'academy-fresh-'));
  process.once('exit', () => rmSync(home, { recursive: true, force: true }));
  for (const signal of ['SIGINT', 'SIGTERM']) process.once(signal, () => process.exit(130));

  const clone = join(home, 'academy-mesh');
  const head = git('-C', ROOT, 'rev-parse', 'HEAD');
  git('clone', '--quiet', '--no-local', ROOT, clone);
  git('-C', clone, 'checkout', '--quiet', '--detach', head);
  process.stdout.write(`test:fresh: ${head.slice(0, 10)} in ${clone}\n`);
  const env = newcomersEnvironment(home);
  await tryStart(clone, env);
  await tryStart(clone, env);
  await tryTest(clone, env);
  process.stdout.write('test:fresh: both commands work in a fresh clone\n');
}

main().then(
  () => process.exit(0),
  (error) => {
    process.stderr.write(`test:fresh: ${error.message}\n`);
    process.exit(1);
  },
);
