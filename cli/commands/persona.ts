import { Command } from 'commander';
import type { CommandContext } from '../CommandContext.js';
import { usageFault } from '../usageFault.js';
import { withJson } from './nodeOptions.js';

interface TrainOptions {
  readonly knowledge: string;
  readonly signals: string;
  readonly out: string;
  readonly rank?: number;
  readonly passes?: number;
  readonly seed?: number;
}

interface AnswerOptions {
  readonly knowledge: string;
  readonly genome?: readonly string[];
  readonly questions: string;
  readonly out: string;
}

export function personaCommand(context: CommandContext): Command {
  return new Command('persona')
    .description('train and ask a persona from files, without a node')
    .addCommand(trainCommand(context))
    .addCommand(answerCommand(context));
}

function trainCommand({ output }: CommandContext): Command {
  return withJson(new Command('train').description('learn from signals, and write a genome folder'))
    .requiredOption('--knowledge <pack.jsonl>', 'what the persona may answer')
    .requiredOption(
      '--signals <signals.jsonl>',
      'lines {"input", "expected": id | null} or {"input", "answered", "value"}',
    )
    .requiredOption('--out <folder>', 'genome folder to write')
    .option('--rank <n>', 'rank of the layer', wholeNumber('--rank', 1))
    .option('--passes <n>', 'how often the signals are gone through', wholeNumber('--passes', 1))
    .option('--seed <n>', 'seed of the layer', wholeNumber('--seed', 0))
    .action(async ({ knowledge, signals, out, rank, passes, seed }: TrainOptions) => {
      const { personaTrain } = await import('../personaTrain.js');
      const trained = await personaTrain({
        knowledge,
        signals,
        out,
        ...(rank === undefined ? {} : { rank }),
        ...(passes === undefined ? {} : { passes }),
        ...(seed === undefined ? {} : { seed }),
      });
      output.result(
        trained,
        (done) =>
          `${done.signals} signals in ${done.seconds.toFixed(2)} s: a genome of rank ${done.rank}, ${done.bytes} bytes, in ${out}`,
      );
    });
}

function answerCommand({ output }: CommandContext): Command {
  return withJson(new Command('answer').description('answer questions from a file'))
    .requiredOption('--knowledge <pack.jsonl>', 'what the persona may answer')
    .option('--genome <folder...>', 'genomes that it has learnt or adopted')
    .requiredOption('--questions <questions.jsonl>', 'lines {"input"}')
    .requiredOption('--out <answers.jsonl>', 'file to write: lines {"answer": id | null, "confidence", "top"}')
    .action(async ({ knowledge, genome = [], questions, out }: AnswerOptions) => {
      const { personaAnswer } = await import('../personaAnswer.js');
      const answered = await personaAnswer({ knowledge, genomes: [...genome], questions, out });
      output.result(answered, () => `Answers written to ${out}`);
    });
}

function wholeNumber(option: string, minimum: number): (text: string) => number {
  return (text) => {
    const value = Number(text);
    if (Number.isSafeInteger(value) && value >= minimum) return value;
    throw usageFault(
      `${option} ${text} is no whole number from ${minimum} on`,
      `write for instance ${option} ${minimum + 1}`,
    );
  };
}
