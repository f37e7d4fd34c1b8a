/**
 * Erlang/OTP as a peer of the actor benchmarks: found on the machine, or installed from Debian where that is possible
 * without asking (as root, with apt-get), else left out with a note. Its modules are compiled into a temporary folder
 * once a run; each round has an emulator of its own, which prints what it measured as JSON.
 */
import { spawn, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { packageFile } from '../../../packageRoot.js';
import type { RoundOutcome } from '../../runner/defineBenchmark.js';

/** Work that the Erlang module knows; the words are its own. */
export type ErlangWork = 'spawn' | 'idle' | 'pingPong' | 'roundTrips' | 'fanOut' | 'restart';

export interface Erlang {
  /** Release of OTP, `25` for instance. */
  readonly release: string;
  run(work: ErlangWork, count: number, signal: AbortSignal): Promise<RoundOutcome>;
  dispose(): void;
}

export interface OpenErlangOptions {
  readonly signal: AbortSignal;
  readonly onProgress: (text: string) => void;
}

interface Answer {
  readonly count: number;
  readonly seconds: number;
  readonly cpuSeconds: number;
  readonly value: number | null;
  readonly fault: string | null;
}

const debianPackage = 'erlang-base';
const sources = ['academy_bench.erl', 'academy_bench_child.erl'] as const;
/** Processes that one emulator may have; its default of 262,144 is too few for the spawn rate. */
const processesMax = 2_000_000;
const roundMs = 180_000;
const installMs = 300_000;
const saidCharactersMax = 2_000;

/** @returns null, and why in `notes`, where Erlang cannot be had */
export async function openErlang(
  options: OpenErlangOptions,
): Promise<{ readonly erlang: Erlang | null; readonly notes: readonly string[] }> {
  const leftOut = (why: string) => ({
    erlang: null,
    notes: [`Erlang/OTP is left out: ${why} (on Debian: apt-get install ${debianPackage}).`],
  });
  if (!isInstalled() && !canInstall()) return leftOut('it is not installed');
  if (!isInstalled()) {
    options.onProgress(`installing ${debianPackage} from Debian (about 30 MB, once), for Erlang beside the others`);
    if (!(await install(options.signal))) return leftOut('it could not be installed');
  }
  const folder = mkdtempSync(join(tmpdir(), 'academy-erlang-'));
  const dispose = (): void => rmSync(folder, { recursive: true, force: true });
  const compiled = spawnSync('erlc', ['-o', folder, ...sources.map(sourceFile)], { encoding: 'utf8' });
  if (compiled.status !== 0) {
    dispose();
    return leftOut(`its module does not compile: ${compiled.stdout.trim()}`);
  }
  const release = await readRelease(folder, options.signal);
  return {
    erlang: { release, run: (work, count, signal) => measure(folder, work, count, signal), dispose },
    notes: [`Erlang/OTP ${release}, bare processes, one scheduler (two where it is between threads).`],
  };
}

function sourceFile(name: string): string {
  return packageFile('benchmarks', 'actors', 'erlang', name);
}

function isInstalled(): boolean {
  return ['erl', 'erlc'].every(isProgram);
}

/** Without a word to the user it is done only where it needs none: as root, on a Debian. */
function canInstall(): boolean {
  return process.getuid?.() === 0 && isProgram('apt-get');
}

/** Whatever it answers to the question, it is there to answer. */
function isProgram(name: string): boolean {
  return spawnSync(name, ['-version'], { stdio: 'ignore' }).error === undefined;
}

/** Package lists may be missing or old; they are fetched only then. */
async function install(signal: AbortSignal): Promise<boolean> {
  const aptGet = (...words: readonly string[]): Promise<string> => runProgram('apt-get', words, signal, installMs);
  const installing = () => aptGet('install', '-y', '--no-install-recommends', debianPackage);
  try {
    await installing().catch(() => aptGet('update').then(installing));
    return isInstalled();
  } catch {
    signal.throwIfAborted();
    return false;
  }
}

async function readRelease(folder: string, signal: AbortSignal): Promise<string> {
  return String((await ask(folder, 'version', 1, 1, signal)).value);
}

async function measure(folder: string, work: ErlangWork, count: number, signal: AbortSignal): Promise<RoundOutcome> {
  const schedulers = work === 'roundTrips' ? 2 : 1;
  const { value, fault, ...measured } = await ask(folder, work, count, schedulers, signal);
  return {
    ...measured,
    ...(value === null ? {} : { value }),
    lost: 0,
    complete: fault === null,
    ...(fault === null ? {} : { reason: fault }),
  };
}

async function ask(
  folder: string,
  work: string,
  count: number,
  schedulers: number,
  signal: AbortSignal,
): Promise<Answer> {
  const emulator = ['-noshell', '-noinput', '+S', `${schedulers}:${schedulers}`, '+P', String(processesMax)];
  const words = [...emulator, '-pa', folder, '-run', 'academy_bench', 'main', work, String(count)];
  const said = await runProgram('erl', words, signal, roundMs);
  return JSON.parse(said) as Answer;
}

/** @returns what the program said, when it ended well */
function runProgram(name: string, words: readonly string[], signal: AbortSignal, limitMs: number): Promise<string> {
  return new Promise((resolve, reject) => {
    const stdio = ['ignore', 'pipe', 'pipe'] as const;
    const child = spawn(name, words, { signal, stdio: [...stdio], timeout: limitMs, killSignal: 'SIGKILL' });
    let [out, err] = ['', ''];
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      out = (out + text).slice(-saidCharactersMax);
    });
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      err = (err + text).slice(-saidCharactersMax);
    });
    child.once('error', reject);
    child.once('close', (code, killedBy) => {
      if (code === 0) resolve(out);
      else reject(new Error(`${name} has ended (${killedBy ?? `code ${code}`}): ${err.trim() || out.trim()}`));
    });
  });
}
