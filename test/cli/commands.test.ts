import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Command } from 'commander';
import t from 'tap';
import { examples } from '../../cli/examples.js';
import { Output } from '../../cli/Output.js';
import { createProgram, runProgram } from '../../cli/program.js';
import { CommandLine } from './CommandLine.js';

/** The program in this process: what it prints, and its exit code. */
async function program(...args: string[]) {
  const out = { stdout: '', stderr: '' };
  const stream = (name: 'stdout' | 'stderr') => ({
    write: (text: string) => {
      out[name] += text;
    },
  });
  const code = await runProgram(args, { stdout: stream('stdout'), stderr: stream('stderr'), env: {} });
  return { code, ...out };
}

t.test('the help names every command and every exit code', async (t) => {
  const { code, stdout } = await program('--help');
  t.equal(code, 0);
  for (const word of ['up', 'chat', 'say', 'feedback', 'demo', 'persona', 'bench', 'routes']) {
    t.match(stdout, new RegExp(`^ +${word}\\b`, 'm'));
  }
  for (const exit of [0, 1, 2, 3, 4, 5, 130, 143]) t.match(stdout, new RegExp(`^ +${exit} {2}\\w`, 'm'));
  t.strictSame(await program(), { code, stdout, stderr: '' }, 'without a word it says the same');
});

/** Words as a shell makes them of the lines that the help shows. */
const wordsOf = (line: string) =>
  [...line.matchAll(/"([^"]*)"|(\S+)/g)].map(([, quoted, plain]) => quoted ?? plain ?? '');

t.test('the help of each command ends with examples, which the command takes', async (t) => {
  const stdout = { write: () => {} };
  const output = new Output({ stdout, stderr: stdout, env: {}, json: false });
  const fresh = () => createProgram({ output, exitCode: 0 }, stdout);
  const leaves = (command: Command): Command[] =>
    command.commands.length === 0 || command.name() === 'bench'
      ? [command, ...command.commands]
      : command.commands.flatMap(leaves);
  const called: string[] = [];
  for (const leaf of leaves(fresh())) {
    const words = leaf.parent?.parent ? `${leaf.parent.name()} ${leaf.name()}` : leaf.name();
    const shown = examples[words] ?? [];
    t.not(shown.length, 0, `${words} has examples`);
    for (const [line, what] of shown) {
      const parsed = fresh();
      for (const each of leaves(parsed)) each.action(() => void called.push(each.name()));
      const [name, ...args] = wordsOf(line);
      t.equal(name, 'academy');
      await parsed.parseAsync(args, { from: 'user' });
      t.equal(called.pop(), leaf.name(), `${line}: ${what}`);
    }
  }
  t.match((await program('tree', '--help')).stdout, /Examples:\n {2}# .*\n {2}academy tree\n/);
});

t.test('a wrong call is told whose help knows more', async (t) => {
  t.match(await program('persona', 'train'), { code: 2, stderr: /remedy: see academy persona train --help\n/ });
  t.match(await program('status', '--data'), { code: 2, stderr: /remedy: see academy status --help\n/ });
  t.match(await program('nothing'), { code: 2, stderr: /remedy: see academy --help\n/ });
});

t.test('the help of a command is shown by either word, and one that does not exist is told', async (t) => {
  for (const words of [['tree'], ['persona', 'train'], ['persona'], ['bench']]) {
    const { code, stdout } = await program(...words, '--help');
    t.equal(code, 0);
    t.match(stdout, new RegExp(`^Usage: academy ${words.join(' ')} `));
    t.strictSame(await program('help', ...words), { code, stdout, stderr: '' }, words.join(' '));
  }
  t.match(await program('help', 'tre'), {
    code: 2,
    stdout: '',
    stderr: /unknown command 'tre'\nremedy: did you mean tree/,
  });
  t.match(await program('help', 'persona', 'trian'), { code: 2, stdout: '', stderr: /did you mean train/ });
  t.match(await program('help', 'nothing'), {
    code: 2,
    stderr: /unknown command 'nothing'\nremedy: see academy --help/,
  });
  t.match(await program('help', 'bench', 'codec'), { code: 0, stdout: /^Usage: academy bench / });
  t.equal((await program('help')).code, 0);
});

t.test('the version is that of the package', async (t) => {
  const { code, stdout } = await program('--version');
  t.equal(code, 0);
  t.match(stdout, /^\d+\.\d+\.\d+\n$/);
});

t.test('a mistyped command or option is told, with what was meant', async (t) => {
  const command = await program('stauts');
  t.equal(command.code, 2);
  t.equal(command.stderr, "error ERR_ACADEMY_BAD_ARGUMENT: unknown command 'stauts'\nremedy: did you mean status?\n");
  t.equal(command.stdout, '');
  t.match(await program('demo', 'lop'), { code: 2, stderr: /did you mean loop/ });
  t.match(await program('nodes', '--jsn'), { code: 2, stderr: /did you mean --json/ });
  t.match(await program('say', 'lobby'), { code: 2, stderr: /missing required argument 'text'/ });
  t.match(await program('feedback', 'm1', '--value', '2'), { code: 2, stderr: /from -1 to 1/ });
  t.match(await program('feedback', 'm1'), { code: 2, stderr: /--value, --expected or --silence/ });
});

t.test('with --json an error is a document on stdout', async (t) => {
  const { code, stdout } = await program('history', 'lobby', '--limit', '0', '--json');
  t.equal(code, 2);
  t.match(JSON.parse(stdout), { error: { code: 'ERR_ACADEMY_BAD_ARGUMENT', remedy: String } });
});

t.test('the commands of a node say so when none runs', async (t) => {
  const commandLine = await CommandLine.open(t);
  const { code, stdout, stderr } = await commandLine.run(['status', '--json']);
  t.equal(code, 4);
  t.match(stderr, /^error ERR_ACADEMY_NODE_NOT_RUNNING: .*\nremedy: .*academy up/);
  t.match(JSON.parse(stdout), { error: { code: 'ERR_ACADEMY_NODE_NOT_RUNNING' } });
});

interface ConfigDocument {
  readonly file: string | null;
  readonly values: readonly { readonly key: string; readonly value: unknown; readonly origin: string | null }[];
}

t.test('a flag wins over the environment, the environment over the file, the file over the default', async (t) => {
  const commandLine = await CommandLine.open(t);
  const file = join(commandLine.folder, 'cwd', 'academy.config.json');
  await writeFile(
    file,
    JSON.stringify({ academyId: 'file', name: 'File', threads: 3, alias: 'file', log: { level: 'info' } }),
  );
  const document = await commandLine.json<ConfigDocument>(['config', '--name', 'Flag'], {
    ACADEMY_NAME: 'Environment',
    ACADEMY_THREADS: '5',
    ACADEMY_ID: '',
  });
  t.equal(document.file, file);
  const told = (key: string) => {
    const found = document.values.find((value) => value.key === key);
    return [found?.value, found?.origin];
  };
  t.strictSame(told('name'), ['Flag', 'flag']);
  t.strictSame(told('threads'), [5, 'environment']);
  t.strictSame(told('alias'), ['file', 'file']);
  t.strictSame(told('log.level'), ['info', 'file']);
  t.strictSame(told('lan'), [false, 'default']);
  t.strictSame(told('academyId'), ['file', 'file'], 'an empty variable counts as not set');
  t.match(await commandLine.run(['config']), { code: 0, stdout: /alias +file +file +NODE_ID/ });
});

t.test('a wrong configuration is told by its key and place before anything starts', async (t) => {
  const commandLine = await CommandLine.open(t);
  const missing = await commandLine.run(['up', '--config', 'nowhere.json']);
  t.match(missing, { code: 2, stderr: /ERR_ACADEMY_FILE_NOT_FOUND.*nowhere\.json/ });
  const folder = await commandLine.run(['status', '--config', commandLine.folder]);
  t.match(folder, { code: 2, stderr: /ERR_ACADEMY_CONFIG_INVALID: .* is a folder.*\nremedy: name the file in it/ });
  const wrong = await commandLine.run(['up', '--data', join(commandLine.folder, 'a')], { ACADEMY_UDP_PORT: '70000' });
  t.match(wrong, { code: 2, stderr: /ERR_ACADEMY_CONFIG_INVALID: udp\.port .*ACADEMY_UDP_PORT/ });
  const module = await commandLine.run(['up', '--data', join(commandLine.folder, 'a'), '--participant', './none.js']);
  t.match(module, { code: 1, stderr: /ERR_ACADEMY_ACTOR_MODULE: there is no module .*none\.js/ });
  const config = join(commandLine.folder, 'packs.json');
  const persona = { id: 'x', name: 'X', capabilities: [], rooms: ['lobby'] };
  await writeFile(config, JSON.stringify({ personas: [{ ...persona, knowledge: ['builtin:academy', 'pack.jsonl'] }] }));
  await writeFile(join(commandLine.folder, 'pack.jsonl'), '{"id":"a","title":"b","answer":"c"}\n{"id":"d"}\n');
  const packs = await commandLine.run(['up', '--data', join(commandLine.folder, 'a'), '--config', config]);
  t.match(packs, {
    code: 1,
    stderr: /ERR_ACADEMY_KNOWLEDGE_INVALID: .*pack\.jsonl line 2: "title" and "answer" missing\nremedy: Write one JSON/,
  });
});

t.test('the routing table is printed without a node', async (t) => {
  const commandLine = await CommandLine.open(t);
  const { code, stdout } = await commandLine.run(['routes']);
  t.equal(code, 0);
  t.match(stdout, /academy\.training\.\* +academy-training/);
  const rows = await commandLine.json<{ prefix: string; transport: string }[]>(['routes']);
  t.match(rows.at(-1), { prefix: '*', transport: 'tcp-reliable' });
});

t.test('a ticket of one user makes another user a member', async (t) => {
  const [first, second] = [await CommandLine.open(t), await CommandLine.open(t)];
  const { ticket } = await first.json<{ ticket: string }>(['ticket']);
  t.match(ticket, new RegExp(`^academy:${first.academyId}:`));
  const node = await second.up('data', ['--ticket', ticket, '--threads', '0']);
  t.match(await node.connection.request('status', {}), { academyId: first.academyId });
  const other = await second.json<{ ticket: string }>(['ticket', '--academy', first.academyId]);
  t.equal(other.ticket, ticket);
  t.match(await second.run(['up', '--ticket', 'nonsense']), { code: 2, stderr: /ERR_ACADEMY_SECRET_INVALID/ });
});
