import t from 'tap';
import { dataBucket } from '../../../actors/learning/dataBucket.js';
import type { CapabilityGap, ExamReport, PersonaReport } from '../../../actors/messages.js';
import { persona } from '../../../actors/persona.js';
import { selfImprovementLoop } from '../../../actors/selfImprovementLoop.js';
import { assertEventData } from '../../../runtime/protocol/events.js';
import { describeGenome } from '../../../runtime/protocol/genome/describeGenome.js';
import { correction } from '../actors/chatFixtures.js';
import { type DrivenActor, driveActor, otherNode } from '../actors/driveActor.js';
import { filesOf, learntGenome, questionFor, smallPack } from '../actors/learntGenome.js';

const participant = { id: 'ada', name: 'Ada', type: 'persona' } as const;
const genome = learntGenome('banking');
const genomeId = genome.manifest.id;
const gap: CapabilityGap = {
  capability: 'banking',
  vector: null,
  capabilities: ['travel'],
  activeGenomes: [],
  examItems: 60,
  rooms: ['lobby'],
};
const exam: ExamReport = {
  genomeId,
  n: 60,
  before: 0.5,
  after: 0.9,
  gain: 0.4,
  pValue: 0.001,
  accepted: true,
  reason: 'better',
};

/** The request that a loop has published, and the outcome that answers it. */
function exchange(loop: DrivenActor) {
  const request = loop.take('publish', ({ event }) => event === 'academy.persona.capability.request');
  const outcome = loop.take('publish', ({ event }) => event === 'academy.persona.capability.acquired');
  return {
    request: assertEventData('academy.persona.capability.request', request?.data),
    outcome: assertEventData('academy.persona.capability.acquired', outcome?.data),
  };
}

t.test('a request for a capability ends as acquired or as refused, under its own id', async (t) => {
  const candidate = { genomeId, nodeId: otherNode, compatibility: 1, estimatedImprovement: 0, transferCostBytes: 1 };
  const ids = new Set<string>();
  for (const accepted of [true, false]) {
    const loop = driveActor(selfImprovementLoop, { participant }, accepted ? 1 : 2);
    t.teardown(() => loop.stop());
    loop.question('improvement.run', { capability: 'banking', roomId: 'lobby' });
    loop.settle('improvement.analyzed', { result: gap });
    loop.settle('improvement.discovered', { result: { candidates: [candidate] } });
    loop.settle('improvement.fetched', { result: { genomeId, bytes: 1, descriptor: describeGenome(genome) } });
    loop.settle('improvement.examined', { result: { ...exam, accepted } });
    if (accepted) {
      const adopted = { capabilities: ['travel', 'banking'], addedGenomes: [genomeId] };
      loop.settle('improvement.adopted', { result: adopted });
    }
    const { request, outcome } = exchange(loop);
    t.equal(outcome.requestId, request.requestId);
    t.match([request, outcome], [{ capability: 'banking' }, { capability: 'banking', personaId: 'ada' }]);
    t.equal(outcome.outcome, accepted ? 'acquired' : 'refused');
    ids.add(request.requestId);
  }
  t.equal(ids.size, 2);
});

t.test('what a persona has acquired stands among its capabilities', async (t) => {
  const travelOnly = smallPack
    .split('\n')
    .filter((line) => line.includes('"travel"'))
    .join('\n');
  const actor = driveActor(persona, { participant, knowledge: travelOnly, rank: 4, answerAll: true });
  t.teardown(() => actor.stop());
  actor.settle('persona.woken', { result: null });
  actor.send('room.joined', { roomId: 'lobby', members: [participant], consent: 'academy', recent: [] });
  const report = () => actor.question('persona.inspect')[0]?.result as PersonaReport;
  t.notOk(report().capabilities.includes('banking'));
  const examQuestions = Array.from({ length: 400 }, (_, n) => questionFor('bank-pin', n)).filter(
    (question) => dataBucket(question) === 'exam',
  );
  for (const question of examQuestions) {
    const signal = correction(question, 'bank-pin', null);
    actor.send('room.signal', { roomId: 'lobby', signal, fromNode: 'a' });
  }
  actor.question('persona.adopt', { genomeId, exam });
  actor.settle('persona.genome-read', { result: filesOf(genome) });
  t.match(actor.effects.filter(({ type }) => type === 'reply').at(-1), { result: { addedGenomes: [genomeId] } });
  t.ok(report().capabilities.includes('banking'), report().capabilities.join());
});
