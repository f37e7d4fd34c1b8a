import { join } from 'node:path';
import t from 'tap';
import { loadConfigFile } from '../../../runtime/config/loadConfigFile.js';

const typescript = `
  import { defineConfig } from 'academy-mesh';
  import { port } from './port.js';
  const threads: number = await Promise.resolve(3);
  export default defineConfig({ threads, udp: { port } satisfies { port: number } });
`;

t.test('a TypeScript file is read without a build, and finds the package it is written for', async (t) => {
  const folder = t.testdir({ 'academy.config.ts': typescript, 'port.ts': 'export const port: number = 5;' });
  const file = await loadConfigFile(folder);
  t.equal(file?.path, join(folder, 'academy.config.ts'));
  t.strictSame(file?.value, { threads: 3, udp: { port: 5 } });
});

t.test('JavaScript and JSON are read too, and the first name of the list counts', async (t) => {
  const folder = t.testdir({
    js: { 'academy.config.js': 'export default { threads: 1 };' },
    mjs: { 'academy.config.mjs': 'export default { threads: 2 };', 'academy.config.json': '{"threads": 9}' },
    cjs: { 'academy.config.js': 'module.exports = { default: { threads: 5 } };' },
    json: { 'academy.config.json': '{"threads": 3}' },
    none: {},
  });
  for (const [name, threads] of Object.entries({ js: 1, mjs: 2, json: 3, cjs: 5 })) {
    t.strictSame((await loadConfigFile(join(folder, name)))?.value, { threads }, name);
  }
  t.equal(await loadConfigFile(join(folder, 'none')), undefined);
});

t.test('a file that is asked for must be there', async (t) => {
  const folder = t.testdir({ 'my.json': '{"threads": 4}' });
  t.strictSame((await loadConfigFile(folder, 'my.json'))?.value, { threads: 4 });
  await t.rejects(loadConfigFile(folder, 'other.ts'), { code: 'ERR_ACADEMY_FILE_NOT_FOUND', message: /other\.ts/ });
});

t.test('a file that cannot be read is told by its name', async (t) => {
  const bad = {
    'syntax.ts': 'export default {',
    'throws.mjs': 'throw new Error("on purpose");',
    'none.js': 'export const threads = 2;',
    'bad.json': '{threads: 2}',
    'import.ts': 'import "./is-not-there.js"; export default {};',
  };
  const folder = t.testdir(bad);
  for (const name of Object.keys(bad)) {
    const message = new RegExp(name.replace('.', '\\.'));
    await t.rejects(loadConfigFile(folder, name), { code: 'ERR_ACADEMY_CONFIG_INVALID', message }, name);
  }
});
