/** Where in its author's files an actor has thrown: on real threads, with modules that a test writes. */
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import t, { type Test } from 'tap';
import { freshModule } from '../../runtime/hosting/modules/importFresh.js';
import { CrashRecords, throwPlace } from '../../runtime/hosting/records/CrashRecords.js';
import type { ErrorRecord } from '../../runtime/protocol/errors.js';
import { limits } from '../../runtime/protocol/limits.js';
import { until } from '../../testing/realTime.js';
import { FakeClock } from '../unit/hosting/FakeClock.js';
import { openShards } from './probes.js';

const asModule = (code: string): string => `
  import { defineActor } from '${new URL('../../index.js', import.meta.url).href}';
  import { fromPromise, raise, setup } from '${import.meta.resolve('xstate')}';
  import { shout } from './shout.mjs';
  ${code}
  export const bot = defineActor({ machine });`;

const helper = `
export function shout(text) {
  throw new Error(text);
}`;

/** @returns the error by which it falls when it is told `go` */
async function fallOf(t: Test, files: Readonly<Record<string, string>>, module: string): Promise<ErrorRecord | null> {
  const folder = t.testdir(files);
  const shards = await openShards(t, { threads: 1 });
  const errors: (ErrorRecord | null)[] = [];
  shards.system.on('actor-restarted', ({ error }) => errors.push(error));
  const url = pathToFileURL(join(folder, module)).href;
  const fresh = module.endsWith('.ts') ? freshModule(url, 1) : url;
  await shards.system.spawn({ name: 'bot', module: fresh, exportName: 'bot', restart: { intensity: 1 } });
  shards.system.tell({ name: 'bot' }, { type: 'go', data: null });
  await until('it has fallen', () => errors.length > 0);
  const [info] = await shards.system.infos();
  t.strictSame(info?.lastError, errors[0], 'who looks for it sees the same');
  return errors[0] ?? null;
}

const machines = {
  compiled: `const machine = setup({}).createMachine({ on: { go: { actions: () => shout('by an action') } } });`,
  guard: `const machine = setup({}).createMachine({ on: { go: { guard: () => shout('by a guard') } } });`,
  invoked: `const machine = setup({ actors: { work: fromPromise(async () => { shout('by a promise'); }) } }).createMachine({
    initial: 'idle',
    states: { idle: { on: { go: 'busy' } }, busy: { invoke: { src: 'work' } } },
  });`,
};

for (const [how, machine] of Object.entries(machines)) {
  t.test(`an error names the line that has thrown it, also in a file that the actor imports: ${how}`, async (t) => {
    const error = await fallOf(t, { 'bot.mjs': asModule(machine), 'shout.mjs': helper }, 'bot.mjs');
    t.match(error, { place: /shout\.mjs:3:9$/ });
  });
}

const typeScript = `import { defineActor } from 'academy-mesh';
import { setup } from 'xstate';
import type { Nothing } from './nothing.js';
interface Tall {
  readonly one: Nothing;
}
enum Colour {
  Red,
}
const colourOf = <T extends Tall>(
  tall: T | undefined,
): { one: unknown; colour: Colour } => {
  return {
    one: tall!.one as unknown,
    colour: Colour.Red,
  };
};
const machine = setup({}).createMachine({
  on: {
    go: {
      actions: () => {
        colourOf(undefined);
      },
    },
  },
});
export const bot = defineActor({ machine });
`;

t.test('of a module in TypeScript it is the line of the source', async (t) => {
  const error = await fallOf(t, { 'bot.ts': typeScript }, 'bot.ts');
  const line = typeScript.split('\n').findIndex((text) => text.includes('tall!.one')) + 1;
  t.match(error, { message: /undefined/, place: new RegExp(`bot\\.ts:${line}:\\d+$`) });
});

t.test('an actor that crashes as it starts is refused with the place', async (t) => {
  const code = `const machine = setup({}).createMachine({ entry: () => shout('too early') });`;
  const folder = t.testdir({ 'bot.mjs': asModule(code), 'shout.mjs': helper });
  const { system } = await openShards(t, { threads: 1 });
  const module = pathToFileURL(join(folder, 'bot.mjs')).href;
  await t.rejects(system.spawn({ name: 'bot', module, exportName: 'bot' }), {
    message: /crashes when it starts: too early \(at .*shout\.mjs:3:9\)/,
  });
});

t.test('what this library or another one throws is told with the line of the author that called it', async (t) => {
  const stackOf = (...frames: string[]): Error =>
    Object.assign(new Error('no'), { stack: ['Error: no', ...frames.map((frame) => `    at ${frame}`)].join('\n') });
  const runtime = new URL('../../runtime/hosting/ActorHost.js', import.meta.url).href;
  const library = 'f (/home/me/node_modules/xstate/dist/x.js:1:1)';
  const author = 'Object.onMention (file:///home/me/bot.js?fresh=2:12:7)';
  t.equal(throwPlace(stackOf(library, `g (${runtime}:1:1)`, author)), '/home/me/bot.js:12:7');
  t.equal(throwPlace(stackOf(library, 'async /home/me/bot.ts:3:1')), '/home/me/bot.ts:3:1');
  t.equal(throwPlace(stackOf(library, 'node:internal/timers:5:1', '<anonymous>')), undefined);
  t.equal(
    throwPlace(stackOf(library), '/home/me/node_modules/bot/bot.js'),
    '/home/me/node_modules/xstate/dist/x.js:1:1',
  );
});

t.test('what is thrown may be anything, and a flood of it costs only so much', async (t) => {
  const hostile = Object.defineProperty(new Error('no'), 'stack', {
    get() {
      throw new Error('do not look');
    },
  });
  for (const thrown of [null, 'text', { stack: '/a.js:1:1' }, hostile]) t.equal(throwPlace(thrown), undefined);
  const clock = new FakeClock();
  const records = new CrashRecords(clock);
  const place = () => records.recordOf(new Error('no'), undefined, 'ERR_ACADEMY_ACTOR_STOPPED').place;
  const places = Array.from({ length: limits.errorPlacesPerSecondMax + 1 }, place);
  t.match(places[0], /errorPlace\.test\.js:\d+:\d+$/);
  t.equal(places.filter(Boolean).length, limits.errorPlacesPerSecondMax);
  await clock.advance(1_000);
  t.match(place(), /errorPlace/);
});
