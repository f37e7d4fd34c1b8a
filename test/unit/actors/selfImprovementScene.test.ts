import { readFileSync } from 'node:fs';
import t from 'tap';
import { genomeManager } from '../../../actors/genomeManager.js';
import { dataBucket } from '../../../actors/learning/dataBucket.js';
import type { ImprovementReport, LabelledItem, PersonaReport } from '../../../actors/messages.js';
import { persona } from '../../../actors/persona.js';
import { selfImprovementLoop } from '../../../actors/selfImprovementLoop.js';
import { dataFile } from '../../../packageRoot.js';
import { decodeGenome } from '../../../runtime/protocol/genome/decodeGenome.js';
import { identifyGenome } from '../../../runtime/protocol/genome/genomeIdOf.js';
import { correction } from './chatFixtures.js';
import { otherNode, testNode } from './driveActor.js';
import { filesOf } from './learntGenome.js';
import { TinyMesh } from './TinyMesh.js';

const domain = 'banking';
const knowledge = readFileSync(dataFile('knowledge', 'clinc150.jsonl'), 'utf8');
const questions = readFileSync(dataFile('clinc150', 'train.jsonl'), 'utf8')
  .trim()
  .split('\n')
  .map((line) => JSON.parse(line) as { text: string; intent: string; domain: string })
  // The file is sorted by intent; taking every n-th keeps all intents in and the test quick.
  .filter((question, index) => question.domain === domain && index % 2 === 0);
const bucket = (name: 'train' | 'exam' | 'measure'): LabelledItem[] =>
  questions
    .filter(({ text }) => dataBucket(text) === name)
    .map(({ text, intent }) => ({ input: text, expected: intent }));

const learner = { id: 'ada', name: 'Ada', type: 'persona', capabilities: ['travel'] } as const;
const donor = { id: 'don', name: 'Don', type: 'persona', capabilities: [domain] } as const;
const joined = { roomId: 'lobby', members: [], consent: 'academy', recent: [] };

/** Two nodes: the learner with its loop on one, and on the other whoever may help. */
function scene(): TinyMesh {
  const mesh = new TinyMesh();
  for (const node of [testNode, otherNode]) {
    mesh.addNode(node);
    mesh.spawn(node, 'genome-manager', genomeManager, {});
  }
  mesh.spawn(testNode, 'participant/ada', persona, { participant: learner, knowledge, answerAll: true });
  mesh.spawn(testNode, 'self-improvement/ada', selfImprovementLoop, { participant: learner, discoverTimeoutMs: 200 });
  mesh.tell(testNode, 'participant/ada', 'room.joined', joined);
  return mesh;
}

function teachDonor(mesh: TinyMesh): void {
  mesh.spawn(otherNode, 'participant/don', persona, { participant: donor, knowledge });
  mesh.tell(otherNode, 'participant/don', 'room.joined', joined);
  for (const { input, expected } of [...bucket('exam'), ...bucket('train')]) {
    const signal = correction(input, expected, null, { personaId: 'don' });
    mesh.tell(otherNode, 'participant/don', 'room.signal', { roomId: 'lobby', signal, fromNode: otherNode });
  }
  mesh.wait(500);
}

/** People ask the learner real questions of the domain and correct its answers. */
function judgeLearner(mesh: TinyMesh): void {
  for (const { input, expected } of bucket('exam')) {
    const { answerId } = mesh.ask(testNode, 'participant/ada', 'persona.answer', { input }) as { answerId: string };
    const signal = correction(input, expected, answerId, { personaId: 'ada' });
    mesh.tell(testNode, 'participant/ada', 'room.signal', { roomId: 'lobby', signal, fromNode: testNode });
  }
  mesh.wait(3_000);
}

const measure = (mesh: TinyMesh): { accuracy: number; n: number } =>
  mesh.ask(testNode, 'participant/ada', 'persona.measure', { items: bucket('measure') }) as never;
const report = (mesh: TinyMesh): ImprovementReport =>
  mesh.ask(testNode, 'self-improvement/ada', 'improvement.inspect', null) as ImprovementReport;
const active = (mesh: TinyMesh): readonly string[] =>
  (mesh.ask(testNode, 'participant/ada', 'persona.inspect', null) as PersonaReport).activeGenomes;
const shares = (mesh: TinyMesh) =>
  mesh.published.filter(
    ({ node, effect }) => node === testNode && effect.event === 'academy.genome.share' && !effect.nodes,
  );

t.test(
  'what one node learnt in the scene makes a persona of another better, and that is told and shared',
  async (t) => {
    const mesh = scene();
    t.teardown(() => mesh.stop());
    const before = measure(mesh);
    t.ok(before.n >= 50, `${before.n} items`);
    teachDonor(mesh);
    judgeLearner(mesh);
    const after = measure(mesh);
    t.ok(after.accuracy > before.accuracy + 0.1, `${before.accuracy} to ${after.accuracy} on ${after.n}`);
    const [outcome] = report(mesh).outcomes;
    t.match(outcome, { outcome: 'adopted', capability: domain, fromNode: otherNode, shared: true });
    t.same(active(mesh), [outcome?.genomeId]);
    t.match(mesh.published.find(({ effect }) => effect.event === 'academy.persona.evolution')?.effect.data, {
      evolution: { beforeCapabilities: ['travel'], afterCapabilities: ['travel', domain] },
    });
    t.match(shares(mesh), [{ effect: { data: { genomeId: outcome?.genomeId, evidence: { n: outcome?.exam?.n } } } }]);
  },
);

t.test('without a donor nothing is adopted and nothing shared', async (t) => {
  const mesh = scene();
  t.teardown(() => mesh.stop());
  const before = measure(mesh);
  judgeLearner(mesh);
  t.match(report(mesh).outcomes, [{ outcome: 'no-candidates' }]);
  t.same(active(mesh), []);
  t.same(measure(mesh), before);
  t.same(shares(mesh), []);
});

t.test('a donor whose layer was scrambled is found and fetched, and refused by the exam', async (t) => {
  const mesh = scene();
  t.teardown(() => mesh.stop());
  teachDonor(mesh);
  const [share] = mesh.published.filter(({ effect }) => effect.event === 'academy.genome.share');
  const genomeId = (share?.effect.data as { genomeId: string } | undefined)?.genomeId;
  const { files } = mesh.ask(otherNode, 'genome-manager', 'genome.files', { genomeId }) as never;
  const { manifest, layer } = decodeGenome(new Map(Object.entries(files)));
  const scrambled = identifyGenome(manifest, { ...layer, loraB: layer.loraB.toReversed() });

  const sabotaged = scene();
  t.teardown(() => sabotaged.stop());
  const publication = { files: filesOf(scrambled), personaId: 'don' };
  sabotaged.ask(otherNode, 'genome-manager', 'genome.publish', publication);
  const before = measure(sabotaged);
  judgeLearner(sabotaged);
  t.match(report(sabotaged).outcomes, [{ outcome: 'refused', genomeId: scrambled.manifest.id }]);
  t.same(active(sabotaged), []);
  t.same(measure(sabotaged), before);
  t.same(shares(sabotaged), []);
});
