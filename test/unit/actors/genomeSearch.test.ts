import fc from 'fast-check';
import t from 'tap';
import { findMatchingGenomes, type KnownGenome } from '../../../actors/findMatchingGenomes.js';
import { GenomeCatalogue } from '../../../actors/GenomeCatalogue.js';
import { limits } from '../../../runtime/protocol/limits.js';
import { seededRandom } from '../../../runtime/protocol/Random.js';
import type { GenomeDescriptor, GenomeQuery } from '../../../runtime/protocol/schemas/genome.js';
import { otherNode, testNode } from './driveActor.js';

const anything: GenomeQuery = {
  requiredCapabilities: [],
  preferredCapabilities: [],
  antipatterns: [],
  performanceThreshold: 0,
};

function randomVector(random: { next(): number }): number[] {
  const values = Array.from({ length: limits.capabilityVectorDimensions }, () => random.next() - 0.5);
  const length = Math.hypot(...values);
  return values.map((value) => value / length);
}

function descriptor(id: string, changes: Partial<GenomeDescriptor> = {}): GenomeDescriptor {
  return {
    id,
    name: id,
    description: 'for tests',
    capabilities: ['banking'],
    performanceMetrics: { averageScore: null, testsPassed: 0, humanSatisfactionRate: null, collaborationSuccess: null },
    layers: [],
    baseModel: 'base',
    trainingData: [],
    compatibilityVector: Array.from({ length: limits.capabilityVectorDimensions }, (_, at) => (at === 0 ? 1 : 0)),
    bytes: 1_000,
    ...changes,
  };
}
const known = (id: string, changes: Partial<GenomeDescriptor> = {}, evidence: KnownGenome['evidence'] = []) => ({
  descriptor: descriptor(id, changes),
  evidence,
});
const idsOf = (genomes: readonly KnownGenome[], query: Partial<GenomeQuery>): string[] =>
  findMatchingGenomes(genomes, { ...anything, ...query }).map(({ genome }) => genome.descriptor.id);

t.test('the planted nearest of 1,000 genomes is found, whatever they are called and in whatever order', async () => {
  fc.assert(
    fc.property(
      fc.integer(),
      fc.nat({ max: 999 }),
      fc.double({ min: 0.05, max: 0.9, noNaN: true }),
      (seed, at, noise) => {
        const random = seededRandom(seed);
        const vector = randomVector(random);
        const genomes = Array.from({ length: 1_000 }, (_, index) =>
          known(`g${index}`, { compatibilityVector: randomVector(random), capabilities: [`c${index % 7}`] }),
        );
        const strayed = randomVector(random).map((value, index) => (vector[index] as number) + noise * value);
        const length = Math.hypot(...strayed);
        genomes[at] = known('planted', { compatibilityVector: strayed.map((value) => value / length) });
        const [first] = findMatchingGenomes(genomes, { ...anything, vector });
        return first?.genome.descriptor.id === 'planted' && first.compatibility > 0.8;
      },
    ),
    { numRuns: 10 },
  );
});

t.test('vectors of other than 512 numbers are refused in a query and never match in a genome', async (t) => {
  t.throws(() => idsOf([], { vector: [1, 0] }), { code: 'ERR_ACADEMY_BAD_ARGUMENT' });
  t.same(idsOf([known('short', { compatibilityVector: [1] })], {}), []);
});

t.test('a genome needs every required capability, by name or by being about the same', async (t) => {
  const same = descriptor('x').compatibilityVector;
  const genomes = [known('both', { capabilities: ['a', 'b'] }), known('one', { capabilities: ['a'] })];
  t.same(idsOf(genomes, { requiredCapabilities: ['a', 'b'] }), ['both']);
  t.same(idsOf(genomes, { requiredCapabilities: ['c'] }), []);
  t.same(idsOf(genomes, { requiredCapabilities: ['c'], vector: same }), ['both', 'one']);
  t.same(idsOf(genomes, { requiredCapabilities: ['c'], vector: same.toReversed() }), []);
});

t.test('antipatterns and the score asked for keep genomes out', async (t) => {
  const scored = (averageScore: number | null): Partial<GenomeDescriptor> => ({
    performanceMetrics: { averageScore, testsPassed: 0, humanSatisfactionRate: null, collaborationSuccess: null },
  });
  const genomes = [
    known('rude', { description: 'Rude banking' }),
    known('good', scored(0.9)),
    known('bad', scored(0.2)),
  ];
  t.same(idsOf(genomes, { antipatterns: ['rude'] }), ['bad', 'good']);
  t.same(idsOf(genomes, { performanceThreshold: 0.5 }), ['good'], 'not measured is not enough');
});

t.test('evidence of adopters and preferences order what is equally near', async (t) => {
  const evidence = [{ before: 0.5, after: 0.9, n: 60 }];
  t.same(idsOf([known('a'), known('b', {}, evidence)], {}), ['b', 'a']);
  t.same(idsOf([known('a'), known('b', { capabilities: ['extra'] })], { preferredCapabilities: ['extra'] }), [
    'b',
    'a',
  ]);
  const claim = { id: 'l', name: 'l', capability: 'banking', rank: 1, alpha: 1, trainedOn: [], performanceGain: 0.3 };
  const [claimed] = findMatchingGenomes([known('a', { layers: [claim] })], anything);
  t.equal(claimed?.estimatedImprovement, 0.3);
  const harmful = [...evidence, { before: 0.9, after: 0.1, n: 10_000 }];
  const [doubted] = findMatchingGenomes([known('a', { layers: [claim] }, harmful)], anything);
  t.equal(doubted?.estimatedImprovement, 0, 'what adopters measured stands above what the author claims');
});

t.test('a catalogue offers what is stored from here, and what is announced from who announced it last', async (t) => {
  const catalogue = new GenomeCatalogue(testNode);
  const third = 'c'.repeat(32);
  catalogue.announce(descriptor('far'), otherNode);
  catalogue.announce(descriptor('far'), third);
  catalogue.store(descriptor('near'), 'ada');
  const find = (requesterId: string) => catalogue.find(anything, requesterId, 'all').map(({ nodeId }) => nodeId);
  t.same(find('bob'), [third, testNode]);
  t.same(find('ada'), [third], 'nobody is offered what it published itself');
  catalogue.forgetHolder('far', third);
  t.same(find('ada'), [otherNode]);
  catalogue.forgetHolder('far', otherNode);
  t.same(find('ada'), []);
});

t.test('each node has one voice on a genome, its newest', async (t) => {
  const catalogue = new GenomeCatalogue(testNode);
  catalogue.announce(descriptor('g'), otherNode, { before: 0.1, after: 0.2, n: 50 });
  catalogue.announce(descriptor('g'), otherNode, { before: 0.5, after: 0.6, n: 60 });
  t.same(catalogue.evidenceOf('g'), [{ before: 0.5, after: 0.6, n: 60 }]);
  catalogue.announce(descriptor('g'), testNode, { before: 0.5, after: 0.7, n: 60 });
  t.equal(catalogue.evidenceOf('g').length, 2);
});
