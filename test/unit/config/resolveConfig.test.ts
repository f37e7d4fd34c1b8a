import { existsSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { basename, isAbsolute } from 'node:path';
import t from 'tap';
import type { AcademyUserConfig } from '../../../runtime/config/academyConfig.js';
import { configKeys } from '../../../runtime/config/configKeys.js';
import { environmentVariables } from '../../../runtime/config/environmentVariables.js';
import { type ConfigSources, configValue, resolveConfig } from '../../../runtime/config/resolveConfig.js';

/** Nothing of this machine plays in. */
const resolved = (sources: ConfigSources = {}) => resolveConfig({ environment: {}, folder: '/here', ...sources });
const file = (value: unknown) => ({ path: '/project/academy.config.ts', value });

function faultOf(sources: ConfigSources): string {
  try {
    resolved(sources);
  } catch (error) {
    const { code, message } = error as { code?: string; message: string };
    return code === 'ERR_ACADEMY_CONFIG_INVALID' ? message : `${code} ${message}`;
  }
  return 'accepted';
}

t.test('without any source the defaults make a whole configuration', (t) => {
  const { config, origins, file } = resolved();
  t.match(config, {
    academyId: 'default',
    threads: Math.min(4, Math.max(1, availableParallelism() - 1)),
    open: false,
    lan: false,
    preset: 'default',
    udp: { port: 47_100, ttl: 1 },
    tcp: { port: 0 },
    peers: [],
    transports: {},
    thresholds: { accuracy: 0.7, satisfaction: 0.8, signal: 0.5, shareGain: 0.1 },
    discovery: { announceMs: 1_000, expiryMs: 5_000 },
  });
  t.ok(config.name.length > 0);
  t.equal(file, undefined);
  t.ok(Object.values(origins).every((origin) => origin === 'default'));
  for (const unset of ['alias', 'data', 'interface', 'tcp.host', 'groups.training']) {
    t.equal(configValue(config, unset), undefined);
    t.equal(origins[unset], undefined);
  }
  t.end();
});

t.test('a newcomer meets three rooms of the academy and three personas that can do different things', (t) => {
  const { rooms, personas } = resolved().config;
  t.strictSame(
    rooms.map(({ id, consent }) => `${id} ${consent}`),
    ['lobby academy', 'typescript-help academy', 'academy-training academy'],
  );
  t.strictSame(
    personas.map(({ id }) => id),
    ['ada', 'bo', 'mia'],
  );
  const capabilities = personas.flatMap((persona) => persona.capabilities);
  t.equal(new Set(capabilities).size, capabilities.length, 'no capability is there twice');
  for (const { id, knowledge } of personas) {
    for (const pack of knowledge) t.ok(isAbsolute(pack) && existsSync(pack), `${id} has ${basename(pack)}`);
  }
  t.end();
});

t.test('a flag beats the environment, that beats the file, that beats the default; key by key', (t) => {
  const { config, origins, ...rest } = resolved({
    flags: { threads: 4, udp: { port: 1 }, alias: undefined } as unknown as AcademyUserConfig,
    environment: {
      ACADEMY_THREADS: '5',
      ACADEMY_UDP_PORT: '2',
      ACADEMY_TCP_PORT: '3',
      NODE_ID: 'kitchen',
      ACADEMY_ID: ' ',
    },
    file: file({ threads: 6, tcp: { port: 4, host: '::1' }, udp: { ttl: 2 }, academyId: 'club', peers: ['a:1'] }),
  });
  t.match(config, { threads: 4, udp: { port: 1, ttl: 2 }, tcp: { port: 3, host: '::1' }, alias: 'kitchen' });
  t.equal(config.academyId, 'club', 'an empty variable is not set');
  t.match(origins, {
    threads: 'flag',
    'udp.port': 'flag',
    'udp.ttl': 'file',
    'udp.receiveBufferBytes': 'default',
    'tcp.port': 'environment',
    'tcp.host': 'file',
    alias: 'environment',
    academyId: 'file',
    peers: 'file',
    name: 'default',
  });
  t.equal(rest.file, '/project/academy.config.ts');
  t.end();
});

t.test('every variable sets its key', (t) => {
  const texts: Record<string, [text: string, value: unknown]> = {
    ACADEMY_ID: ['club', 'club'],
    NODE_ID: ['kitchen', 'kitchen'],
    ACADEMY_NAME: ['Ann', 'Ann'],
    ACADEMY_DATA: ['data', '/here/data'],
    ACADEMY_THREADS: ['0', 0],
    ACADEMY_MAX_HEAP_MB: ['256', 256],
    ACADEMY_HANG_MS: ['2000', 2_000],
    ACADEMY_OPEN: ['yes', true],
    ACADEMY_LAN: ['TRUE', true],
    ACADEMY_INTERFACE: ['eth0', 'eth0'],
    ACADEMY_PRESET: ['plan', 'plan'],
    ACADEMY_UDP_PORT: ['5000', 5_000],
    ACADEMY_TCP_HOST: ['0.0.0.0', '0.0.0.0'],
    ACADEMY_TCP_PORT: ['5001', 5_001],
    ACADEMY_PEERS: ['a:1, [::1]:2,', ['a:1', '[::1]:2']],
    ACADEMY_PARTICIPANTS: ['./bot.js#bot,some-package', ['/here/bot.js#bot', 'some-package']],
    ACADEMY_LOG: ['debug', 'debug'],
  };
  t.strictSame(
    Object.keys(texts),
    environmentVariables.map(({ name }) => name),
  );
  for (const { name, path } of environmentVariables) {
    const [text, value] = texts[name] ?? ['', ''];
    const { config, origins } = resolved({ environment: { [name]: text } });
    t.strictSame(configValue(config, path), value, name);
    t.equal(origins[path], 'environment', name);
  }
  t.end();
});

t.test('paths are relative to where they are written', (t) => {
  const persona = { id: 'x', name: 'X', capabilities: [], rooms: [], knowledge: ['./pack.jsonl', 'builtin:academy'] };
  const { config } = resolved({
    file: file({ data: 'node-data', participants: ['../bot.js#b', 'package', '/abs/bot.js'], personas: [persona] }),
  });
  t.equal(config.data, '/project/node-data');
  t.strictSame(config.participants, ['/bot.js#b', 'package', '/abs/bot.js']);
  t.equal(config.personas[0]?.knowledge[0], '/project/pack.jsonl');
  t.match(config.personas[0]?.knowledge[1], /data\/knowledge\/academy\.jsonl$/);
  t.equal(resolved({ flags: { data: 'x' } }).config.data, '/here/x');
  t.end();
});

t.test('the preset of the plan brings its ports, unless others are set', (t) => {
  t.match(resolved({ flags: { preset: 'plan' } }), {
    config: { udp: { port: 9_000 }, tcp: { port: 9_003 } },
    origins: { preset: 'flag', 'udp.port': 'default' },
  });
  t.match(resolved({ environment: { ACADEMY_PRESET: 'plan' }, flags: { tcp: { port: 0 } } }).config.tcp, { port: 0 });
  t.end();
});

t.test('rooms and personas are seated whichever of the two names the other', (t) => {
  const persona = { name: 'X', capabilities: [], knowledge: [] };
  const { config } = resolved({
    file: file({
      rooms: [
        { id: 'a', consent: 'local', personas: ['x', 'y'] },
        { id: 'b', consent: 'export' },
      ],
      personas: [
        { ...persona, id: 'x', rooms: ['b', 'a'] },
        { ...persona, id: 'y', rooms: [] },
      ],
    }),
  });
  t.strictSame(
    config.personas.map(({ rooms }) => rooms),
    [['b', 'a'], ['a']],
  );
  const onlyRooms = resolved({ file: file({ rooms: [{ id: 'kitchen', consent: 'local' }] }) }).config;
  t.ok(onlyRooms.personas.every(({ rooms }) => rooms.join() === 'kitchen'));
  const fewerRooms = resolved({ file: file({ rooms: [{ id: 'lobby', consent: 'local' }] }) }).config;
  t.ok(fewerRooms.personas.every(({ rooms }) => rooms.join() === 'lobby'));
  t.end();
});

t.test('a change of one configuration changes no other', (t) => {
  resolved().config.personas[0]?.rooms.push('elsewhere');
  resolved().config.specializations.push('gossip');
  t.notOk(resolved().config.personas[0]?.rooms.includes('elsewhere'));
  t.equal(resolved().config.specializations.length, 4);
  t.end();
});

t.test('a mistake is told with its path, its place and what was probably meant', (t) => {
  const persona = { id: 'x', name: 'X', capabilities: [], knowledge: [], rooms: [] };
  const room = { id: 'a', consent: 'local' };
  const table: [what: string, sources: ConfigSources, said: RegExp][] = [
    [
      'a port out of range',
      { file: file({ udp: { port: 70_000 } }) },
      /udp\.port must be a whole number from 0 to 65535, not 70000 \(\/project\/academy\.config\.ts\)/,
    ],
    [
      'a wrong type',
      { flags: { threads: 'two' as unknown as number } },
      /threads must be a whole number from 0 to 64, not "two" \(flag\)/,
    ],
    [
      'too little heap',
      { environment: { ACADEMY_MAX_HEAP_MB: '8' } },
      /maxHeapMb must be a whole number from 32 to 1048576, not 8/,
    ],
    ['no patience', { flags: { hangMs: 10 } }, /hangMs must be a whole number from 250 to 3600000, not 10/],
    ['a fraction', { flags: { threads: 1.5 } }, /threads must be a whole number from 0 to 64, not 1\.5/],
    ['not a number', { flags: { threads: Number.NaN } }, /threads/],
    ['infinity', { flags: { udp: { ttl: Number.POSITIVE_INFINITY } } }, /udp\.ttl/],
    [
      'a number far out',
      { flags: { tcp: { port: 1e300 } } },
      /tcp\.port must be a whole number from 0 to 65535, not 1e\+300/,
    ],
    [
      'a word that is none',
      { file: file({ log: { level: 'loud' } }) },
      /log\.level must be one of debug, info, warn, error, silent, not "loud"/,
    ],
    ['a variable', { environment: { ACADEMY_TCP_PORT: '99999' } }, /tcp\.port .*environment variable ACADEMY_TCP_PORT/],
    [
      'a variable that is no number',
      { environment: { ACADEMY_THREADS: 'two' } },
      /threads must be a number; ACADEMY_THREADS is "two"/,
    ],
    ['a variable that is no switch', { environment: { ACADEMY_OPEN: 'maybe' } }, /open must be one of .*ACADEMY_OPEN/],
    [
      'an unknown key',
      { file: file({ thread: 2 }) },
      /academy\.config\.ts: there is no key thread; did you mean "threads"\?/,
    ],
    ['an unknown inner key', { file: file({ udp: { prot: 2 } }) }, /there is no key udp\.prot; did you mean "port"\?/],
    [
      'an unknown key like nothing',
      { file: file({ tcp: { banana: 2 } }) },
      /no key tcp\.banana; known here are host, port/,
    ],
    [
      'several of them, with those that are known told once',
      { file: file({ tcp: { banana: 2, cherry: 3 } }) },
      /no key tcp\.banana; known here are host, port; there is no key tcp\.cherry$/,
    ],
    [
      'a key of Object',
      { file: file(JSON.parse('{"__proto__": 1, "constructor": 2}')) },
      /no key __proto__.*no key constructor/,
    ],
    [
      'an unknown key of a persona',
      { file: file({ personas: [{ ...persona, room: [] }] }) },
      /personas\[0\]\.room; did you mean "rooms"\?/,
    ],
    [
      'a missing key',
      { file: file({ rooms: [{ id: 'a' }] }) },
      /rooms\[0\]\.consent is missing: it must be one of local, academy, export/,
    ],
    [
      'a bad consent',
      { file: file({ rooms: [{ id: 'a', consent: 'all' }] }) },
      /rooms\[0\]\.consent must be one of local, academy, export, not "all"/,
    ],
    [
      'a rank of 0',
      { file: file({ personas: [{ ...persona, rank: 0 }] }) },
      /personas\[0\]\.rank must be a whole number from 1 to 256, not 0/,
    ],
    ['a group that is none', { file: file({ udp: 5 }) }, /udp must be an object, not 5/],
    ['no object at all', { file: file(['x']) }, /the configuration must be an object, not a list of 1/],
    ['an empty name', { flags: { name: '' } }, /name must be a text of 1 to 128 characters, not ""/],
    ['a text for a list', { file: file({ rooms: 'lobby' }) }, /rooms must be a list of at most 1024, not "lobby"/],
    [
      'a text for a room',
      { file: file({ rooms: ['lobby'] }) },
      /^rooms\[0\] must be an object with id, consent, topic, personas, not "lobby" \([^)]*\)$/,
    ],
    ['a text for a switch', { file: file({ lan: 'yes' }) }, /lan must be true or false, not "yes"/],
    [
      'a transport that is no name',
      { file: file({ transports: { 'academy.chat.*': 5 } }) },
      /transports\.academy\.chat\.\* must be a text of 1 to 64 characters, not 5/,
    ],
    [
      'a share above 1',
      { file: file({ thresholds: { accuracy: 70 } }) },
      /thresholds\.accuracy must be a number from 0 to 1, not 70/,
    ],
    [
      'an academy id with a slash',
      { flags: { academyId: '../x' } },
      /academyId must be 1 to 64 letters.*, not "\.\.\/x"/,
    ],
    ['a reserved alias', { flags: { alias: 'commands' } }, /alias must not be "commands"/],
    [
      'a peer without a port',
      { flags: { peers: ['a:1', 'b'] } },
      /peers\[1\] must be host:port or \[address\]:port, not "b"/,
    ],
    [
      'a peer with a port out of range',
      { flags: { peers: ['b:70000'] } },
      /peers\[0\] must have a port from 1 to 65535, unlike "b:70000"/,
    ],
    [
      'a group that is no multicast address',
      { flags: { groups: { genome: '10.0.0.1' } } },
      /groups\.genome must be an IPv4 multicast address.*"10\.0\.0\.1"/,
    ],
    [
      'an expiry before the next sign of life',
      { flags: { discovery: { expiryMs: 900 } } },
      /discovery\.expiryMs must be longer than discovery\.announceMs, which is 1000, not 900/,
    ],
    [
      'a persona like the node’s own',
      { flags: { personas: [{ ...persona, id: 'system' }] } },
      /personas\[0\]\.id must not be "system"/,
    ],
    ['a room twice', { flags: { rooms: [room, room] as never } }, /rooms\[1\]\.id must not be "a" again/],
    ['a persona twice', { flags: { personas: [persona, persona] } }, /personas\[1\]\.id/],
    [
      'a room that is not there',
      { flags: { personas: [{ ...persona, rooms: ['loby'] }] } },
      /personas\[0\]\.rooms\[0\] names no room: "loby"; did you mean "lobby"\?/,
    ],
    [
      'a persona that is not there',
      { flags: { rooms: [{ ...room, personas: ['zoe'] }] as never, personas: [persona] } },
      /rooms\[0\]\.personas\[0\] names no persona: "zoe"; there are x/,
    ],
    [
      'a pack that does not ship',
      { flags: { personas: [{ ...persona, knowledge: ['builtin:cooking'] }] } },
      /personas\[0\]\.knowledge\[0\] names no pack that ships: "cooking"; there are .*typescript-help/,
    ],
  ];
  for (const [what, sources, said] of table) t.match(faultOf(sources), said, what);
  const several = faultOf({ flags: { threads: -1, udp: { port: -1 } } });
  t.match(several, /threads.*udp\.port/, 'all mistakes are told at once');
  t.end();
});

t.test('every key has a description, and the flat list covers the whole configuration', (t) => {
  const keys = configKeys();
  for (const { path, description } of keys) t.ok(description.length > 10, `${path}: ${description}`);
  const paths = keys.map(({ path }) => path);
  t.strictSame(
    Object.keys(resolved().origins).filter((path) => !paths.includes(path)),
    [],
  );
  t.equal(keys.find(({ path }) => path === 'udp.port')?.variable, 'ACADEMY_UDP_PORT');
  for (const { path } of environmentVariables) t.ok(paths.includes(path), path);
  t.end();
});
