/**
 * What a reliable transport promises on top of transport.contract.ts: answers, deadlines, codes, and that only proven
 * members of the academy are heard. One function, run against memory and TCP.
 */
import type { Test } from 'tap';
import { AcademyError } from '../../runtime/protocol/errors.js';
import { deriveKey, identityFromSeed, type NodeId, type NodeIdentity } from '../../runtime/protocol/identity.js';
import { limits } from '../../runtime/protocol/limits.js';
import { seededRandom } from '../../runtime/protocol/Random.js';
import type { PeerAddress, ReliableTransport } from '../../runtime/protocol/Transport.js';
import { systemRandom } from '../../runtime/system/systemRandom.js';
import { until } from '../../testing/realTime.js';

export interface ReliableMemberOptions {
  readonly identity: NodeIdentity;
  readonly academyId: string;
  readonly connectionKey: Uint8Array | null;
}

export interface ReliableHarness {
  create(options: ReliableMemberOptions): ReliableTransport;
  /** Of a started transport. */
  host(transport: ReliableTransport): string;
  refusedFor(transport: ReliableTransport, reason: 'secret' | 'academy'): number;
}

interface Member {
  readonly nodeId: NodeId;
  readonly transport: ReliableTransport;
}

const deadlineMs = 10_000;
const text = (value: string): Uint8Array => Buffer.from(value);
const textOf = (bytes: Uint8Array): string => Buffer.from(bytes).toString();

export function reliableContract(t: Test, harness: ReliableHarness): void {
  const open = async (test: Test, academyId: string, secret: Uint8Array | null): Promise<Member> => {
    const identity = identityFromSeed(systemRandom.bytes(32));
    const connectionKey = secret && deriveKey(secret, academyId, 'connection');
    const transport = harness.create({ identity, academyId, connectionKey });
    test.teardown(() => transport.stop());
    await transport.start(() => {});
    return { nodeId: identity.nodeId, transport };
  };

  const addressOf = ({ nodeId, transport }: Member): PeerAddress => ({
    nodeId,
    host: harness.host(transport),
    port: transport.port,
  });

  /** Two members of one academy that know where the other is. */
  const openPair = async (test: Test): Promise<[Member, Member]> => {
    const academyId = `reliable-${systemRandom.id()}`;
    const secret = systemRandom.bytes(32);
    const pair: [Member, Member] = [await open(test, academyId, secret), await open(test, academyId, secret)];
    pair[0].transport.setPeer(addressOf(pair[1]));
    pair[1].transport.setPeer(addressOf(pair[0]));
    return pair;
  };

  t.test('1,000 concurrent requests that are answered out of order reach their own callers', async (test) => {
    const [caller, server] = await openPair(test);
    const waiting: (() => void)[] = [];
    server.transport.onRequest(async (from, request) => {
      const number = textOf(request);
      await new Promise<void>((resolve) => waiting.push(resolve));
      return text(`${number} for ${from}`);
    });
    const answers = Array.from({ length: 1_000 }, (_, number) =>
      caller.transport.request(server.nodeId, text(`request ${number}`), { deadlineMs }),
    );
    await until('all requests are open at a time', () => waiting.length === 1_000);
    const random = seededRandom(7);
    while (waiting.length > 0) waiting.splice(Math.floor(random.next() * waiting.length), 1)[0]?.();
    for (const [number, answer] of (await Promise.all(answers)).entries()) {
      if (textOf(answer) !== `request ${number} for ${caller.nodeId}`)
        test.fail(`request ${number}: ${textOf(answer)}`);
    }
  });

  t.test('both sides ask and answer over what is between them', async (test) => {
    const [left, right] = await openPair(test);
    left.transport.onRequest(async () => text('left'));
    right.transport.onRequest(async () => text('right'));
    const answers = await Promise.all([
      left.transport.request(right.nodeId, text('?'), { deadlineMs }),
      right.transport.request(left.nodeId, text('?'), { deadlineMs }),
    ]);
    test.strictSame(answers.map(textOf), ['right', 'left']);
  });

  t.test('requests and answers of every size arrive whole, the empty one and the largest included', async (test) => {
    const [caller, server] = await openPair(test);
    server.transport.onRequest(async (_from, request) => new Uint8Array(request));
    for (const size of [0, 1, 4_096, 4_097, 65_536, 1_000_003, limits.frameBytesMax]) {
      const request = new Uint8Array(size).fill(size & 0xff);
      const answer = await caller.transport.request(server.nodeId, request, { deadlineMs });
      test.ok(Buffer.from(answer).equals(request), `${size} bytes`);
    }
  });

  t.test('what is too large is refused with its code, asked or answered, and nothing breaks', async (test) => {
    const [caller, server] = await openPair(test);
    const tooLarge = new Uint8Array(limits.frameBytesMax + 1);
    server.transport.onRequest(async (_from, request) => (request.length === 0 ? tooLarge : request));
    const code = 'ERR_ACADEMY_PACKET_TOO_LARGE';
    await test.rejects(caller.transport.request(server.nodeId, tooLarge, { deadlineMs }), { code }, 'asked');
    await test.rejects(caller.transport.request(server.nodeId, text(''), { deadlineMs }), { code }, 'answered');
    test.equal(textOf(await caller.transport.request(server.nodeId, text('next'), { deadlineMs })), 'next');
  });

  t.test('errors keep their code, message and remedy; a plain throw becomes a failed command', async (test) => {
    const [caller, server] = await openPair(test);
    server.transport.onRequest(async (_from, request) => {
      if (textOf(request) === 'plain') throw new Error('what a mess');
      throw new AcademyError('ERR_ACADEMY_ROOM_UNKNOWN', 'no room "attic"', { remedy: 'create it' });
    });
    await test.rejects(caller.transport.request(server.nodeId, text('coded'), { deadlineMs }), {
      name: 'AcademyError',
      code: 'ERR_ACADEMY_ROOM_UNKNOWN',
      message: 'no room "attic"',
      remedy: 'create it',
    });
    await test.rejects(caller.transport.request(server.nodeId, text('plain'), { deadlineMs }), {
      code: 'ERR_ACADEMY_COMMAND_FAILED',
      message: 'what a mess',
    });
  });

  t.test('a request without a handler is answered with an error, not with silence', async (test) => {
    const [caller, server] = await openPair(test);
    await test.rejects(caller.transport.request(server.nodeId, text('?'), { deadlineMs }), {
      code: 'ERR_ACADEMY_COMMAND_UNKNOWN',
    });
  });

  t.test('the deadline ends a request that is never answered, and only that one', async (test) => {
    const [caller, server] = await openPair(test);
    server.transport.onRequest((_from, request) =>
      textOf(request) === 'never' ? new Promise(() => {}) : never(request),
    );
    const never = async (request: Uint8Array): Promise<Uint8Array> => request;
    const [lost, answered] = await Promise.allSettled([
      caller.transport.request(server.nodeId, text('never'), { deadlineMs: 60 }),
      caller.transport.request(server.nodeId, text('now'), { deadlineMs }),
    ]);
    test.match(lost, { status: 'rejected', reason: { code: 'ERR_ACADEMY_DEADLINE', message: /60 ms/ } });
    test.equal(answered.status, 'fulfilled');
  });

  t.test('an answer after the deadline goes to nobody', async (test) => {
    const [caller, server] = await openPair(test);
    let answerLate: (() => void) | undefined;
    server.transport.onRequest(async (_from, request) => {
      if (textOf(request) === 'late') await new Promise<void>((resolve) => (answerLate = resolve));
      return request;
    });
    const late = caller.transport.request(server.nodeId, text('late'), { deadlineMs: 60 });
    await test.rejects(late, { code: 'ERR_ACADEMY_DEADLINE' });
    await until('the server has begun', () => answerLate !== undefined);
    answerLate?.();
    test.equal(textOf(await caller.transport.request(server.nodeId, text('next'), { deadlineMs })), 'next');
  });

  t.test('a caller can give up, before and while it waits', async (test) => {
    const [caller, server] = await openPair(test);
    let served = 0;
    server.transport.onRequest(() => {
      served += 1;
      return new Promise(() => {});
    });
    const giveUp = new AbortController();
    const options = { deadlineMs, signal: giveUp.signal };
    const waiting = caller.transport.request(server.nodeId, text('?'), options);
    const rejected = test.rejects(waiting, { code: 'ERR_ACADEMY_DEADLINE', message: /gave up/ });
    await until('it is served', () => served === 1);
    giveUp.abort();
    await rejected;
    await test.rejects(caller.transport.request(server.nodeId, text('?'), options), { message: /gave up/ });
    test.equal(served, 1, 'the second one never left');
  });

  t.test('a node that nobody has told of is unknown at once', async (test) => {
    const [caller] = await openPair(test);
    const { nodeId } = identityFromSeed(systemRandom.bytes(32));
    await test.rejects(caller.transport.request(nodeId, text('?'), { deadlineMs }), {
      code: 'ERR_ACADEMY_NODE_UNKNOWN',
      message: new RegExp(nodeId),
    });
  });

  t.test('a dead peer is an error by the deadline', async (test) => {
    const [caller, server] = await openPair(test);
    server.transport.onRequest(async (_from, request) => request);
    await caller.transport.request(server.nodeId, text('alive'), { deadlineMs });
    await server.transport.stop();
    await test.rejects(caller.transport.request(server.nodeId, text('?'), { deadlineMs: 200 }), {
      code: /ERR_ACADEMY_(DEADLINE|NODE_UNKNOWN)/,
    });
  });

  t.test('a peer that dies with a request fails it without waiting for the deadline', async (test) => {
    const [caller, server] = await openPair(test);
    let served = 0;
    server.transport.onRequest(() => {
      served += 1;
      return new Promise(() => {});
    });
    const request = caller.transport.request(server.nodeId, text('?'), { deadlineMs: 1_000_000 });
    const rejected = test.rejects(request, { code: 'ERR_ACADEMY_NODE_UNKNOWN' });
    await until('it is served', () => served === 1);
    await server.transport.stop();
    await rejected;
  });

  t.test('a request to a peer that is away reaches it when it comes back within the deadline', async (test) => {
    const [caller, server] = await openPair(test);
    server.transport.onRequest(async (_from, request) => request);
    await server.transport.stop();
    const answer = caller.transport.request(server.nodeId, text('are you back?'), { deadlineMs });
    await server.transport.start(() => {});
    caller.transport.setPeer(addressOf(server));
    test.equal(textOf(await answer), 'are you back?');
  });

  t.test('a connection that was lost is made again', async (test) => {
    const [caller, server] = await openPair(test);
    server.transport.onRequest(async (_from, request) => request);
    const ask = (): Promise<Uint8Array | null> =>
      caller.transport.request(server.nodeId, text('?'), { deadlineMs }).catch(() => null);
    test.ok(await ask());
    await server.transport.stop();
    await server.transport.start(() => {});
    caller.transport.setPeer(addressOf(server));
    // What was written to the old connection may fail, since nobody knows whether it was heard; what follows may not.
    test.ok((await ask()) ?? (await ask()));
  });

  t.test('stopping rejects what is open, and what comes after', async (test) => {
    const [caller, server] = await openPair(test);
    let served = 0;
    server.transport.onRequest(() => {
      served += 1;
      return new Promise(() => {});
    });
    const request = caller.transport.request(server.nodeId, text('?'), { deadlineMs });
    const rejected = test.rejects(request, { code: 'ERR_ACADEMY_NODE_STOPPED' });
    await until('it is served', () => served === 1);
    await caller.transport.stop();
    await rejected;
    await test.rejects(caller.transport.request(server.nodeId, text('?'), { deadlineMs }), {
      code: 'ERR_ACADEMY_NODE_STOPPED',
    });
  });

  t.test('a node that is asked can ask back without having been told an address', async (test) => {
    const academyId = `reliable-${systemRandom.id()}`;
    const [caller, server] = [await open(test, academyId, null), await open(test, academyId, null)];
    caller.transport.onRequest(async () => text('back'));
    server.transport.onRequest((from) => server.transport.request(from, text('and you?'), { deadlineMs }));
    caller.transport.setPeer(addressOf(server));
    test.equal(textOf(await caller.transport.request(server.nodeId, text('?'), { deadlineMs })), 'back');
  });

  t.test('connecting to an address tells who is there, and keeps it', async (test) => {
    const academyId = `reliable-${systemRandom.id()}`;
    const [caller, server] = [await open(test, academyId, null), await open(test, academyId, null)];
    server.transport.onRequest(async (_from, request) => request);
    const { host, port } = addressOf(server);
    test.equal(await caller.transport.connect(host, port, { deadlineMs }), server.nodeId);
    test.equal(textOf(await caller.transport.request(server.nodeId, text('hello'), { deadlineMs })), 'hello');
    await server.transport.stop();
    await test.rejects(caller.transport.connect(host, port, { deadlineMs: 1_000 }), {
      code: /ERR_ACADEMY_(NODE_UNKNOWN|DEADLINE)/,
    });
  });

  t.test('a forgotten node is unknown until it is told of again', async (test) => {
    const [caller, server] = await openPair(test);
    server.transport.onRequest(async (_from, request) => request);
    await caller.transport.request(server.nodeId, text('?'), { deadlineMs });
    caller.transport.forgetPeer(server.nodeId);
    await test.rejects(caller.transport.request(server.nodeId, text('?'), { deadlineMs }), {
      code: 'ERR_ACADEMY_NODE_UNKNOWN',
    });
    caller.transport.setPeer(addressOf(server));
    test.equal(textOf(await caller.transport.request(server.nodeId, text('again'), { deadlineMs })), 'again');
  });

  t.test('a packet says who has sent it', async (test) => {
    const [speaker, listener] = await openPair(test);
    await listener.transport.stop();
    const sources: (NodeId | undefined)[] = [];
    await listener.transport.start((_bytes, from) => sources.push(from.authenticatedNode));
    speaker.transport.setPeer(addressOf(listener));
    test.match(await speaker.transport.send(text('packet'), [listener.nodeId]), { receipt: 'received' });
    test.strictSame(sources, [speaker.nodeId]);
  });

  t.test('a packet to nobody sends nothing; one to an unknown node fails and names the share', async (test) => {
    const academyId = `reliable-${systemRandom.id()}`;
    const [alone, known] = [await open(test, academyId, null), await open(test, academyId, null)];
    test.match(await alone.transport.send(text('packet')), { success: true, receipt: 'sent', bytes: 0 });
    alone.transport.setPeer(addressOf(known));
    const stranger = identityFromSeed(systemRandom.bytes(32)).nodeId;
    const result = await alone.transport.send(text('packet'), [known.nodeId, stranger]);
    test.match(result, {
      success: false,
      receipt: 'failed',
      bytes: 6,
      error: { code: 'ERR_ACADEMY_NODE_UNKNOWN', message: /^1 of 2 nodes/ },
    });
  });

  for (const [who, strangersSecret] of [
    ['with another secret', systemRandom.bytes(32)],
    ['without the secret', null],
  ] as const) {
    t.test(`a node ${who} is refused in both directions, and counted`, async (test) => {
      const academyId = `reliable-${systemRandom.id()}`;
      const member = await open(test, academyId, systemRandom.bytes(32));
      const stranger = await open(test, academyId, strangersSecret);
      let served = 0;
      for (const { transport } of [member, stranger]) {
        transport.onRequest(async (_from, request) => {
          served += 1;
          return request;
        });
      }
      member.transport.setPeer(addressOf(stranger));
      stranger.transport.setPeer(addressOf(member));
      const code = 'ERR_ACADEMY_SECRET_INVALID';
      await test.rejects(stranger.transport.request(member.nodeId, text('?'), { deadlineMs }), {
        code,
        remedy: /secret/,
      });
      await until('the member has counted it', () => harness.refusedFor(member.transport, 'secret') === 1);
      await test.rejects(member.transport.request(stranger.nodeId, text('?'), { deadlineMs }), { code });
      test.equal(served, 0);
    });
  }

  t.test('a node of another academy is refused, and counted', async (test) => {
    const member = await open(test, `reliable-${systemRandom.id()}`, null);
    const stranger = await open(test, `reliable-${systemRandom.id()}`, null);
    stranger.transport.setPeer(addressOf(member));
    await test.rejects(stranger.transport.request(member.nodeId, text('?'), { deadlineMs }), {
      code: 'ERR_ACADEMY_NODE_UNKNOWN',
      message: /another academy/,
    });
    await until('the member has counted it', () => harness.refusedFor(member.transport, 'academy') === 1);
  });
}
