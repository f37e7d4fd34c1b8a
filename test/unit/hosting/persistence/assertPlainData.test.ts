/** What an image may hold: whatever a structured clone makes again as it was. */
import { isDeepStrictEqual } from 'node:util';
import fc from 'fast-check';
import t from 'tap';
import { assertPlainData } from '../../../../runtime/hosting/persistence/assertPlainData.js';

class Mind {
  name = 'ada';
}

t.test('what passes is as good when it is cloned', async (t) => {
  const anything = fc.anything({
    withBigInt: true,
    withDate: true,
    withMap: true,
    withSet: true,
    withTypedArray: true,
  });
  fc.assert(
    fc.property(anything, (value) => {
      assertPlainData(value, 'context');
      return isDeepStrictEqual(structuredClone(value), structuredClone(structuredClone(value)));
    }),
  );
  t.pass();
});

t.test('an instance of a class is named with its place, wherever it lies', async (t) => {
  const cyclic: Record<string, unknown> = { mind: null };
  cyclic.self = cyclic;
  t.doesNotThrow(() => assertPlainData(cyclic, 'context'));
  cyclic.mind = new Mind();
  const held = [new Mind(), [{ mind: new Mind() }], new Map([['a', new Mind()]]), new Set([new Mind()]), cyclic];
  for (const value of [...held, new URL('file:///'), new WeakMap(), Object.create(new Mind())]) {
    t.throws(() => assertPlainData(value, 'context'), {
      code: 'ERR_ACADEMY_SNAPSHOT_INVALID',
      message: /context.* is an instance of (Mind|URL|WeakMap)/,
    });
  }
});
