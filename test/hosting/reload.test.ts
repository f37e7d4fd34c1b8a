/** A module that changes while its actor runs, on a real thread: the actor goes on where it was, if that fits. */
import { writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import t, { type Test } from 'tap';
import type { ActorSystem } from '../../runtime/hosting/ActorSystem.js';
import type { ReloadOutcome } from '../../runtime/hosting/frames.js';
import { freshModule, importFresh } from '../../runtime/hosting/modules/importFresh.js';
import { until } from '../../testing/realTime.js';
import type { TestShards, TestShardsOptions } from '../../testing.js';
import { openShards } from './probes.js';

/** An actor whose module a test writes again and again. */
class EditedActor {
  readonly shards: TestShards;
  readonly system: ActorSystem;
  readonly #file: string;
  #version = 0;

  private constructor(shards: TestShards, file: string) {
    this.shards = shards;
    this.system = shards.system;
    this.#file = file;
  }

  static async open(t: Test, code: string, options: TestShardsOptions = {}): Promise<EditedActor> {
    const shards = await openShards(t, { threads: 1, ...options });
    const actor = new EditedActor(shards, join(t.testdir({}), 'bot.ts'));
    await shards.system.spawn({ name: 'bot', ...actor.#write(code), options: { start: 40 } });
    return actor;
  }

  edit(code: string): Promise<ReloadOutcome> {
    return this.system.reload('bot', this.#write(code));
  }

  ask(type = 'count'): Promise<unknown> {
    return this.system.ask({ name: 'bot' }, { type, data: null }, { deadlineMs: 5_000 });
  }

  tell(type: string): void {
    this.system.tell({ name: 'bot' }, { type, data: null });
  }

  #write(code: string): { module: string; exportName: string } {
    writeFileSync(this.#file, code);
    return { module: freshModule(pathToFileURL(this.#file).href, ++this.#version), exportName: 'bot' };
  }
}

interface Machine {
  readonly context?: string;
  readonly answer?: string;
  readonly states?: string;
  readonly more?: string;
}

/** A counter in TypeScript, which answers by `answer`. */
function counter({
  context = 'count: input.options.start',
  answer = 'context.count',
  states,
  more = '',
}: Machine): string {
  return `
import { actorEffects, type ActorTypes, defineActor } from 'academy-mesh';
import { emit, setup } from 'xstate';
interface Messages { add: { tell: null }; count: { ask: null; answer: unknown }; sleep: { tell: null } }
export const bot = defineActor({
  ${more}
  machine: setup({ types: {} as ActorTypes<Messages, { start: number }, { count: number }> }).createMachine({
    id: 'bot',
    context: ({ input }) => ({ ${context} }),
    on: {
      add: { actions: ({ context }) => { context.count++; } },
      count: { actions: emit(({ context, event }) => actorEffects.reply(event, ${answer})) },
    },
    initial: 'awake',
    states: ${states ?? '{ awake: { on: { sleep: "asleep" } }, asleep: {} }'},
  }),
});`;
}

t.test('an actor goes on in its state with the code of the changed module', async (t) => {
  const bot = await EditedActor.open(t, counter({}));
  bot.tell('add');
  bot.tell('sleep');
  t.equal(await bot.ask(), 41);
  t.strictSame(await bot.edit(counter({ answer: 'context.count + " now"' })), { how: 'kept', reason: null });
  t.equal(await bot.ask(), '41 now');
  t.match(await bot.system.infos(), [{ name: 'bot', state: 'asleep', restarts: 0, status: 'running' }]);
});

t.test('an instance in the context goes over by the codec, and has the methods of the changed module', async (t) => {
  const code = (factor: number): string => `
import { actorEffects, type ActorTypes, defineActor } from 'academy-mesh';
import { emit, setup } from 'xstate';
class Tally {
  #sum;
  constructor(sum: number) { this.#sum = sum; }
  add() { this.#sum++; }
  get sum() { return this.#sum; }
  get told() { return this.#sum * ${factor}; }
}
interface Messages { add: { tell: null }; count: { ask: null; answer: number } }
export const bot = defineActor({
  contextCodec: { pack: ({ tally }) => tally.sum, unpack: (sum) => ({ tally: new Tally(sum) }) },
  machine: setup({ types: {} as ActorTypes<Messages, { start: number }, { tally: Tally }> }).createMachine({
    id: 'bot',
    context: ({ input }) => ({ tally: new Tally(input.options.start) }),
    on: {
      add: { actions: ({ context }) => context.tally.add() },
      count: { actions: emit(({ context, event }) => actorEffects.reply(event, context.tally.told)) },
    },
  }),
});`;
  const bot = await EditedActor.open(t, code(1));
  bot.tell('add');
  t.equal(await bot.ask(), 41);
  t.strictSame(await bot.edit(code(10)), { how: 'kept', reason: null });
  bot.tell('add');
  t.equal(await bot.ask(), 420);
});

for (const extension of ['js', 'mjs', 'ts']) {
  t.test(
    `a module of .${extension} is read anew with what it imports, which Node.js would keep for ever`,
    async (t) => {
      const folder = t.testdir({ 'package.json': '{"type":"module"}' });
      const write = (name: string, code: string) => {
        const file = join(folder, `${name}.${extension}`);
        writeFileSync(file, code);
        return pathToFileURL(file).href;
      };
      const code = `import { word } from './word.${extension}'; export const said = () => 'old ' + word;`;
      write('word', "export const word = 'one';");
      const module = write('bot', code);
      const said = async (version: number): Promise<unknown> => {
        const { namespace, files } = await importFresh(freshModule(module, version));
        t.strictSame(files.map((file) => basename(file, `.${extension}`)).sort(), ['bot', 'word']);
        return (namespace.said as () => unknown)();
      };
      t.equal(await said(1), 'old one');
      write('bot', code.replace('old', 'new'));
      t.equal(await said(2), 'new one');
      write('word', "export const word = await Promise.resolve('two');");
      t.equal(await said(3), 'new two', 'and may wait for something');
      write('bot', 'export const {{');
      await t.rejects(importFresh(freshModule(module, 4)), 'a mistake shows');
    },
  );
}

t.test('messages that wait and questions that are open outlive the change', async (t) => {
  const bot = await EditedActor.open(t, counter({}));
  const edited = bot.edit(counter({ answer: 'context.count + " now"' }));
  for (let count = 0; count < 100; count++) bot.tell('add');
  t.match(await edited, { how: 'kept' });
  t.equal(await bot.ask(), '140 now');
  t.match(await bot.system.counters(), { messagesLost: 0, failures: 0 });
});

t.test('a field that is new begins as at a start, and one that is gone is gone', async (t) => {
  const bot = await EditedActor.open(t, counter({}));
  bot.tell('add');
  t.equal(await bot.ask(), 41);
  const answer = 'Object.entries(context).join()';
  t.match(await bot.edit(counter({ context: 'count: 0, name: "Bot"', answer })), { how: 'kept' });
  t.equal(await bot.ask(), 'count,41,name,Bot');
  t.match(await bot.edit(counter({ context: 'name: ""', answer })), { how: 'kept' });
  t.equal(await bot.ask(), 'name,Bot');
});

const misfits: readonly [what: string, machine: Machine, reason: RegExp][] = [
  ['the state is gone', { states: '{ awake: {} }' }, /asleep/],
  ['a field has another type', { context: 'count: "many"' }, /context\.count was a number and is a string now/],
  [
    'the state has states below it',
    { states: '{ awake: {}, asleep: { initial: "deep", states: { deep: {} } } }' },
    /"asleep" has other states below it/,
  ],
  ['the state has a timer', { states: '{ awake: {}, asleep: { after: { 5000: "awake" } } }' }, /timers.*5000/],
  ['the version of snapshots is another', { more: 'snapshotVersion: 2,' }, /version 1 and are of version 2/],
];

for (const [what, machine, reason] of misfits) {
  t.test(`when ${what}, the actor starts afresh and says why`, async (t) => {
    const bot = await EditedActor.open(t, counter({}));
    bot.tell('add');
    bot.tell('sleep');
    t.equal(await bot.ask(), 41);
    t.match(await bot.edit(counter(machine)), { how: 'afresh', reason });
    t.match(await bot.system.infos(), [{ name: 'bot', state: /awake/, status: 'running', restarts: 0 }]);
    t.notSame(await bot.ask(), 41);
  });
}

t.test('a module that cannot be used leaves the old one running', async (t) => {
  const bot = await EditedActor.open(t, counter({}));
  bot.tell('add');
  t.match(await bot.edit('export const bot = {'), { how: 'unchanged', reason: /does not load.*line 1|bot\.ts:1/s });
  t.match(await bot.edit('export const other = 1;'), { how: 'unchanged', reason: /no export "bot"/ });
  t.match(await bot.edit('throw new Error("no database");'), { how: 'unchanged', reason: /no database/ });
  t.equal(await bot.ask(), 41);
  t.match(await bot.edit(counter({ answer: '"mended"' })), { how: 'kept' });
  t.equal(await bot.ask(), 'mended');
});

t.test('a machine that crashes as it starts afresh is its supervisor’s, as after any crash', async (t) => {
  const bot = await EditedActor.open(t, counter({}), { restart: { intensity: 2, backoffMs: 1, backoffMaxMs: 1 } });
  const states = '{ other: { entry: () => { throw new Error("no table"); } } }';
  await bot.edit(counter({ states }).replace("initial: 'awake'", "initial: 'other'"));
  await until('it is given up', async () => (await bot.system.infos())[0]?.status === 'failed');
  t.match(await bot.system.infos(), [{ lastError: { message: 'no table' } }]);
});

t.test('after a crash of the thread the actor comes back with the changed module', async (t) => {
  const bot = await EditedActor.open(t, counter({}));
  const answer = 'context.count < 0 ? process.exit(3) : "changed"';
  t.match(await bot.edit(counter({ answer })), { how: 'kept' });
  t.match(
    await bot.edit(counter({ context: 'count: input.restarts === 0 ? -1 : 7', answer, more: 'snapshotVersion: 2,' })),
    {
      how: 'afresh',
    },
  );
  await t.rejects(bot.ask(), { code: 'ERR_ACADEMY_ASK_FAILED' });
  await until('the shard is back', () => bot.shards.ups.length === 1);
  t.equal(await bot.ask(), 'changed');
});

t.test('there is no actor of that name', async (t) => {
  const bot = await EditedActor.open(t, counter({}));
  const reloaded = bot.system.reload('nobody', { module: 'file:///x.js', exportName: 'x' });
  await t.rejects(reloaded, { code: 'ERR_ACADEMY_ACTOR_STOPPED' });
});
