import { once } from 'node:events';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import t from 'tap';
import { CommandLine, eventually } from './CommandLine.js';

/** What the scene leaves in the folder for temporary files while it plays. */
function sceneFolders(folder: string): readonly string[] {
  return readdirSync(folder).filter((name) => name.startsWith('academy-scene-'));
}

/** The processes that were given a path in this folder; each node of the scene is. */
function processesOf(folder: string): readonly string[] {
  return readdirSync('/proc').filter((pid) => {
    try {
      return /^\d+$/.test(pid) && readFileSync(`/proc/${pid}/cmdline`, 'utf8').includes(folder);
    } catch {
      return false; // It ended while we looked.
    }
  });
}

t.test('without a terminal a node plays the scene, tells what it measured, and serves on', async (t) => {
  const commandLine = await CommandLine.open(t);
  const child = commandLine.spawn(['up', '--data', join(commandLine.folder, 'data'), '--threads', '1', '--json'], {
    TMPDIR: commandLine.folder,
  });
  const events: Record<string, unknown>[] = [];
  createInterface({ input: child.stdout as NodeJS.ReadableStream }).on('line', (line) => events.push(JSON.parse(line)));
  const scene = await eventually(async () => events.find(({ event }) => event === 'scene'));
  t.match(scene, { closed: true, before: Number, after: Number, n: Number, genomeId: String });
  t.match(await commandLine.json(['status', '--data', join(commandLine.folder, 'data')]), { rooms: 3 });
  t.strictSame(sceneFolders(commandLine.folder), []);
  const gone = once(child, 'exit');
  child.kill('SIGTERM');
  t.strictSame(await gone, [0, null]);
});

t.test('a signal ends the scene with all its processes and folders', async (t) => {
  const interrupt = async (args: readonly string[], exitCode: number): Promise<void> => {
    const commandLine = await CommandLine.open(t);
    const child = commandLine.spawn(args, { TMPDIR: commandLine.folder });
    let said = '';
    child.stderr?.setEncoding('utf8').on('data', (text: string) => {
      said += text;
    });
    // Both nodes run and the donor is being taught.
    await eventually(async () => /the donor learns/.test(said));
    const gone = once(child, 'exit');
    child.kill('SIGINT');
    t.strictSame(await gone, [exitCode, null], args.join(' '));
    t.strictSame(sceneFolders(commandLine.folder), [], 'the nodes had ended before their folder went');
  };
  await Promise.all([interrupt(['demo', 'loop'], 130), interrupt(['up', '--data', 'data', '--threads', '1'], 0)]);
});

t.test('a signal while the nodes of the scene start leaves none of them', { skip: !existsSync('/proc') }, async (t) => {
  const commandLine = await CommandLine.open(t);
  const nodesOfScene = () => processesOf(`${commandLine.folder}/academy-scene-`);
  const child = commandLine.spawn(['demo', 'loop'], { TMPDIR: commandLine.folder });
  child.stderr?.resume();
  const [slow] = await eventually(async () => nodesOfScene().length === 2 && nodesOfScene());
  // One that does not end when it is asked to: the other must not be taken for both.
  process.kill(Number(slow), 'SIGSTOP');
  const gone = once(child, 'exit');
  child.kill('SIGTERM');
  t.strictSame(await gone, [143, null]);
  t.strictSame(nodesOfScene(), []);
  t.strictSame(sceneFolders(commandLine.folder), []);
});
