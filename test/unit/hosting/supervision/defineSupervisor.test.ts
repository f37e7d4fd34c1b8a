import t from 'tap';
import { defineSupervisor } from '../../../../runtime/hosting/supervision/defineSupervisor.js';
import { directiveFor } from '../../../../runtime/hosting/supervision/directiveFor.js';
import { supervisorInfos } from '../../../../runtime/hosting/supervision/supervisorInfo.js';
import type { Directive } from '../../../../runtime/protocol/supervision.js';
import { oops, SupervisedWorld } from './SupervisedWorld.js';

const child = (name: string) => ({ name, module: 'file:///x.js', exportName: 'x' });

t.test('a supervisor is plain data with defaults', async (t) => {
  t.strictSame(defineSupervisor({ children: [child('a')] }), {
    kind: 'academy-supervisor',
    strategy: 'one-for-one',
    intensity: 5,
    withinMs: 10_000,
    backoffMs: 20,
    backoffMaxMs: 2_000,
    children: [child('a')],
  });
});

t.test('what does not fit is refused by name', async (t) => {
  const refused = (options: object, message: RegExp, code = 'ERR_ACADEMY_BAD_ARGUMENT'): void => {
    t.throws(() => defineSupervisor(options), { code, message });
  };
  refused({ strategy: 'all-for-one' }, /strategy: it must be one of one-for-one/);
  refused({ intensity: -1 }, /intensity/);
  refused({ withinMs: Number.NaN }, /withinMs/);
  refused({ onError: { TypeError: 'explode' } }, /onError\.TypeError/);
  refused({ children: [{ ...child('') }] }, /needs a name/);
  refused({ children: [{ ...child('a'), shutdownMs: -1 }] }, /a\.shutdownMs/);
  refused({ children: [{ ...child('a'), beyond: 'explode' }] }, /a\.beyond/);
  refused({ children: [{ ...child('a'), restart: { kind: 'eternal' } }] }, /restart\.kind/);
  const inner = defineSupervisor({ children: [child('a')] });
  refused({ children: [child('a'), { name: 'b', supervisor: inner }] }, /"a"/, 'ERR_ACADEMY_NAME_TAKEN');
});

t.test('an error finds its directive by code, then by name, then by the star', async (t) => {
  const table = { ERR_ACADEMY_INTERNAL: 'stop', TypeError: 'resume', '*': 'restart' } as const;
  t.equal(directiveFor(table, oops, 'TypeError'), 'stop');
  t.equal(directiveFor(table, { ...oops, code: 'ERR_ACADEMY_STORE' }, 'TypeError'), 'resume');
  t.equal(directiveFor(table, { ...oops, code: 'ERR_ACADEMY_STORE' }, 'Error'), 'restart');
  t.equal(directiveFor({ TypeError: 'stop' }, oops, 'toString'), undefined);
  t.equal(
    directiveFor((error, name): Directive => (error.message === 'oops' && name === 'X' ? 'stop' : 'resume'), oops, 'X'),
    'stop',
  );
  t.equal(directiveFor(undefined, oops, 'Error'), undefined);
});

t.test('the tree is shown with what happens in it', async (t) => {
  const inner = defineSupervisor({ strategy: 'one-for-all', intensity: 1, children: [child('b')] });
  const world = new SupervisedWorld(defineSupervisor({ children: [child('a'), { name: 'inner', supervisor: inner }] }));
  const shown = () => world.tree.roots().flatMap((root) => supervisorInfos(root, world.clock.monotonicMs()));
  t.match(shown(), [
    { name: 'root', parent: null, status: 'running', recentRestarts: 0, children: ['a', 'inner'] },
    { name: 'inner', parent: 'root', strategy: 'one-for-all', intensity: 1, status: 'running', children: ['b'] },
  ]);
  world.crash('b');
  t.match(shown()[1], { status: 'restarting', recentRestarts: 1, restarts: 0 });
  world.clock.advance(100);
  world.crash('b');
  t.match(shown()[1], { status: 'restarting', restarts: 1 });
  world.clock.advance(20_000);
  t.match(shown(), [{ recentRestarts: 0 }, { status: 'running', recentRestarts: 0 }]);
});
