/** What authors and callers get wrong, on real threads: each is told by a code, with the place and the remedy. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import t, { type Test } from 'tap';
import type { ActorSystem } from '../../runtime/hosting/ActorSystem.js';
import { until } from '../../testing/realTime.js';
import { openShards, probeSpec } from './probes.js';

interface Mistake {
  readonly what: string;
  /** The module; none is written when it is left out. */
  readonly code?: string;
  readonly exportName?: string;
  readonly error: { readonly code: string; readonly message: RegExp; readonly remedy: RegExp };
}

const actor = "import { defineActor } from 'academy-mesh';\nimport { setup, createMachine } from 'xstate';\n";
const module = 'ERR_ACADEMY_ACTOR_MODULE';
const unsupported = 'ERR_ACADEMY_MACHINE_UNSUPPORTED';

const mistakes: readonly Mistake[] = [
  {
    what: 'a module that is missing',
    error: { code: module, message: /bot\.mjs" does not load: Cannot find module/, remedy: /check the path/ },
  },
  {
    what: 'a module that needs a package which is missing',
    code: "import 'no-such-package';",
    error: { code: module, message: /Cannot find package 'no-such-package'/, remedy: /npm install no-such-package/ },
  },
  {
    what: 'a module without such an export',
    code: 'export const counter = 1; export const clock = 2;',
    error: { code: module, message: /has no export "bot"/, remedy: /counter|clock/ },
  },
  {
    what: 'a module that exports nothing',
    code: 'const bot = 1;',
    error: { code: module, message: /has no export "bot"/, remedy: /it exports nothing/ },
  },
  {
    what: 'a module that throws when it is loaded',
    code: "export const bot = 1;\n\n  throw new Error('no database');",
    error: { code: module, message: /does not load: no database \(line 3, column 9\)/, remedy: /correct it there/ },
  },
  {
    what: 'a module with a syntax error',
    code: 'export const bot = 1;\nexport { ;',
    error: { code: module, message: /Unexpected token.* \(line 2, column 9\)/, remedy: /correct it there/ },
  },
  {
    what: 'an export that is a machine by itself',
    code: `${actor}export const bot = createMachine({});`,
    error: { code: module, message: /"bot" of ".*" is a machine by itself/, remedy: /defineActor\(\{ machine \}\)/ },
  },
  {
    what: 'an export that is no actor',
    code: 'export const bot = { kind: "bot" };',
    error: { code: module, message: /"bot" of ".*" is not an actor/, remedy: /defineActor/ },
  },
  {
    what: 'a machine of XState 4',
    code: 'export const bot = { __xstatenode: true, transition() {} };',
    error: { code: module, message: /a machine of another version of XState/, remedy: /defineActor/ },
  },
  {
    what: 'a machine that crashes as it starts',
    code: `${actor}export const bot = defineActor({ machine: setup({}).createMachine({
      entry: () => { throw new Error('no such table'); },
    }) });`,
    error: { code: module, message: /"ada" crashes when it starts: no such table/, remedy: /initial state/ },
  },
  {
    what: 'an action that the machine names and does not have',
    code: `${actor}export const bot = defineActor({ machine: createMachine({ id: 'bot', initial: 'on', states: {
      on: { on: { ring: { actions: 'greet' } } },
    } }) });`,
    error: {
      code: unsupported,
      message: /"bot" names the action "greet" at #bot\.on: on "ring"/,
      remedy: /actions: \{ greet \}/,
    },
  },
  {
    what: 'a guard that the machine names and does not have',
    code: `${actor}export const bot = defineActor({ machine: createMachine({ id: 'bot', on: {
      ring: { guard: 'isHome', actions: () => {} },
    } }, { guards: { isAway: () => true } }) });`,
    error: { code: unsupported, message: /the guard "isHome" at #bot: on "ring"/, remedy: /use one of: isAway/ },
  },
  {
    what: 'a part of a named guard that the machine does not have',
    code: `import { and } from 'xstate';\n${actor}export const bot = defineActor({ machine: setup({
      guards: { isIn: and(['isHome']) },
    }).createMachine({ id: 'bot', on: { ring: { guard: 'isIn' } } }) });`,
    error: {
      code: unsupported,
      message: /^"ada" cannot start: .* the guard "isHome" at #bot: on "ring", in the guard "isIn"/,
      remedy: /guards: \{ isHome \}/,
    },
  },
  {
    what: 'an invoked actor that the machine names and does not have',
    code: `${actor}export const bot = defineActor({ machine: createMachine({ id: 'bot', invoke: { src: 'fetcher' } }) });`,
    error: { code: unsupported, message: /the actor "fetcher" at #bot: invoke/, remedy: /actors: \{ fetcher \}/ },
  },
  {
    what: 'a delay that the machine names and does not have',
    code: `${actor}export const bot = defineActor({ machine: createMachine({ id: 'bot', initial: 'a', states: {
      a: { after: { soon: 'b' } }, b: {},
    } }) });`,
    error: { code: unsupported, message: /the delay "soon" at #bot\.a: after/, remedy: /delays: \{ soon \}/ },
  },
  {
    what: 'a schema that is none',
    code: `${actor}export const bot = { kind: 'academy-actor', machine: createMachine({}), messages: { add: 'number' } };`,
    error: { code: 'ERR_ACADEMY_BAD_ARGUMENT', message: /messages\["add"\]/, remedy: /TypeBox/ },
  },
];

async function open(t: Test): Promise<{ system: ActorSystem; folder: string }> {
  const { system } = await openShards(t, { threads: 1 });
  return { system, folder: t.testdir({}) };
}

t.test('what is wrong with a module is told at spawn, and nothing of it stays', async (t) => {
  const { system, folder } = await open(t);
  for (const [number, { what, code, exportName = 'bot', error }] of mistakes.entries()) {
    mkdirSync(join(folder, String(number)));
    const path = join(folder, String(number), 'bot.mjs');
    if (code !== undefined) writeFileSync(path, code);
    const spawned = system.spawn({ name: 'ada', module: pathToFileURL(path).href, exportName });
    await t.rejects(spawned, error, what);
  }
  const folderModule = { name: 'ada', module: pathToFileURL(folder).href, exportName: 'bot' };
  await t.rejects(system.spawn(folderModule), { code: module, message: /is a folder/, remedy: /the file in it/ });
  const relative = { name: 'ada', module: './bot.js', exportName: 'bot' };
  await t.rejects(system.spawn(relative), { code: module, message: /relative path/, remedy: /import\.meta\.url/ });
  t.strictSame(await system.infos(), []);
  t.match(await system.counters(), { actors: 0, restarts: 0, failures: 0, shardRestarts: 0 });
});

const checkedActor = `${actor}
export const bot = defineActor({
  messages: {
    add: { type: 'object', properties: { amount: { type: 'number' } }, required: ['amount'] },
    say: { '~standard': { version: 1, vendor: 'test', validate: (value) =>
      typeof value === 'string' ? { value } : { issues: [{ message: 'must be text', path: ['word'] }] } } },
  },
  machine: setup({}).createMachine({
    context: { heard: 0 },
    on: { '*': { actions: ({ context }) => { context.heard++; } } },
  }),
});`;

t.test(
  'a message that does not fit its schema never reaches the machine, and who asked learns the field',
  async (t) => {
    const { system, folder } = await open(t);
    writeFileSync(join(folder, 'bot.mjs'), checkedActor);
    await system.spawn({ name: 'ada', module: pathToFileURL(join(folder, 'bot.mjs')).href, exportName: 'bot' });
    const ask = (type: string, data: unknown): Promise<unknown> =>
      system.ask({ name: 'ada' }, { type, data }, { deadlineMs: 200 });
    const code = 'ERR_ACADEMY_MESSAGE_INVALID';
    await t.rejects(ask('add', { amount: 'much' }), { code, message: /"add" to "ada".*\/amount must be number/ });
    await t.rejects(ask('say', 5), { code, message: /\/word must be text/, remedy: /messages/ });
    await t.rejects(
      ask('add', { amount: 2 }),
      { code: 'ERR_ACADEMY_DEADLINE' },
      'the machine has it, and says nothing',
    );
    system.tell({ name: 'ada' }, { type: 'add', data: null });
    system.tell({ name: 'ada' }, { type: 'undeclared', data: 1 });
    await until('all is handled', async () => (await system.infos())[0]?.messagesHandled === 2);
    t.match(await system.counters(), { 'deadLetters.invalid': 3, restarts: 0 });
    t.match(await system.deadLetters(), [{ reason: 'invalid' }, { reason: 'invalid' }, { messageType: 'add' }]);
  },
);

t.test('events of XState’s own names are refused, whoever sends them, and do no harm', async (t) => {
  const { system, folder } = await open(t);
  writeFileSync(join(folder, 'bot.mjs'), checkedActor);
  const spec = { module: pathToFileURL(join(folder, 'bot.mjs')).href, exportName: 'bot' };
  await system.spawn({ name: 'ada', ...spec });
  for (const type of ['xstate.stop', 'xstate.done.actor.x', 'xstate.after.5.bot', '*', '']) {
    const asked = system.ask({ name: 'ada' }, { type, data: null }, { deadlineMs: 5_000 });
    const message = /did not reach "ada": undecodable: no message may have that type/;
    await t.rejects(asked, { code: 'ERR_ACADEMY_BAD_ARGUMENT', message, remedy: /type of your own/ }, type);
  }
  t.match(await system.infos(), [{ name: 'ada', status: 'running', messagesHandled: 0 }]);
  t.match(await system.counters(), { 'deadLetters.undecodable': 5 });
});

t.test('whoever asks nobody, or spawns with bad options, is told what to do', async (t) => {
  const { system } = await openShards(t, { threads: 1 });
  const ask = (name: string): Promise<unknown> => system.ask({ name }, { type: 'note' }, { deadlineMs: 5_000 });
  await t.rejects(ask('nobody'), { code: 'ERR_ACADEMY_ACTOR_STOPPED', remedy: /academy tree/ });
  const refused: readonly (readonly [spec: object, remedy: RegExp])[] = [
    [{ name: '' }, /name: 'counter'/],
    [{ mailbox: { capacity: -1 } }, /correct "mailbox.capacity"/],
    [{ persist: 'disk' }, /correct "persist"/],
  ];
  for (const [spec, remedy] of refused) {
    await t.rejects(system.spawn(probeSpec('ada', spec)), { code: 'ERR_ACADEMY_BAD_ARGUMENT', remedy });
  }
});
