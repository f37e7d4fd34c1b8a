import t, { type Test } from 'tap';
import { CommandLine } from './CommandLine.js';

interface SceneDocument {
  readonly before: number;
  readonly after: number;
  readonly n: number;
  readonly domain: string;
  readonly genomeId: string | null;
  readonly fromNode: string | null;
  readonly gain: number;
  readonly shared: boolean;
  readonly millis: number;
  readonly reason: string;
}

async function play(t: Test, ...args: string[]): Promise<{ code: number | null; result: SceneDocument }> {
  const commandLine = await CommandLine.open(t);
  const { code, stdout, stderr } = await commandLine.run(['demo', 'loop', '--seed', '7', ...args, '--json']);
  t.equal(stderr, '');
  return { code, result: JSON.parse(stdout) as SceneDocument };
}

t.test('a persona learns a subject from another node: measured, examined, adopted, shared', async (t) => {
  const { code, result } = await play(t);
  t.equal(code, 0, result.reason);
  t.ok(result.n >= 100, 'on a hundred questions or more');
  t.ok(result.before < result.after);
  t.ok(result.gain > 0.1);
  t.equal(result.gain, result.after - result.before);
  t.equal(result.shared, true);
  t.match(result, { genomeId: /^[0-9a-f]{64}$/, fromNode: /^[0-9a-f]{32}$/, domain: String, millis: Number });
});

t.test('nothing is adopted from a scrambled genome, or where nobody has what is lacking', async (t) => {
  const [sabotaged, alone] = await Promise.all([play(t, '--sabotage'), play(t, '--no-donor')]);
  t.equal(sabotaged.code, 3, 'the exit code says that the loop did not close');
  t.match(sabotaged.result, { genomeId: null, fromNode: null, gain: 0, shared: false, reason: /^refused/ });
  t.equal(alone.code, 3);
  t.match(alone.result, { genomeId: null, fromNode: null, gain: 0, shared: false, reason: /^no-candidates/ });
});
