import fc from 'fast-check';
import t from 'tap';
import { SignalGate } from '../../../actors/SignalGate.js';

const judged = (messageId: string, judge = 'eve@n') => ({ messageId, judge });

t.test('a judgement counts once for each message and judge', async (t) => {
  const gate = new SignalGate();
  t.equal(gate.admit(judged('m1'), 0), 'heard');
  t.equal(gate.admit(judged('m1'), 1), 'repeated');
  t.equal(gate.admit(judged('m1', 'bob@n'), 2), 'heard');
  t.same(gate.counts, { heard: 2, repeated: 1, 'too-many': 0 });
});

t.test('no judge is heard more often than the cap within a window, however it spreads its judgements', async () => {
  const steps = fc.array(fc.record({ afterMs: fc.nat({ max: 400 }), judge: fc.constantFrom('a', 'b') }), {
    maxLength: 200,
  });
  fc.assert(
    fc.property(steps, (drawn) => {
      const gate = new SignalGate({ signalsPerJudgeMax: 3, windowMs: 1_000 });
      const heardAt: Record<string, number[]> = { a: [], b: [] };
      let atMs = 0;
      for (const [n, { afterMs, judge }] of drawn.entries()) {
        atMs += afterMs;
        if (gate.admit(judged(`m${n}`, judge), atMs) === 'heard') heardAt[judge]?.push(atMs);
      }
      // Windows are fixed, so two of them may touch: never more than twice the cap in any stretch of that length.
      return Object.values(heardAt).every((times) =>
        times.every((start) => times.filter((time) => time >= start && time < start + 1_000).length <= 6),
      );
    }),
  );
});

t.test('what was refused for being too many may be heard later', async (t) => {
  const gate = new SignalGate({ signalsPerJudgeMax: 1, windowMs: 100 });
  gate.admit(judged('m1'), 0);
  t.equal(gate.admit(judged('m2'), 99), 'too-many');
  t.equal(gate.admit(judged('m2'), 100), 'heard');
});
