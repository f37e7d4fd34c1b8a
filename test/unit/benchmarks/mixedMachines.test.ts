import t from 'tap';
import { academyMixed } from '../../../benchmarks/actors/mixed/academyMixed.js';
import {
  checkMixed,
  mixedMachines,
  mixedShape,
  singleMachines,
} from '../../../benchmarks/actors/mixed/mixedMachines.js';
import { xstateMixed } from '../../../benchmarks/actors/mixed/xstateMixed.js';

// The benchmark's processes run with --expose-gc; here only the work is looked at.
const { gc } = globalThis;
globalThis.gc = (() => {}) as NonNullable<typeof globalThis.gc>;
t.teardown(() => {
  globalThis.gc = gc;
});

t.test('twenty machines do the same in a host as XState has them do, message by message', async (t) => {
  t.equal(mixedMachines.length, 20);
  t.equal(new Set(mixedMachines.map(({ name }) => name)).size, 20);
  for (const machines of [mixedMachines, singleMachines]) {
    t.match(await xstateMixed(machines, 1_800), { count: 1_800, fault: null });
    t.match(await academyMixed(machines, 1_800), { count: 1_800, fault: null });
  }
});

t.test('every machine that reports does so wherever its script has brought it', async (t) => {
  for (const machine of mixedMachines) {
    for (let steps = 1; steps <= machine.script.length; steps++) {
      t.doesNotThrow(
        () => checkMixed({ reports: new Map([[machine, []]]), told: 0 }, 0, steps),
        `${machine.name} ${steps}`,
      );
    }
  }
});

t.test('the full load is 10,000 actors, however many types there are', async (t) => {
  t.match(mixedShape(300_000, 20), { actorsOfType: 500, steps: 30 });
  t.match(mixedShape(300_000, 1), { actorsOfType: 10_000, steps: 30 });
  t.match(mixedShape(10, 20), { actorsOfType: 1, steps: 1 });
});

t.test('an actor that has come to anything else is a fault', async (t) => {
  const [machine] = singleMachines;
  if (!machine) throw new Error('there is one');
  const right = JSON.stringify({ rounds: 2, pressed: true });
  const outcome = (report: string, told: number) => ({ reports: new Map([[machine, [right, report]]]), told });
  t.equal(checkMixed(outcome(right, 0), 2, 4), null);
  t.match(checkMixed(outcome(JSON.stringify({ rounds: 1, pressed: true }), 0), 2, 4), '1 of 2 actors');
  t.match(checkMixed(outcome(right, 1), 2, 4), '1 of 0 messages told');
});
