import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t, { type Test } from 'tap';
import { trainingSignals } from '../../../benchmarks/multicast/trainingSignals.js';
import type { Peer, PeerMessage } from '../../../benchmarks/peers/Peer.js';
import { peerPath } from '../../../benchmarks/peers/peerPath.js';
import { manners } from '../../../benchmarks/peers/SignalFraming.js';
import type { TrainingSignal } from '../../../runtime/protocol/schemas/training.js';

/** Hands messages over in this process, a few at a time: it is full after three until ready() is called. */
function shortPeer(messages: Peer['messages']) {
  const sent: PeerMessage[] = [];
  let onMessage: (message: PeerMessage) => void = () => {};
  let held = 0;
  const peer: Peer = {
    messages,
    openPublisher: async () => ({
      send: (message) => {
        if (held >= 3) throw new Error('it was full');
        held += 1;
        sent.push(message);
        onMessage(message);
      },
      get isFull() {
        return held >= 3;
      },
      ready: async () => {
        held = 0;
      },
      flush: async () => {},
      whenHeard: async () => {},
      close: async () => {},
    }),
    openReceiver: async (_network, _load, listener) => {
      onMessage = listener;
      return { close: async () => {} };
    },
  };
  return { peer, sent };
}

/** A folder whose msgpackr is the project's own, as if the peers were installed. */
function networkOf(t: Test) {
  const peersFolder = t.testdir({});
  const own = import.meta.resolve('msgpackr');
  mkdirSync(peersFolder, { recursive: true });
  writeFileSync(join(peersFolder, 'load.mjs'), `export const load = () => import(${JSON.stringify(own)});\n`);
  return { academyId: 'test', port: 0, datagramKey: null, receivers: 1, peersFolder };
}

for (const messages of ['json', 'msgpackr', 'objects'] as const) {
  for (const manner of manners) {
    t.test(`${messages}, ${manner}: what goes in comes out, in order, and a full peer is waited for`, async (t) => {
      const { peer, sent } = shortPeer(messages);
      const network = networkOf(t);
      const signals = trainingSignals(2, 1000);
      const heard: TrainingSignal[] = [];
      const path = peerPath(peer, manner);
      const receiver = await path.openReceiver(network, (signal) => heard.push(signal));
      const publisher = await path.openPublisher(network);
      for (const signal of signals) {
        while (!publisher.publish(signal)) await publisher.ready();
      }
      await publisher.flush();
      t.strictSame(heard, signals);
      t.equal(receiver.dropped, 0);
      t.equal(sent.length, { used: 1000, batched: Math.ceil(1000 / 128), codec: 5 }[manner]);
      await publisher.close();
      await receiver.close();
    });
  }
}

t.test('a batch that is not full leaves at the end of the turn', async (t) => {
  const { peer } = shortPeer('json');
  const network = networkOf(t);
  const heard: TrainingSignal[] = [];
  const path = peerPath(peer, 'batched');
  await path.openReceiver(network, (signal) => heard.push(signal));
  const publisher = await path.openPublisher(network);
  const signals = trainingSignals(2, 2);
  for (const signal of signals) t.ok(publisher.publish(signal));
  t.equal(heard.length, 0);
  await new Promise(setImmediate);
  t.strictSame(heard, signals);
});

t.test('a message that is none of ours is counted', async (t) => {
  const { peer } = shortPeer('json');
  const network = networkOf(t);
  const receiver = await peerPath(peer, 'used').openReceiver(network, () => t.fail('there was no signal'));
  const publisher = await peer.openPublisher(network, () => Promise.reject(new Error('nothing to load')));
  publisher.send('{');
  t.equal(receiver.dropped, 1);
});
