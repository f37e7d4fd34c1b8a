import t from 'tap';
import type { DeadLetter } from '../../runtime/protocol/actors.js';
import { CommandLine, eventually } from './CommandLine.js';

t.test('messages that reached nobody are shown with the reason, also as they come', async (t) => {
  const commandLine = await CommandLine.open(t);
  const node = await commandLine.up('data', ['--threads', '1', '--no-scene']);
  const at = ['--data', node.data];
  const sendAstray = (actor: string): Promise<unknown> =>
    t.rejects(node.connection.request('ask', { actor, type: 'hello' }), { code: 'ERR_ACADEMY_ACTOR_STOPPED' });
  t.match(await commandLine.run(['deadletters', ...at]), { code: 0, stdout: /no dead letters/ });

  await sendAstray('nobody');
  t.match(await commandLine.json(['deadletters', ...at]), [
    { reason: 'unknown-name', messageType: 'hello', to: { name: 'nobody' } },
  ]);
  t.match(await commandLine.run(['deadletters', ...at]), {
    code: 0,
    stdout: /unknown-name +hello +to nobody[\s\S]*1 +unknown-name +nobody has the name/,
  });
  t.strictSame(await commandLine.json(['deadletters', '--reason', 'mailbox-full', ...at]), []);
  t.match(await commandLine.run(['deadletters', '--reason', 'boredom', ...at]), {
    code: 2,
    stderr: /boredom.*\nremedy: use one of: stale-address, unknown-name/,
  });

  const following = commandLine.spawn(['deadletters', '--follow', '--json', '--reason', 'unknown-name', ...at]);
  const lines: string[] = [];
  following.stdout?.on('data', (text) => lines.push(...String(text).trim().split('\n')));
  await eventually(async () => lines.length === 1);
  await eventually(async () => {
    await sendAstray('somebody');
    return lines.length > 1;
  });
  t.match(
    lines.map((line) => (JSON.parse(line) as DeadLetter).to),
    [{ name: 'nobody' }, { name: 'somebody' }],
  );
  const ended = new Promise((resolve) => following.once('exit', resolve));
  following.kill('SIGINT');
  t.equal(await ended, 0);
  t.equal(await node.end('SIGTERM'), 0);
});
