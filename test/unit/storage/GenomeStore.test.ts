import { existsSync, mkdirSync, readdirSync, readFileSync, statSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { GenomeStore, genomeBytesMax, genomeFilesMax } from '../../../runtime/storage/GenomeStore.js';

const id = (digit: string): string => digit.repeat(64);
const files = new Map([
  ['adapter_config.json', new Uint8Array(Buffer.from('{}'))],
  ['adapter_model.safetensors', new Uint8Array(70_000).fill(7)],
  ['genome.json', new Uint8Array(Buffer.from('{"name":"x"}'))],
]);

t.test('a genome is a folder that other tools can read', async (t) => {
  const folder = join(t.testdir(), 'genomes');
  const genomes = await GenomeStore.open(folder);
  t.strictSame(await genomes.list(), []);
  t.equal(await genomes.get(id('a')), undefined);
  await genomes.put(id('b'), files);
  await genomes.put(id('a'), files);
  t.equal(readFileSync(join(folder, id('a'), 'genome.json'), 'utf8'), '{"name":"x"}');
  const again = await GenomeStore.open(folder);
  t.strictSame(await again.list(), [id('a'), id('b')]);
  t.ok(await again.has(id('a')));
  t.strictSame(await again.get(id('a')), files);
  await again.remove(id('a'));
  await again.remove(id('a'));
  t.notOk(await again.has(id('a')));
  t.strictSame(readdirSync(folder), [id('b')], 'nothing is left behind');
});

t.test('a genome that is put by several at once, or again, is there once', async (t) => {
  const folder = t.testdir();
  const genomes = await GenomeStore.open(folder);
  await Promise.all(Array.from({ length: 5 }, () => genomes.put(id('c'), files)));
  await genomes.put(id('c'), files);
  t.strictSame(readdirSync(folder), [id('c')]);
  t.strictSame(await genomes.get(id('c')), files);
});

t.test('what a crash left unfinished is cleared and never listed', async (t) => {
  const folder = t.testdir({ '.unfinished-x1y2z3': { 'genome.json': 'half' } });
  const genomes = await GenomeStore.open(folder);
  t.strictSame(await genomes.list(), []);
  t.notOk(existsSync(join(folder, '.unfinished-x1y2z3')));
});

t.test('no id reaches outside the folder', async (t) => {
  const genomes = await GenomeStore.open(join(t.testdir(), 'genomes'));
  const bad = [
    '',
    '.',
    '..',
    '../secret',
    id('a').slice(1),
    `${id('a')}a`,
    id('A'),
    `${id('a').slice(2)}/x`,
    'é'.repeat(64),
  ];
  for (const one of bad) {
    const code = 'ERR_ACADEMY_BAD_ARGUMENT';
    await t.rejects(genomes.put(one, files), { code }, JSON.stringify(one));
    await t.rejects(genomes.get(one), { code }, JSON.stringify(one));
    await t.rejects(genomes.has(one), { code }, JSON.stringify(one));
    await t.rejects(genomes.remove(one), { code }, JSON.stringify(one));
  }
});

t.test('names, number and size of files are bounded', async (t) => {
  const folder = t.testdir();
  const genomes = await GenomeStore.open(folder);
  const byte = Uint8Array.of(1);
  const code = 'ERR_ACADEMY_GENOME_INVALID';
  for (const name of ['', '.', '..', '../x', 'a/b', 'a\\b', '.hidden', 'x'.repeat(65), 'a\0b', 'C:x']) {
    await t.rejects(genomes.put(id('d'), new Map([[name, byte]])), { code }, JSON.stringify(name));
  }
  await t.rejects(genomes.put(id('d'), new Map()), { code });
  const many = Array.from({ length: genomeFilesMax + 1 }, (_, index): [string, Uint8Array] => [`f${index}`, byte]);
  await t.rejects(genomes.put(id('d'), new Map(many)), { code });
  await t.rejects(genomes.put(id('d'), new Map([['f', new Uint8Array(genomeBytesMax + 1)]])), { code });
  t.strictSame(readdirSync(folder), []);
});

t.test('a folder that somebody has blown up is refused before it is read', async (t) => {
  const folder = t.testdir();
  const genomes = await GenomeStore.open(folder);
  mkdirSync(join(folder, id('e')));
  const file = join(folder, id('e'), 'adapter_model.safetensors');
  writeFileSync(file, '');
  // Sparse: takes no space on the disk.
  truncateSync(file, genomeBytesMax + 1);
  await t.rejects(genomes.get(id('e')), { code: 'ERR_ACADEMY_GENOME_INVALID' });
});

t.test('a disk that refuses is a coded error', async (t) => {
  const folder = t.testdir({ file: 'in the way' });
  await t.rejects(GenomeStore.open(join(folder, 'file')), { code: 'ERR_ACADEMY_STORE' });
  const genomes = await GenomeStore.open(join(folder, 'genomes'));
  t.equal(statSync(join(folder, 'genomes')).mode & 0o077, 0, 'others of the machine cannot look in');
  writeFileSync(join(folder, 'genomes', id('f')), 'a file where the folder should be');
  await t.rejects(genomes.get(id('f')), { code: 'ERR_ACADEMY_STORE', cause: { code: 'ENOTDIR' } });
});
