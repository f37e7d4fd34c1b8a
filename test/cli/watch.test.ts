import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import t from 'tap';
import type { ReloadReport } from '../../index.js';
import { PROJECT_ROOT } from '../unit/project/projectSources.js';
import { CommandLine, eventually, type RunningNode } from './CommandLine.js';

const runsTypeScript = Boolean(Reflect.get(process.features, 'typescript'));

const bot = (word: string): string => `
import { defineParticipant } from 'academy-mesh';
import { punctuation } from './punctuation.js';
interface Heard { count: number }
export default defineParticipant<Heard>({
  name: 'Echo',
  onMention: (message, me) => {
    const room = me.room(message.roomId);
    room.state = { count: (room.state?.count ?? 0) + 1 };
    return me.reply(message, \`${word} \${room.state.count}\${punctuation}\`);
  },
});`;

class Talk {
  readonly reports: ReloadReport[] = [];
  readonly #node: RunningNode;

  constructor(node: RunningNode) {
    this.#node = node;
    let text = '';
    node.child.stdout?.on('data', (chunk) => {
      text += String(chunk);
      const lines = text.split('\n');
      text = lines.pop() ?? '';
      for (const line of lines) {
        const event = JSON.parse(line) as ReloadReport & { event: string };
        if (event.event === 'reloaded') this.reports.push(event);
      }
    });
  }

  async answer(): Promise<string> {
    const { connection } = this.#node;
    const { messageId } = await connection.request('say', { roomId: 'lobby', text: '@Echo hello' });
    const answer = await eventually(async () => {
      const { messages } = await connection.request('history', { roomId: 'lobby' });
      return messages.find(({ replyTo }) => replyTo === messageId);
    });
    return answer.text;
  }

  /** The next report that is not of a file that was seen half written. */
  reported(how: ReloadReport['how']): Promise<ReloadReport> {
    return eventually(async () => this.reports.splice(0).find((report) => report.how === how));
  }
}

t.test('a participant in TypeScript goes on where it was when one of its files is saved', async (t) => {
  const commandLine = await CommandLine.open(t);
  const folder = join(commandLine.folder, 'bots');
  mkdirSync(join(folder, 'node_modules'), { recursive: true });
  symlinkSync(PROJECT_ROOT, join(folder, 'node_modules', 'academy-mesh'));
  const file = join(folder, 'echo.ts');
  writeFileSync(file, bot('heard'));
  writeFileSync(join(folder, 'punctuation.ts'), "export const punctuation: string = '.';");
  const node = await commandLine.up('data', ['--watch', '--participant', file, '--threads', '1']);
  const talk = new Talk(node);
  t.equal(await talk.answer(), 'heard 1.');

  writeFileSync(file, bot('said'));
  t.match(await talk.reported('kept'), { participantId: 'echo', file, reason: null });
  t.equal(await talk.answer(), 'said 2.', 'with its rooms and their state');

  writeFileSync(join(dirname(file), 'punctuation.ts'), "export const punctuation: string = '!';");
  await talk.reported('kept');
  t.equal(await talk.answer(), 'said 3!', 'a file that it imports counts as well');

  writeFileSync(file, 'export default {');
  t.match(await talk.reported('unchanged'), { reason: /does not load/, remedy: String });
  t.equal(await talk.answer(), 'said 4!', 'a mistake keeps the old one running');

  writeFileSync(file, bot('mended'));
  await talk.reported('kept');
  t.equal(await talk.answer(), 'mended 5!');
  t.equal(await node.end('SIGTERM'), 0);
  t.strictSame(node.leftovers, []);
});

t.test(
  'without --watch a participant in TypeScript is refused with the remedy, where Node.js cannot run it',
  { skip: runsTypeScript },
  async (t) => {
    const commandLine = await CommandLine.open(t);
    const file = join(commandLine.folder, 'echo.ts');
    writeFileSync(file, 'export default 1;');
    const { code, stderr } = await commandLine.run(['up', '--no-scene', '--participant', file]);
    t.equal(code, 1);
    t.match(stderr, /ERR_ACADEMY_ACTOR_MODULE.*is TypeScript\nremedy: .*academy up --watch/);
  },
);
