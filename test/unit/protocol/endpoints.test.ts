import fc from 'fast-check';
import t from 'tap';
import {
  academyCategories,
  type Endpoint,
  formatEndpoint,
  parseEndpoint,
  reservedNodeNames,
} from '../../../runtime/protocol/endpoints.js';
import { academyEventNames } from '../../../runtime/protocol/events.js';
import { limits } from '../../../runtime/protocol/limits.js';

t.test('every form of the grammar is read as what it says', (t) => {
  const table: [path: string, endpoint: Endpoint][] = [
    ['/remote/n1/academy/training', { kind: 'remote-academy', node: 'n1', category: 'training', rest: [] }],
    [
      '/remote/n1/academy/genome/discover',
      { kind: 'remote-academy', node: 'n1', category: 'genome', rest: ['discover'] },
    ],
    [
      '/remote/n1/academy/persona/ada/x',
      { kind: 'remote-academy', node: 'n1', category: 'persona', rest: ['ada', 'x'] },
    ],
    ['/remote/n1/academy/collaboration', { kind: 'remote-academy', node: 'n1', category: 'collaboration', rest: [] }],
    ['/remote/academy/training/n1', { kind: 'remote-academy', node: 'n1', category: 'training', rest: [] }],
    [
      '/remote/academy/genome/n1/discover',
      { kind: 'remote-academy', node: 'n1', category: 'genome', rest: ['discover'] },
    ],
    ['/remote/n1/commands/ban-user', { kind: 'remote-command', node: 'n1', command: 'ban-user' }],
    ['/remote/n1', { kind: 'remote', node: 'n1', rest: [] }],
    ['/remote/n1/actors/room%2Flobby', { kind: 'remote', node: 'n1', rest: ['actors', 'room/lobby'] }],
    ['/academy/training', { kind: 'academy', category: 'training', rest: [] }],
    ['/academy/session/s1/state', { kind: 'academy', category: 'session', rest: ['s1', 'state'] }],
    ['/chat/room/lobby/events/*', { kind: 'room-events', roomId: 'lobby', event: '*' }],
    ['/chat/room/lobby/events/message', { kind: 'room-events', roomId: 'lobby', event: 'academy.chat.message' }],
    ['/chat/room/lobby/events/chat.typing', { kind: 'room-events', roomId: 'lobby', event: 'academy.chat.typing' }],
    [
      '/chat/room/lobby/events/academy.persona.evolution',
      { kind: 'room-events', roomId: 'lobby', event: 'academy.persona.evolution' },
    ],
    [
      '/chat/room/a%2Fb%20%F0%9F%91%8D/events/signal',
      { kind: 'room-events', roomId: 'a/b 👍', event: 'academy.training.signal' },
    ],
    ['/status', { kind: 'local', rest: ['status'] }],
    ['/', { kind: 'local', rest: [''] }],
  ];
  for (const [path, endpoint] of table) t.strictSame(parseEndpoint(path), endpoint, path);
  t.end();
});

t.test('what does not follow the grammar is refused, saying what does not fit', (t) => {
  const table: [path: string, fault: RegExp][] = [
    ['', /does not start with/],
    ['remote/n1', /does not start with/],
    [`/${'x'.repeat(2_048)}`, /longer than 2048/],
    ['/remote', /has no node/],
    ['/remote/', /has no node/],
    ['/remote//commands/x', /has no node/],
    [`/remote/${'n'.repeat(limits.idCharactersMax + 1)}`, /too long/],
    ['/remote/n1/academy', /unknown category ""; known are training, genome/],
    ['/remote/n1/academy/cooking', /unknown category "cooking"/],
    ['/remote/academy', /unknown category/],
    ['/remote/academy/training', /has no node/],
    ['/remote/n1/commands', /exactly one command/],
    ['/remote/n1/commands/', /exactly one command/],
    ['/remote/n1/commands/a/b', /exactly one command/],
    ['/academy', /has no category/],
    ['/chat', /is not of the form/],
    ['/chat/room/lobby', /is not of the form/],
    ['/chat/room/lobby/events', /is not of the form/],
    ['/chat/room//events/message', /is not of the form/],
    ['/chat/room/lobby/events/message/more', /is not of the form/],
    ['/chat/rooms/lobby/events/message', /is not of the form/],
    ['/chat/room/*/events/message', /must name one room/],
    [`/chat/room/${'r'.repeat(limits.idCharactersMax + 1)}/events/*`, /must name one room/],
    ['/chat/room/lobby/events/no-such', /names no event: "no-such"/],
    ['/remote/%E0%A4%A/x', /badly encoded segment "%E0%A4%A"/],
  ];
  for (const [path, message] of table) {
    t.throws(
      () => parseEndpoint(path),
      { code: 'ERR_ACADEMY_ENDPOINT_INVALID', message, remedy: /\/remote\// },
      path.slice(0, 60),
    );
  }
  t.end();
});

t.test('no node is called like a word of the grammar', (t) => {
  for (const word of reservedNodeNames.filter((name) => name !== 'academy')) {
    t.throws(() => parseEndpoint(`/remote/${word}/commands/x`), { message: /reserved word/ }, word);
    t.throws(() => parseEndpoint(`/remote/academy/training/${word}`), { message: /reserved word/ }, word);
  }
  t.throws(() => parseEndpoint('/remote/academy/training/academy'), { message: /reserved word/ });
  t.throws(() => parseEndpoint(`/remote/${encodeURIComponent('*')}`), { message: /reserved word/ });
  t.throws(() => parseEndpoint('/remote/%63ommands/commands/x'), { message: /reserved word/ }, 'written otherwise');
  t.end();
});

t.test('any endpoint is read back from its own path', (t) => {
  const segment = fc.string({ unit: 'grapheme', minLength: 1, maxLength: 12 });
  const node = segment.filter((name) => !reservedNodeNames.includes(name));
  const rest = fc.array(segment, { maxLength: 4 });
  const endpoint: fc.Arbitrary<Endpoint> = fc.oneof(
    fc.record({
      kind: fc.constant('remote-academy' as const),
      node,
      category: fc.constantFrom(...academyCategories),
      rest,
    }),
    fc.record({ kind: fc.constant('remote-command' as const), node, command: segment }),
    fc.record({
      kind: fc.constant('remote' as const),
      node,
      rest: rest.filter(([first]) => first !== 'academy' && first !== 'commands'),
    }),
    fc.record({ kind: fc.constant('academy' as const), category: segment, rest }),
    fc.record({
      kind: fc.constant('room-events' as const),
      roomId: segment.filter((id) => id !== '*'),
      event: fc.constantFrom('*' as const, ...academyEventNames),
    }),
    fc.record({
      kind: fc.constant('local' as const),
      rest: fc
        .array(segment, { minLength: 1, maxLength: 4 })
        .filter(([first]) => !['remote', 'academy', 'chat'].includes(first ?? '')),
    }),
  );
  const property = fc.property(endpoint, (generated) => {
    const written = { ...generated };
    const path = formatEndpoint(written);
    return fc.stringify(parseEndpoint(path)) === fc.stringify(written) && formatEndpoint(parseEndpoint(path)) === path;
  });
  t.doesNotThrow(() => fc.assert(property, { numRuns: 500 }));
  t.end();
});

t.test('any text is an endpoint or a coded error', (t) => {
  const words = fc.constantFrom(
    'remote',
    'academy',
    'commands',
    'chat',
    'room',
    'events',
    'training',
    '*',
    '',
    '%',
    '%41',
    'n1',
  );
  const path = fc.oneof(
    fc.string(),
    fc.array(fc.oneof(words, fc.string())).map((parts) => `/${parts.join('/')}`),
  );
  const property = fc.property(path, (text) => {
    try {
      return typeof parseEndpoint(text).kind === 'string';
    } catch (error) {
      return (error as { code?: string }).code === 'ERR_ACADEMY_ENDPOINT_INVALID';
    }
  });
  t.doesNotThrow(() => fc.assert(property, { numRuns: 1_000 }));
  t.end();
});
