import { existsSync, mkdirSync, mkdtempSync, rmSync, statSync } from 'node:fs';
import { connect, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import t from 'tap';

/** All that the helpers need of a test. */
interface TestContext {
  teardown(close: () => unknown): unknown;
}

import { AcademyError } from '../../../runtime/protocol/errors.js';
import { ControlClient } from '../../../transports/control/ControlClient.js';
import { type ControlHandler, ControlServer } from '../../../transports/control/ControlServer.js';

const echo: ControlHandler = async (method, params, { emit, signal }) => {
  if (method === 'fail') throw new AcademyError('ERR_ACADEMY_ROOM_UNKNOWN', 'no such room', { remedy: 'open it' });
  if (method === 'hang') return new Promise((resolve) => signal.addEventListener('abort', () => resolve('cancelled')));
  if (method === 'count') for (let index = 0; index < 3; index++) emit(index);
  return { method, params };
};

function folderFor(t: TestContext, ...deeper: string[]): string {
  const top = mkdtempSync(join(tmpdir(), 'academy-control-'));
  t.teardown(() => rmSync(top, { recursive: true, force: true }));
  const folder = join(top, ...deeper);
  mkdirSync(folder, { recursive: true });
  return folder;
}

async function serve(t: TestContext, folder: string, handler = echo): Promise<ControlServer> {
  const server = new ControlServer({ folder, handler });
  await server.start();
  t.teardown(() => server.stop());
  return server;
}

async function clientOf(t: TestContext, folder: string): Promise<ControlClient> {
  const client = await ControlClient.connect(folder);
  t.teardown(() => client.close());
  return client;
}

t.test('a request is answered, and an error keeps its code and remedy', async (t) => {
  const folder = folderFor(t);
  await serve(t, folder);
  const client = await clientOf(t, folder);
  t.same(await client.request('say', { text: 'ä\n' }), { method: 'say', params: { text: 'ä\n' } });
  await t.rejects(client.request('fail', null), { code: 'ERR_ACADEMY_ROOM_UNKNOWN', remedy: 'open it' });
});

t.test('a thousand requests at once each get their own answer', async (t) => {
  const folder = folderFor(t);
  await serve(t, folder, async (_method, params) => params);
  const client = await clientOf(t, folder);
  const answers = [];
  for (let batch = 0; batch < 10; batch++) {
    answers.push(
      ...(await Promise.all(Array.from({ length: 100 }, (_, index) => client.request('x', batch * 100 + index)))),
    );
  }
  t.same(
    answers,
    Array.from({ length: 1000 }, (_, index) => index),
  );
});

t.test('a stream brings its events in order and then its result, and ends when the caller cancels', async (t) => {
  const folder = folderFor(t);
  await serve(t, folder);
  const client = await clientOf(t, folder);
  const events: unknown[] = [];
  t.match(await client.stream('count', null, (event) => events.push(event)), { method: 'count' });
  t.same(events, [0, 1, 2]);
  const controller = new AbortController();
  const hanging = client.stream('hang', null, () => {}, { signal: controller.signal });
  controller.abort();
  t.equal(await hanging, 'cancelled');
});

t.test('the socket is for its owner only', { skip: process.platform === 'win32' }, async (t) => {
  const folder = folderFor(t);
  const server = await serve(t, folder);
  t.equal(statSync(join(folder, 'control.sock')).mode & 0o777, 0o600);
  await server.stop();
  t.notOk(existsSync(join(folder, 'control.sock')), 'and it is gone with the node');
});

t.test('a folder deeper than a socket path may be works too', { skip: process.platform !== 'linux' }, async (t) => {
  const folder = folderFor(t, 'd'.repeat(100), 'e'.repeat(60));
  await serve(t, folder);
  t.match(await (await clientOf(t, folder)).request('deep', 1), { method: 'deep' });
});

t.test('a socket that a killed node left is replaced, and one that answers is not', async (t) => {
  const folder = folderFor(t);
  // Closing without unlinking is what a kill does: bind under another name, and move it there.
  const dead = createServer();
  await new Promise<void>((resolve) => dead.listen(join(folder, 'dead.sock'), resolve));
  const { renameSync } = await import('node:fs');
  renameSync(join(folder, 'dead.sock'), join(folder, 'control.sock'));
  await new Promise((resolve) => dead.close(resolve));
  await serve(t, folder);
  t.match(await (await clientOf(t, folder)).request('alive', 1), { method: 'alive' });
  const second = new ControlServer({ folder, handler: echo });
  await t.rejects(second.start(), { code: 'ERR_ACADEMY_DATA_IN_USE', remedy: /academy chat.*academy up --data/ });
});

t.test('without a node the error says how to start one', async (t) => {
  await t.rejects(ControlClient.connect(folderFor(t)), { code: 'ERR_ACADEMY_NODE_NOT_RUNNING', remedy: /academy up/ });
});

t.test('a node that ends fails what is open', async (t) => {
  const folder = folderFor(t);
  const server = await serve(t, folder, () => new Promise(() => {}));
  const client = await clientOf(t, folder);
  const open = client.request('never', null);
  await server.stop();
  await t.rejects(open, { code: 'ERR_ACADEMY_CONTROL' });
});

t.test('who speaks another language is hung up on, and the others go on', async (t) => {
  const folder = folderFor(t);
  await serve(t, folder);
  const client = await clientOf(t, folder);
  const stranger = connect(join(folder, 'control.sock'));
  await new Promise<void>((resolve) => {
    stranger.on('close', () => resolve());
    stranger.on('error', () => {});
    stranger.write('GET / HTTP/1.1\r\n\r\n');
  });
  t.match(await client.request('still', 1), { method: 'still' });
});
