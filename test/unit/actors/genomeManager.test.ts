import t from 'tap';
import { genomeManager } from '../../../actors/genomeManager.js';
import { loadBaseModel } from '../../../actors/learning/loadBaseModel.js';
import type { GenomeQuestions } from '../../../actors/messages.js';
import { assertEventData } from '../../../runtime/protocol/events.js';
import { decodeGenome } from '../../../runtime/protocol/genome/decodeGenome.js';
import { describeGenome } from '../../../runtime/protocol/genome/describeGenome.js';
import { verifyGenome } from '../../../runtime/protocol/genome/signGenome.js';
import { identityFromSeed } from '../../../runtime/protocol/identity.js';
import type { GenomeQuery } from '../../../runtime/protocol/schemas/genome.js';
import { type DrivenActor, driveActor, otherNode, testNode } from './driveActor.js';
import { filesOf, learntGenome } from './learntGenome.js';

const banking = learntGenome('banking');
const travel = learntGenome('travel');
const query: GenomeQuery = {
  requiredCapabilities: ['banking'],
  preferredCapabilities: [],
  antipatterns: [],
  performanceThreshold: 0,
};
const options = { baseModelSha256: loadBaseModel().sha256 };

function serving(stored: Record<string, Record<string, Uint8Array>> = {}): DrivenActor {
  const manager = driveActor(genomeManager, options);
  manager.settle('genome.listed', { result: Object.keys(stored) });
  for (const files of Object.values(stored)) manager.settle('genome.read', { result: files });
  return manager;
}

function discover(
  manager: DrivenActor,
  changes: Partial<GenomeQuestions['genome.discover']['ask']> = {},
): ReturnType<DrivenActor['question']> {
  const question: GenomeQuestions['genome.discover']['ask'] = {
    requesterId: 'ada',
    query,
    searchRadius: 'academy',
    maxResults: 2,
    timeoutMs: 1_000,
    ...changes,
  };
  return manager.question('genome.discover', question);
}

function hearShare(manager: DrivenActor, genome = banking, changes: Record<string, unknown> = {}): void {
  const data = assertEventData('academy.genome.share', {
    genomeId: genome.manifest.id,
    shareFromNodeId: otherNode,
    shareToNodeId: testNode,
    academyId: 'test-academy',
    genome: describeGenome(genome),
    sharingMode: 'reference',
    timestamp: manager.nowMs(),
    ...changes,
  });
  manager.send('academy.event', { name: 'academy.genome.share', data, sourceNode: otherNode });
}

t.test('what is asked before the store was read is answered afterwards', async (t) => {
  const manager = driveActor(genomeManager, options);
  t.same(discover(manager, { searchRadius: 'local' }), []);
  manager.settle('genome.listed', { result: [banking.manifest.id] });
  t.equal(manager.state(), '"reading"');
  manager.settle('genome.read', { result: filesOf(banking) });
  t.equal(manager.state(), '"serving"');
  t.match(manager.take('reply')?.result, { candidates: [{ genomeId: banking.manifest.id, nodeId: testNode }] });
});

t.test('a damaged genome in the store is named in the log and not offered', async (t) => {
  const damaged = { ...filesOf(banking), 'adapter_model.safetensors': new Uint8Array(10) };
  const manager = serving({ [banking.manifest.id]: damaged });
  t.equal(manager.take('log')?.level, 'warn');
  t.same(manager.question('genome.list')[0]?.result, []);
});

t.test('a local search never leaves the node', async (t) => {
  const manager = serving();
  t.same(discover(manager, { searchRadius: 'local' })[0]?.result, { candidates: [] });
  t.notOk(manager.take('publish'));
});

t.test('a global search is refused with what to do about it', async (t) => {
  const [reply] = discover(serving(), { searchRadius: 'global' });
  t.equal(reply?.error?.code, 'ERR_ACADEMY_TRANSPORT_UNKNOWN');
  t.match(reply?.error?.remedy, /configuration/);
});

t.test('a search asks the academy, and ends with what answered when the time is up', async (t) => {
  const manager = serving();
  discover(manager);
  const asked = manager.take('publish', ({ event }) => event === 'academy.genome.discovery');
  const discovery = assertEventData('academy.genome.discovery', asked?.data);
  hearShare(manager, banking, { requestId: discovery.requestId });
  hearShare(manager, travel, { requestId: discovery.requestId });
  manager.wait(999);
  t.notOk(manager.take('reply'), 'one answer is fewer than were asked for');
  manager.wait(1);
  t.match(manager.take('reply')?.result, {
    candidates: [{ genomeId: banking.manifest.id, nodeId: otherNode, compatibility: 0.5 }],
  });
});

t.test('a search ends at once when enough has answered, and with nothing when nobody has', async (t) => {
  const manager = serving();
  discover(manager, { maxResults: 1 });
  const asked = manager.take('publish', ({ event }) => event === 'academy.genome.discovery');
  hearShare(manager, banking, { requestId: (asked?.data as { requestId: string } | undefined)?.requestId });
  t.match(manager.take('reply')?.result, { candidates: [{ genomeId: banking.manifest.id }] });

  const lonely = serving();
  discover(lonely);
  lonely.wait(1_000);
  t.same(lonely.take('reply')?.result, { candidates: [] });
});

t.test('what was announced before is found without asking anybody', async (t) => {
  const manager = serving();
  hearShare(manager, banking, { shareToNodeId: '*' });
  t.match(discover(manager, { maxResults: 1 })[0]?.result, { candidates: [{ genomeId: banking.manifest.id }] });
  t.notOk(manager.take('publish'));
});

t.test('a node that speaks for another, or for another academy, is not believed', async (t) => {
  const manager = serving();
  hearShare(manager, banking, { shareFromNodeId: 'c'.repeat(32) });
  hearShare(manager, banking, { academyId: 'elsewhere' });
  hearShare(manager, banking, { genomeId: travel.manifest.id });
  discover(manager);
  manager.wait(1_000);
  t.same(manager.take('reply')?.result, { candidates: [] });
});

t.test('bounds of a question are checked', async (t) => {
  for (const changes of [{ maxResults: 0 }, { timeoutMs: 0 }, { query: { ...query, vector: [1, 0] } }]) {
    t.equal(discover(serving(), changes)[0]?.error?.code, 'ERR_ACADEMY_BAD_ARGUMENT');
  }
});

t.test("another node's query is answered to that node; one's own and a foreign academy's are not", async (t) => {
  const manager = serving({ [banking.manifest.id]: filesOf(banking) });
  const ask = (sourceNode: string, academyId = 'test-academy', asked = query): void =>
    manager.send('academy.event', {
      name: 'academy.genome.discovery',
      sourceNode,
      data: {
        requestId: 'r1',
        requesterId: 'ada',
        academyId,
        query: asked,
        searchRadius: 'academy',
        maxResults: 3,
        timeoutMs: 1_000,
        timestamp: manager.nowMs(),
      },
    });
  ask(testNode);
  ask(otherNode, 'elsewhere');
  ask(otherNode, 'test-academy', { ...query, requiredCapabilities: ['cooking'] });
  t.notOk(manager.take('publish'));
  ask(otherNode);
  const answer = manager.take('publish');
  t.same(answer?.nodes, [otherNode]);
  t.match(assertEventData('academy.genome.share', answer?.data), {
    requestId: 'r1',
    genomeId: banking.manifest.id,
    shareFromNodeId: testNode,
    shareToNodeId: otherNode,
    sharingMode: 'reference',
  });
});

t.test('a fetched genome is stored before it is handed on, and is there for others', async (t) => {
  const manager = serving();
  const { id } = banking.manifest;
  manager.question('genome.fetch', { genomeId: id, nodeId: otherNode });
  const transfer = manager.settle('genome.transferred', { result: { files: filesOf(banking) } });
  t.match(transfer, { endpoint: `/remote/${otherNode}/commands/genome-fetch`, payload: { genomeId: id } });
  t.notOk(manager.take('reply'), 'not before it is stored');
  t.match(manager.settle('genome.stored', { result: null }), {
    message: { type: 'store.put', data: { genomeId: id } },
  });
  t.match(manager.take('reply')?.result, { genomeId: id, bytes: describeGenome(banking).bytes });
  t.notOk(manager.take('publish'), 'fetching announces nothing');

  t.match(manager.question('genome.fetch', { genomeId: id, nodeId: otherNode })[0]?.result, { genomeId: id });
  manager.question('genome.files', { genomeId: id });
  const files = filesOf(banking);
  manager.settle('genome.files-read', { result: files });
  t.same(manager.effects.at(-1), { type: 'reply', ask: { asker: { name: 'asker' }, id: 3 }, result: { files } });
});

t.test('a peer that sends something else is refused, and not asked again', async (t) => {
  const forged = filesOf(banking);
  const manifest = JSON.parse(new TextDecoder().decode(forged['genome.json']));
  forged['genome.json'] = new TextEncoder().encode(JSON.stringify({ ...manifest, name: 'forged' }));
  const cases: [string, unknown][] = [
    ['another genome', { files: filesOf(travel) }],
    ['a changed manifest', { files: forged }],
    ['no files', { files: null }],
    ['a missing file', { files: { 'genome.json': forged['genome.json'] } }],
  ];
  for (const [name, result] of cases) {
    const manager = serving();
    hearShare(manager);
    manager.question('genome.fetch', { genomeId: banking.manifest.id, nodeId: otherNode });
    manager.settle('genome.transferred', { result });
    t.equal(manager.take('reply')?.error?.code, 'ERR_ACADEMY_GENOME_INVALID', name);
    t.notOk(
      manager.take('ask', ({ message }) => message.type === 'store.put'),
      'nothing is stored',
    );
    t.same(discover(manager, { searchRadius: 'academy', maxResults: 1 }), [], 'it is looked for afresh');
  }
});

t.test('a genome of another base model is refused by name', async (t) => {
  const manager = driveActor(genomeManager, { baseModelSha256: 'f'.repeat(64) });
  manager.settle('genome.listed', { result: [] });
  const [reply] = manager.question('genome.publish', { files: filesOf(banking), personaId: 'donor' });
  t.equal(reply?.error?.code, 'ERR_ACADEMY_BASE_MISMATCH');
});

t.test('what a persona publishes is signed, stored, announced to all, and not offered to itself', async (t) => {
  const seed = new Uint8Array(32).fill(9);
  const manager = driveActor(genomeManager, { ...options, nodeKeySeed: seed });
  manager.settle('genome.listed', { result: [] });
  manager.question('genome.publish', { files: filesOf(banking), personaId: 'donor' });
  const put = manager.settle('genome.stored', { result: null });
  const { files } = (put as { message: { data: { files: Record<string, Uint8Array> } } }).message.data;
  t.equal(verifyGenome(decodeGenome(new Map(Object.entries(files)))), identityFromSeed(seed).nodeId);
  const announced = manager.take('publish');
  t.match(assertEventData('academy.genome.share', announced?.data), { shareToNodeId: '*', shareFromNodeId: testNode });
  t.equal(announced?.nodes, undefined);
  t.match(manager.take('reply')?.result, { genomeId: banking.manifest.id });
  t.same(discover(manager, { requesterId: 'donor', searchRadius: 'local' })[0]?.result, { candidates: [] });
  t.match(discover(manager, { searchRadius: 'local' })[0]?.result, { candidates: [{ transferCostBytes: 0 }] });
});

t.test('a store that fails is the answer of who waits for it', async (t) => {
  const manager = serving();
  manager.question('genome.publish', { files: filesOf(banking), personaId: 'donor' });
  manager.settle('genome.stored', { error: { code: 'ERR_ACADEMY_STORE', message: 'disk full' } });
  t.equal(manager.take('reply')?.error?.code, 'ERR_ACADEMY_STORE');
  t.same(manager.question('genome.list')[0]?.result, []);
  manager.question('genome.files', { genomeId: 'unknown' });
  manager.settle('genome.files-read', { result: null });
  t.equal(manager.effects.at(-1)?.type, 'reply');
  t.match(manager.effects.at(-1), { error: { code: 'ERR_ACADEMY_GENOME_NOT_FOUND' } });
});

t.test('messages to /academy/genome reach discover and share; other operations are a coded error', async (t) => {
  const manager = serving({ [banking.manifest.id]: filesOf(banking) });
  const ask = (rest: string[], payload: unknown) => manager.question('academy.message', { rest, payload })[0];
  t.match(ask(['discover'], query)?.result, { candidates: [{ genomeId: banking.manifest.id }] });
  t.equal(ask(['discover'], { nonsense: true })?.error?.code, 'ERR_ACADEMY_BAD_ARGUMENT');
  t.equal(ask(['share'], {})?.error?.code, 'ERR_ACADEMY_EVENT_INVALID');
  t.equal(ask(['burn'], {})?.error?.code, 'ERR_ACADEMY_COMMAND_UNKNOWN');
});
