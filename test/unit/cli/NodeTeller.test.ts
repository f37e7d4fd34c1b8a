import { EventEmitter } from 'node:events';
import t from 'tap';
import { NodeTeller } from '../../../cli/NodeTeller.js';
import { Output } from '../../../cli/Output.js';

function teller(): { teller: NodeTeller; happens: (event: string, value: object) => void; said: string[] } {
  const said: string[] = [];
  const stdout = { write: (text: string) => void said.push(text.trimEnd()) };
  const events = new EventEmitter();
  const made = new NodeTeller(new Output({ stdout, stderr: stdout, env: {}, json: false }));
  made.supervision(events as unknown as Parameters<NodeTeller['supervision']>[0]);
  return { teller: made, happens: (event, value) => void events.emit(event, value), said };
}

const error = { code: 'ERR_ACADEMY_ACTOR_STOPPED', message: 'the glass broke' };

t.test('crashes, ends and messages that were set aside are told with their cause and where to look', async (t) => {
  const { happens, said } = teller();
  happens('actor-restarted', { name: 'a', restarts: 1, error });
  happens('actor-failed', { name: 'a', error: null });
  happens('actor-failed', { name: 'b', error: { ...error, place: '/home/me/bot.js:1:2' } });
  happens('quarantined', { name: 'a', messageType: 'add', failures: 3, error });
  t.strictSame(said, [
    '✗ a crashed and was started again (1 restart): the glass broke',
    '✗ a was given up\n  "academy inspect a" shows what is known of it, node.log what happened',
    '✗ b was given up: the glass broke (/home/me/bot.js:1:2)\n  "academy inspect b" shows what is known of it, node.log what happened',
    '✗ a fell 3 times by a message add, which was set aside: the glass broke\n  "academy quarantine" shows it',
  ]);
});

t.test('while a person chats it is told above the prompt, and afterwards as a line again', async (t) => {
  const { teller: made, happens, said } = teller();
  const above: string[] = [];
  made.showOn((text) => void above.push(text));
  happens('actor-restarted', { name: 'a', restarts: 2, error });
  made.showOn(null);
  made.reload({ participantId: 'a', file: 'a.js', how: 'kept', reason: null });
  t.strictSame(above, ['✗ a crashed and was started again (2 restarts): the glass broke']);
  t.strictSame(said, ['↻ a goes on with the changed a.js']);
});
