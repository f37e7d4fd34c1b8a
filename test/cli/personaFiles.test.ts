import { readFileSync } from 'node:fs';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import t from 'tap';
import { dataFile } from '../../packageRoot.js';
import { CommandLine } from './CommandLine.js';

const knowledge = dataFile('knowledge', 'clinc150.jsonl');
const intents = ['freeze_account', 'transfer', 'routing'];
const lines = readFileSync(dataFile('clinc150', 'train.jsonl'), 'utf8')
  .trim()
  .split('\n')
  .map((line) => JSON.parse(line) as { text: string; intent: string })
  .filter(({ intent }) => intents.includes(intent));
const [asked, taught] = [lines.filter((_, place) => place % 4 === 0), lines.filter((_, place) => place % 4 !== 0)];
const jsonLines = (values: readonly unknown[]): string => values.map((value) => `${JSON.stringify(value)}\n`).join('');

interface Answer {
  readonly answer: string | null;
  readonly confidence: number;
  readonly top: string;
}

t.test(
  'a persona is trained from a file of signals, and answers a file of questions with what it learnt',
  async (t) => {
    const commandLine = await CommandLine.open(t);
    const file = (name: string): string => join(commandLine.folder, name);
    await writeFile(
      file('signals.jsonl'),
      jsonLines(taught.map(({ text, intent }) => ({ input: text, expected: intent }))),
    );
    await writeFile(file('questions.jsonl'), jsonLines(asked.map(({ text }) => ({ input: text }))));
    const accuracy = async (...genomes: string[]): Promise<number> => {
      const where = ['--knowledge', knowledge, '--questions', file('questions.jsonl'), '--out', file('answers.jsonl')];
      const given = genomes.flatMap((genome) => ['--genome', genome]);
      await commandLine.json(['persona', 'answer', ...where, ...given]);
      const answers = (await readFile(file('answers.jsonl'), 'utf8'))
        .trim()
        .split('\n')
        .map((line) => JSON.parse(line) as Answer);
      t.equal(answers.length, asked.length);
      for (const { answer, confidence, top } of answers) {
        t.ok(confidence >= 0 && confidence <= 1 && (answer === null || answer === top));
      }
      return answers.filter(({ top }, place) => top === asked[place]?.intent).length / asked.length;
    };

    const untaught = await accuracy();
    const source = ['--knowledge', knowledge, '--signals', file('signals.jsonl')];
    const trained = await commandLine.json<Record<string, number>>([
      'persona',
      'train',
      ...source,
      '--out',
      file('genome'),
    ]);
    t.strictSame(Object.keys(trained).sort(), ['bytes', 'rank', 'seconds', 'signals']);
    t.equal(trained.signals, taught.length);
    const taughtOnce = await accuracy(file('genome'));
    t.ok(taughtOnce > untaught, 'one pass has helped');

    const more = ['--rank', '8', '--passes', '2', '--seed', '5'];
    t.match(await commandLine.json(['persona', 'train', ...source, ...more, '--out', file('small')]), { rank: 8 });
    t.ok((await accuracy(file('genome'), file('small'))) > untaught, 'genomes are worn together');
  },
);

t.test('right and wrong, and silence, are signals too; what does not fit is told with its line', async (t) => {
  const commandLine = await CommandLine.open(t);
  const file = (name: string): string => join(commandLine.folder, name);
  const train = async (signals: readonly unknown[], pack = knowledge) => {
    await writeFile(file('signals.jsonl'), jsonLines(signals));
    return commandLine.run([
      'persona',
      'train',
      '--knowledge',
      pack,
      '--signals',
      file('signals.jsonl'),
      '--out',
      file('genome'),
    ]);
  };
  const judged = taught.slice(0, 20).map(({ text, intent }) => ({ input: text, answered: intent, value: 1 }));
  const fine = await train([...judged, { input: 'what is the meaning of life', expected: null }]);
  t.match(fine, { code: 0, stdout: /21 signals/ });
  t.match(await train([{ input: 'x', expected: 'no_such_answer' }]), {
    code: 1,
    stderr: /ERR_ACADEMY_SIGNALS_INVALID: .*signals\.jsonl line 1.*no_such_answer/,
  });
  t.match(await train(judged, file('nowhere.jsonl')), { code: 1, stderr: /ERR_ACADEMY_FILE_NOT_FOUND.*nowhere/ });
  await writeFile(file('pack.jsonl'), '{"id":"a","title":"b","answer":"c"}\n{"id":"a"}\n');
  t.match(await train(judged, file('pack.jsonl')), { code: 1, stderr: /ERR_ACADEMY_KNOWLEDGE_INVALID: .*line 2/ });
  await writeFile(join(file('genome'), 'adapter_model.safetensors'), 'junk');
  await writeFile(file('questions.jsonl'), '{"input":"x"}\n');
  const [genome, questions] = [file('genome'), file('questions.jsonl')];
  const files = ['--genome', genome, '--questions', questions, '--out', file('answers.jsonl')];
  t.match(await commandLine.run(['persona', 'answer', '--knowledge', knowledge, ...files]), {
    code: 1,
    stderr: /ERR_ACADEMY_GENOME_INVALID: .*genome: .*\nremedy: ./,
  });
  t.match(await commandLine.run(['persona', 'train', '--knowledge', knowledge]), { code: 2, stderr: /--signals/ });
});
