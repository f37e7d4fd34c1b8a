import t from 'tap';
import { AcademyJTAGRouter, type AcademyRequest } from '../../../runtime/mesh/AcademyJTAGRouter.js';
import { CommandRegistry } from '../../../runtime/mesh/CommandRegistry.js';
import { JTAGMessageFactory } from '../../../runtime/mesh/JTAGMessage.js';
import { AcademyError } from '../../../runtime/protocol/errors.js';
import { assertEventData } from '../../../runtime/protocol/events.js';
import { isNodeId } from '../../../runtime/protocol/identity.js';
import { seededRandom } from '../../../runtime/protocol/Random.js';
import { identity, ManualClock, startMs } from './meshFixtures.js';

const self = identity(1).nodeId;
const peer = identity(2).nodeId;

function jtag() {
  const clock = new ManualClock();
  const calls: unknown[] = [];
  const emitted: { name: string; data: unknown; options: unknown }[] = [];
  const commands = new CommandRegistry();
  commands.register('echo', { allow: 'members' }, (payload) => payload);
  const handled = (handler: string) => async (request: AcademyRequest) => ({ handler, ...request });
  const aliases: Record<string, typeof self> = { me: self, bee: peer };
  const router = new AcademyJTAGRouter({
    nodeId: self,
    academyId: 'school',
    clock,
    random: seededRandom(1),
    resolveNode: (name) => {
      const node = isNodeId(name) ? name : aliases[name];
      if (node) return node;
      throw new AcademyError('ERR_ACADEMY_NODE_UNKNOWN', `no node ${name}`);
    },
    events: {
      emitToAcademyNetwork: async (name, data, options) => {
        assertEventData(name, data);
        emitted.push({ name, data, options });
        return { eventId: 'e1', word: 'sent', transport: 'test', bytes: 1 };
      },
    },
    executor: {
      executeRemoteCommand: async (...call) => {
        calls.push(['command', ...call]);
        return 'executed';
      },
      ask: async (...call) => {
        calls.push(['ask', ...call]);
        return 'asked';
      },
    },
    commands,
    academy: {
      training: handled('training'),
      persona: handled('persona'),
      genome: handled('genome'),
      collaboration: handled('collaboration'),
      default: handled('default'),
    },
    askActor: async (name, message) => ({ name, message }),
  });
  return { router, clock, calls, emitted, commands };
}

t.test('a path of this academy reaches its handler without a socket', async (t) => {
  for (const [endpoint, handler] of [
    ['/academy/training', 'training'],
    ['/academy/persona/p1', 'persona'],
    ['/academy/genome/discover', 'genome'],
    ['/academy/collaboration', 'collaboration'],
    ['/academy/weather', 'default'],
    ['/remote/me/academy/genome/discover', 'genome'],
    ['/remote/academy/training/me', 'training'],
  ] as const) {
    const { router, calls, emitted } = jtag();
    t.match(await router.routeMessage({ endpoint, payload: 7 }), { handler, payload: 7, from: self }, endpoint);
    t.strictSame([calls.length, emitted.length], [0, 0]);
  }
});

t.test('training for one node goes to that node, and broadcast to all', async (t) => {
  const { router, emitted } = jtag();
  const payload = { items: [{ input: 'what is a union?', expected: 'ts-union' }], academyId: 'forged', timestamp: 1 };
  await router.routeMessage({ endpoint: '/remote/bee/academy/training', payload });
  await router.routeMessage({ endpoint: '/remote/academy/training/bee/broadcast', payload });
  const data = { items: payload.items, academyId: 'school', timestamp: startMs };
  t.strictSame(emitted, [
    { name: 'academy.training.data', data, options: { local: false, nodes: [peer] } },
    { name: 'academy.training.data', data, options: { local: true } },
  ]);
});

t.test('that a persona has evolved is told to every node', async (t) => {
  const { router, emitted } = jtag();
  const evolution = {
    trigger: 'capability_gap',
    beforeCapabilities: [],
    afterCapabilities: ['algebra'],
    addedGenomes: [],
    removedLimitations: [],
    improvementScore: 0.2,
    measuredOn: 100,
    evolutionCostBytes: 1,
    evolutionCostMs: 1,
  };
  const receipt = await router.routeMessage({
    endpoint: '/remote/bee/academy/persona/p1',
    payload: { roomId: 'r', evolution },
  });
  t.match(receipt, { word: 'sent' });
  t.match(emitted, [
    {
      name: 'academy.persona.evolution',
      data: { personaId: 'p1', networkBroadcast: true, evolution },
      options: undefined,
    },
  ]);
});

t.test('genomes are discovered by command and shared by event', async (t) => {
  const { router, calls, emitted } = jtag();
  const query = { requiredCapabilities: ['algebra'] };
  t.equal(await router.routeMessage({ endpoint: '/remote/bee/academy/genome/discover', payload: query }), 'executed');
  t.match(calls, [['command', peer, 'academy-genome-discover', { rest: ['discover'], payload: query }]]);
  const genome = {
    id: 'g1',
    name: 'Algebra',
    description: 'd',
    capabilities: ['algebra'],
    performanceMetrics: { averageScore: null, testsPassed: 0, humanSatisfactionRate: null, collaborationSuccess: null },
    layers: [],
    baseModel: 'b',
    trainingData: [],
    compatibilityVector: new Array<number>(512).fill(0),
    bytes: 1,
  };
  await router.routeMessage({
    endpoint: '/remote/bee/academy/genome/share',
    payload: { genomeId: 'g1', genome, sharingMode: 'reference', shareFromNodeId: 'somebody else' },
  });
  t.match(emitted, [
    {
      name: 'academy.genome.share',
      data: { shareFromNodeId: self, shareToNodeId: peer, genomeId: 'g1' },
      options: { local: false, nodes: [peer] },
    },
  ]);
  await t.rejects(router.routeMessage({ endpoint: '/remote/bee/academy/genome/eat', payload: {} }), {
    code: 'ERR_ACADEMY_ENDPOINT_INVALID',
    message: /"eat"/,
  });
});

t.test('what another node asks of this academy by command reaches the same handlers', async (t) => {
  const { commands } = jtag();
  const member = { nodeId: peer, local: false };
  const request = { rest: ['discover'], payload: { a: 1 } };
  t.match(await commands.run('academy-genome-discover', request, member), {
    handler: 'genome',
    from: peer,
    ...request,
  });
  t.match(await commands.run('academy-collaboration', request, member), { handler: 'collaboration', from: peer });
  await t.rejects(commands.run('academy-collaboration', { rest: 'x' }, member), { code: 'ERR_ACADEMY_BAD_ARGUMENT' });
});

t.test('commands and actors of other nodes are reached by path', async (t) => {
  const { router, calls } = jtag();
  const greet = { type: 'greet', data: 1 };
  await router.routeMessage({ endpoint: '/remote/bee/commands/ban-user', payload: { userId: 'x' }, deadlineMs: 500 });
  await router.routeMessage({ endpoint: '/remote/bee/academy/collaboration/s1', payload: 1 });
  await router.routeMessage({ endpoint: '/remote/bee/actors/participant/ann', payload: greet });
  t.match(calls, [
    ['command', peer, 'ban-user', { userId: 'x' }, { deadlineMs: 500 }],
    ['command', peer, 'academy-collaboration', { rest: ['s1'], payload: 1 }],
    ['ask', peer, 'participant/ann', greet],
  ]);
});

t.test('actors and commands of this node are reached by path', async (t) => {
  const { router } = jtag();
  const greet = { type: 'greet', data: 1 };
  const answer = { name: 'participant/ann', message: greet };
  t.strictSame(await router.routeMessage({ endpoint: '/actors/participant/ann', payload: greet }), answer);
  t.strictSame(await router.routeMessage({ endpoint: '/remote/me/actors/participant/ann', payload: greet }), answer);
  t.equal(await router.routeMessage({ endpoint: '/commands/echo', payload: 5 }), 5);
});

t.test('an event is said to a room by its path', async (t) => {
  const { router, emitted } = jtag();
  const typing = {
    participantId: 'ann',
    username: 'Ann',
    roomId: 'algebra',
    academyId: 'school',
    expiresInMs: 1,
    timestamp: 1,
  };
  await router.routeMessage({ endpoint: '/chat/room/algebra/events/typing', payload: typing });
  t.match(emitted, [{ name: 'academy.chat.typing', data: typing }]);
  const invalid = { code: 'ERR_ACADEMY_ENDPOINT_INVALID' };
  await t.rejects(router.routeMessage({ endpoint: '/chat/room/history/events/typing', payload: typing }), invalid);
  await t.rejects(router.routeMessage({ endpoint: '/chat/room/algebra/events/*', payload: typing }), invalid);
});

t.test('what leads nowhere is a coded error', async (t) => {
  const { router } = jtag();
  for (const [endpoint, code] of [
    ['nonsense', 'ERR_ACADEMY_ENDPOINT_INVALID'],
    ['/remote/bee/academy/weather', 'ERR_ACADEMY_ENDPOINT_INVALID'],
    ['/remote/bee/garden', 'ERR_ACADEMY_ENDPOINT_INVALID'],
    ['/garden', 'ERR_ACADEMY_ENDPOINT_INVALID'],
    ['/remote/wasp/commands/echo', 'ERR_ACADEMY_NODE_UNKNOWN'],
    ['/actors/participant/ann', 'ERR_ACADEMY_BAD_ARGUMENT'],
    ['/remote/bee/academy/training', 'ERR_ACADEMY_BAD_ARGUMENT'],
    ['/commands/nothing', 'ERR_ACADEMY_COMMAND_UNKNOWN'],
  ] as const) {
    await t.rejects(router.routeMessage({ endpoint, payload: null }), { code }, endpoint);
  }
});

t.test('each of a thousand requests gets its own answer', async (t) => {
  const { router } = jtag();
  const random = seededRandom(2);
  const requests = Array.from({ length: 1_000 }, (_, index) =>
    JTAGMessageFactory.createRequest(random, '/commands/echo', index),
  );
  const responses = await Promise.all(requests.map((request) => router.request(request)));
  t.ok(
    responses.every(
      (response, index) =>
        response.correlationId === requests[index]?.correlationId &&
        response.result === index &&
        response.nodeId === self,
    ),
  );
});

t.test('a handler that never answers costs the deadline', async (t) => {
  const { router, commands, clock } = jtag();
  commands.register('sleep', { allow: 'named' }, () => new Promise(() => {}));
  const call = t.rejects(router.routeMessage({ endpoint: '/commands/sleep', payload: null, deadlineMs: 100 }), {
    code: 'ERR_ACADEMY_DEADLINE',
  });
  await clock.advance(200);
  await call;
});
