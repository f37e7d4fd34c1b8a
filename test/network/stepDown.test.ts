import { Socket } from 'node:dgram';
import t, { type Test } from 'tap';
import { identityFromSeed } from '../../runtime/protocol/identity.js';
import { copyFrame } from '../../runtime/protocol/streams.js';
import { systemClock } from '../../runtime/system/systemClock.js';
import { systemRandom } from '../../runtime/system/systemRandom.js';
import { AcademyUDPTransport } from '../../transports/udp/AcademyUDPTransport.js';
import { groupAddresses } from '../../transports/udp/groupAddresses.js';
import { socketCalls } from '../../transports/udp/socketCalls.js';
import { until } from './support/NodeProcess.js';

type Send = (this: Socket, bytes: Buffer, port: number, host: string, done: (fault: Error | null) => void) => void;
const slotBytes = 1_400;

/** As a device that cannot cut segments: what is longer than one fails, from the moment on that it is told to. */
function breakSegments(t: Test, code: string) {
  const { send } = Socket.prototype as unknown as { send: Send };
  const broken = { isBroken: false, failed: 0 };
  t.teardown(() => {
    Object.assign(Socket.prototype, { send });
  });
  const failing: Send = function (bytes, port, host, done) {
    const length = Array.isArray(bytes) ? Buffer.concat(bytes).length : bytes.length;
    if (!broken.isBroken || length <= slotBytes) return send.call(this, bytes, port, host, done);
    broken.failed += 1;
    setImmediate(() => done(Object.assign(new Error(`send ${code}`), { code })));
  };
  Object.assign(Socket.prototype, { send: failing });
  return broken;
}

async function openTransport(t: Test, group: string, port: number) {
  const { multicastAddress } = groupAddresses(group).training;
  const identity = identityFromSeed(systemRandom.bytes(32));
  const transport = new AcademyUDPTransport({
    mode: 'multicast',
    multicastAddress,
    port,
    step: 'segment-offload',
    academyId: 'step-down',
    nodeId: identity.nodeId,
    streams: { identity, datagramKey: new Uint8Array(32).fill(4), random: systemRandom },
    clock: systemClock,
  });
  const numbers: number[] = [];
  const onFrame = (_kind: number, bytes: Buffer, at: number): void => {
    numbers.push(bytes.readUInt32BE(at));
  };
  transport.onStream(() => ({ onFrame, onDefinition: () => {}, onEnd: () => {} }));
  await transport.start(() => {});
  t.teardown(() => transport.stop());
  return { transport, numbers };
}

const skip = socketCalls() === null && 'this machine has no segment offload';

for (const code of ['EIO', 'EINVAL', 'EMSGSIZE']) {
  for (const isProven of [false, true]) {
    const stream = isProven ? 'a proven stream' : 'a stream';
    t.test(
      `${code} at a send of segments: ${stream} goes on one datagram a call, and loses nothing`,
      { skip },
      async (t) => {
        const broken = breakSegments(t, code);
        const group = `step-down-${systemRandom.id()}`;
        const speaker = await openTransport(t, group, 0);
        const listener = await openTransport(t, group, speaker.transport.port);
        const outgoing = speaker.transport.openStream({
          streamClass: 'ordered',
          layoutHash: 1,
          definitionKind: 2,
          isProven,
        });
        await until(async () => outgoing.members === 1);
        const payload = Buffer.alloc(400);
        const say = async (count: number): Promise<void> => {
          for (const end = outgoing.position + count; outgoing.position < end; ) {
            payload.writeUInt32BE(outgoing.position, 0);
            if (outgoing.write(1, copyFrame, payload) !== 'taken') await outgoing.ready();
          }
          await outgoing.delivered();
        };
        await say(1_000);
        t.equal(speaker.transport.stats().step, 'segment-offload');
        broken.isBroken = true;
        await say(3_000);
        t.equal(speaker.transport.stats().step, 'plain');
        t.ok(broken.failed > 0 && broken.failed <= 32, 'it tries no segments again');
        t.strictSame(
          listener.numbers,
          Array.from({ length: 4_000 }, (_, index) => index),
        );
        t.equal(outgoing.stats().sendErrors, 0);
      },
    );
  }
}

t.test('another fault is counted, and no reason to step down', { skip }, async (t) => {
  const broken = breakSegments(t, 'ENETUNREACH');
  const speaker = await openTransport(t, `step-down-${systemRandom.id()}`, 0);
  const outgoing = speaker.transport.openStream({ streamClass: 'ordered', layoutHash: 1, definitionKind: 2 });
  broken.isBroken = true;
  const payload = Buffer.alloc(1_000);
  for (let count = 0; count < 100; count++) outgoing.write(1, copyFrame, payload);
  outgoing.flush();
  await until(async () => outgoing.stats().sendErrors > 0);
  t.equal(speaker.transport.stats().step, 'segment-offload');
});
