import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import t, { type Test } from 'tap';
import { identityFromSeed } from '../../../runtime/protocol/identity.js';
import { seededRandom } from '../../../runtime/protocol/Random.js';
import { DataFolder } from '../../../runtime/storage/DataFolder.js';
import { academySecretFile, defaultDataFolder } from '../../../runtime/storage/userPaths.js';

const random = seededRandom(1);
const program = fileURLToPath(new URL('./holdDataFolder.js', import.meta.url));

interface Holder {
  readonly child: ChildProcessWithoutNullStreams;
  /** `held <node id>`, or the code of an error. */
  readonly word: Promise<string>;
  readonly exited: Promise<unknown>;
}

function hold(t: Test, path: string): Holder {
  const child = spawn(process.execPath, [program, path]);
  const exited = once(child, 'exit');
  t.teardown(async () => {
    child.stdin.end();
    await exited;
  });
  const word = once(child.stdout, 'data').then(([bytes]) => String(bytes).trim());
  return { child, word, exited };
}

const open = (path: string): DataFolder => DataFolder.open({ academyId: 'test', path, random });

t.test('a node has the same id after a restart, and its folder is its own', (t) => {
  const path = join(t.testdir(), 'some', 'folder');
  const first = open(path);
  t.ok(first.isNew);
  t.equal(first.path, path);
  const { nodeId } = first.identity;
  t.equal(statSync(path).mode & 0o777, 0o700);
  t.equal(statSync(join(path, 'node.key')).mode & 0o777, 0o600);
  t.equal(statSync(join(path, 'node.key')).size, 32);
  t.strictSame(readdirSync(path).sort(), ['node.key', 'node.lock']);
  first.release();
  first.release();
  t.strictSame(readdirSync(path), ['node.key']);

  const second = open(path);
  t.teardown(() => second.release());
  t.notOk(second.isNew);
  t.equal(second.identity.nodeId, nodeId);
  t.equal(identityFromSeed(second.keySeed).nodeId, nodeId, 'the seed is handed out for actors that sign');
  t.equal(second.storeFolder, join(path, 'store'));
  t.equal(second.genomesFolder, join(path, 'genomes'));
  t.end();
});

t.test('a folder in use is refused with both ways out, by this process and by others', async (t) => {
  const path = t.testdir();
  const first = open(path);
  const refusal = {
    code: 'ERR_ACADEMY_DATA_IN_USE',
    message: new RegExp(`process ${process.pid}`),
    remedy: /"academy chat --data .*"academy up --data <another folder>"/,
  };
  t.throws(() => open(path), refusal);
  t.equal(await hold(t, path).word, 'ERR_ACADEMY_DATA_IN_USE');
  first.release();
  t.match(await hold(t, path).word, /^held /);
  t.throws(() => open(path), { code: 'ERR_ACADEMY_DATA_IN_USE' });
});

t.test('the lock of a node that was killed is taken over', async (t) => {
  const path = t.testdir();
  const holder = hold(t, path);
  const word = await holder.word;
  holder.child.kill('SIGKILL');
  await holder.exited;
  t.ok(readdirSync(path).includes('node.lock'), 'nobody has tidied up');
  const folder = open(path);
  t.teardown(() => folder.release());
  t.equal(`held ${folder.identity.nodeId}`, word);
  t.strictSame(readdirSync(path).sort(), ['node.key', 'node.lock']);
});

t.test('of several nodes that find a dead lock at once, exactly one gets the folder', async (t) => {
  const path = t.testdir({ 'node.lock': 'cut off in the middle' });
  const words = await Promise.all(Array.from({ length: 6 }, () => hold(t, path).word));
  t.equal(words.filter((word) => word.startsWith('held ')).length, 1, words.join(', '));
  t.equal(words.filter((word) => word === 'ERR_ACADEMY_DATA_IN_USE').length, 5);
});

t.test('a process number that was given to another process does not keep the folder', (t) => {
  const path = t.testdir({ 'node.lock': JSON.stringify({ pid: process.pid, startTime: '1' }) });
  if (process.platform !== 'linux') return t.end();
  open(path).release();
  t.strictSame(readdirSync(path), ['node.key']);
  t.end();
});

t.test('a takeover that was itself killed does not block the folder', (t) => {
  const dead = JSON.stringify({ pid: 2 ** 22 + 1, startTime: '1' });
  const path = t.testdir({ 'node.lock': dead, 'node.lock.takeover': dead });
  open(path).release();
  t.strictSame(readdirSync(path), ['node.key']);
  t.end();
});

t.test('a damaged or exposed key is refused, and the folder is free again', (t) => {
  const path = t.testdir({ 'node.key': 'too short' });
  const key = join(path, 'node.key');
  t.throws(() => open(path), { code: 'ERR_ACADEMY_SECRET_INVALID', remedy: /restore/ });
  writeFileSync(key, Buffer.alloc(32, 5));
  chmodSync(key, 0o640);
  t.throws(() => open(path), { code: 'ERR_ACADEMY_SECRET_INVALID', remedy: /chmod 600/ });
  chmodSync(key, 0o600);
  open(path).release();
  t.equal(readFileSync(key).compare(Buffer.alloc(32, 5)), 0);
  t.end();
});

t.test('a place that cannot be a folder is a coded error', (t) => {
  const path = t.testdir({ file: 'in the way' });
  for (const place of [join(path, 'file'), join(path, 'file', 'below')]) {
    t.throws(() => open(place), { code: 'ERR_ACADEMY_STORE', remedy: /--data/ });
  }
  mkdirSync(join(path, 'folder', 'node.key'), { recursive: true });
  t.throws(() => open(join(path, 'folder')), { code: 'ERR_ACADEMY_STORE' });
  t.end();
});

t.test('the default folders are those of the platform', (t) => {
  const linux = { platform: 'linux', home: '/home/ann', environment: {} } as const;
  t.equal(defaultDataFolder('default', linux), '/home/ann/.local/share/academy-mesh/default/default');
  const xdg = { ...linux, environment: { XDG_DATA_HOME: '/data', XDG_CONFIG_HOME: '/conf' } };
  t.equal(defaultDataFolder('a.b', xdg), '/data/academy-mesh/a.b/default');
  t.equal(academySecretFile('a.b', xdg), '/conf/academy-mesh/a.b.secret');
  const relative = { ...linux, environment: { XDG_DATA_HOME: 'data', XDG_CONFIG_HOME: 'conf' } };
  t.equal(defaultDataFolder('x', relative), '/home/ann/.local/share/academy-mesh/x/default');
  t.equal(academySecretFile('x', relative), '/home/ann/.config/academy-mesh/x.secret');
  const mac = { ...linux, platform: 'darwin', home: '/Users/ann' } as const;
  t.equal(defaultDataFolder('x', mac), '/Users/ann/Library/Application Support/academy-mesh/x/default');
  const windows = { ...linux, platform: 'win32', environment: { LOCALAPPDATA: '/c/local' } } as const;
  t.equal(defaultDataFolder('x', windows), '/c/local/academy-mesh/x/default');
  for (const id of ['', '..', '.', 'a/b', '-x', 'x'.repeat(65), 'ä']) {
    t.throws(() => defaultDataFolder(id, linux), { code: 'ERR_ACADEMY_BAD_ARGUMENT' });
    t.throws(() => academySecretFile(id, linux), { code: 'ERR_ACADEMY_BAD_ARGUMENT' });
  }
  t.end();
});
