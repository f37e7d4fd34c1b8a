import fc from 'fast-check';
import t from 'tap';
import { createActor, setup } from 'xstate';
import { valueView } from '../../../../runtime/hosting/inspection/valueView.js';
import { identityFromSeed } from '../../../../runtime/protocol/identity.js';
import { inspectedAs } from '../../../../runtime/protocol/inspectedAs.js';
import { limits } from '../../../../runtime/protocol/limits.js';

class Mind {
  readonly thoughts = 2;
  readonly #inner = 'not to be seen';
  get inner(): string {
    return this.#inner;
  }
}

t.test('a view shows plain data as they are, and says in a word what else there is', async (t) => {
  const self: Record<string, unknown> = { name: 'a' };
  self.self = self;
  const value = {
    plain: [1, 'two', null, true, undefined, { three: 3 }],
    mind: new Mind(),
    map: new Map<unknown, unknown>([
      ['key', 1],
      [{ a: 1 }, 2],
    ]),
    set: new Set(['x']),
    bytes: new Uint8Array(32),
    when: new Date(0),
    fault: new TypeError('no'),
    numbers: [Number.NaN, 5n, Symbol('s')],
    call: () => 1,
    self,
    actor: createActor(setup({}).createMachine({}), { id: 'child' }),
    proxy: new Proxy({}, {}),
    get lazy(): never {
      throw new Error('nobody is to call this');
    },
  };
  t.strictSame(valueView(value), {
    plain: [1, 'two', null, true, undefined, { three: 3 }],
    mind: { $class: 'Mind', thoughts: 2 },
    map: { $class: 'Map', key: 1, '{"a":1}': 2 },
    set: { $class: 'Set', 0: 'x' },
    bytes: '[Uint8Array, 32 bytes]',
    when: '[1970-01-01T00:00:00.000Z]',
    fault: '[TypeError: no]',
    numbers: ['[NaN]', '[5n]', '[Symbol(s)]'],
    call: '[function]',
    self: { name: 'a', self: '[cycle]' },
    actor: '[actor child]',
    proxy: '[proxy]',
    lazy: '[getter]',
  });
});

t.test('an instance of a class may say itself what is shown of it, and is held to the same rules', async (t) => {
  class Told {
    readonly #kept = { count: 3, token: 'x', list: [1, 2] };
    [inspectedAs](): object {
      return this.#kept;
    }
  }
  class Wordless {
    readonly field = 1;
    [inspectedAs](): string {
      return 'no object';
    }
  }
  t.strictSame(valueView([new Told(), new Wordless()]), [
    { $class: 'Told', count: 3, token: '[hidden]', list: [1, 2] },
    { $class: 'Wordless', field: 1 },
  ]);
});

t.test('what is secret by its name or by its look is not shown, and neither are bytes', async (t) => {
  const seed = new Uint8Array(32).fill(7);
  const ticket = `academy:home:${Buffer.from(seed).toString('base64url')}`;
  const view = valueView({
    options: { nodeKeySeed: seed, seed: 5, apiKey: 'sk-1', password: ['p'], isSecret: true, tokens: null },
    headers: new Map([['Authorization', 'Basic abc']]),
    identity: identityFromSeed(seed),
    line: ticket,
    url: 'https://me:hunter2@example.org/',
    pem: '-----BEGIN PRIVATE KEY-----\nabc',
  });
  t.match(view, {
    options: {
      nodeKeySeed: '[hidden]',
      seed: '[hidden]',
      apiKey: '[hidden]',
      password: '[hidden]',
      isSecret: true,
      tokens: null,
    },
    headers: { Authorization: '[hidden]' },
    line: '[hidden]',
    url: '[hidden]',
    pem: '[hidden]',
  });
  const text = JSON.stringify(view);
  for (const secret of [Buffer.from(seed).toString('base64'), Buffer.from(seed).toString('hex'), '7,7,7']) {
    t.notMatch(text, secret);
  }
});

t.test('a view is bounded, and shows the upper levels of what is too large', async (t) => {
  const long = 'x'.repeat(limits.viewCharactersMax + 5);
  t.equal(valueView(long), `${'x'.repeat(limits.viewCharactersMax)}… 5 more`);
  const many = Array.from({ length: limits.viewEntriesMax + 3 }, (_, index) => index);
  t.strictSame((valueView(many) as unknown[]).slice(-2), [limits.viewEntriesMax - 1, '[3 more]']);
  t.match(valueView(Object.fromEntries(many.map((index) => [`k${index}`, index]))), { $more: 3, k0: 0 });
  t.match(valueView(new Map(many.map((index) => [`k${index}`, index]))), { $more: 3, k0: 0 });
  const wide = (depth: number): unknown =>
    depth === 0 ? 0 : Object.fromEntries(many.slice(0, 20).map((index) => [`k${index}`, wide(depth - 1)]));
  t.match(valueView({ first: wide(4), last: 'is there, too' }), {
    first: { k0: { k0: '[object]' } },
    last: 'is there, too',
  });
});

t.test('a view of anything is JSON, says the same twice, and stays within its bounds', async (t) => {
  const anything = fc.anything({
    withBigInt: true,
    withBoxedValues: true,
    withDate: true,
    withMap: true,
    withNullPrototype: true,
    withObjectString: true,
    withSet: true,
    withSparseArray: true,
    withTypedArray: true,
  });
  fc.assert(
    fc.property(anything, (value) => {
      const text = JSON.stringify(valueView(value)) ?? '';
      const atMost = 2 * limits.viewValuesMax * (2 * limits.viewCharactersMax);
      return text === (JSON.stringify(valueView(value)) ?? '') && text.length <= atMost;
    }),
  );
  t.pass('it held');
});
