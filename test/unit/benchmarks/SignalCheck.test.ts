import t from 'tap';
import { SignalCheck } from '../../../benchmarks/multicast/SignalCheck.js';
import { trainingSignals } from '../../../benchmarks/multicast/trainingSignals.js';
import type { TrainingSignal } from '../../../runtime/protocol/schemas/training.js';

const signals = trainingSignals(7, 100);

function at(position: number): TrainingSignal {
  return signals[position % signals.length] as TrainingSignal;
}

/** What a check makes of a stream of `count` signals that was tampered with. */
function counts(tamper: (stream: TrainingSignal[]) => void, count = 250) {
  const stream = Array.from({ length: count }, (_, position) => at(position));
  tamper(stream);
  const check = new SignalCheck(signals);
  for (const signal of stream) check.take(signal);
  check.giveUpTo(count);
  const { received, lost, disordered, corrupt, next } = check;
  return { received, lost, disordered, corrupt, next };
}

const whole = { received: 250, lost: 0, disordered: 0, corrupt: 0, next: 250 };

t.test('a stream that arrives as it was sent is complete, lap after lap', async (t) => {
  t.strictSame(
    counts(() => {}),
    whole,
  );
});

t.test('positions count through the laps', async (t) => {
  const check = new SignalCheck(signals);
  for (let position = 0; position < 250; position++) t.equal(check.take(at(position)), position);
});

t.test('a missing signal is lost, in the middle, at the start and at the end', async (t) => {
  for (const index of [0, 120, 249]) {
    t.strictSame(
      counts((stream) => stream.splice(index, 1)),
      { ...whole, received: 249, lost: 1 },
    );
  }
});

t.test('a lap that is missing as a whole is lost', async (t) => {
  t.strictSame(
    counts((stream) => stream.splice(50, 100)),
    { ...whole, received: 150, lost: 100 },
  );
});

t.test('a doubled signal is told, at once and later', async (t) => {
  for (const later of [1, 30]) {
    t.strictSame(
      counts((stream) => stream.splice(120 + later, 0, at(120))),
      { ...whole, disordered: 1 },
    );
  }
});

t.test('two signals that have changed places are told', async (t) => {
  t.strictSame(
    counts((stream) => stream.splice(120, 2, at(121), at(120))),
    { ...whole, received: 249, lost: 1, disordered: 1 },
  );
});

t.test('a signal that is not quite what was sent is corrupt, whatever field it is', async (t) => {
  const change: readonly ((signal: TrainingSignal) => TrainingSignal)[] = [
    (signal) => ({ ...signal, timestamp: signal.timestamp + 1 }),
    (signal) => ({ ...signal, personaId: `${signal.personaId}0` }),
    (signal) => ({ ...signal, propagateToNetwork: false }),
    (signal) => ({ ...signal, messageId: 'message-nonsense' }),
    (signal) => ({ ...signal, signal: { ...signal.signal, value: signal.signal.value + Number.EPSILON + 1e-9 } }),
    (signal) => ({ ...signal, signal: { ...signal.signal, actualBehavior: at(3).signal.actualBehavior } }),
  ];
  for (const [index, tamper] of change.entries()) {
    t.match(
      counts((stream) => stream.splice(120, 1, tamper(at(120)))),
      { received: 249, lost: 1, corrupt: 1 },
      `change ${index}`,
    );
  }
});

t.test('a text with one wrong character, in every signal of a run, does not stay hidden', async (t) => {
  for (let place = 0; place < 56; place++) {
    const { corrupt } = counts((stream) => {
      for (const [index, { signal, ...rest }] of stream.entries()) {
        const text = signal.inputContext;
        const inputContext = `${text.slice(0, place)}#${text.slice(place + 1)}`;
        stream[index] = { ...rest, signal: { ...signal, inputContext } };
      }
    });
    t.ok(corrupt > 0, `place ${place}`);
  }
});
