import t from 'tap';
import {
  mayTake,
  onlyCallsMethodsOf,
  takenNames,
  takesContextAndEvent,
} from '../../../../runtime/hosting/tiers/argumentUse.js';

type Fn = (...args: never[]) => unknown;

/** Made from text, so that no compiler changes how it is written. */
function fn(source: string): Fn {
  return new Function(`return ${source}`)() as Fn;
}

t.test('a pattern names what a function takes', async (t) => {
  const patterns: Record<string, readonly string[]> = {
    '({ context, event }) => 1': ['context', 'event'],
    'async ({ context: { a, b: [c] }, event: e = {} }) => 1': ['context', 'event'],
    'function named({ event }, params) { return 1 }': ['event'],
    'function ({\n  // the one,\n  context, /* the other } */ self,\n}) {}': ['context', 'self'],
    '({ method({ check }) {} }).method': ['check'],
    '() => 1': [],
    '({}) => 1': [],
  };
  for (const [source, names] of Object.entries(patterns))
    t.strictSame([...(takenNames(fn(source)) ?? ['?'])], names, source);
});

t.test('what is not such a pattern may take anything', async (t) => {
  const sources = [
    '(args) => args.context',
    'args => args',
    '({ ...args }) => args',
    '({ context, ...others }) => others',
    '({ ["context"]: c }) => c',
    '({ "context": c }) => c',
    'function () { return arguments[0] }',
    "({ context = '}' }) => context",
    '((({ context }) => context)).bind(null)',
  ];
  for (const source of sources) {
    t.equal(takenNames(fn(source)), null, source);
    t.notOk(takesContextAndEvent(fn(source)), source);
  }
  t.ok(mayTake(fn('(args) => args.self'), 'self'));
  t.notOk(mayTake(fn('(args) => args.context'), 'self'));
  t.notOk(mayTake(fn("({ context }) => 'self'"), 'self'));
});

t.test('an argument that is only called by its methods need be no function', async (t) => {
  t.ok(
    onlyCallsMethodsOf(
      fn('({ enqueue, context }) => { enqueue.emit(1); enqueue\n  .assign({ a: context.a }); }'),
      'enqueue',
    ),
  );
  for (const source of [
    '({ enqueue }) => enqueue("name")',
    '({ enqueue }) => other(enqueue)',
    '({ enqueue }) => { const { emit } = enqueue; }',
    '({ enqueue: q }) => q("name")',
    '({ enqueue }) => enqueue.emit.call(null, 1)',
    '(args) => args.enqueue.emit(1)',
  ]) {
    t.notOk(onlyCallsMethodsOf(fn(source), 'enqueue'), source);
  }
});
