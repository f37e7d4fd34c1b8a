import t from 'tap';
import { capabilityVectorOf } from '../../../actors/learning/capabilityVector.js';
import { loadBaseModel } from '../../../actors/learning/loadBaseModel.js';
import { decodeGenome } from '../../../runtime/protocol/genome/decodeGenome.js';
import { encodeGenome } from '../../../runtime/protocol/genome/encodeGenome.js';
import type { Genome } from '../../../runtime/protocol/genome/Genome.js';
import { identifyGenome } from '../../../runtime/protocol/genome/genomeIdOf.js';
import { type Random, seededRandom } from '../../../runtime/protocol/Random.js';
import { clincItems, donorOf, newPersona } from './clinc.js';

const domain = 'banking';
const otherDomain = 'travel';

function exportOf(name: string): Genome {
  return donorOf(name).exportGenome({
    name,
    description: `What a persona learnt of ${name}`,
    capabilities: [name],
    columns: 2_048,
    createdAtMs: 0,
    author: { personaId: 'donor' },
  });
}

/** The same numbers in another order: what is left of a layer when its meaning is gone. */
function scrambled({ manifest, layer }: Genome, random: Random): Genome {
  const permuted = <Data extends Int8Array | Float32Array>(numbers: Data): Data => {
    const copy = numbers.slice() as Data;
    for (let last = copy.length - 1; last > 0; last--) {
      const other = Math.floor(random.next() * (last + 1));
      [copy[last], copy[other]] = [copy[other] as number, copy[last] as number];
    }
    return copy;
  };
  const { signature: _signature, id: _id, ...content } = manifest;
  return identifyGenome(content, {
    ...layer,
    loraA: permuted(layer.loraA),
    scales: permuted(layer.scales),
    loraB: permuted(layer.loraB),
    bias: permuted(layer.bias),
  });
}

const genome = exportOf(domain);
const otherGenome = exportOf(otherDomain);
const exam = clincItems(domain, 'exam');
const measure = clincItems(domain, 'measure');
const guard = clincItems(otherDomain, 'exam');

t.test('a genome of one domain lifts a persona that knows another, on questions that nobody trained on', async (t) => {
  const persona = donorOf(otherDomain, 2);
  const received = decodeGenome(encodeGenome(genome));
  const result = persona.examine(received, exam, { guard });
  t.match(result, { accepted: true, refusal: null, n: exam.length });
  t.ok(result.n >= 50);

  const before = persona.measure(measure);
  persona.adopt(received);
  const after = persona.measure(measure);
  t.ok(after.n >= 100);
  t.ok(after.accuracy - before.accuracy > 0.2, `${before.accuracy} -> ${after.accuracy} on ${after.n} items`);
  t.ok(after.answered - before.answered > 0.2, 'and it speaks the answers out');
  t.ok(persona.measure(guard).accuracy > 0.9, 'it still knows what it knew');

  t.ok(persona.dropGenome(received.manifest.id));
  t.strictSame(persona.measure(measure), before, 'dropping it takes everything back');
  t.notOk(persona.dropGenome(received.manifest.id), 'there is nothing left to drop');
});

t.test('an exam refuses a scrambled genome, whatever the permutation', async (t) => {
  const persona = newPersona(2);
  for (let seed = 1; seed <= 8; seed++) {
    const result = persona.examine(scrambled(genome, seededRandom(seed)), exam, { guard });
    t.notOk(result.accepted, `seed ${seed}: gain ${result.gain}, p ${result.pValue}, ${result.refusal}`);
  }
});

t.test('five questions name the genome that knows their field', async (t) => {
  const questions = measure.slice(0, 5).map(({ input }) => input);
  const vector = capabilityVectorOf(questions, loadBaseModel());
  const likeness = ({ manifest }: Genome): number =>
    manifest.compatibilityVector.reduce((sum, value, i) => sum + value * (vector[i] as number), 0);
  t.ok(likeness(genome) > likeness(otherGenome) + 0.05);
});
