/**
 * The compiler is the test: options, messages and answers of an actor are checked from its machine to whoever spawns,
 * tells or asks it. Each line that must not compile is marked, and the build fails if one of them does.
 */
import t from 'tap';
import { emit, setup } from 'xstate';
import { defineParticipant, type ParticipantContext } from '../../actors/defineParticipant.js';
import { ActorHandle } from '../../runtime/hosting/ActorHandle.js';
import { defineActor } from '../../runtime/hosting/defineActor.js';
import { actorEffects } from '../../runtime/protocol/actorEffects.js';
import { actorModule } from '../../runtime/protocol/actorModule.js';
import type {
  ActorTypes,
  AnswerOf,
  ContractIn,
  DataOf,
  OptionsOf,
  ReferenceTo,
} from '../../runtime/protocol/contract.js';

type Equal<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false;
const holds = <T extends true>(..._: T[]): true => true;

interface CounterMessages {
  add: { tell: number };
  count: { ask: null; answer: number };
}

const counter = defineActor({
  machine: setup({
    types: {} as ActorTypes<CounterMessages, { start: number }, { count: number }>,
  }).createMachine({
    context: ({ input }) => ({ count: input.options.start }),
    on: { count: { actions: emit(({ context, event }) => actorEffects.reply(event, context.count)) } },
  }),
});
type Counter = ContractIn<typeof counter>;

holds<Equal<OptionsOf<Counter>, { start: number }>>();
holds<Equal<DataOf<Counter, 'add'>, number>>();
holds<Equal<AnswerOf<Counter, 'count'>, number>>();
holds<Equal<AnswerOf<Counter, 'add'>, never>>();

/** A codec knows the machine's context and options, and its second function what the first has packed. */
const counterMachine = setup({
  types: {} as ActorTypes<CounterMessages, { start: number }, { count: Date }>,
}).createMachine({ context: ({ input }) => ({ count: new Date(input.options.start) }) });
defineActor({
  machine: counterMachine,
  contextCodec: {
    pack: ({ count }) => ({ at: count.getTime() }),
    unpack: ({ at }, input) => ({ count: new Date(at + holds.length + input.options.start) }),
  },
});
defineActor({
  machine: counterMachine,
  contextCodec: {
    pack: ({ count }) => ({ at: count.getTime() }),
    // @ts-expect-error it is not the machine's context
    unpack: ({ at }) => ({ count: at }),
  },
});

defineParticipant({
  name: 'Counter',
  machine: counterMachine,
  contextCodec: { pack: ({ count }) => count.getTime(), unpack: (at) => ({ count: new Date(at) }) },
});

/** What `import('./counter.js')` resolves with. */
interface CounterModule {
  readonly counter: typeof counter;
  readonly default: typeof counter;
  readonly version: string;
}
declare const load: () => Promise<CounterModule>;

/** Never called: it only has to compile. */
async function use(handle: ActorHandle<Counter>, reference: ReferenceTo<Counter>): Promise<void> {
  const url = new URL('file:///counter.js');
  const module = actorModule(load, url, 'counter');
  holds<Equal<ContractIn<typeof counter>, NonNullable<(typeof module)['~contract']>>>();
  holds<Equal<typeof module, ReturnType<typeof actorModule<CounterModule, 'counter'>>>>();
  // @ts-expect-error an export that is no actor
  actorModule(load, url, 'version');
  // @ts-expect-error an export that does not exist
  actorModule(load, url, 'counted');
  // @ts-expect-error a module without a default export
  actorModule(async () => ({ counter }), url);

  handle.tell('add', 2);
  const count = await handle.ask('count', null, { deadlineMs: 1 });
  holds<Equal<typeof count, number>>();
  // @ts-expect-error data of another type
  handle.tell('add', '2');
  // @ts-expect-error a message that it does not take
  handle.tell('subtract', 2);
  // @ts-expect-error a message that has no answer
  await handle.ask('add', 2, { deadlineMs: 1 });
  // @ts-expect-error a question has a deadline
  await handle.ask('count', null);

  actorEffects.tell(reference, 'add', 2);
  actorEffects.spawn(module, { name: 'counter', options: { start: 1 } });
  // @ts-expect-error data of another type
  actorEffects.tell(reference, 'add', 'two');
  // @ts-expect-error a message that has no answer
  actorEffects.ask(reference, 'add', 2, { deadlineMs: 1, settles: 'added' });
  // @ts-expect-error options of another shape
  actorEffects.spawn(module, { name: 'counter', options: { begin: 1 } });

  const untyped = new ActorHandle(undefined as never, 'any', undefined as never);
  untyped.tell('whatever', { fits: true });
  const answer = await untyped.ask('whatever', 1, { deadlineMs: 1 });
  holds<Equal<typeof answer, unknown>>();
}

const echo = defineParticipant({
  name: 'Echo',
  onStart: (me: ParticipantContext<{ said: number }, { loud: boolean }>) => me.options.loud,
  answers: {
    count: (_: { roomId: string }, me) => me.rooms.length,
    shout: async (text: string) => text.toUpperCase(),
  },
});
type Echo = ContractIn<typeof echo>;

holds<Equal<AnswerOf<Echo, 'count'>, number>>();
holds<Equal<AnswerOf<Echo, 'shout'>, string>>();
holds<Equal<DataOf<Echo, 'count'>, { roomId: string }>>();
holds<Equal<OptionsOf<Echo>, { loud: boolean }>>();

/** Never called either. */
async function talk(me: ParticipantContext, to: ReferenceTo<Echo>): Promise<void> {
  const count = await me.ask(to, 'count', { roomId: 'lobby' }, { deadlineMs: 5 });
  holds<Equal<typeof count, number>>();
  // @ts-expect-error data of another type
  me.tell(to, 'shout', 5);
  // @ts-expect-error a question that it does not answer
  await me.ask(to, 'whisper', null);
  // @ts-expect-error a callback with other data
  defineParticipant({ name: 'Echo', onMessage: (message: { words: string }) => message.words });
}

setup({ types: {} as ActorTypes<CounterMessages> }).createMachine({
  // @ts-expect-error an answer of another type
  on: { count: { actions: emit(({ event }) => actorEffects.reply(event, 'many')) } },
});

t.test('what compiles is what fits', async (t) => {
  for (const compiled of [use, talk]) t.type(compiled, 'function');
  t.equal(counter.kind, 'academy-actor');
});

t.test('at run time a module is its URL and its export, and nothing is loaded', async (t) => {
  const refuse = async (): Promise<CounterModule> => {
    throw new Error('loaded');
  };
  t.strictSame(actorModule(refuse, new URL('file:///counter.js')), {
    module: 'file:///counter.js',
    exportName: 'default',
  });
});

t.test('effects are what a host carries out', async (t) => {
  const to: ReferenceTo<Counter> = { name: 'counter' };
  t.strictSame(actorEffects.tell(to, 'add', 2), { type: 'tell', to, message: { type: 'add', data: 2 } });
  t.strictSame(actorEffects.ask(to, 'count', null, { deadlineMs: 5, settles: 'counted', tag: 1 }), {
    type: 'ask',
    to,
    message: { type: 'count', data: null },
    deadlineMs: 5,
    settles: 'counted',
    tag: 1,
  });
  const ask = { asker: to, id: 1 };
  t.strictSame(actorEffects.reply({ ask }, 3), { type: 'reply', ask, result: 3 });
  t.match(actorEffects.reply({}, 3), { type: 'tellMany', to: [] }, 'nobody waits');
});
