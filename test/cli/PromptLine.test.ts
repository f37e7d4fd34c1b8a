import { setImmediate as turn } from 'node:timers/promises';
import t from 'tap';
import { PromptLine } from '../../cli/chat/PromptLine.js';
import { FakeTerminal } from './FakeTerminal.js';

function promptOn(terminal: FakeTerminal) {
  const lines: string[] = [];
  let ended = 0;
  const prompt = new PromptLine({
    input: terminal.keyboard,
    output: terminal,
    onLine: (line) => lines.push(line),
    onEnd: () => {
      ended += 1;
    },
    complete: (start) => ['/help', '/history'].filter((word) => word.startsWith(start)),
  });
  t.teardown(() => prompt.close());
  const type = async (text: string): Promise<void> => {
    terminal.keyboard.write(text);
    await turn();
  };
  return { prompt, lines, type, ended: () => ended };
}

t.test('what is heard stands above a half-typed line, which stays as it is', async (t) => {
  const terminal = new FakeTerminal();
  const { prompt, type, lines } = promptOn(terminal);
  prompt.setPrompt('lobby> ');
  await type('how do I');
  prompt.printAbove('Ada: good morning');
  prompt.printAbove('Bo: hello');
  t.strictSame(terminal.screen, ['Ada: good morning', 'Bo: hello', 'lobby> how do I']);
  await type(' narrow?\r');
  t.strictSame(lines, ['how do I narrow?']);
});

t.test(
  'a line that is wider than the terminal survives what is heard, and so does the place of the cursor',
  async (t) => {
    const terminal = new FakeTerminal(20);
    const { prompt, type, lines } = promptOn(terminal);
    prompt.setPrompt('lobby> ');
    await type('one two three four five six');
    prompt.printAbove('Ada: hi');
    t.strictSame(terminal.screen, ['Ada: hi', 'lobby> one two three', ' four five six']);
    // Three words to the left, over the edge, and a letter is put in there.
    await type('\u001b[D'.repeat('four five six'.length + 1));
    prompt.printAbove('Bo: hi');
    await type('X');
    t.strictSame(terminal.screen, ['Ada: hi', 'Bo: hi', 'lobby> one two three', 'X four five six']);
    await type('\r');
    t.strictSame(lines, ['one two threeX four five six']);
  },
);

t.test('text of several lines, and lines wider than the terminal, garble nothing', async (t) => {
  const terminal = new FakeTerminal(20);
  const { prompt, type } = promptOn(terminal);
  prompt.setPrompt('lobby> ');
  await type('half');
  prompt.printAbove('a first line\na second line that is longer than the terminal');
  await type(' typed');
  t.strictSame(terminal.screen, [
    'a first line',
    'a second line that i',
    's longer than the te',
    'rminal',
    'lobby> half typed',
  ]);
});

t.test('what was entered can be taken off the screen again, however long it was', async (t) => {
  const terminal = new FakeTerminal(20);
  const { prompt, type } = promptOn(terminal);
  prompt.setPrompt('lobby> ');
  prompt.printAbove('Ada: hi');
  await type('a text of two lines\r');
  prompt.eraseEntered('lobby> ', 'a text of two lines');
  prompt.printAbove('Sam: a text of two lines');
  t.strictSame(terminal.screen, ['Ada: hi', 'Sam: a text of two l', 'ines', 'lobby>']);
});

t.test('Ctrl-C and Ctrl-D end it, once', async (t) => {
  for (const key of ['\u0003', '\u0004']) {
    const terminal = new FakeTerminal();
    const { prompt, type, ended } = promptOn(terminal);
    prompt.setPrompt('lobby> ');
    await type(key);
    t.equal(ended(), 1);
    prompt.close();
    t.equal(ended(), 1);
  }
});

t.test('Tab completes a command', async (t) => {
  const terminal = new FakeTerminal();
  const { prompt, type, lines } = promptOn(terminal);
  prompt.setPrompt('> ');
  await type('/he\t');
  await type('\r');
  t.strictSame(lines, ['/help']);
});
