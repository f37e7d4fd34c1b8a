import { join } from 'node:path';
import t from 'tap';
import type { NodeConnection } from '../../cli/control/ControlMethods.js';
import type { AttachedView, NoticeView } from '../../cli/control/views.js';
import { dataFile } from '../../packageRoot.js';
import { CommandLine, eventually } from './CommandLine.js';

/** What a connection answers to whatever it is sent, as other programs might send it. */
const raw = (connection: NodeConnection, method: string, params: unknown): Promise<unknown> =>
  connection.request(method as 'status', params as Record<string, never>);

t.test('a running node does for its owner what a program can do with it, and refuses what does not fit', async (t) => {
  const commandLine = await CommandLine.open(t);
  const node = await commandLine.up('data', ['--threads', '0', '--name', 'Ann', '--alias', 'desk']);
  const { connection } = node;
  const { academyId } = commandLine;

  await t.test('who attaches hears the rooms of the person, until it hangs up', async (t) => {
    const heard: (AttachedView | NoticeView)[] = [];
    const hearing = new AbortController();
    const stream = connection.stream('attach', {}, (event) => heard.push(event), { signal: hearing.signal });
    const attached = await eventually(async () =>
      heard.find((event): event is AttachedView => event.type === 'attached'),
    );
    t.match(attached, { person: { id: 'ann' }, rooms: ['lobby', 'typescript-help', 'academy-training'] });
    const { suggestions } = attached;
    t.strictSame([...new Set(suggestions.map(({ personaId }) => personaId))].sort(), ['ada', 'bo', 'mia']);
    for (const { roomId, question } of suggestions.slice(0, 3)) {
      const { messageId } = await connection.request('say', { roomId, text: question });
      const isAnswer = (event: AttachedView | NoticeView): boolean =>
        event.type === 'message' && event.message.replyTo === messageId && event.message.aiGenerated;
      t.ok(await eventually(async () => heard.find(isAnswer)), `it is answered: ${question}`);
    }
    hearing.abort();
    await stream;
  });

  await t.test('rooms are entered and left', async (t) => {
    t.match(await connection.request('join', { roomId: 'attic' }), { roomId: 'attic', consent: 'local' });
    const attic = await connection.request('who', { roomId: 'attic' });
    t.ok(attic.members.some(({ id }) => id === 'ann'));
    await connection.request('leave', { roomId: 'attic' });
    await t.rejects(connection.request('say', { roomId: 'attic', text: 'hello' }), {
      code: 'ERR_ACADEMY_NOT_A_MEMBER',
    });
  });

  await t.test('an event is checked, told, and heard by who asked for it', async (t) => {
    const heard: unknown[] = [];
    const hearing = new AbortController();
    const about = { event: 'academy.chat.typing', roomId: 'lobby' };
    const stream = connection.stream('events', about, ({ data }) => heard.push(data), { signal: hearing.signal });
    const typing = { participantId: 'ann', username: 'Ann', roomId: 'lobby', academyId, expiresInMs: 10, timestamp: 0 };
    // The subscription may begin after the first one.
    await eventually(async () => {
      await connection.request('emit', { event: 'academy.chat.typing', data: typing });
      return heard.length > 0;
    });
    t.strictSame(heard[0], typing);
    hearing.abort();
    await stream;
    const invalid = connection.request('emit', { event: 'academy.chat.typing', data: { ...typing, expiresInMs: -1 } });
    await t.rejects(invalid, { code: 'ERR_ACADEMY_EVENT_INVALID' });
    const unknown = connection.request('emit', { event: 'academy.no.such', data: {} });
    await t.rejects(unknown, { code: 'ERR_ACADEMY_EVENT_UNKNOWN' });
    const { signal } = new AbortController();
    const allRooms = connection.stream('events', { ...about, roomId: null }, () => {}, { signal });
    await t.rejects(allRooms, { code: 'ERR_ACADEMY_BAD_ARGUMENT' }, 'nobody hears all rooms');
  });

  await t.test('actors, commands and what is counted can be reached', async (t) => {
    t.match(await connection.request('ask', { actor: 'participant/ada', type: 'persona.inspect' }), {
      personaId: 'ada',
    });
    const echoed = connection.request('execute', { endpoint: '/remote/desk/commands/echo', payload: { a: 1 } });
    t.match(await echoed, { a: 1 });
    await t.rejects(connection.request('execute', { endpoint: 'nowhere' }), { code: 'ERR_ACADEMY_ENDPOINT_INVALID' });
    t.match(await connection.request('counters', {}), { counters: Object, drops: Object, transports: Object });
    t.ok(Array.isArray(await connection.request('deadletters', {})));
    t.match((await connection.request('routes', {})).at(-1), { prefix: '*' });
    t.match((await connection.request('answers', { personaId: 'ada' }))[0], { id: String, title: String });
  });

  await t.test('a participant that cannot be spawned is told by its module', async (t) => {
    const source = join(dataFile(), 'knowledge', 'no-bot.js');
    await t.rejects(connection.request('spawn', { source }), {
      code: 'ERR_ACADEMY_ACTOR_MODULE',
      message: /no-bot\.js/,
    });
  });

  await t.test('unknown methods and wrong parameters are coded errors', async (t) => {
    await t.rejects(raw(connection, 'nonsense', {}), { code: 'ERR_ACADEMY_COMMAND_UNKNOWN' });
    await t.rejects(raw(connection, 'toString', {}), { code: 'ERR_ACADEMY_COMMAND_UNKNOWN' });
    await t.rejects(raw(connection, 'who', {}), { code: 'ERR_ACADEMY_BAD_ARGUMENT' });
    await t.rejects(raw(connection, 'say', { roomId: 'lobby', text: 'a', more: 1 }), {
      code: 'ERR_ACADEMY_BAD_ARGUMENT',
    });
  });

  t.equal(await node.end('SIGTERM'), 0);
});
