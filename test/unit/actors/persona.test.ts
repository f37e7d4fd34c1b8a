import t from 'tap';
import { dataBucket } from '../../../actors/learning/dataBucket.js';
import type { ExamReport, PersonaReport } from '../../../actors/messages.js';
import { type PersonaOptions, persona } from '../../../actors/persona.js';
import { scrambleGenome } from '../../../cli/scene/scrambleGenome.js';
import { assertEventData } from '../../../runtime/protocol/events.js';
import { decodeGenome } from '../../../runtime/protocol/genome/decodeGenome.js';
import { seededRandom } from '../../../runtime/protocol/Random.js';
import type { SendMessageParams } from '../../../runtime/protocol/schemas/commands.js';
import { chatMessage, correction } from './chatFixtures.js';
import { type DrivenActor, driveActor } from './driveActor.js';
import { filesOf, learntGenome, questionFor, smallPack } from './learntGenome.js';

const participant = { id: 'ada', name: 'Ada', type: 'persona' } as const;
const bankAnswers = ['bank-pin', 'bank-loan'];

function awake(options: Partial<PersonaOptions> = {}, memory: Uint8Array | null = null): DrivenActor {
  const actor = driveActor(persona, { participant, knowledge: smallPack, rank: 4, ...options });
  actor.settle('persona.woken', { result: memory });
  join(actor);
  return actor;
}

function join(actor: DrivenActor, roomId = 'lobby', consent = 'academy'): void {
  actor.send('room.joined', { roomId, members: [participant], consent, recent: [] });
}

function say(actor: DrivenActor, text: string, changes: Parameters<typeof chatMessage>[1] = {}) {
  const message = chatMessage(text, { timestamp: actor.nowMs(), ...changes });
  actor.send('room.message', { roomId: message.roomId, message });
  const sent = actor.take('tell', (effect) => effect.message.type === 'chat.send-message');
  return { message, answer: sent?.message.data as SendMessageParams | undefined };
}

const judge = (actor: DrivenActor, signal: ReturnType<typeof correction>): void =>
  actor.send('room.signal', { roomId: signal.roomId, signal, fromNode: 'a' });

/** Questions of one bucket, so that a test knows which are lessons and which are kept for exams. */
function questions(answerId: string, bucket: 'train' | 'exam', count: number): string[] {
  const found: string[] = [];
  for (let n = 0; found.length < count; n++) {
    const question = questionFor(answerId, n);
    if (dataBucket(question) === bucket) found.push(question);
  }
  return found;
}

function teach(actor: DrivenActor, bucket: 'train' | 'exam', each: number, answers = bankAnswers): void {
  for (const answerId of answers) {
    for (const question of questions(answerId, bucket, each)) judge(actor, correction(question, answerId, null));
  }
}

const inspect = (actor: DrivenActor): PersonaReport => actor.question('persona.inspect')[0]?.result as PersonaReport;
const saveNow = (actor: DrivenActor): Uint8Array => {
  actor.send('persona.save');
  const put = actor.settle('persona.saved', { result: null }) as { message: { data: { bytes: Uint8Array } } };
  return put.message.data.bytes;
};

t.test('it answers a question that it knows, in the same room, with all that feedback needs to name', async (t) => {
  const actor = awake();
  const message = chatMessage('how can I borrow money', { timestamp: actor.nowMs() });
  actor.wait(40);
  actor.send('room.message', { roomId: 'lobby', message });
  const { message: command, to } = actor.take('tell', (effect) => effect.message.type === 'chat.send-message') ?? {};
  t.same(to, { name: 'chat-daemon' });
  t.match(command?.data, {
    roomId: 'lobby',
    participantId: 'ada',
    text: 'Under Loans.',
    replyTo: message.messageId,
    answerId: 'bank-loan',
    metadata: { aiGenerated: true, participantType: 'persona' },
    performanceTracking: { technicalAccuracy: null, humanSatisfaction: null, responseLatencyMs: 40 },
  });
  const { confidence } = (command?.data as SendMessageParams | undefined)?.metadata ?? {};
  t.ok(confidence !== undefined && confidence > 0 && confidence <= 1);
});

t.test('it stays silent when it does not know', async (t) => {
  t.notOk(say(awake(), 'zzgrth kwpl').answer);
  t.notOk(say(awake(), '…').answer, 'a text without words');
  t.ok(say(awake({ answerAll: true }), 'zzgrth kwpl').answer, 'unless it is told to answer all');
});

t.test('it answers neither itself nor other AIs nor what others are called for, unless it is called', async (t) => {
  const actor = awake();
  const text = 'how can I borrow money';
  t.notOk(say(actor, text, { participantId: 'ada', aiGenerated: true }).answer);
  t.notOk(say(actor, text, { participantId: 'bot', aiGenerated: true }).answer);
  t.notOk(say(actor, text, { mentions: ['bob'] }).answer);
  t.notOk(say(actor, text, { messageType: 'notice' }).answer);
  t.ok(say(actor, text, { participantId: 'bot', aiGenerated: true, mentions: ['ada'] }).answer);
  t.ok(say(actor, `@Ada ${text}`).answer);
});

t.test('a message that is heard twice is answered once', async (t) => {
  const actor = awake();
  const { message, answer } = say(actor, 'how can I borrow money');
  t.ok(answer);
  t.notOk(say(actor, message.text, message).answer);
});

t.test('words of its speciality wake the right persona only', async (t) => {
  const banker = awake({ specialities: ['money'] });
  const traveller = awake({ specialities: ['visa'] });
  const text = 'someone told me to borrow a little more money soon for a long time';
  t.ok(say(banker, text).answer);
  t.notOk(say(traveller, text).answer);
  t.ok(say(traveller, `@Ada ${text}`).answer, 'being called wakes it too');
});

t.test('what arrives while it wakes is dealt with afterwards, in order', async (t) => {
  const actor = driveActor(persona, { participant, knowledge: smallPack, rank: 4 });
  join(actor);
  t.notOk(say(actor, 'how can I borrow money').answer);
  t.equal(actor.state(), '"waking"');
  actor.settle('persona.woken', { result: null });
  t.match(actor.state(), /listening/);
  t.ok(actor.take('tell', (effect) => effect.message.type === 'chat.send-message'));
  t.ok(
    actor.take('tell', (effect) => effect.message.type === 'persona.reported'),
    'the manager hears that it is there',
  );
});

t.test('it learns from judgements while the talk goes on', async (t) => {
  const actor = awake();
  const answers = ['bank-pin', 'bank-loan', 'trip-visa', 'trip-seat'];
  const items = answers.flatMap((expected) =>
    questions(expected, 'train', 40)
      .slice(30)
      .map((input) => ({ input, expected })),
  );
  const measured = () => actor.question('persona.measure', { items })[0]?.result as { accuracy: number; n: number };
  const { accuracy: before, n } = measured();
  t.equal(n, 40);
  teach(actor, 'train', 30, answers);
  const { accuracy: after } = measured();
  t.ok(after > before + 0.3, `${after} after ${before}`);
  t.ok(after >= 0.9);
});

t.test('exam questions teach nothing and are kept; answers that it does not have are ignored', async (t) => {
  const actor = awake();
  teach(actor, 'exam', 5);
  t.match(inspect(actor), { signals: 0, examItems: 10 });
  const [question] = questions('bank-pin', 'exam', 1) as [string];
  t.match(say(actor, question).answer, { answerId: 'bank-pin' }, 'yet it says what it was told to say to them');
  judge(actor, correction('whatever', 'unknown-answer', 'bank-pin'));
  t.match(inspect(actor), { signals: 0, examItems: 10, judged: 10 });
});

t.test('a repeated judgement counts once, and one judge has only so many voices in a time', async (t) => {
  const actor = awake({ signalGate: { signalsPerJudgeMax: 5, windowMs: 1_000 } });
  const [question] = questions('bank-pin', 'train', 1) as [string];
  const signal = correction(question, 'bank-pin', null);
  judge(actor, signal);
  judge(actor, signal);
  t.equal(inspect(actor).signals, 1);
  teach(actor, 'train', 10);
  t.equal(inspect(actor).signals, 5);
  judge(actor, correction(question, 'bank-pin', null, { judge: 'bob@b' }));
  t.equal(inspect(actor).signals, 6, 'another voice is heard');
  actor.wait(1_000);
  judge(actor, correction(question, 'bank-pin', null));
  t.equal(inspect(actor).signals, 7, 'and the first again later');
});

t.test('signals of another academy, or told in another room than their own, are not heard', async (t) => {
  const actor = awake();
  const [question] = questions('bank-pin', 'train', 1) as [string];
  judge(actor, correction(question, 'bank-pin', null, { academyId: 'elsewhere' }));
  actor.send('room.signal', { roomId: 'other', signal: correction(question, 'bank-pin', null), fromNode: 'a' });
  t.equal(inspect(actor).signals, 0);
});

t.test("only judgements of its own answers, or of everybody's silence, count for its satisfaction", async (t) => {
  const actor = awake();
  const [first, second, third] = questions('bank-pin', 'train', 3) as [string, string, string];
  judge(actor, correction(first, 'bank-pin', 'bank-loan', { personaId: 'bob' }));
  t.match(inspect(actor), { signals: 1, judged: 0, satisfaction: null }, 'it learns from what others got wrong');
  judge(actor, correction(second, 'bank-pin', 'bank-pin'));
  judge(actor, correction(third, 'bank-pin', null, { personaId: '*' }));
  t.match(inspect(actor), { signals: 3, judged: 2, satisfaction: 0.5 });
  const evidence = actor.effects.filter(
    (effect) => effect.type === 'tell' && effect.message.type === 'improvement.evidence',
  );
  t.match(evidence, [
    { to: { name: 'self-improvement/ada' }, message: { data: { capability: 'banking', satisfaction: 1 } } },
    { message: { data: { capability: 'banking', satisfaction: 0, roomId: 'lobby' } } },
  ]);
});

t.test('judged only by a value it learns too, and its performance is told, at most every 500 ms', async (t) => {
  const actor = awake();
  const [first, second] = questions('bank-pin', 'train', 2) as [string, string];
  const { expectedAnswerId: _, ...praise } = correction(first, 'bank-pin', 'bank-pin');
  judge(actor, { ...praise, signal: { ...praise.signal, value: 0.5 } });
  t.match(inspect(actor), { signals: 1, satisfaction: 0.75 });
  actor.wait(0);
  const told = actor.take('publish', ({ event }) => event === 'academy.training.performance');
  t.match(assertEventData('academy.training.performance', told?.data), {
    scores: { humanSatisfaction: 0.75, technicalAccuracy: null, collaborationQuality: null },
    n: 1,
  });
  t.equal(told?.network, true);
  judge(actor, correction(second, 'bank-pin', 'bank-loan'));
  actor.wait(499);
  t.notOk(actor.take('publish'));
  actor.wait(1);
  t.match(actor.take('publish')?.data, { scores: { technicalAccuracy: 0 }, n: 2 });
});

t.test('in a room whose talk stays there, performance stays on the node', async (t) => {
  const actor = awake();
  join(actor, 'den', 'local');
  const [question] = questions('bank-pin', 'train', 1) as [string];
  judge(actor, correction(question, 'bank-pin', null, { roomId: 'den' }));
  actor.wait(0);
  t.equal(actor.take('publish')?.network, false);
});

t.test('it remembers over a restart what it learnt, was told, and how it did in each room', async (t) => {
  const actor = awake();
  teach(actor, 'train', 40);
  teach(actor, 'exam', 3);
  const [question] = questions('bank-pin', 'train', 60).slice(59) as [string];
  const knew = actor.question('persona.answer', { input: question })[0]?.result;
  const reborn = awake({}, saveNow(actor));
  t.same(reborn.question('persona.answer', { input: question })[0]?.result, knew);
  t.same(inspect(reborn), inspect(actor));
});

t.test('it saves by itself after a change, and only then', async (t) => {
  const actor = awake();
  actor.wait(60_000);
  t.notOk(actor.take('ask'));
  teach(actor, 'train', 2);
  actor.wait(4_999);
  t.notOk(actor.take('ask'));
  actor.wait(1);
  actor.settle('persona.saved', { error: { code: 'ERR_ACADEMY_STORE', message: 'disk full' } });
  actor.wait(5_000);
  actor.settle('persona.saved', { result: null });
  t.pass('and tries again when it could not');
  actor.wait(60_000);
  t.notOk(actor.take('ask'));
});

t.test('what cannot be read is not overwritten', async (t) => {
  const actor = driveActor(persona, { participant, knowledge: smallPack });
  actor.settle('persona.woken', { error: { code: 'ERR_ACADEMY_STORE', message: 'locked' } });
  t.equal(actor.take('log')?.level, 'warn');
  join(actor);
  t.ok(say(actor, 'how can I borrow money').answer, 'it talks all the same');
  teach(actor, 'train', 1);
  actor.wait(60_000);
  t.notOk(actor.take('ask'));
  t.equal(actor.question('persona.save')[0]?.error?.code, 'ERR_ACADEMY_STORE');
  const broken = awake({}, new Uint8Array([1, 2, 3]));
  t.equal(broken.take('log')?.level, 'warn');
  t.equal(broken.question('persona.save')[0]?.error?.code, 'ERR_ACADEMY_STORE');
});

t.test('what it learnt survives an edited knowledge pack', async (t) => {
  const actor = awake();
  teach(actor, 'train', 40);
  const memory = saveNow(actor);
  const [added] = [JSON.stringify({ id: 'new-one', title: 'something new', answer: 'New.' })];
  const reborn = awake({ knowledge: `${added}\n${smallPack}` }, memory);
  const [question] = questions('bank-pin', 'train', 60).slice(59) as [string];
  t.match(reborn.question('persona.answer', { input: question })[0]?.result, { answerId: 'bank-pin' });
});

t.test('a genome is examined on held-out questions, adopted and dropped again', async (t) => {
  const actor = awake({ answerAll: true });
  const genome = learntGenome('banking');
  const genomeId = genome.manifest.id;
  teach(actor, 'exam', 30);
  actor.question('persona.examine', { genomeId });
  t.match(actor.state(), /examining/, 'it shows what it is doing');
  t.ok(say(actor, 'how can I borrow money').answer, 'and talks on meanwhile');
  actor.settle('persona.genome-read', { result: filesOf(genome) });
  t.match(actor.state(), /listening/);
  const exam = actor.take('reply', ({ ask }) => ask.id === 1)?.result as ExamReport;
  t.match(exam, { genomeId, n: 60, accepted: true });
  t.ok(exam.gain > 0.3, `gain ${exam.gain}`);
  t.same(inspect(actor).activeGenomes, [], 'an exam adopts nothing');

  actor.question('persona.adopt', { genomeId, exam });
  t.match(actor.state(), /adopting/);
  actor.settle('persona.genome-read', { result: filesOf(genome) });
  t.match(actor.take('reply', ({ ask }) => ask.id === 3)?.result, { addedGenomes: [genomeId] });
  t.same(inspect(actor).activeGenomes, [genomeId]);
  t.same(inspect(awake({}, saveNow(actor))).activeGenomes, [genomeId], 'it is worn after a restart too');
  t.same(actor.question('persona.drop', { genomeId })[0]?.result, null);
  t.same(inspect(actor).activeGenomes, []);
  t.equal(actor.question('persona.drop', { genomeId })[0]?.error?.code, 'ERR_ACADEMY_GENOME_NOT_FOUND');
});

t.test('a scrambled layer, and a genome of a field without held-out questions, are refused', async (t) => {
  const actor = awake({ answerAll: true });
  teach(actor, 'exam', 30);
  const scrambled = scrambleGenome(filesOf(learntGenome('banking')), seededRandom(1));
  for (const files of [scrambled, filesOf(learntGenome('travel'))]) {
    const { id: genomeId } = decodeGenome(new Map(Object.entries(files))).manifest;
    actor.effects.length = 0;
    actor.question('persona.examine', { genomeId });
    actor.settle('persona.genome-read', { result: files });
    const exam = actor.take('reply')?.result as ExamReport;
    t.equal(exam.accepted, false, exam.reason);
    const [refusal] = actor.question('persona.adopt', { genomeId, exam });
    t.equal(refusal?.error?.code, 'ERR_ACADEMY_BAD_ARGUMENT', 'nor can it be adopted');
  }
});

t.test('a genome that is missing or damaged is the answer of who asked for the exam', async (t) => {
  const actor = awake();
  const cases: [unknown, string][] = [
    [{ result: null }, 'ERR_ACADEMY_GENOME_NOT_FOUND'],
    [
      { result: { ...filesOf(learntGenome('banking')), 'genome.json': new Uint8Array(3) } },
      'ERR_ACADEMY_GENOME_INVALID',
    ],
    [{ error: { code: 'ERR_ACADEMY_STORE', message: 'closed' } }, 'ERR_ACADEMY_STORE'],
  ];
  for (const [outcome, code] of cases) {
    actor.question('persona.examine', { genomeId: 'g' });
    actor.settle('persona.genome-read', outcome as { result?: unknown });
    t.equal(actor.take('reply')?.error?.code, code);
    t.match(actor.state(), /listening/);
  }
});

t.test('what it has learnt is published once it has learnt enough and the lesson is over', async (t) => {
  const actor = awake({ thresholds: { publishAfterSignals: 300 } });
  teach(actor, 'exam', 30);
  teach(actor, 'train', 149);
  actor.wait(300);
  t.notOk(
    actor.take('ask', ({ message }) => message.type === 'genome.publish'),
    'not after 298 lessons',
  );
  teach(actor, 'train', 1);
  actor.wait(299);
  t.notOk(
    actor.take('ask', ({ message }) => message.type === 'genome.publish'),
    'not while more may come',
  );
  actor.wait(1);
  const asked = actor.settle('persona.published', { result: { genomeId: 'g', descriptor: {} } });
  const { files } = (asked as { message: { data: { files: Record<string, Uint8Array> } } }).message.data;
  const { manifest } = decodeGenome(new Map(Object.entries(files)));
  t.match(manifest, { capabilities: ['banking'], author: { personaId: 'ada' }, metrics: { averageScoreItems: 60 } });
  t.ok((manifest.metrics.averageScore ?? 0) > 0.6);
  const grown = actor.take('publish', ({ event }) => event === 'academy.lora.evolution');
  t.match(assertEventData('academy.lora.evolution', grown?.data), { layerId: 'g', version: 1, signals: 300 });
  teach(actor, 'train', 5);
  actor.wait(300);
  t.notOk(
    actor.take('ask', ({ message }) => message.type === 'genome.publish'),
    'not again for a few lessons more',
  );
});

t.test('a gain of the threshold or less publishes nothing, and says so when asked', async (t) => {
  const actor = awake({ thresholds: { shareGain: 1, publishAfterSignals: 10 } });
  teach(actor, 'exam', 30);
  teach(actor, 'train', 40);
  actor.wait(300);
  t.notOk(actor.take('ask', ({ message }) => message.type === 'genome.publish'));
  const answer = actor.question('persona.publish')[0]?.result as { genomeId: null; gain: number; n: number };
  t.match(answer, { genomeId: null, n: 60, reason: /not more than 1/ });
  t.ok(answer.gain > 0.3);
});

t.test('a persona that was taught in a room whose talk stays there gives nothing away', async (t) => {
  const actor = awake({ thresholds: { publishAfterSignals: 10 } });
  join(actor, 'den', 'local');
  teach(actor, 'exam', 30);
  teach(actor, 'train', 40);
  const [question] = questions('bank-pin', 'train', 50).slice(49) as [string];
  judge(actor, correction(question, 'bank-pin', null, { roomId: 'den' }));
  const refused = { genomeId: null, reason: /stays there/ };
  t.match(actor.question('persona.publish')[0]?.result, refused);
  const reborn = awake({}, saveNow(actor));
  t.match(reborn.question('persona.publish')[0]?.result, refused, 'nor after a restart');
});

t.test('asked to publish, it answers when the manager has stored the genome', async (t) => {
  const actor = awake();
  t.match(actor.question('persona.publish')[0]?.result, { genomeId: null, reason: /held-out/ });
  teach(actor, 'exam', 30);
  teach(actor, 'train', 40);
  actor.question('persona.publish');
  actor.settle('persona.published', { result: { genomeId: 'g', descriptor: {} } });
  t.match(actor.take('reply', ({ ask }) => ask.id === 2)?.result, { genomeId: 'g', n: 60 });
  actor.question('persona.publish');
  actor.settle('persona.published', { error: { code: 'ERR_ACADEMY_STORE', message: 'disk full' } });
  t.equal(actor.take('reply', ({ ask }) => ask.id === 3)?.error?.code, 'ERR_ACADEMY_STORE');
});

t.test('it tells its loop what it was asked about a gap, with a vector of 512 numbers', async (t) => {
  const actor = awake();
  teach(actor, 'exam', 4);
  const [reply] = actor.question('persona.gap', { capability: 'banking' });
  const gap = reply?.result as { vector: number[]; examItems: number; rooms: string[] };
  t.match(gap, { capability: 'banking', capabilities: ['banking', 'travel'], examItems: 8, rooms: ['lobby'] });
  t.equal(gap.vector.length, 512);
  t.match(actor.question('persona.gap', { capability: 'cooking' })[0]?.result, { vector: null, examItems: 0 });
});

t.test('bad knowledge is an error with the line', async (t) => {
  const actor = driveActor(persona, { participant, knowledge: '{"id":1}' });
  t.match(actor.fault(), { code: 'ERR_ACADEMY_KNOWLEDGE_INVALID', message: /line 1/ });
});
