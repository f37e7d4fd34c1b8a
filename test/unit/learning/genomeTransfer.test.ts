// What the academy is for: what one persona learnt helps another, through a file of about 49 KB and an exam.

import { isDeepStrictEqual } from 'node:util';
import t from 'tap';
import { BaseModel, encodeBaseModel } from '../../../actors/learning/BaseModel.js';
import { scrambleGenome } from '../../../cli/scene/scrambleGenome.js';
import { decodeGenome } from '../../../runtime/protocol/genome/decodeGenome.js';
import { encodeGenome } from '../../../runtime/protocol/genome/encodeGenome.js';
import { seededRandom } from '../../../runtime/protocol/Random.js';
import { donorOf, genomeOf, newPersona, packOf, questions } from './oneDomain.js';

const pack = packOf(['banking', 'travel', 'kitchen_and_dining']);
const banking = decodeGenome(encodeGenome(genomeOf(donorOf('banking', pack), 'banking')));
const travel = genomeOf(donorOf('travel', pack), 'travel');
const exam = questions('banking', 'exam');
const measured = questions('banking', 'measure');
const guard = questions('kitchen_and_dining', 'exam');

t.test('a domain that a donor was taught is about 49 KB of genome, of its answers only', (t) => {
  const bytes = [...encodeGenome(banking).values()].reduce((sum, { length }) => sum + length, 0);
  const layerBytes = encodeGenome(banking).get('adapter_model.safetensors')?.length ?? 0;
  t.equal(banking.layer.rank, 16);
  t.equal(banking.layer.columns.length, 2_048);
  t.ok(layerBytes > 48_000 && layerBytes < 52_000, `${layerBytes} bytes of layer`);
  t.ok(bytes < 75_000, `${bytes} bytes with the manifest`);
  t.strictSame(
    banking.manifest.answers,
    packOf(['banking']).items.map(({ id }) => id),
  );
  t.strictSame(banking.manifest.capabilities, ['banking']);
  t.end();
});

t.test('the genome passes the exam and lifts a fresh persona on questions that nobody was taught', (t) => {
  const persona = newPersona(pack, 2);
  const result = persona.examine(banking, exam, { guard });
  t.match(result, { accepted: true, refusal: null, n: exam.length, guard: { n: guard.length } });
  t.ok(result.pValue < 0.001 && result.wins > result.losses);
  const before = persona.measure(measured);
  t.match(persona.layers, { length: 1 }, 'an exam adopts nothing');
  persona.adopt(banking);
  const after = persona.measure(measured);
  t.ok(after.accuracy - before.accuracy > 0.2, `${before.accuracy} became ${after.accuracy}`);
  t.ok(after.answered > before.answered, 'and it dares to say what it knows');
  t.ok(Math.abs(persona.measure(exam).accuracy - result.after) < 1e-9, 'the exam told what would happen');
  t.end();
});

t.test('a scrambled genome and one of another domain are refused', (t) => {
  const persona = newPersona(pack, 2);
  const files = Object.fromEntries(encodeGenome(banking));
  const scrambled = decodeGenome(new Map(Object.entries(scrambleGenome(files, seededRandom(9)))));
  t.match(persona.examine(scrambled, exam, { guard }), { accepted: false, refusal: 'gain-too-small' });
  t.match(persona.examine(travel, exam, { guard }), { accepted: false, refusal: 'gain-too-small' });
  t.match(persona.examine(banking, exam.slice(0, 49)), { accepted: false, refusal: 'too-few-items' });
  t.end();
});

t.test('a genome whose answers were exchanged spoils what it speaks of, and is refused', (t) => {
  const { id: _id, ...claims } = banking.manifest;
  const exchanged = {
    manifest: { ...claims, id: 'f'.repeat(64), answers: claims.answers.toReversed() },
    layer: banking.layer,
  };
  const result = newPersona(pack, 2).examine(exchanged, exam);
  t.equal(result.accepted, false);
  t.ok(result.after < result.before);
  t.end();
});

t.test('dropping a genome restores exactly the former scores, whatever was adopted besides', (t) => {
  const persona = newPersona(pack, 3);
  for (const question of questions('travel', 'train').slice(0, 60)) persona.learn(question);
  const answers = () => measured.slice(0, 30).map(({ input }) => [persona.answer(input), persona.scores(input)]);
  const before = answers();
  persona.adopt(banking);
  t.notOk(isDeepStrictEqual(answers(), before));
  persona.adopt(travel, 0.5);
  t.ok(persona.dropGenome(banking.manifest.id));
  t.ok(persona.dropGenome(travel.manifest.id));
  t.ok(isDeepStrictEqual(answers(), before), 'to the last bit');
  t.equal(persona.dropGenome(banking.manifest.id), false, 'it is no longer in use');
  t.end();
});

t.test('two genomes help in both domains; adopting one again only sets its scale', (t) => {
  const persona = newPersona(pack, 2);
  const travelling = questions('travel', 'measure');
  const before = persona.measure(travelling).accuracy;
  const alone = persona.measure(measured).accuracy;
  persona.adopt(banking);
  persona.adopt(travel);
  t.ok(persona.measure(travelling).accuracy - before > 0.15);
  t.ok(persona.measure(measured).accuracy - alone > 0.15);
  persona.adopt(banking, 0.25);
  t.match(persona.layers, [
    { name: 'own', genomeId: null, signals: 0 },
    { name: 'banking', genomeId: banking.manifest.id, scale: 0.25, answers: 15, rank: 16, columns: 2_048 },
    { name: 'travel', genomeId: travel.manifest.id, scale: 1 },
  ]);
  t.equal(persona.layers.length, 3);
  t.end();
});

t.test('answers are matched by id: another pack gains on those it shares, one that shares none is not touched', (t) => {
  const shared = newPersona(packOf(['travel', 'banking']), 4);
  const before = shared.measure(measured).accuracy;
  shared.adopt(banking);
  t.ok(shared.measure(measured).accuracy - before > 0.2);
  const stranger = newPersona(packOf(['travel']), 4);
  const scores = stranger.scores('what is my balance');
  stranger.adopt(banking);
  t.match(stranger.layers[1], { answers: 0 });
  t.strictSame(stranger.scores('what is my balance'), scores);
  t.end();
});

t.test('the names of answers carry no knowledge: with all ids renamed every figure is the same', (t) => {
  const renamed = (intent: string) => `q-${Buffer.from(intent).toString('hex').slice(0, 60)}`;
  const rename = (items: readonly { input: string; expected: string }[]) =>
    items.map(({ input, expected }) => ({ input, expected: renamed(expected) }));
  const figures = (idOf: (intent: string) => string, items: typeof measured, taught: typeof measured) => {
    const knowledge = packOf(['banking'], idOf);
    const [donor, adopter] = [newPersona(knowledge, 5), newPersona(knowledge, 6)];
    for (const question of taught) donor.learn(question);
    const fresh = adopter.measure(items);
    adopter.adopt(genomeOf(donor, 'banking'));
    return { fresh, taught: donor.measure(items), adopted: adopter.measure(items) };
  };
  const taught = questions('banking', 'train').slice(0, 300);
  t.strictSame(
    figures(renamed, rename(measured), rename(taught)),
    figures((intent) => intent, measured, taught),
  );
  t.end();
});

t.test('a genome over another base model is neither examined nor adopted', (t) => {
  const other = new BaseModel(encodeBaseModel('other', ['a text']));
  const persona = newPersona(packOf(['banking']), 1, { baseModel: other });
  const code = { code: 'ERR_ACADEMY_BASE_MISMATCH' };
  t.throws(() => persona.adopt(banking), code);
  t.throws(() => persona.examine(banking, exam), code);
  t.equal(persona.layers.length, 1);
  t.end();
});

t.test('a persona stacks no more genomes than the bound', (t) => {
  const persona = newPersona(packOf(['banking']));
  const copy = (n: number) => ({ ...banking, manifest: { ...banking.manifest, id: String(n).padStart(64, '0') } });
  for (let n = 0; n < 32; n++) persona.adopt(copy(n), 0.01);
  t.throws(() => persona.adopt(copy(32)), { code: 'ERR_ACADEMY_BAD_ARGUMENT' });
  t.doesNotThrow(() => persona.adopt(copy(31), 1), 'one in use may still change its scale');
  t.end();
});

t.test('what a donor learnt is found by its vector, and names what it was built upon', (t) => {
  const dot = (left: ArrayLike<number>, right: ArrayLike<number>) =>
    Array.from(left).reduce((sum, value, i) => sum + value * (right[i] ?? 0), 0);
  const asker = newPersona(packOf(['banking']));
  for (const question of questions('banking', 'exam').slice(0, 20)) asker.learn(question);
  const wanted = asker.capabilityVector();
  t.equal(wanted.length, 512);
  t.ok(Math.abs(dot(wanted, wanted) - 1) < 1e-5);
  t.ok(dot(wanted, banking.manifest.compatibilityVector) > dot(wanted, travel.manifest.compatibilityVector) + 0.2);
  asker.adopt(banking);
  t.strictSame(genomeOf(asker, 'banking').manifest.parents, [banking.manifest.id]);
  t.end();
});
