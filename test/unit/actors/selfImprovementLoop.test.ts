import t from 'tap';
import { evolutionDefaults, isSignificantlyWorse, isWorthSharing } from '../../../actors/evolutionPolicy.js';
import type { CapabilityGap, ExamReport, ImprovementOutcome, ImprovementReport } from '../../../actors/messages.js';
import { selfImprovementLoop } from '../../../actors/selfImprovementLoop.js';
import type { PublishEffect } from '../../../runtime/protocol/actors.js';
import { assertEventData } from '../../../runtime/protocol/events.js';
import type { GenomeDescriptor } from '../../../runtime/protocol/schemas/genome.js';
import { type DrivenActor, driveActor, otherNode, testNode } from './driveActor.js';

const participant = { id: 'ada', name: 'Ada', type: 'persona' } as const;
const gap: CapabilityGap = {
  capability: 'banking',
  vector: Array.from({ length: 512 }, (_, index) => (index === 0 ? 1 : 0)),
  capabilities: ['travel'],
  activeGenomes: ['worn'],
  examItems: 60,
  rooms: ['lobby', 'bank'],
};
const descriptor: GenomeDescriptor = {
  id: 'g1',
  name: 'banking',
  description: 'banking',
  capabilities: ['banking'],
  performanceMetrics: { averageScore: null, testsPassed: 0, humanSatisfactionRate: null, collaborationSuccess: null },
  layers: [],
  baseModel: 'base',
  trainingData: [],
  compatibilityVector: [...(gap.vector as number[])],
  bytes: 49_000,
};
const candidate = (genomeId: string) => ({
  genomeId,
  nodeId: otherNode,
  compatibility: 0.9,
  estimatedImprovement: 0.3,
  transferCostBytes: 49_000,
});
const exam = (genomeId: string, gain: number, accepted: boolean): ExamReport => ({
  genomeId,
  n: 60,
  before: 0.5,
  after: 0.5 + gain,
  gain,
  pValue: accepted ? 0.001 : 0.4,
  accepted,
  reason: accepted ? 'significantly better' : 'not significantly better',
});

function judge(loop: DrivenActor, times: number, satisfaction: number, examItems = 60): void {
  for (let i = 0; i < times; i++) {
    loop.send('improvement.evidence', { roomId: 'lobby', capability: 'banking', satisfaction, examItems });
  }
}

function adopt(loop: DrivenActor, gain = 0.4): void {
  loop.settle('improvement.analyzed', { result: gap });
  loop.settle('improvement.discovered', { result: { candidates: [candidate('g1')] } });
  loop.settle('improvement.fetched', { result: { genomeId: 'g1', bytes: 49_000, descriptor } });
  loop.settle('improvement.examined', { result: exam('g1', gain, true) });
  loop.settle('improvement.adopted', { result: { capabilities: ['travel', 'banking'], addedGenomes: ['g1'] } });
}

const published = (loop: DrivenActor, event: PublishEffect['event']): PublishEffect | undefined =>
  loop.take('publish', (effect) => effect.event === event);
const report = (loop: DrivenActor): ImprovementReport =>
  loop.question('improvement.inspect')[0]?.result as ImprovementReport;

t.test('a measured gap leads through discovery, fetch and exam to an adoption that everybody hears of', async (t) => {
  const loop = driveActor(selfImprovementLoop, { participant });
  judge(loop, 19, 0.3);
  t.equal(loop.state(), '"watching"', 'too few judgements say nothing');
  judge(loop, 1, 0.3);
  t.equal(loop.state(), '"analyzing"');
  t.same(loop.settle('improvement.analyzed', { result: gap }).type, 'ask');
  t.equal(loop.state(), '"discovering"');
  t.equal(report(loop).step, 'discovering');
  const request = published(loop, 'academy.persona.capability.request');
  t.ok(request && assertEventData('academy.persona.capability.request', request.data));
  loop.wait(40);
  const discovery = loop.settle('improvement.discovered', {
    result: { candidates: [candidate('worn'), candidate('g1')] },
  });
  t.match(discovery, { message: { data: { query: { requiredCapabilities: ['banking'] }, searchRadius: 'academy' } } });
  t.equal(loop.state(), '"fetching"');
  const fetch = loop.settle('improvement.fetched', { result: { genomeId: 'g1', bytes: 49_000, descriptor } });
  t.match(fetch, { message: { data: { genomeId: 'g1', nodeId: otherNode } } }, 'what is worn is not tried again');
  t.equal(loop.state(), '"examining"');
  loop.settle('improvement.examined', { result: exam('g1', 0.4, true) });
  t.equal(loop.state(), '"adopting"');
  loop.settle('improvement.adopted', { result: { capabilities: ['travel', 'banking'], addedGenomes: ['g1'] } });
  t.equal(loop.state(), '"watching"');

  const evolution = published(loop, 'academy.persona.evolution');
  t.ok(evolution && assertEventData('academy.persona.evolution', evolution.data));
  t.match(evolution?.data, {
    roomId: 'lobby',
    evolution: {
      trigger: 'capability_gap',
      beforeCapabilities: ['travel'],
      afterCapabilities: ['travel', 'banking'],
      addedGenomes: ['g1'],
      improvementScore: 0.4,
      measuredOn: 60,
      evolutionCostBytes: 49_000,
      evolutionCostMs: 40,
    },
    networkBroadcast: true,
  });
  const acquired = published(loop, 'academy.persona.capability.acquired');
  t.ok(acquired && assertEventData('academy.persona.capability.acquired', acquired.data));
  t.match(acquired?.data, { outcome: 'acquired', genomeId: 'g1', gain: 0.4 });
  const share = published(loop, 'academy.genome.share');
  t.ok(share && assertEventData('academy.genome.share', share.data));
  t.match(share?.data, { shareFromNodeId: testNode, shareToNodeId: '*', evidence: { before: 0.5, after: 0.9, n: 60 } });
  const notices = loop.effects.filter((effect) => effect.type === 'tell');
  t.same(
    notices.map((effect) => (effect.message.data as { roomId: string }).roomId),
    ['lobby', 'bank'],
  );
  t.match(report(loop), {
    outcomes: [{ outcome: 'adopted', genomeId: 'g1', fromNode: otherNode, shared: true }],
    evidence: [{ capability: 'banking', satisfaction: null, judged: 0 }],
  });
});

t.test('a gain of 0.1 or less is adopted but shares nothing', async (t) => {
  const loop = driveActor(selfImprovementLoop, { participant });
  judge(loop, 20, 0.3);
  adopt(loop, 0.1);
  t.ok(published(loop, 'academy.persona.evolution'));
  t.notOk(published(loop, 'academy.genome.share'));
  t.match(report(loop).outcomes, [{ outcome: 'adopted', shared: false }]);
  t.notOk(isWorthSharing(0.1, evolutionDefaults));
  t.ok(isWorthSharing(0.1001, evolutionDefaults));
});

t.test('without a donor nothing changes, and the loop rests before it asks again', async (t) => {
  const loop = driveActor(selfImprovementLoop, { participant });
  judge(loop, 20, 0.3);
  loop.settle('improvement.analyzed', { result: gap });
  loop.settle('improvement.discovered', { result: { candidates: [] } });
  t.equal(loop.state(), '"watching"');
  t.match(published(loop, 'academy.persona.capability.acquired')?.data, { outcome: 'refused' });
  t.notOk(published(loop, 'academy.persona.evolution'));
  t.notOk(loop.take('tell'), 'rooms are not told of what did not happen');
  t.match(report(loop).outcomes, [{ outcome: 'no-candidates', exam: null }]);

  loop.wait(evolutionDefaults.cooldownMs - 1);
  judge(loop, 1, 0.3);
  t.equal(loop.state(), '"watching"', 'it rests');
  loop.wait(1);
  judge(loop, 1, 0.3);
  t.equal(loop.state(), '"analyzing"', 'and then looks again');
});

t.test('a genome that the exam refuses is not adopted; the next candidate is tried, three at most', async (t) => {
  const loop = driveActor(selfImprovementLoop, { participant });
  judge(loop, 20, 0.3);
  loop.settle('improvement.analyzed', { result: gap });
  loop.settle('improvement.discovered', { result: { candidates: ['g1', 'g2', 'g3', 'g4'].map(candidate) } });
  for (const genomeId of ['g1', 'g2', 'g3']) {
    t.match(loop.settle('improvement.fetched', { result: { genomeId, bytes: 10, descriptor } }), {
      message: { data: { genomeId } },
    });
    loop.settle('improvement.examined', { result: exam(genomeId, 0.01, false) });
  }
  t.equal(loop.state(), '"watching"');
  t.notOk(loop.take('ask', ({ message }) => message.type === 'persona.adopt'));
  t.notOk(published(loop, 'academy.persona.evolution'));
  t.match(published(loop, 'academy.persona.capability.acquired')?.data, {
    outcome: 'refused',
    reason: 'not significantly better',
  });
  t.match(report(loop).outcomes, [{ outcome: 'refused', genomeId: 'g3', costBytes: 30 }]);
});

t.test('a candidate that cannot be fetched makes way for the next one', async (t) => {
  const loop = driveActor(selfImprovementLoop, { participant });
  const error = { code: 'ERR_ACADEMY_DEADLINE', message: 'the node is gone' };
  judge(loop, 20, 0.3);
  loop.settle('improvement.analyzed', { result: gap });
  loop.settle('improvement.discovered', { result: { candidates: [candidate('g1'), candidate('g2')] } });
  loop.settle('improvement.fetched', { error });
  t.equal(loop.state(), '"fetching"');
  loop.settle('improvement.fetched', { error });
  t.equal(loop.state(), '"watching"');
  t.match(report(loop).outcomes, [{ outcome: 'failed', reason: 'the node is gone', exam: null }]);
});

for (const settles of ['improvement.analyzed', 'improvement.discovered'] as const) {
  t.test(`a failure that settles as ${settles} leaves the persona as it was`, async (t) => {
    const loop = driveActor(selfImprovementLoop, { participant });
    judge(loop, 20, 0.3);
    if (settles === 'improvement.discovered') loop.settle('improvement.analyzed', { result: gap });
    loop.settle(settles, { error: { code: 'ERR_ACADEMY_DEADLINE', message: 'too late' } });
    t.equal(loop.state(), '"watching"');
    t.match(report(loop).outcomes, [{ outcome: 'failed', reason: 'too late' }]);
  });
}

t.test('no attempt begins while an exam could not be passed for want of held-out items', async (t) => {
  const loop = driveActor(selfImprovementLoop, { participant });
  judge(loop, 50, 0, evolutionDefaults.examItemsMin - 1);
  t.equal(loop.state(), '"watching"');
});

t.test('what disappoints after its adoption is taken off again, and everybody is told', async (t) => {
  const loop = driveActor(selfImprovementLoop, { participant });
  judge(loop, 30, 0.6);
  adopt(loop);
  loop.effects.length = 0;
  judge(loop, 19, 0);
  t.equal(loop.state(), '"watching"', 'a few bad answers may be bad luck');
  judge(loop, 1, 0);
  t.equal(loop.state(), '"rollingBack"');
  t.match(loop.settle('improvement.dropped', { result: null }), {
    message: { type: 'persona.drop', data: { genomeId: 'g1' } },
  });
  t.equal(loop.state(), '"watching"');
  t.match(report(loop).outcomes.at(-1), { outcome: 'rolled-back', genomeId: 'g1', fromNode: otherNode });
  t.match(published(loop, 'academy.persona.capability.acquired')?.data, { outcome: 'refused', genomeId: 'g1' });
  t.ok(loop.take('tell'), 'the room hears of it');
});

t.test('a persona that cannot drop a genome is asked once, not for ever', async (t) => {
  const loop = driveActor(selfImprovementLoop, { participant });
  judge(loop, 30, 0.6);
  adopt(loop);
  judge(loop, 20, 0);
  loop.settle('improvement.dropped', { error: { code: 'ERR_ACADEMY_ASK_FAILED', message: 'crashed' } });
  t.equal(loop.state(), '"watching"');
});

t.test('an attempt that was asked for runs without evidence and answers with its outcome', async (t) => {
  const loop = driveActor(selfImprovementLoop, { participant });
  loop.question('improvement.run', { capability: 'banking', roomId: 'lobby' });
  const [busy] = loop.question('improvement.run', { capability: 'travel', roomId: 'lobby' });
  t.equal(busy?.error?.code, 'ERR_ACADEMY_COMMAND_FAILED', 'one attempt at a time');
  adopt(loop);
  const reply = loop.take('reply', ({ ask }) => ask.id === 1);
  t.equal((reply?.result as ImprovementOutcome | undefined)?.outcome, 'adopted');
});

t.test('worse is only what chance does not explain', async (t) => {
  const good = new Array<number>(50).fill(1);
  t.ok(isSignificantlyWorse(good, new Array<number>(20).fill(0)));
  t.notOk(isSignificantlyWorse(good, [0, 1, 1, 1, 1]));
  t.notOk(isSignificantlyWorse([], [0, 0, 0]), 'without a before there is no worse');
  t.notOk(isSignificantlyWorse(new Array<number>(50).fill(0), good));
});
