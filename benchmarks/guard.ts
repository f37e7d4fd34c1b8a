/**
 * Holds benchmarks to what they once measured: runs each that has a baseline in benchmarks/baselines/ and compares its
 * guards, which are ratios within one run and counts, never absolute times. Run by `npm run bench:guard`.
 */
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { packageFile } from '../packageRoot.js';
import { AcademyError } from '../runtime/protocol/errors.js';
import { type Baseline, baselineOf, compareGuards, type GuardRow, isFault } from './guard/compareGuards.js';
import { renderGuards } from './guard/renderGuards.js';
import { loadBenchmark } from './index.js';
import type { BenchmarkDocument } from './runner/BenchmarkDocument.js';
import type { Benchmark, RunBenchmarkOptions } from './runner/defineBenchmark.js';
import { describeMachine } from './runner/describeMachine.js';

export interface GuardOptions extends Pick<RunBenchmarkOptions, 'rounds' | 'scale' | 'onProgress' | 'signal'> {
  /** @default those that have a baseline */
  readonly names?: readonly string[];
  /** All of each benchmark, with its ratios over sockets: for a quiet machine, and some minutes. @default false */
  readonly long?: boolean;
  /** Write baselines instead of comparing with them. @default false */
  readonly record?: boolean;
  /** @default benchmarks/baselines in the project */
  readonly folder?: string;
  /** @default loadBenchmark */
  readonly load?: (name: string) => Promise<Benchmark>;
  /** Told each table or line of the result. */
  readonly onText: (text: string) => void;
}

/** Runs that a baseline is taken from: runs lie further apart than the rounds of one. */
const recordedRuns = 3;
/** What fell in one run must fall in another too, so that a moment's load on the machine is no fault. */
const attempts = 3;

/**
 * @returns whether everything that is guarded was kept
 * @throws VoidRound, AcademyError ERR_ACADEMY_BAD_ARGUMENT for a benchmark without guards or baseline
 */
export async function runGuard(options: GuardOptions): Promise<boolean> {
  const { load = loadBenchmark, record = false, long = false, onText } = options;
  const folder = options.folder ?? packageFile('benchmarks', 'baselines', ...(long ? ['long'] : []));
  const names = options.names?.length ? options.names : namesIn(folder);
  if (names.length === 0) throw new AcademyError('ERR_ACADEMY_BAD_ARGUMENT', `no baseline lies in ${folder}`);
  let kept = true;
  for (const name of names) {
    const benchmark = await load(name);
    const file = join(folder, `${name}.json`);
    if (record) {
      writeBaseline(file, await recordBaseline(benchmark, options));
      onText(`${name}: baseline written to ${file}\n`);
    } else {
      const rows = await compare(benchmark, readBaseline(name, file), options);
      onText(renderGuards(name, rows));
      kept &&= !rows.some(isFault);
    }
  }
  return kept;
}

async function compare(benchmark: Benchmark, baseline: Baseline, options: GuardOptions): Promise<GuardRow[]> {
  let rows: GuardRow[] = [];
  for (let attempt = 0; attempt < attempts; attempt++) {
    const { guards, ratios } = await run(benchmark, options);
    const again = compareGuards(baseline, { ...ratios, ...guards });
    // Of all attempts the best one, guard by guard.
    rows = attempt === 0 ? again : rows.map((row, index) => (isFault(row) ? (again[index] ?? row) : row));
    if (!rows.some(isFault)) break;
  }
  return rows;
}

async function recordBaseline(benchmark: Benchmark, options: GuardOptions): Promise<Baseline> {
  const documents: BenchmarkDocument[] = [];
  while (documents.length < recordedRuns) documents.push(await run(benchmark, options));
  const { cores, cpu, node } = describeMachine();
  return baselineOf(documents, `${cores} x ${cpu}, node ${node}`);
}

async function run(
  benchmark: Benchmark,
  { rounds, scale, onProgress, signal, long = false }: GuardOptions,
): Promise<BenchmarkDocument> {
  const document = await benchmark.run({
    ...(rounds === undefined ? {} : { rounds }),
    ...(scale === undefined ? {} : { scale }),
    ...(onProgress ? { onProgress } : {}),
    ...(signal ? { signal } : {}),
    guardsOnly: !long,
  });
  if (long || Object.keys(document.guards).length > 0) return document;
  throw new AcademyError('ERR_ACADEMY_BAD_ARGUMENT', `the benchmark "${benchmark.name}" has no guards`);
}

function namesIn(folder: string): string[] {
  if (!existsSync(folder)) return [];
  const files = readdirSync(folder).filter((file) => file.endsWith('.json'));
  return files.map((file) => file.slice(0, -'.json'.length)).sort();
}

function readBaseline(name: string, file: string): Baseline {
  if (existsSync(file)) return JSON.parse(readFileSync(file, 'utf8')) as Baseline;
  throw new AcademyError('ERR_ACADEMY_BAD_ARGUMENT', `the benchmark "${name}" has no baseline`, {
    remedy: `record one: npm run bench:guard -- --record ${name}`,
  });
}

function writeBaseline(file: string, baseline: Baseline): void {
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, `${JSON.stringify(baseline, null, 2)}\n`);
}
