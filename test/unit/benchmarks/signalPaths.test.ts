import t from 'tap';
import { hashPhases, hashSignal } from '../../../benchmarks/multicast/hashSignal.js';
import { openSignalPath, signalPathNames } from '../../../benchmarks/multicast/signalPaths.js';
import { distinctSignals, indexOfSignal, trainingSignals } from '../../../benchmarks/multicast/trainingSignals.js';
import { freeUdpPort } from '../../../benchmarks/runner/freeUdpPort.js';
import { isEventData } from '../../../runtime/protocol/events.js';
import { MessageCodec } from '../../../runtime/protocol/MessageCodec.js';
import type { TrainingSignal } from '../../../runtime/protocol/schemas/training.js';
import { systemRandom } from '../../../runtime/system/systemRandom.js';

t.test('ten thousand signals have texts that no other one has, and are what their schema says', async (t) => {
  const signals = trainingSignals(1);
  t.ok(distinctSignals >= 10_000 && signals.length === distinctSignals);
  const fields = ['inputContext', 'expectedBehavior', 'actualBehavior', 'improvementSuggestion'] as const;
  const texts = signals.flatMap(({ signal }) => fields.map((field) => signal[field]));
  t.equal(new Set(texts).size, texts.length);
  const length = texts.reduce((sum, text) => sum + text.length, 0) / texts.length;
  t.ok(length > 55 && length < 65, `mean length ${length}`);
  t.ok(signals.every((signal) => isEventData('academy.training.signal', signal)));
  t.ok(signals.every((signal, index) => indexOfSignal(signal) === index));
  t.strictSame(trainingSignals(1, 50), signals.slice(0, 50), 'the same seed gives the same signals');
  t.notSame(trainingSignals(2, 50), signals.slice(0, 50));
});

t.test('the hash of a signal survives the codec, and changes with every field in every phase', async (t) => {
  const codec = new MessageCodec();
  const [signal] = trainingSignals(1, 1);
  if (!signal) throw new Error('unreachable');
  for (const [index, each] of trainingSignals(3, 500).entries()) {
    const phase = index % hashPhases;
    t.equal(hashSignal(codec.decode(codec.encode(each)) as TrainingSignal, phase), hashSignal(each, phase));
  }
  const changed: TrainingSignal[] = [
    { ...signal, personaId: 'other' },
    { ...signal, academyId: 'other' },
    { ...signal, roomId: 'other' },
    { ...signal, sessionId: 'other' },
    { ...signal, messageId: 'other' },
    { ...signal, judge: 'other' },
    { ...signal, propagateToNetwork: !signal.propagateToNetwork },
    { ...signal, timestamp: signal.timestamp + 1 },
    { ...signal, signal: { ...signal.signal, type: signal.signal.type === 'meta' ? 'delayed' : 'meta' } },
    { ...signal, signal: { ...signal.signal, value: signal.signal.value / 2 + 0.1 } },
    {
      ...signal,
      signal: { ...signal.signal, category: signal.signal.category === 'reliable' ? 'technical' : 'reliable' },
    },
    {
      ...signal,
      signal: { ...signal.signal, source: signal.signal.source === 'peer_review' ? 'test_outcome' : 'peer_review' },
    },
    { ...signal, signal: { ...signal.signal, inputContext: 'other' } },
    { ...signal, signal: { ...signal.signal, expectedBehavior: 'other' } },
    { ...signal, signal: { ...signal.signal, actualBehavior: 'other' } },
    { ...signal, signal: { ...signal.signal, improvementSuggestion: 'other' } },
  ];
  for (let phase = 0; phase < hashPhases; phase++) {
    t.equal(new Set([signal, ...changed].map((each) => hashSignal(each, phase))).size, changed.length + 1);
  }
});

t.test('every character of a text is read by one of the phases', async (t) => {
  const [signal] = trainingSignals(1, 1);
  if (!signal) throw new Error('unreachable');
  const hashes = (given: TrainingSignal): number[] =>
    Array.from({ length: hashPhases }, (_, phase) => hashSignal(given, phase));
  const honest = hashes(signal);
  const { inputContext } = signal.signal;
  for (let index = 0; index < inputContext.length; index++) {
    const text = `${inputContext.slice(0, index)}#${inputContext.slice(index + 1)}`;
    const forged = hashes({ ...signal, signal: { ...signal.signal, inputContext: text } });
    t.notSame(forged, honest, `character ${index}`);
  }
});

for (const name of signalPathNames) {
  for (const datagramKey of [null, systemRandom.bytes(32)]) {
    t.test(`${name}, ${datagramKey ? 'keyed' : 'open'}: the object that goes in comes out equal`, async (t) => {
      const path = await openSignalPath(name);
      const network = {
        academyId: `test-${systemRandom.id()}`,
        port: await freeUdpPort(),
        datagramKey,
        receivers: 1,
        peersFolder: null,
      };
      const signals = trainingSignals(5, 20);
      const heard: TrainingSignal[] = [];
      let onAll: () => void = () => {};
      const all = new Promise<void>((resolve) => {
        onAll = resolve;
      });
      const receiver = await path.openReceiver(network, (signal) => {
        if (heard.push(signal) === signals.length) onAll();
      });
      const publisher = await path.openPublisher(network);
      await publisher.whenHeard();
      for (const signal of signals) {
        while (!publisher.publish(signal)) await publisher.ready();
      }
      await publisher.flush();
      await all;
      t.strictSame(heard, signals);
      t.equal(publisher.refused + receiver.dropped, 0);
      await publisher.close();
      await receiver.close();
    });
  }
}
