import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { connect, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import t, { type Test } from 'tap';
import { AcademyError } from '../../../runtime/protocol/errors.js';
import { systemClock } from '../../../runtime/system/systemClock.js';
import { until } from '../../../testing/realTime.js';
import { ControlClient } from '../../../transports/control/ControlClient.js';
import {
  type ControlHandler,
  ControlServer,
  type ControlServerOptions,
} from '../../../transports/control/ControlServer.js';
import { controlAddress } from '../../../transports/control/controlAddress.js';
import { LineReader, requestBytesMax } from '../../../transports/control/controlLines.js';
import { VirtualClock } from '../../../transports/memory/VirtualClock.js';

const soon = { deadlineMs: 10_000 };
const hasUnixSockets = process.platform !== 'win32';

const echo: ControlHandler = async (method, params, { emit, signal }) => {
  if (method === 'fail') throw new AcademyError('ERR_ACADEMY_ROOM_UNKNOWN', 'no such room', { remedy: 'open it' });
  if (method === 'crash') throw new TypeError('a mistake');
  if (method === 'hang') return new Promise((resolve) => signal.addEventListener('abort', () => resolve('cancelled')));
  if (method === 'count') for (let index = 0; index < 3; index++) emit(index);
  return { method, params };
};

function folderFor(test: Test, ...deeper: string[]): string {
  const top = mkdtempSync(join(tmpdir(), 'academy-control-'));
  test.teardown(() => rmSync(top, { recursive: true, force: true }));
  const folder = join(top, ...deeper);
  mkdirSync(folder, { recursive: true });
  return folder;
}

async function serve(
  test: Test,
  folder: string,
  options: Partial<ControlServerOptions> = {},
): Promise<[ControlServer, ControlClient]> {
  const server = new ControlServer({ folder, handler: echo, ...options });
  await server.start();
  test.teardown(() => server.stop());
  return [server, new ControlClient({ folder, clock: systemClock })];
}

/** A client without manners: what it is sent, as text, and whether it was hung up on. */
function rawClient(test: Test, folder: string): { socket: Socket; said: () => string; isClosed: () => boolean } {
  const { path, release } = controlAddress(folder);
  const socket = connect(path);
  let said = '';
  let isClosed = false;
  socket.on('data', (chunk) => {
    said += chunk.toString();
  });
  socket.on('error', () => {});
  socket.on('close', () => {
    isClosed = true;
  });
  test.teardown(() => {
    socket.destroy();
    release();
  });
  return { socket, said: () => said, isClosed: () => isClosed };
}

t.test('a request is answered, and an error keeps its code and remedy', async (test) => {
  const [, client] = await serve(test, folderFor(test));
  test.same(await client.request('say', { text: 'ä\n' }, soon), { method: 'say', params: { text: 'ä\n' } });
  test.same(await client.request('say', undefined, soon), { method: 'say', params: null });
  await test.rejects(client.request('fail', null, soon), { code: 'ERR_ACADEMY_ROOM_UNKNOWN', remedy: 'open it' });
  await test.rejects(client.request('crash', null, soon), { code: 'ERR_ACADEMY_COMMAND_FAILED', message: 'a mistake' });
});

t.test('many requests at once each get their own answer', async (test) => {
  const [, client] = await serve(test, folderFor(test), { handler: async (_method, params) => params });
  const numbers = [...Array(200).keys()];
  test.same(await Promise.all(numbers.map((number) => client.request('x', number, soon))), numbers);
});

t.test('a stream brings its events in order and then its result', async (test) => {
  const [, client] = await serve(test, folderFor(test));
  const events: unknown[] = [];
  test.match(await client.stream('count', null, (event) => events.push(event)), { method: 'count' });
  test.same(events, [0, 1, 2]);
  test.match(await client.request('count', null, soon), { method: 'count' }, 'a request leaves the events out');
});

t.test('the lines are as documented', { skip: !hasUnixSockets }, async (test) => {
  const folder = folderFor(test);
  await serve(test, folder);
  const { socket, said } = rawClient(test, folder);
  socket.write('{"id":7,"method":"count"}\n{"id":8,"method":"x","params":[1]}\n{"id":9,"method":"fail"}\n');
  await until('all is answered', () => said().split('\n').length === 7);
  const replies = said()
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line));
  test.same(
    replies.filter(({ id }) => id === 7),
    [
      { id: 7, event: 0 },
      { id: 7, event: 1 },
      { id: 7, event: 2 },
      { id: 7, done: true, result: { method: 'count' } },
    ],
  );
  test.same(
    replies.filter(({ id }) => id === 8),
    [{ id: 8, result: { method: 'x', params: [1] } }],
  );
  const error = { code: 'ERR_ACADEMY_ROOM_UNKNOWN', message: 'no such room', remedy: 'open it' };
  test.same(
    replies.filter(({ id }) => id === 9),
    [{ id: 9, error }],
  );
});

t.test('whoever ends a call, ends a stream or goes away cancels what the node does for it', async (test) => {
  let [begun, aborted] = [0, 0];
  const handler: ControlHandler = (_method, _params, { signal, emit }) => {
    begun += 1;
    emit('begun');
    signal.addEventListener('abort', () => {
      aborted += 1;
    });
    return new Promise(() => {});
  };
  const folder = folderFor(test);
  const [, client] = await serve(test, folder, { handler });

  const ended = new AbortController();
  const events: unknown[] = [];
  const streaming = client.stream('x', null, (event) => events.push(event), { signal: ended.signal });
  await until('the stream flows', () => events.length === 1);
  ended.abort();
  test.equal(await streaming, undefined, 'a stream that was ended has no result');
  await until('it is cancelled', () => aborted === 1);

  await test.rejects(client.request('x', null, { deadlineMs: 30 }), { code: 'ERR_ACADEMY_DEADLINE' });
  await until('the late one is cancelled', () => aborted === begun);

  const gone = rawClient(test, folder);
  gone.socket.write('{"id":1,"method":"x"}\n');
  await until('it is handled', () => gone.said() !== '');
  gone.socket.destroy();
  await until('the one that went away is cancelled', () => aborted === begun);
  test.equal(client.stream('x', null, () => {}, { signal: ended.signal }) instanceof Promise, true);
});

t.test('a deadline is kept by the clock, and a caller can give up', async (test) => {
  const folder = folderFor(test);
  await serve(test, folder);
  const clock = new VirtualClock();
  const client = new ControlClient({ folder, clock });
  const slow = test.rejects(client.request('hang', null, { deadlineMs: 60_000 }), {
    code: 'ERR_ACADEMY_DEADLINE',
    message: /60000 ms/,
  });
  clock.advance(60_000);
  await slow;
  const givenUp = client.request('hang', null, { deadlineMs: 60_000, signal: AbortSignal.abort() });
  await test.rejects(givenUp, { code: 'ERR_ACADEMY_DEADLINE', message: /gave up/ });
  test.equal(clock.pendingTimers, 0);
});

t.test('the socket is for its owner only', { skip: !hasUnixSockets }, async (test) => {
  const folder = folderFor(test);
  const mask = process.umask();
  const [server] = await serve(test, folder);
  test.equal(statSync(join(folder, 'control.sock')).mode & 0o777, 0o600);
  test.equal(process.umask(), mask, 'the mask of the process is as before');
  await server.stop();
  test.notOk(existsSync(join(folder, 'control.sock')), 'and it is gone with the node');
});

t.test('a folder deeper than a socket path may be works too', { skip: process.platform !== 'linux' }, async (test) => {
  const folder = folderFor(test, 'd'.repeat(100), 'e'.repeat(60));
  const [server, client] = await serve(test, folder);
  test.match(await client.request('deep', 1, soon), { method: 'deep' });
  test.equal(statSync(join(folder, 'control.sock')).mode & 0o777, 0o600);
  const second = new ControlServer({ folder, handler: echo });
  await test.rejects(second.start(), { code: 'ERR_ACADEMY_DATA_IN_USE' });
  await server.stop();
  test.notOk(existsSync(join(folder, 'control.sock')));
  await test.rejects(client.request('deep', 1, soon), { code: 'ERR_ACADEMY_NODE_NOT_RUNNING' });
});

t.test('a socket that a killed node left is replaced', { skip: !hasUnixSockets }, async (test) => {
  const folder = folderFor(test);
  const path = join(folder, 'control.sock');
  const script = `require('node:net').createServer().listen(${JSON.stringify(path)}, () => process.kill(process.pid, 'SIGKILL'))`;
  test.throws(() => execFileSync(process.execPath, ['-e', script]), 'the first node is killed');
  test.ok(existsSync(path), 'and has left its socket behind');
  const client = new ControlClient({ folder, clock: systemClock });
  await test.rejects(client.request('x', null, soon), { code: 'ERR_ACADEMY_NODE_NOT_RUNNING', remedy: /academy up/ });
  await serve(test, folder);
  test.match(await client.request('alive', 1, soon), { method: 'alive' });
});

t.test('a socket that answers is left alone, and both remedies are told', async (test) => {
  const folder = folderFor(test);
  const [, client] = await serve(test, folder);
  const second = new ControlServer({ folder, handler: async () => 'usurper' });
  await test.rejects(second.start(), { code: 'ERR_ACADEMY_DATA_IN_USE', remedy: /academy chat.*academy up --data/ });
  await second.stop();
  test.match(await client.request('still', 1, soon), { method: 'still' });
});

t.test('of two nodes that start at once one wins', async (test) => {
  const folder = folderFor(test);
  const servers = [1, 2].map((number) => new ControlServer({ folder, handler: async () => number }));
  test.teardown(() => Promise.all(servers.map((server) => server.stop())));
  const outcomes = await Promise.allSettled(servers.map((server) => server.start()));
  test.strictSame(outcomes.map(({ status }) => status).sort(), ['fulfilled', 'rejected']);
});

t.test('a file that is no socket is not removed', { skip: !hasUnixSockets }, async (test) => {
  const folder = folderFor(test);
  writeFileSync(join(folder, 'control.sock'), 'precious');
  const server = new ControlServer({ folder, handler: echo });
  await test.rejects(server.start(), { code: 'ERR_ACADEMY_CONTROL', message: /no socket/, remedy: /move/ });
  test.ok(existsSync(join(folder, 'control.sock')));
});

t.test('without a folder or a node the errors say what to do', async (test) => {
  const folder = join(folderFor(test), 'missing', 'x'.repeat(120));
  const client = new ControlClient({ folder, clock: systemClock });
  const expected = { code: 'ERR_ACADEMY_NODE_NOT_RUNNING', remedy: /academy up/ };
  await test.rejects(client.request('x', null, soon), expected);
  await test.rejects(
    client.stream('x', null, () => {}),
    expected,
  );
  await test.rejects(
    new ControlClient({ folder: folderFor(test), clock: systemClock }).request('x', 1, soon),
    expected,
  );
  const server = new ControlServer({ folder, handler: echo });
  await test.rejects(server.start(), { code: 'ERR_ACADEMY_CONTROL', remedy: /folder/ });
});

t.test('a node that ends still answers the call that ends it, and fails what hangs', async (test) => {
  const folder = folderFor(test);
  let stopping: Promise<void> | undefined;
  const handler: ControlHandler = async (method) => {
    if (method === 'never') return new Promise(() => {});
    stopping = server.stop();
    return 'stopped';
  };
  const [server, client] = await serve(test, folder, { handler });
  const never = test.rejects(client.request('never', null, soon), { code: 'ERR_ACADEMY_CONTROL' });
  test.equal(await client.request('stop', null, soon), 'stopped');
  await never;
  await stopping;
  await test.rejects(client.request('stop', null, soon), { code: 'ERR_ACADEMY_NODE_NOT_RUNNING' });
  await server.start();
  test.equal(await client.request('stop', null, soon), 'stopped', 'and it can start again');
});

t.test('who speaks another language is told, hung up on, and the others go on', async (test) => {
  const folder = folderFor(test);
  const [, client] = await serve(test, folder);
  const wrong = [
    'GET / HTTP/1.1\r\n\r\n',
    '{"id":"one","method":"x"}\n',
    '[1]\n',
    'null\n',
    '{"id":1}\n',
    '{"id":1,"method":"hang"}\n{"id":1,"method":"hang"}\n',
    `${'x'.repeat(requestBytesMax + 1)}`,
  ];
  for (const text of wrong) {
    const stranger = rawClient(test, folder);
    stranger.socket.write(text);
    await until('it is hung up on', stranger.isClosed);
    test.match(stranger.said(), /"ERR_ACADEMY_BAD_ARGUMENT"/, text.slice(0, 40));
  }
  test.match(await client.request('still', 1, soon), { method: 'still' });
});

t.test('requests and answers beyond their bounds fail with a code', async (test) => {
  const folder = folderFor(test);
  const handler: ControlHandler = async (_method, bytes) => 'x'.repeat(bytes as number);
  const [, client] = await serve(test, folder, { handler });
  const code = 'ERR_ACADEMY_PACKET_TOO_LARGE';
  await test.rejects(client.request('x', 'x'.repeat(requestBytesMax), soon), { code });
  test.equal(((await client.request('x', 5_000_000, soon)) as string).length, 5_000_000);
  await test.rejects(client.request('x', 20_000_000, soon), { code, remedy: /less/ });
});

t.test('clients and their requests are bounded', async (test) => {
  const folder = folderFor(test);
  const [, client] = await serve(test, folder, { clientsMax: 2, requestsMax: 2 });
  const busy = rawClient(test, folder);
  busy.socket.write('{"id":1,"method":"hang"}\n{"id":2,"method":"hang"}\n{"id":3,"method":"x"}\n');
  await until('the third is refused', () => /"id":3,"error"/.test(busy.said()));
  const other = rawClient(test, folder);
  other.socket.write('{"id":1,"method":"x"}\n');
  await until('the second client is served', () => other.said() !== '');
  await test.rejects(client.request('x', null, soon), { code: 'ERR_ACADEMY_CONTROL', message: /2 clients/ });
  other.socket.destroy();
  // The server hears of it a little later than the client.
  let isServed = false;
  const asking = async (): Promise<void> => {
    while (!isServed)
      isServed = await client.request('x', null, soon).then(
        () => true,
        () => false,
      );
  };
  await test.resolves(asking());
});

t.test('a client that does not read its events is cut off', async (test) => {
  const folder = folderFor(test);
  let isAborted = false;
  const handler: ControlHandler = async (_method, _params, { signal, emit }) => {
    signal.addEventListener('abort', () => {
      isAborted = true;
    });
    while (!signal.aborted) {
      emit('x'.repeat(10_000));
      await new Promise((resolve) => setImmediate(resolve));
    }
  };
  await serve(test, folder, { handler, unreadBytesMax: 100_000 });
  const deaf = rawClient(test, folder);
  deaf.socket.pause();
  deaf.socket.write('{"id":1,"method":"x"}\n');
  await until('its subscription is cancelled', () => isAborted);
});

t.test('however the bytes are cut, the lines are the same', async () => {
  fc.assert(
    fc.property(fc.array(fc.string({ unit: 'grapheme' })), fc.array(fc.nat(20)), (texts, cuts) => {
      const lines = texts.map((text) => text.replaceAll('\n', ' '));
      const bytes = Buffer.from(lines.map((line) => `${line}\n`).join(''));
      const reader = new LineReader(10_000);
      const read: string[] = [];
      let start = 0;
      for (const cut of [...cuts, bytes.length]) {
        read.push(...(reader.push(bytes.subarray(start, start + cut)) ?? []));
        start += cut;
      }
      return JSON.stringify(read) === JSON.stringify(lines);
    }),
  );
});
