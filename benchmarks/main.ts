/**
 * Benchmarks without the command line around them: `node dist/benchmarks/main.js NAME... [--rounds N] [--scale X]
 * [--seed N] [--json]`. Exits with 0, with 1 when a run failed or was void, with 2 for wrong arguments, and with 130
 * when it was interrupted.
 */
import { parseArgs } from 'node:util';
import { AcademyError } from '../runtime/protocol/errors.js';
import { benchmarkNames, loadBenchmark, ProgressLine, type RunBenchmarkOptions, renderDocument } from './index.js';

process.exitCode = await main();

async function main(): Promise<number> {
  const interrupt = new AbortController();
  const onInterrupt = (): void => interrupt.abort();
  process.once('SIGINT', onInterrupt).once('SIGTERM', onInterrupt);
  const progress = new ProgressLine();
  try {
    const { names, json, ...options } = readArguments();
    if (names.length === 0) await listBenchmarks();
    for (const name of names) {
      const benchmark = await loadBenchmark(name);
      const document = await benchmark.run({
        ...options,
        signal: interrupt.signal,
        onProgress: (at) => progress.show({ ...at, text: `${name}: ${at.text}` }),
      });
      progress.clear();
      process.stdout.write(json ? `${JSON.stringify(document)}\n` : `${renderDocument(document, terminal())}\n`);
    }
    return 0;
  } catch (thrown) {
    progress.clear();
    if (interrupt.signal.aborted) return 130;
    const { message } = thrown as Error;
    const remedy = thrown instanceof AcademyError && thrown.remedy ? `; ${thrown.remedy}` : '';
    process.stderr.write(`${message}${remedy}\n`);
    return isUsageError(thrown) ? 2 : 1;
  }
}

interface Arguments extends RunBenchmarkOptions {
  readonly names: readonly string[];
  readonly json: boolean;
}

function readArguments(): Arguments {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      rounds: { type: 'string' },
      scale: { type: 'string' },
      seed: { type: 'string' },
      json: { type: 'boolean', default: false },
    },
  });
  const numbers = Object.entries({ rounds: values.rounds, scale: values.scale, seed: values.seed }).flatMap(
    ([key, text]) => (text === undefined ? [] : [[key, Number(text)]]),
  );
  return { names: positionals, json: values.json, ...Object.fromEntries(numbers) };
}

async function listBenchmarks(): Promise<void> {
  for (const name of benchmarkNames) {
    process.stdout.write(`${name.padEnd(12)}${(await loadBenchmark(name)).sentence}\n`);
  }
}

function terminal(): { columns: number; color: boolean } {
  return { columns: process.stdout.columns ?? 80, color: process.stdout.isTTY && !process.env.NO_COLOR };
}

function isUsageError(thrown: unknown): boolean {
  const { code } = thrown as { code?: unknown };
  return code === 'ERR_ACADEMY_BAD_ARGUMENT' || (typeof code === 'string' && code.startsWith('ERR_PARSE_ARGS'));
}
