import { readFileSync } from 'node:fs';
import { isDeepStrictEqual } from 'node:util';
import t from 'tap';
import { EmbeddedPersona, type LearningSignal } from '../../../actors/learning/EmbeddedPersona.js';
import { KnowledgePack, parseKnowledgePack } from '../../../actors/learning/KnowledgePack.js';
import { loadBaseModel } from '../../../actors/learning/loadBaseModel.js';
import { dataFile } from '../../../packageRoot.js';
import { seededRandom } from '../../../runtime/protocol/Random.js';
import { clincItems, clincPack, donorOf, newPersona } from './clinc.js';

const domain = 'banking';
const train = clincItems(domain, 'train');
const measure = clincItems(domain, 'measure');

function personaOf(name: string): EmbeddedPersona {
  const path = dataFile('knowledge', `${name}.jsonl`);
  const knowledge = parseKnowledgePack(readFileSync(path, 'utf8'), path);
  return new EmbeddedPersona({ knowledge, baseModel: loadBaseModel(), random: seededRandom(1) });
}

t.test('an untrained persona answers a paraphrase of a known question', async (t) => {
  const persona = personaOf('typescript-help');
  for (const [question, id] of [
    ['what is the difference between interface and type', 'ts-interface-vs-type'],
    ['what does never mean', 'ts-never'],
    ['how to narrow a union type', 'ts-narrowing'],
    ['when should i use generics', 'ts-generics-basics'],
  ] as const) {
    t.match(persona.answer(question), { answer: id, top: id }, question);
  }
});

t.test('an untrained persona keeps out of small talk', async (t) => {
  const talk = [
    'hello how are you',
    'good morning everyone',
    'thanks a lot!',
    'lol',
    'see you tomorrow',
    'who wants lunch',
    'i had a long day at work',
    'the build is green now',
    'did you see the game last night',
    'nice work',
    'how was your weekend',
    '!!!',
    '',
  ];
  for (const name of ['typescript-help', 'academy']) {
    const persona = personaOf(name);
    for (const text of talk) t.equal(persona.answer(text).answer, null, `${name}: ${text}`);
  }
});

t.test('it learns a field in one pass, one signal at a time', async (t) => {
  const before = newPersona().measure(measure).accuracy;
  const donor = donorOf(domain);
  const after = donor.measure(measure);
  t.ok(after.accuracy > 0.93 && before < 0.7, `${before} -> ${after.accuracy}`);
  t.ok(after.answered > 0.9, `spoken: ${after.answered}`);
  t.equal(donor.signals, train.length);
});

t.test('what it heard nothing of is not forgotten', async (t) => {
  const other = clincItems('travel', 'measure');
  const before = newPersona().measure(other).accuracy;
  t.ok(donorOf(domain).measure(other).accuracy > before - 0.3);
});

t.test('right and wrong alone teach it too', async (t) => {
  const persona = newPersona();
  const before = persona.measure(measure).accuracy;
  for (const { input, expected } of train) {
    const answered = persona.answer(input).top;
    persona.learn({ input, answered, value: answered === expected ? 1 : -1 });
  }
  const after = persona.measure(measure).accuracy;
  t.ok(after > before + 0.08, `${before} -> ${after}`);
});

t.test('it learns to stay silent where it was told to', async (t) => {
  const persona = newPersona();
  const input = 'sing me a song of the interest rate';
  t.not(persona.answer(input).answer, null);
  for (let i = 0; i < 30; i++) persona.learn({ input, expected: null });
  t.equal(persona.answer(input).answer, null);
});

t.test('a signal that cannot teach says why and changes nothing', async (t) => {
  const persona = newPersona();
  const before = persona.scores('what is my balance');
  const cases: readonly (readonly [LearningSignal, string])[] = [
    [{ input: 'what is my balance', expected: 'no_such_answer' }, 'unknown-answer'],
    [{ input: 'what is my balance', answered: 'no_such_answer', value: 1 }, 'unknown-answer'],
    [{ input: '...', expected: 'balance' }, 'no-words'],
    [{ input: 'what is my balance', answered: 'balance', value: 0 }, 'no-value'],
    [{ input: 'what is my balance', answered: 'balance', value: Number.NaN }, 'no-value'],
  ];
  for (const [signal, outcome] of cases) t.equal(persona.learn(signal), outcome);
  t.strictSame(persona.scores('what is my balance'), before);
  t.equal(persona.signals, 0);
});

t.test('the same seed and signals give the same persona', async (t) => {
  t.ok(isDeepStrictEqual(donorOf(domain, 3).snapshot(), donorOf(domain, 3).snapshot()));
});

t.test('names of answers do not matter, titles do', async (t) => {
  const renamed = new KnowledgePack(clincPack.items.map((item, row) => ({ ...item, id: `q${row}` })));
  const persona = new EmbeddedPersona({ knowledge: renamed, baseModel: loadBaseModel(), random: seededRandom(1) });
  const named = newPersona();
  for (const { input, expected } of train.slice(0, 200)) {
    named.learn({ input, expected });
    persona.learn({ input, expected: expected === null ? null : `q${clincPack.rowOf(expected)}` });
  }
  const question = measure[0]?.input ?? '';
  t.strictSame(persona.scores(question), named.scores(question));
});

t.test('a persona restored from a snapshot answers as before and goes on learning', async (t) => {
  const donor = donorOf(domain);
  const genome = donorOf('travel').exportGenome({
    name: 'travel',
    description: 'travel',
    createdAtMs: 0,
    author: { personaId: 'other' },
  });
  donor.adopt(genome, 0.5);
  const state = structuredClone(donor.snapshot());
  const restored = EmbeddedPersona.restore(state, {
    knowledge: clincPack,
    baseModel: loadBaseModel(),
    random: seededRandom(9),
  });
  t.ok(isDeepStrictEqual(restored.snapshot(), donor.snapshot()));
  for (const { input } of measure.slice(0, 20)) t.strictSame(restored.answer(input), donor.answer(input));
  t.strictSame(restored.capabilityVector(), donor.capabilityVector());
  t.equal(restored.learn({ input: 'show my balance please', expected: 'balance' }), 'learnt');
  t.notSame(restored.scores('show my balance'), donor.scores('show my balance'));
});

t.test('a snapshot of another pack or base model is refused', async (t) => {
  const state = newPersona().snapshot();
  const options = { knowledge: clincPack, baseModel: loadBaseModel(), random: seededRandom(1) };
  const shorter = new KnowledgePack(clincPack.items.slice(1));
  t.throws(() => EmbeddedPersona.restore(state, { ...options, knowledge: shorter }), {
    code: 'ERR_ACADEMY_KNOWLEDGE_INVALID',
  });
  t.throws(() => EmbeddedPersona.restore({ ...state, baseModelSha256: 'x' }, options), {
    code: 'ERR_ACADEMY_BASE_MISMATCH',
  });
});

t.test('its capability vector has 512 numbers of length 1 from the first moment', async (t) => {
  for (const persona of [newPersona(), donorOf(domain)]) {
    const vector = persona.capabilityVector();
    t.equal(vector.length, 512);
    t.ok(Math.abs(Math.hypot(...vector) - 1) < 1e-5);
  }
});

t.test('a persona that has learnt nothing has nothing to export', async (t) => {
  const options = { name: 'x', description: 'x', createdAtMs: 0, author: { personaId: 'p' } };
  t.throws(() => newPersona().exportGenome(options), { code: 'ERR_ACADEMY_BAD_ARGUMENT' });
  t.throws(() => donorOf(domain).exportGenome({ ...options, capabilities: ['travel'] }), {
    code: 'ERR_ACADEMY_BAD_ARGUMENT',
  });
  t.strictSame(
    donorOf(domain).exportGenome(options).manifest.capabilities,
    [domain],
    'and shares only what it was told is right',
  );
});

t.test('a whole persona exported with all answers and columns answers like its original', async (t) => {
  const donor = donorOf(domain);
  const genome = donor.exportGenome({
    name: 'x',
    description: 'x',
    answers: 'all',
    columns: 65_536,
    createdAtMs: 0,
    author: { personaId: 'p' },
  });
  const copy = newPersona(8);
  copy.adopt(genome);
  t.ok(Math.abs(copy.measure(measure).accuracy - donor.measure(measure).accuracy) <= 0.01);
  t.equal(copy.silenceThreshold, donor.silenceThreshold, 'its evidence travels with it');
});

t.test('a rank out of range is refused', async (t) => {
  for (const rank of [0, 257, 1.5]) t.throws(() => newPersona(1, rank), { code: 'ERR_ACADEMY_BAD_ARGUMENT' });
});
