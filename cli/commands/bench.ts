import { writeFileSync } from 'node:fs';
import { Command } from 'commander';
import type { CommandContext } from '../CommandContext.js';
import { Interruption } from '../Interruption.js';
import { table } from '../Output.js';
import { usageFault } from '../usageFault.js';
import { withJson } from './nodeOptions.js';

interface BenchOptions {
  readonly rounds?: number;
  readonly scale?: number;
  readonly seed?: number;
  readonly only?: readonly string[];
  readonly chart?: string;
}

interface LoadOptions {
  readonly rooms?: number;
  readonly participants?: number;
  readonly rate?: number;
  readonly seconds?: number;
  readonly nodes?: number;
}

export function benchCommand(context: CommandContext): Command {
  return withJson(new Command('bench').description('measure rates, loss, percentiles and CPU on this machine'))
    .argument('[name]', 'a benchmark; without a name they are listed')
    .option('--rounds <n>', 'rounds that count', positive('--rounds'))
    .option('--scale <share>', 'share of the full amount of work', positive('--scale'))
    .option('--seed <n>', 'where the data come from', positive('--seed'))
    .option('--only <names>', 'peers to compare with, separated by commas', (text) => text.split(','))
    .option('--chart <file>', 'write the result as an SVG picture, where the benchmark has one')
    .addCommand(loadCommand(context))
    .action((name: string | undefined, options: BenchOptions) =>
      name === undefined ? listBenchmarks(context) : runNamed(context, name, options),
    );
}

function loadCommand(context: CommandContext): Command {
  return withJson(
    new Command('load').description('offer messages at a rate to real processes, and measure what arrives'),
  )
    .option('--rooms <n>', 'rooms', positive('--rooms'))
    .option('--participants <n>', 'participants in all', positive('--participants'))
    .option('--rate <n>', 'messages offered a second', positive('--rate'))
    .option('--seconds <n>', 'how long', positive('--seconds'))
    .option('--nodes <n>', 'processes', positive('--nodes'))
    .action(async ({ rooms, participants, rate, seconds, nodes }: LoadOptions) => {
      const { runLoadBenchmark } = await import('../../index.js');
      const { ProgressLine, renderDocument } = await import('../../benchmarks/index.js');
      const given = Object.entries({ rooms, participants, rate, seconds, nodes }).filter(
        ([, value]) => value !== undefined,
      );
      const progress = new ProgressLine();
      await untilInterrupted(context, progress, async (signal) => {
        const document = await runLoadBenchmark({
          ...Object.fromEntries(given),
          onProgress: (step) => progress.show(step),
          signal,
        });
        progress.clear();
        context.output.result(document, (shown) => renderDocument(shown, { columns: process.stdout.columns || 80 }));
      });
    });
}

async function listBenchmarks({ output }: CommandContext): Promise<void> {
  const { benchmarkNames, loadBenchmark } = await import('../../benchmarks/index.js');
  const known = await Promise.all(
    benchmarkNames.map(async (name) => ({ name, sentence: (await loadBenchmark(name)).sentence })),
  );
  output.result(known, (shown) => table(shown.map(({ name, sentence }) => [name, sentence])));
}

async function runNamed(context: CommandContext, name: string, { chart, ...options }: BenchOptions): Promise<void> {
  const { loadBenchmark, ProgressLine, renderDocument } = await import('../../benchmarks/index.js');
  const benchmark = await loadBenchmark(name);
  if (chart && !benchmark.chart) throw usageFault(`the benchmark "${name}" has no chart`, 'leave --chart out');
  const progress = new ProgressLine();
  await untilInterrupted(context, progress, async (signal) => {
    const document = await benchmark.run({ ...options, onProgress: (step) => progress.show(step), signal });
    progress.clear();
    if (chart && benchmark.chart) writeFileSync(chart, benchmark.chart(document));
    context.output.result(document, (shown) => renderDocument(shown, { columns: process.stdout.columns || 80 }));
  });
}

/** Hands a signal to the work, and turns a Ctrl-C into its exit code. */
async function untilInterrupted(
  context: CommandContext,
  progress: { clear(): void },
  work: (signal: AbortSignal) => Promise<void>,
): Promise<void> {
  const interruption = new Interruption();
  try {
    await work(interruption.signal);
  } catch (thrown) {
    progress.clear();
    if (!interruption.cause) throw asFailure(thrown);
    context.exitCode = interruption.exitCode;
  } finally {
    interruption.dispose();
  }
}

/** A void round is nobody's mistake: what it measured was not the work that its name promises. */
function asFailure(thrown: unknown): unknown {
  if (!(thrown instanceof Error) || thrown.name !== 'VoidRound') return thrown;
  const remedy = 'run it again on a machine that is less busy, or offer less';
  return Object.assign(thrown, { code: 'ERR_ACADEMY_COMMAND_FAILED', remedy });
}

function positive(option: string): (text: string) => number {
  return (text) => {
    const value = Number(text);
    if (text.trim() !== '' && Number.isFinite(value) && value > 0) return value;
    throw usageFault(`${option} ${text} is no number above 0`, `write for instance ${option} 2`);
  };
}
