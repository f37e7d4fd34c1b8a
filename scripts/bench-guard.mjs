#!/usr/bin/env node
// Compares benchmarks with their committed baselines, and fails with a table of what fell.
//
//   npm run bench:guard -- [NAME...] [--long] [--record] [--rounds N] [--scale SHARE]
//
// Without names it runs those that have a baseline: what is steady on any machine, in about a minute. --long runs all of
// each benchmark and compares its ratios, too, for which a quiet machine is needed. --record writes the baselines anew: do so on a quiet machine, and
// say in the commit why they changed.

import { parseArgs } from 'node:util';
import { runGuard } from '../dist/benchmarks/guard.js';
import { ProgressLine } from '../dist/benchmarks/index.js';

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    record: { type: 'boolean' },
    long: { type: 'boolean' },
    rounds: { type: 'string' },
    scale: { type: 'string' },
  },
});
const progress = new ProgressLine();
const giveUp = new AbortController();
for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.once(name, () => giveUp.abort());

try {
  const kept = await runGuard({
    names: positionals,
    record: values.record === true,
    long: values.long === true,
    ...(values.rounds ? { rounds: Number(values.rounds) } : {}),
    ...(values.scale ? { scale: Number(values.scale) } : {}),
    onProgress: (step) => progress.show(step),
    onText: (text) => {
      progress.clear();
      process.stdout.write(text);
    },
    signal: giveUp.signal,
  });
  process.exitCode = kept ? 0 : 1;
} catch (thrown) {
  progress.clear();
  process.stderr.write(`bench:guard: ${thrown.message}${thrown.remedy ? `\n${thrown.remedy}` : ''}\n`);
  process.exitCode = giveUp.signal.aborted ? 130 : 1;
}
