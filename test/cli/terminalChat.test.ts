import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import t from 'tap';
import { academyProgram, CommandLine, eventually } from './CommandLine.js';

const script = 'script';
/** util-linux's `script` gives a program a terminal; without it the parts are tested by PromptLine and ChatSession. */
const skip = /util-linux/.test(String(spawnSync(script, ['--version']).stdout)) ? false : 'needs script (util-linux)';

/** A program in a terminal, with what it has shown, colours and movements taken out. */
class Terminal {
  readonly child: ChildProcess;
  #shown = '';

  constructor(commandLine: CommandLine, ...args: string[]) {
    const command = [process.execPath, academyProgram, ...args].map((word) => `'${word}'`).join(' ');
    this.child = spawn(script, ['--quiet', '--flush', '--return', '--command', command, '/dev/null'], {
      cwd: commandLine.folder,
      env: { ...commandLine.environment, TERM: 'xterm', COLUMNS: '100' },
      stdio: ['pipe', 'pipe', 'inherit'],
    });
    this.child.stdout?.setEncoding('utf8').on('data', (text: string) => {
      // biome-ignore lint/suspicious/noControlCharactersInRegex: an escape sequence starts with one
      this.#shown += text.replace(/\u001b\[[0-9;]*[A-Za-z]/g, '');
    });
  }

  type(text: string): void {
    this.child.stdin?.write(text);
  }

  async shows(pattern: RegExp): Promise<void> {
    await eventually(async () => pattern.test(this.#shown));
  }

  async exit(): Promise<number | null> {
    return this.child.exitCode ?? ((await once(this.child, 'exit')) as [number | null])[0];
  }
}

t.test(
  'in a terminal a node becomes the chat, others join it, and /quit and Ctrl-C end each cleanly',
  { skip },
  async (t) => {
    const commandLine = await CommandLine.open(t);
    const data = `${commandLine.folder}/data`;
    const first = new Terminal(commandLine, 'up', '--data', data, '--name', 'Ann', '--threads', '1');
    t.teardown(() => first.child.kill());
    await first.shows(/ready in \d+ ms[\s\S]*lobby> /);
    await first.shows(/Try one of these/);
    first.type('/join typescript-help\r');
    await first.shows(/You are in typescript-help: /);
    first.type('Should I use an interface or a type alias?\r');
    await first.shows(/Ann: Should I use an interface[\s\S]*Ada: .*% sure\)/);
    first.type('/up\r');
    await first.shows(/heard by \d+ members here and by every node of the academy/);

    const second = new Terminal(commandLine, 'chat', '--data', data);
    t.teardown(() => second.child.kill());
    await second.shows(/lobby> /);
    second.type('half a line');
    first.type('/join lobby\rhello from the other terminal\r');
    await second.shows(/Ann: hello from the other terminal\s+lobby> half a line/);
    second.type('\u0015/quit\r');
    t.equal(await second.exit(), 0, '/quit leaves the chat');
    t.match(await commandLine.json(['status', '--data', data]), { person: { name: 'Ann' } }, 'and not the node');

    first.type('\u0003');
    t.equal(await first.exit(), 0, 'Ctrl-C ends the node');
    t.equal((await commandLine.run(['status', '--data', data])).code, 4);
  },
);
