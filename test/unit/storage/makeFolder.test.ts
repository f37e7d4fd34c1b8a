import { existsSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { seededRandom } from '../../../runtime/protocol/Random.js';
import { DataFolder } from '../../../runtime/storage/DataFolder.js';
import { makeFolder } from '../../../runtime/storage/makeFolder.js';

t.test('a folder is made with those above it, for its user only, and may be there already', (t) => {
  const above = join(t.testdir(), 'one');
  const folder = join(above, 'two', 'three');
  makeFolder(folder);
  makeFolder(folder);
  t.equal(statSync(above).mode & 0o777, 0o700);
  t.equal(statSync(folder).mode & 0o777, 0o700);
  t.end();
});

t.test('a file in the way is an error', (t) => {
  const file = join(t.testdir(), 'file');
  writeFileSync(file, '');
  t.throws(() => makeFolder(file), { code: 'EEXIST' });
  t.throws(() => makeFolder(join(file, 'folder')), { code: 'ENOTDIR' });
  t.end();
});

t.test('a place that takes no folders is told, and not asked for ever', { skip: !existsSync('/proc') }, (t) => {
  const path = '/proc/academy/data';
  t.throws(() => makeFolder(path), { code: 'ENOENT' });
  t.throws(() => DataFolder.open({ academyId: 'test', path, random: seededRandom(1) }), {
    code: 'ERR_ACADEMY_STORE',
    message: /\/proc\/academy\/data cannot be used/,
    remedy: /--data/,
  });
  t.end();
});
