import t from 'tap';
import { trainingSignals } from '../../../benchmarks/multicast/trainingSignals.js';
import { SignalCodec } from '../../../benchmarks/peers/SignalCodec.js';
import type { TrainingSignal } from '../../../runtime/protocol/schemas/training.js';

t.test('batches come out as they went in, with new ids in the midst of them', async (t) => {
  const signals = trainingSignals(4, 1000);
  const [writer, reader] = [new SignalCodec(), new SignalCodec()];
  const heard: TrainingSignal[] = [];
  for (let from = 0; from < signals.length; from += 200) {
    reader.decodeBatch(writer.encodeBatch(signals, from, from + 200), (signal) => heard.push(signal));
  }
  t.strictSame(heard, signals);
});

t.test('signals that are longer than expected are given more room', async (t) => {
  const signals = trainingSignals(4, 3).map(({ signal, ...rest }) => ({
    ...rest,
    signal: { ...signal, inputContext: signal.inputContext.repeat(10) },
  }));
  const heard: TrainingSignal[] = [];
  new SignalCodec().decodeBatch(new SignalCodec().encodeBatch(signals, 0, 3), (signal) => heard.push(signal));
  t.strictSame(heard, signals);
});

t.test('a batch that is cut short, or not one at all, is refused', async (t) => {
  const bytes = new SignalCodec().encodeBatch(trainingSignals(4, 3), 0, 3);
  t.throws(() => new SignalCodec().decodeBatch(bytes.subarray(0, bytes.length - 1), () => {}), /cut short/);
  t.throws(() => new SignalCodec().decodeBatch(Buffer.from([4, 0, 0, 0, 1, 2, 3, 4]), () => {}), /no signal/);
});
