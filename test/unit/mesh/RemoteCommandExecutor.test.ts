import fc from 'fast-check';
import t from 'tap';
import { CommandRegistry } from '../../../runtime/mesh/CommandRegistry.js';
import { MeshCounters } from '../../../runtime/mesh/MeshCounters.js';
import { RateLimitedLog } from '../../../runtime/mesh/RateLimitedLog.js';
import { RemoteCommandExecutor } from '../../../runtime/mesh/RemoteCommandExecutor.js';
import { AcademyError } from '../../../runtime/protocol/errors.js';
import { isNodeId, type NodeId } from '../../../runtime/protocol/identity.js';
import { limits } from '../../../runtime/protocol/limits.js';
import { MessageCodec } from '../../../runtime/protocol/MessageCodec.js';
import { seededRandom } from '../../../runtime/protocol/Random.js';
import type { RequestHandler } from '../../../runtime/protocol/Transport.js';
import { identity, ManualClock, rememberingLog, settle } from './meshFixtures.js';

type Wire = (from: NodeId, to: NodeId, bytes: Uint8Array) => Promise<Uint8Array>;

/** Nodes in one thread; `wire` carries a request, and a test may put itself in its place. */
class Net {
  readonly clock = new ManualClock();
  readonly handlers = new Map<NodeId, RequestHandler>();
  readonly requests: { from: NodeId; to: NodeId; deadlineMs: number }[] = [];
  readonly codec = new MessageCodec();
  wire: Wire = (from, to, bytes) => this.direct(from, to, bytes);

  direct(from: NodeId, to: NodeId, bytes: Uint8Array): Promise<Uint8Array> {
    const handler = this.handlers.get(to);
    if (!handler) throw new AcademyError('ERR_ACADEMY_NODE_UNKNOWN', `no node ${to}`);
    return handler(from, bytes);
  }

  node(number: number) {
    const { nodeId } = identity(number);
    const counters = new MeshCounters();
    const { lines, log } = rememberingLog();
    const commands = new CommandRegistry();
    const told: unknown[] = [];
    const executor = new RemoteCommandExecutor({
      nodeId,
      reliable: {
        onRequest: (handler) => this.handlers.set(nodeId, handler),
        request: async (to, bytes, { deadlineMs }) => {
          this.requests.push({ from: nodeId, to, deadlineMs });
          return this.wire(nodeId, to, Uint8Array.from(bytes));
        },
      },
      codec: this.codec,
      clock: this.clock,
      random: seededRandom(number),
      commands,
      actors: {
        tell: (name, message, from) => void told.push({ name, message, from }),
        ask: async (name, message, deadlineMs, from) => {
          if (name === 'nobody') throw new AcademyError('ERR_ACADEMY_ACTOR_STOPPED', 'nobody is here');
          return { name, message, from, hasTime: deadlineMs > 0 };
        },
      },
      resolveNode: (name) => {
        if (name === 'bee') return identity(2).nodeId;
        if (isNodeId(name)) return name;
        throw new AcademyError('ERR_ACADEMY_NODE_UNKNOWN', `no node ${name}`);
      },
      counters,
      log: new RateLimitedLog(log, this.clock),
    });
    return { nodeId, executor, commands, counters, lines, told };
  }
}

t.test('a command runs on another node and answers its own caller', async (t) => {
  const net = new Net();
  const a = net.node(1);
  const b = net.node(2);
  b.commands.register('echo', { allow: 'members' }, (payload, caller) => ({ payload, caller }));
  const answers = await Promise.all(
    Array.from({ length: 1_000 }, (_, index) => a.executor.executeRemoteCommand('bee', 'echo', index)),
  );
  t.strictSame(
    answers.map((answer) => (answer as { payload: number }).payload),
    Array.from({ length: 1_000 }, (_, index) => index),
  );
  t.match(answers[0], { caller: { nodeId: a.nodeId, local: false } });
});

t.test('errors come back with their codes', async (t) => {
  const net = new Net();
  const a = net.node(1);
  const b = net.node(2);
  b.commands.register('secret', { allow: 'named' }, () => 1);
  b.commands.register('fall', { allow: 'members' }, () => {
    throw new Error('tripped');
  });
  b.commands.register('odd', { allow: 'members' }, () => () => 1);
  const run = (command: string) => a.executor.executeRemoteCommand('bee', command, null);
  await t.rejects(run('secret'), { code: 'ERR_ACADEMY_COMMAND_DENIED' });
  await t.rejects(run('nothing'), { code: 'ERR_ACADEMY_COMMAND_UNKNOWN', message: /nothing/ });
  await t.rejects(run('fall'), { code: 'ERR_ACADEMY_COMMAND_FAILED', message: /tripped/ });
  t.equal(net.requests.length, 3, 'and nothing of it is tried again');
  t.equal(b.counters.snapshot().commandsDenied, 1);
  await t.rejects(a.executor.executeRemoteCommand('wasp', 'echo', null), { code: 'ERR_ACADEMY_NODE_UNKNOWN' });
  const stranger = identity(9).nodeId;
  await t.rejects(a.executor.executeRemoteCommand(stranger, 'echo', null), { code: 'ERR_ACADEMY_NODE_UNKNOWN' });
});

t.test('a retried command runs once, also while its first run is still going on', async (t) => {
  const net = new Net();
  const a = net.node(1);
  const b = net.node(2);
  let runs = 0;
  let finish = (_result: string): void => {};
  b.commands.register('ban-user', { allow: 'members' }, () => {
    runs += 1;
    return new Promise((resolve) => {
      finish = resolve;
    });
  });
  let answersLost = 2;
  net.wire = async (from, to, bytes) => {
    const answer = net.direct(from, to, bytes);
    if (answersLost-- > 0) throw new Error('connection reset');
    return answer;
  };
  const call = a.executor.executeRemoteCommand('bee', 'ban-user', {});
  await net.clock.advance(1_000);
  finish('banned');
  t.equal(await call, 'banned');
  t.equal(runs, 1);
  t.equal(net.requests.length, 3);
  t.match(a.counters.snapshot(), { commandRetries: 2 });
  t.match(b.counters.snapshot(), { commandsServed: 1, commandsAnsweredAgain: 2 });
});

t.test('a command that has failed is not run again by a retry', async (t) => {
  const net = new Net();
  const a = net.node(1);
  const b = net.node(2);
  let runs = 0;
  b.commands.register('fall', { allow: 'members' }, () => {
    runs += 1;
    throw new Error('tripped');
  });
  const run = () => a.executor.executeRemoteCommand('bee', 'fall', null, { idempotencyKey: 'k1' });
  await t.rejects(run(), { code: 'ERR_ACADEMY_COMMAND_FAILED' });
  await t.rejects(run(), { code: 'ERR_ACADEMY_COMMAND_FAILED' });
  t.equal(runs, 1);
});

t.test('the keys of two callers do not meet, and a repeatable command keeps nothing', async (t) => {
  const net = new Net();
  const [a, b, c] = [net.node(1), net.node(2), net.node(3)];
  let runs = 0;
  const count = (): number => ++runs;
  b.commands.register('count', { allow: 'members' }, count);
  b.commands.register('read', { allow: 'members', repeatable: true }, count);
  const options = { idempotencyKey: 'k1' };
  t.equal(await a.executor.executeRemoteCommand('bee', 'count', null, options), 1);
  t.equal(await c.executor.executeRemoteCommand('bee', 'count', null, options), 2);
  t.equal(await a.executor.executeRemoteCommand('bee', 'count', null, options), 1);
  const reading = { idempotencyKey: 'k2' };
  t.equal(await a.executor.executeRemoteCommand('bee', 'read', null, reading), 3);
  t.equal(await a.executor.executeRemoteCommand('bee', 'read', null, reading), 4);
});

t.test('a silent node costs one total deadline, with the retries inside it', async (t) => {
  const net = new Net();
  const a = net.node(1);
  net.wire = () => new Promise(() => {});
  let settledAtMs = 0;
  const startedAtMs = net.clock.monotonicMs();
  const call = t.rejects(
    a.executor.executeRemoteCommand('bee', 'echo', null).finally(() => {
      settledAtMs = net.clock.monotonicMs();
    }),
    { code: 'ERR_ACADEMY_DEADLINE', message: /echo on node bee .* attempts/ },
  );
  await net.clock.advance(2 * limits.commandDeadlineMs);
  await call;
  const tookMs = settledAtMs - startedAtMs;
  t.ok(tookMs <= limits.commandDeadlineMs && tookMs > limits.commandDeadlineMs * 0.9, `took ${tookMs} ms`);
  t.equal(net.requests.length, 4, 'the first and three retries');
  t.equal(net.clock.timers, 0);
});

t.test('a node that refuses connections is given up after three retries', async (t) => {
  const net = new Net();
  const a = net.node(1);
  net.wire = async () => {
    throw new Error('ECONNREFUSED');
  };
  const call = t.rejects(a.executor.executeRemoteCommand('bee', 'echo', null), {
    code: 'ERR_ACADEMY_DEADLINE',
    message: /ECONNREFUSED/,
  });
  await net.clock.advance(5_000);
  await call;
  t.equal(net.requests.length, 4);
});

t.test('a command on this node needs no socket and no permission, but has a deadline', async (t) => {
  const net = new Net();
  const a = net.node(1);
  a.commands.register('secret', { allow: 'named' }, (_payload, caller) => caller.local);
  a.commands.register('sleep', { allow: 'named' }, () => new Promise(() => {}));
  t.equal(await a.executor.executeRemoteCommand(a.nodeId, 'secret', null), true);
  t.equal(net.requests.length, 0);
  const call = t.rejects(a.executor.executeRemoteCommand(a.nodeId, 'sleep', null, { deadlineMs: 50 }), {
    code: 'ERR_ACADEMY_DEADLINE',
  });
  await net.clock.advance(60);
  await call;
});

t.test('a handler that never ends does not stay in hand', async (t) => {
  const net = new Net();
  const a = net.node(1);
  const b = net.node(2);
  b.commands.register('sleep', { allow: 'members' }, () => new Promise(() => {}));
  const call = t.rejects(a.executor.executeRemoteCommand('bee', 'sleep', null, { deadlineMs: 400 }), {
    code: 'ERR_ACADEMY_DEADLINE',
  });
  await net.clock.advance(2_000);
  await call;
  await settle();
  t.equal(net.clock.timers, 0);
});

t.test('actors of other nodes are told and asked', async (t) => {
  const net = new Net();
  const a = net.node(1);
  const b = net.node(2);
  const message = { type: 'greet', data: { name: 'Ann' } };
  t.match(await a.executor.ask(b.nodeId, 'participant/bob', message), {
    name: 'participant/bob',
    message,
    from: a.nodeId,
    hasTime: true,
  });
  await t.rejects(a.executor.ask(b.nodeId, 'nobody', message), { code: 'ERR_ACADEMY_ACTOR_STOPPED' });
  a.executor.tell(b.nodeId, 'participant/bob', message);
  await settle();
  t.match(b.told, [{ name: 'participant/bob', message, from: a.nodeId }]);
});

t.test('a message that was lost on its way is counted and logged', async (t) => {
  const net = new Net();
  const a = net.node(1);
  a.executor.tell(identity(9).nodeId, 'participant/bob', { type: 'greet' });
  await settle();
  t.equal(a.counters.snapshot().sendFailures, 1);
  t.equal(a.lines.length, 1);
});

t.test('whatever a peer sends as a request is answered, with an error where it is none', async (t) => {
  const net = new Net();
  const a = net.node(1);
  const anything = fc.oneof(
    fc.uint8Array({ maxLength: 200 }),
    fc.anything({ maxDepth: 2, withBigInt: false }).map((value) => {
      try {
        return net.codec.encode(value);
      } catch {
        return new Uint8Array();
      }
    }),
  );
  await fc.assert(
    fc.asyncProperty(anything, async (bytes) => {
      const answer = net.codec.decode(await a.executor.serve(identity(2).nodeId, bytes)) as {
        error?: { code: string };
      };
      return answer.error?.code === 'ERR_ACADEMY_BAD_ARGUMENT';
    }),
    { numRuns: 500 },
  );
  const tooLate = net.codec.encode({ kind: 'command', name: 'echo', key: 'k', deadlineMs: 1e300, payload: 1 });
  t.match(net.codec.decode(await a.executor.serve(identity(2).nodeId, tooLate)), { error: {} });
});

t.test('an answer that makes no sense is an error', async (t) => {
  const net = new Net();
  const a = net.node(1);
  for (const answer of [new Uint8Array(), net.codec.encode(7), net.codec.encode({ error: 'no' })]) {
    net.wire = async () => answer;
    await t.rejects(a.executor.executeRemoteCommand('bee', 'echo', null), { code: 'ERR_ACADEMY_COMMAND_FAILED' });
  }
});
