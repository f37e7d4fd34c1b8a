import { connect, createServer, type Server, type Socket } from 'node:net';
import fc from 'fast-check';
import t, { type Test } from 'tap';
import type { Clock } from '../../../runtime/protocol/Clock.js';
import { deriveKey, identityFromSeed, type NodeId, type NodeIdentity } from '../../../runtime/protocol/identity.js';
import { limits } from '../../../runtime/protocol/limits.js';
import { academyTag } from '../../../runtime/protocol/packet.js';
import { systemClock } from '../../../runtime/system/systemClock.js';
import { systemRandom } from '../../../runtime/system/systemRandom.js';
import { until } from '../../../testing/realTime.js';
import { VirtualClock } from '../../../transports/memory/VirtualClock.js';
import { encodeFrame, type FrameKind, FrameReader, frameKinds } from '../../../transports/tcp/frames.js';
import { type Credentials, type Hello, hearHello, makeProof, sayHello } from '../../../transports/tcp/handshake.js';
import {
  TcpReliableTransport,
  type TcpReliableTransportOptions,
} from '../../../transports/tcp/TcpReliableTransport.js';
import { openSockets } from '../../contract/openSockets.js';

const host = '127.0.0.1';
const deadlineMs = 10_000;
const secret = systemRandom.bytes(32);
const text = (value: string): Uint8Array => Buffer.from(value);

interface Node {
  readonly identity: NodeIdentity;
  readonly nodeId: NodeId;
  readonly tcp: TcpReliableTransport;
  readonly options: TcpReliableTransportOptions;
}

function makeNode(
  test: Test,
  academyId: string,
  changes: Partial<TcpReliableTransportOptions> = {},
  seed = systemRandom.bytes(32),
): Node {
  const identity = identityFromSeed(seed);
  const connectionKey = deriveKey(secret, academyId, 'connection');
  const options = { identity, academyId, connectionKey, clock: systemClock, random: systemRandom, ...changes };
  const tcp = new TcpReliableTransport(options);
  test.teardown(() => tcp.stop());
  return { identity, nodeId: identity.nodeId, tcp, options };
}

async function startNode(
  test: Test,
  academyId = `tcp-unit-${systemRandom.id()}`,
  changes: Partial<TcpReliableTransportOptions> = {},
): Promise<Node> {
  const node = makeNode(test, academyId, changes);
  await node.tcp.start(() => {});
  node.tcp.onRequest(async (_from, request) => request);
  return node;
}

const introduce = (to: Node, who: Node, port = who.tcp.port): void =>
  to.tcp.setPeer({ nodeId: who.nodeId, host, port });

/** A socket that speaks by hand. */
class Raw {
  readonly socket: Socket;
  readonly reader = new FrameReader(limits.frameBytesMax);
  isClosed = false;

  constructor(test: Test, socket: Socket) {
    this.socket = socket;
    socket.on('error', () => {});
    socket.on('data', (chunk) => this.reader.push(chunk));
    socket.on('close', () => {
      this.isClosed = true;
    });
    test.teardown(() => socket.destroy());
  }

  write(kind: number, correlation: number, body: Uint8Array): void {
    for (const piece of encodeFrame(kind as FrameKind, correlation, body)) this.socket.write(piece);
  }

  async read() {
    let frame = this.reader.next();
    await until('a frame comes', () => {
      frame ??= this.reader.next();
      return frame !== undefined;
    });
    if (!frame || frame === 'malformed') throw new Error('no frame');
    return frame;
  }

  /** The handshake of a member, by hand. */
  async join(own: Credentials, role: 'dialler' | 'listener'): Promise<Hello> {
    const mine = sayHello(own, systemRandom.bytes(32));
    this.write(frameKinds.hello, 0, mine.bytes);
    const theirs = hearHello((await this.read()).body, own) as Hello;
    this.write(frameKinds.proof, 0, makeProof(own, role, mine, theirs));
    await this.read();
    return theirs;
  }
}

const dialRaw = (test: Test, port: number): Raw => new Raw(test, connect(port, host));

function credentialsFor({ options }: Node, seed = systemRandom.bytes(32)): Credentials {
  return {
    identity: identityFromSeed(seed),
    academy: academyTag(options.academyId),
    connectionKey: options.connectionKey,
    instance: systemRandom.bytes(8),
  };
}

async function listenRaw(test: Test): Promise<{ port: number; accepted: () => Promise<Raw> }> {
  const sockets: Socket[] = [];
  const server: Server = createServer((socket) => sockets.push(socket));
  await new Promise<void>((resolve) => server.listen(0, host, resolve));
  test.teardown(() => server.close());
  const accepted = async (): Promise<Raw> => {
    await until('a connection comes', () => sockets.length > 0);
    return new Raw(test, sockets.shift() as Socket);
  };
  return { port: (server.address() as { port: number }).port, accepted };
}

t.test('a port in use is named, with a remedy', async (test) => {
  const holder = await startNode(test);
  const second = makeNode(test, 'tcp-unit', { port: holder.tcp.port });
  await test.rejects(
    second.tcp.start(() => {}),
    { code: 'ERR_ACADEMY_PORT_IN_USE', message: new RegExp(`:${holder.tcp.port} `), remedy: /another port/ },
  );
  await holder.tcp.stop();
  await second.tcp.start(() => {});
  test.equal(second.tcp.port, second.options.port, 'and start can be tried again');
});

t.test('a port that is none is refused by its name', async (test) => {
  for (const port of [-1, 65_536, 1.5, Number.NaN]) {
    test.throws(() => makeNode(test, 'tcp-unit', { port }), {
      code: 'ERR_ACADEMY_CONFIG_INVALID',
      message: /tcp\.port/,
    });
  }
});

t.test('an address that makes no sense fails its request and nothing else', async (test) => {
  const caller = await startNode(test);
  const { nodeId } = identityFromSeed(systemRandom.bytes(32));
  for (const port of [0, 70_000, -5, Number.NaN]) {
    caller.tcp.setPeer({ nodeId, host, port });
    await test.rejects(caller.tcp.request(nodeId, text('?'), { deadlineMs: 100 }), { code: 'ERR_ACADEMY_DEADLINE' });
  }
  await test.rejects(caller.tcp.connect(host, 70_000, { deadlineMs }), { code: 'ERR_ACADEMY_NODE_UNKNOWN' });
});

t.test('two nodes that dial each other at once end with one connection and lose no request', async (test) => {
  for (let round = 0; round < 10; round++) {
    const academyId = `tcp-unit-${systemRandom.id()}`;
    const [left, right] = [await startNode(test, academyId), await startNode(test, academyId)];
    introduce(left, right);
    introduce(right, left);
    const ask = (from: Node, to: Node, number: number) =>
      from.tcp.request(to.nodeId, text(`${round} ${number}`), { deadlineMs });
    const answers = await Promise.all(
      [...Array(50).keys()].flatMap((number) => [ask(left, right, number), ask(right, left, number)]),
    );
    test.equal(answers.length, 100);
    const isOne = () => left.tcp.stats().connections === 1 && right.tcp.stats().connections === 1;
    await until('one connection is left', isOne);
    test.strictSame(await ask(left, right, 99), Buffer.from(`${round} 99`), 'and it works both ways');
    test.strictSame(await ask(right, left, 99), Buffer.from(`${round} 99`));
    test.ok(isOne(), 'still one');
    await Promise.all([left.tcp.stop(), right.tcp.stop()]);
  }
});

t.test('connecting twice, by whatever address, ends with one connection', async (test) => {
  const academyId = `tcp-unit-${systemRandom.id()}`;
  const [left, right] = [await startNode(test, academyId), await startNode(test, academyId)];
  for (const name of [host, 'localhost', host]) {
    test.equal(await left.tcp.connect(name, right.tcp.port, { deadlineMs }), right.nodeId);
  }
  const isOne = () => left.tcp.stats().connections === 1 && right.tcp.stats().connections === 1;
  await until('one connection is left', isOne);
  test.strictSame(await left.tcp.request(right.nodeId, text('ok'), { deadlineMs }), Buffer.from('ok'));
});

t.test('a node does not connect to itself', async (test) => {
  const node = await startNode(test);
  await test.rejects(node.tcp.connect(host, node.tcp.port, { deadlineMs }), { message: /itself/ });
  introduce(node, node);
  await test.rejects(node.tcp.request(node.nodeId, text('?'), { deadlineMs }), { code: 'ERR_ACADEMY_NODE_UNKNOWN' });
});

t.test('at the address of a node there is another one: said at once', async (test) => {
  const academyId = `tcp-unit-${systemRandom.id()}`;
  const [caller, other] = [await startNode(test, academyId), await startNode(test, academyId)];
  const { nodeId } = identityFromSeed(systemRandom.bytes(32));
  caller.tcp.setPeer({ nodeId, host, port: other.tcp.port });
  await test.rejects(caller.tcp.request(nodeId, text('?'), { deadlineMs: 1_000_000 }), {
    code: 'ERR_ACADEMY_NODE_UNKNOWN',
    message: new RegExp(`another node, ${other.nodeId}`),
  });
});

t.test('who cannot prove its hello is refused by reason and counted', async (test) => {
  const node = await startNode(test);
  const own = credentialsFor(node);
  const mine = sayHello(own, systemRandom.bytes(32));

  const spoiled = Buffer.from(mine.bytes);
  spoiled[4] = (spoiled[4] ?? 0) ^ 1;
  const wrongId = dialRaw(test, node.tcp.port);
  wrongId.write(frameKinds.hello, 0, spoiled);
  await until('a wrong node id is hung up on', () => wrongId.isClosed);
  test.equal(node.tcp.stats().refused.identity, 1);

  const thief: Credentials = { ...own, identity: { ...own.identity, sign: credentialsFor(node).identity.sign } };
  const wrongKey = dialRaw(test, node.tcp.port);
  wrongKey.write(frameKinds.hello, 0, mine.bytes);
  const theirs = hearHello((await wrongKey.read()).body, own) as Hello;
  wrongKey.write(frameKinds.proof, 0, makeProof(thief, 'dialler', mine, theirs));
  await until('a wrong key is hung up on', () => wrongKey.isClosed);
  test.equal(node.tcp.stats().refused.signature, 1);

  const impatient = dialRaw(test, node.tcp.port);
  impatient.write(frameKinds.request, 1, text('let me in'));
  await until('a request before the proof is hung up on', () => impatient.isClosed);
  const web = dialRaw(test, node.tcp.port);
  web.socket.write('GET / HTTP/1.1\r\nHost: localhost\r\n\r\n');
  await until('a browser is hung up on', () => web.isClosed);
  test.equal(node.tcp.stats().refused.malformed, 1);
  test.equal(node.tcp.stats().malformedFrames, 1, 'the browser already broke the framing');
  test.equal(node.tcp.stats().requestsServed, 0);
});

t.test('a member by hand is heard, until it breaks the framing', async (test) => {
  const node = await startNode(test);
  const breaks: readonly [string, (raw: Raw) => void][] = [
    ['an unknown kind', (raw) => raw.write(99, 0, text('?'))],
    ['a hello in the middle', (raw) => raw.write(frameKinds.hello, 0, text('?'))],
    ['a length beyond the bound', (raw) => raw.socket.write(Buffer.from([0xff, 0xff, 0xff, 0xff, 4, 0, 0, 0, 0]))],
    ['a length below the header', (raw) => raw.socket.write(Buffer.alloc(9))],
  ];
  for (const [index, [name, harm]] of breaks.entries()) {
    const raw = dialRaw(test, node.tcp.port);
    await raw.join(credentialsFor(node), 'dialler');
    raw.write(frameKinds.request, 5, text('hello'));
    test.match(await raw.read(), { kind: frameKinds.answer, correlation: 5 });
    harm(raw);
    await until(`${name} is hung up on`, () => raw.isClosed);
    test.equal(node.tcp.stats().malformedFrames, index + 1, name);
  }
});

t.test('whatever a member sends, the node lives and serves others', async (test) => {
  const academyId = `tcp-unit-${systemRandom.id()}`;
  const [node, other] = [await startNode(test, academyId), await startNode(test, academyId)];
  introduce(other, node);
  const noise = fc.oneof(
    fc.uint8Array({ minLength: 1, maxLength: 200 }),
    fc
      .record({ kind: fc.nat(12), correlation: fc.nat(3), body: fc.uint8Array({ maxLength: 60 }) })
      .map(({ kind, correlation, body }) => Buffer.concat(encodeFrame(kind as FrameKind, correlation, body))),
  );
  await fc.assert(
    fc.asyncProperty(fc.array(noise, { minLength: 1, maxLength: 20 }), async (writes) => {
      const raw = dialRaw(test, node.tcp.port);
      await raw.join(credentialsFor(node), 'dialler');
      for (const bytes of writes) raw.socket.write(bytes);
      raw.socket.end();
      await until('it is over', () => raw.isClosed);
      const answer = await other.tcp.request(node.nodeId, text('alive?'), { deadlineMs });
      return Buffer.from(answer).toString() === 'alive?';
    }),
    { numRuns: 60 },
  );
});

t.test('a broken failure frame is still an error with a code', async (test) => {
  const caller = await startNode(test);
  const { port, accepted } = await listenRaw(test);
  const own = credentialsFor(caller);
  caller.tcp.setPeer({ nodeId: own.identity.nodeId, host, port });
  const request = caller.tcp.request(own.identity.nodeId, text('?'), { deadlineMs });
  const rejected = test.rejects(request, { code: 'ERR_ACADEMY_COMMAND_FAILED' });
  const raw = await accepted();
  await raw.join(own, 'listener');
  const { correlation } = await raw.read();
  raw.write(frameKinds.failure, correlation, text('{no json'));
  await rejected;
  raw.write(frameKinds.answer, correlation, text('too late'));
  await until('the late answer is counted', () => caller.tcp.stats().lateAnswers === 1);
});

t.test('a handshake that never ends is ended, and handshakes are bounded', async (test) => {
  const clock = new VirtualClock();
  const academyId = `tcp-unit-${systemRandom.id()}`;
  const node = await startNode(test, academyId, { clock, handshakesMax: 2 });
  const silent = [dialRaw(test, node.tcp.port), dialRaw(test, node.tcp.port)];
  for (const raw of silent) await raw.read();
  const third = dialRaw(test, node.tcp.port);
  await until('the third is hung up on', () => third.isClosed);
  test.equal(node.tcp.stats().refused['too-many'], 1);
  clock.advance(5_000);
  await until('the silent ones are hung up on', () => silent.every((raw) => raw.isClosed));
  test.equal(node.tcp.stats().refused.deadline, 2);
  const member = await startNode(test, academyId);
  test.equal(await member.tcp.connect(host, node.tcp.port, { deadlineMs }), node.nodeId, 'there is room again');
});

t.test('a peer that is silent past a deadline is put to the proof, and given up', async (test) => {
  const clock = new VirtualClock();
  const caller = await startNode(test, `tcp-unit-${systemRandom.id()}`, { clock });
  const { port, accepted } = await listenRaw(test);
  const own = credentialsFor(caller);
  caller.tcp.setPeer({ nodeId: own.identity.nodeId, host, port });
  const request = caller.tcp.request(own.identity.nodeId, text('?'), { deadlineMs: 1_000 });
  const rejected = test.rejects(request, { code: 'ERR_ACADEMY_DEADLINE' });
  const raw = await accepted();
  await raw.join(own, 'listener');
  test.match(await raw.read(), { kind: frameKinds.request });
  clock.advance(1_000);
  await rejected;
  test.match(await raw.read(), { kind: frameKinds.ping });
  test.equal(caller.tcp.stats().connections, 1, 'it has time to answer');
  clock.advance(5_000);
  await until('the connection is given up', () => raw.isClosed);
  test.equal(caller.tcp.stats().connections, 0);
});

t.test('a node that has restarted takes the place of its earlier connection', async (test) => {
  const node = await startNode(test);
  const own = credentialsFor(node);
  const before = dialRaw(test, node.tcp.port);
  await before.join(own, 'dialler');
  await until('it is connected', () => node.tcp.stats().connections === 1);
  const after = dialRaw(test, node.tcp.port);
  await after.join({ ...own, instance: systemRandom.bytes(8) }, 'dialler');
  await until('the earlier life is hung up on', () => before.isClosed);
  await until('one is left', () => node.tcp.stats().connections === 1);
  const request = node.tcp.request(own.identity.nodeId, text('?'), { deadlineMs });
  const { kind, correlation } = await after.read();
  test.equal(kind, frameKinds.request);
  after.write(frameKinds.answer, correlation, text('the new life'));
  test.equal(Buffer.from(await request).toString(), 'the new life');
});

t.test('a peer that does not read is waited for, and what waits is bounded by bytes', async (test) => {
  const caller = await startNode(test);
  const { port, accepted } = await listenRaw(test);
  const own = credentialsFor(caller);
  const { nodeId } = own.identity;
  caller.tcp.setPeer({ nodeId, host, port });
  const body = new Uint8Array(limits.frameBytesMax);
  const first = caller.tcp.request(nodeId, text('first'), { deadlineMs });
  const raw = await accepted();
  await raw.join(own, 'listener');
  const { correlation } = await raw.read();
  raw.write(frameKinds.answer, correlation, text('ok'));
  await first;
  raw.socket.pause();
  const requests = Array.from({ length: 20 }, () => caller.tcp.request(nodeId, body, { deadlineMs }));
  const settled = Promise.all(requests);
  raw.socket.resume();
  let answered = 0;
  while (answered < requests.length) {
    raw.write(frameKinds.answer, (await raw.read()).correlation, text('ok'));
    answered += 1;
  }
  test.equal((await settled).length, 20);
});

t.test('a member that asks for much and reads nothing is given up', async (test) => {
  const node = await startNode(test);
  const answer = new Uint8Array(limits.frameBytesMax);
  let served = 0;
  node.tcp.onRequest(async () => {
    served += 1;
    return answer;
  });
  const greedy = dialRaw(test, node.tcp.port);
  await greedy.join(credentialsFor(node), 'dialler');
  greedy.socket.pause();
  for (let correlation = 1; correlation <= 20; correlation++) greedy.write(frameKinds.request, correlation, text('?'));
  await until('it is hung up on', () => served > 0 && node.tcp.stats().connections === 0);
});

t.test('a peer that does not answer is not asked more than may be in flight', async (test) => {
  const caller = await startNode(test);
  const { port, accepted } = await listenRaw(test);
  const own = credentialsFor(caller);
  const { nodeId } = own.identity;
  caller.tcp.setPeer({ nodeId, host, port });
  const ask = () => caller.tcp.request(nodeId, text('?'), { deadlineMs: 60_000 });
  const first = ask();
  const raw = await accepted();
  await raw.join(own, 'listener');
  raw.write(frameKinds.answer, (await raw.read()).correlation, text('ok'));
  await first;
  const settled = Promise.allSettled(Array.from({ length: limits.requestsInFlightMax + 10 }, ask));
  const correlations: number[] = [];
  while (correlations.length < limits.requestsInFlightMax) correlations.push((await raw.read()).correlation);
  test.equal(raw.reader.next(), undefined, 'no further one');
  for (const correlation of correlations.slice(0, 10)) raw.write(frameKinds.answer, correlation, text('ok'));
  for (let number = 0; number < 10; number++) test.equal((await raw.read()).kind, frameKinds.request);
  await caller.tcp.stop();
  await settled;
});

t.test('what is asked while a connection breaks goes over the next one', async (test) => {
  const caller = await startNode(test);
  const { port, accepted } = await listenRaw(test);
  const own = credentialsFor(caller);
  const { nodeId } = own.identity;
  caller.tcp.setPeer({ nodeId, host, port });
  const first = caller.tcp.request(nodeId, text('first'), { deadlineMs });
  const broken = await accepted();
  await broken.join(own, 'listener');
  const { correlation } = await broken.read();
  broken.socket.cork();
  broken.write(frameKinds.answer, correlation, text('ok'));
  broken.write(99, 0, text('broken'));
  broken.socket.uncork();
  const second = first.then(() => caller.tcp.request(nodeId, text('second'), { deadlineMs }));
  const next = await accepted();
  await next.join(own, 'listener');
  next.write(frameKinds.answer, (await next.read()).correlation, text('over the next one'));
  test.equal(Buffer.from(await second).toString(), 'over the next one');
});

t.test('a node that is forgotten still gets and gives the answers that are due', async (test) => {
  const academyId = `tcp-unit-${systemRandom.id()}`;
  const [left, right] = [await startNode(test, academyId), await startNode(test, academyId)];
  introduce(left, right);
  const waiting: (() => void)[] = [];
  for (const { tcp } of [left, right]) {
    tcp.onRequest(async (_from, request) => {
      await new Promise<void>((resolve) => waiting.push(resolve));
      return request;
    });
  }
  const there = left.tcp.request(right.nodeId, text('there'), { deadlineMs });
  await until('it is served', () => waiting.length === 1);
  const back = right.tcp.request(left.nodeId, text('back'), { deadlineMs });
  await until('both are served', () => waiting.length === 2);
  left.tcp.forgetPeer(right.nodeId);
  const { code } = await left.tcp.request(right.nodeId, text('?'), { deadlineMs }).catch((fault) => fault);
  test.equal(code, 'ERR_ACADEMY_NODE_UNKNOWN');
  waiting[0]?.();
  test.equal(Buffer.from(await there).toString(), 'there');
  test.equal(left.tcp.stats().connections, 1, 'open as long as an answer is due');
  waiting[1]?.();
  test.equal(Buffer.from(await back).toString(), 'back');
  await until('then it closes', () => left.tcp.stats().connections === 0 && right.tcp.stats().connections === 0);
});

t.test('more requests than may be in flight wait for their turn', async (test) => {
  const academyId = `tcp-unit-${systemRandom.id()}`;
  const [caller, server] = [await startNode(test, academyId), await startNode(test, academyId)];
  let [open, most] = [0, 0];
  server.tcp.onRequest(async (_from, request) => {
    open += 1;
    most = Math.max(most, open);
    await new Promise((resolve) => setImmediate(resolve));
    open -= 1;
    return request;
  });
  await caller.tcp.connect(host, server.tcp.port, { deadlineMs });
  const count = limits.requestsInFlightMax + 500;
  const answers = await Promise.all(
    Array.from({ length: count }, (_, number) =>
      caller.tcp.request(server.nodeId, text(String(number)), { deadlineMs: 60_000 }),
    ),
  );
  test.ok(answers.every((answer, number) => Buffer.from(answer).toString() === String(number)));
  test.ok(most <= limits.requestsInFlightMax, `${most} at a time`);
});

t.test('a request to a node that cannot be reached is tried again with pauses, until its deadline', async (test) => {
  const clock = new VirtualClock();
  const caller = await startNode(test, `tcp-unit-${systemRandom.id()}`, { clock });
  let attempts = 0;
  const unfriendly = createServer((socket) => {
    attempts += 1;
    socket.destroy();
  });
  await new Promise<void>((resolve) => unfriendly.listen(0, host, resolve));
  test.teardown(() => unfriendly.close());
  const { nodeId } = identityFromSeed(systemRandom.bytes(32));
  caller.tcp.setPeer({ nodeId, host, port: (unfriendly.address() as { port: number }).port });
  const request = caller.tcp.request(nodeId, text('?'), { deadlineMs: 60_000 });
  const rejected = test.rejects(request, { code: 'ERR_ACADEMY_DEADLINE', message: /60000 ms: 127.0.0.1:\d+: / });
  await until('the first attempt has come', () => attempts === 1);
  await until('it is tried again', () => {
    clock.advance(10);
    return attempts >= 4;
  });
  test.ok(clock.monotonicMs() > 100, 'not at once');
  clock.advance(60_000);
  await rejected;
});

t.test('stop ends every socket, those in the handshake and those that do not read too', async (test) => {
  const node = await startNode(test);
  const silent = dialRaw(test, node.tcp.port);
  await silent.read();
  const member = dialRaw(test, node.tcp.port);
  await member.join(credentialsFor(node), 'dialler');
  member.socket.pause();
  await node.tcp.stop();
  test.equal(node.tcp.stats().connections, 0);
  member.socket.destroy();
  await until('no socket is left', () => openSockets().length === 0);
});

t.test('a stop while it dials leaves nothing behind', async (test) => {
  const caller = await startNode(test);
  const { port, accepted } = await listenRaw(test);
  const { nodeId } = identityFromSeed(systemRandom.bytes(32));
  caller.tcp.setPeer({ nodeId, host, port });
  const code = 'ERR_ACADEMY_NODE_STOPPED';
  const requested = test.rejects(caller.tcp.request(nodeId, text('?'), { deadlineMs }), { code });
  const connected = test.rejects(caller.tcp.connect(host, port, { deadlineMs }), { code });
  const raws = [await accepted(), await accepted()];
  await caller.tcp.stop();
  await Promise.all([requested, connected]);
  await until('both are hung up on', () => raws.every((raw) => raw.isClosed));
});

t.test('a connect can be given up, and has a deadline', async (test) => {
  const clock: Clock = systemClock;
  const caller = await startNode(test, `tcp-unit-${systemRandom.id()}`, { clock });
  const { port } = await listenRaw(test);
  const code = 'ERR_ACADEMY_DEADLINE';
  await test.rejects(caller.tcp.connect(host, port, { deadlineMs: 50 }), { code, message: /50 ms/ });
  const signal = AbortSignal.abort();
  await test.rejects(caller.tcp.connect(host, port, { deadlineMs, signal }), { code, message: /gave up/ });
  const later = new AbortController();
  const connecting = test.rejects(caller.tcp.connect(host, port, { deadlineMs, signal: later.signal }), { code });
  later.abort();
  await connecting;
});
