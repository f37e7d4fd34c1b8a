import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import t, { type Test } from 'tap';
import { identityFromSeed } from '../../runtime/protocol/identity.js';
import { copyFrame, type OutgoingStream } from '../../runtime/protocol/streams.js';
import { systemClock } from '../../runtime/system/systemClock.js';
import { systemRandom } from '../../runtime/system/systemRandom.js';
import { AcademyUDPTransport } from '../../transports/udp/AcademyUDPTransport.js';
import { groupAddresses } from '../../transports/udp/groupAddresses.js';
import { socketCalls } from '../../transports/udp/socketCalls.js';
import { type LadderStep, ladderSteps } from '../../transports/udp/UdpGroupSockets.js';
import { until } from './support/NodeProcess.js';
import type { ListenerGiven, ListenerReport } from './support/streamListener.js';

const defaultBufferBytes = 4 * 1024 * 1024;

/** A publisher in this process, and listeners in processes of their own. */
class Group {
  readonly transport: AcademyUDPTransport;
  readonly #given: Omit<ListenerGiven, 'receiveBufferBytes'>;
  readonly #listeners: ChildProcess[] = [];
  said = 0;

  private constructor(transport: AcademyUDPTransport, given: Omit<ListenerGiven, 'receiveBufferBytes'>) {
    this.transport = transport;
    this.#given = given;
  }

  static async open(t: Test, step: LadderStep): Promise<Group> {
    const { multicastAddress } = groupAddresses(`streams-${systemRandom.id()}`).training;
    const identity = identityFromSeed(systemRandom.bytes(32));
    const datagramKey = systemRandom.bytes(32);
    const transport = new AcademyUDPTransport({
      mode: 'multicast',
      multicastAddress,
      port: 0,
      step,
      academyId: 'stream-test',
      nodeId: identity.nodeId,
      streams: { identity, datagramKey, random: systemRandom, ringBytes: 2 * 1024 * 1024 },
      clock: systemClock,
    });
    await transport.start(() => {});
    const group = new Group(transport, { multicastAddress, port: transport.port, step, datagramKey: [...datagramKey] });
    t.teardown(async () => {
      await transport.stop();
      for (const listener of group.#listeners) listener.kill('SIGKILL');
    });
    return group;
  }

  async listener(receiveBufferBytes = defaultBufferBytes): Promise<ChildProcess> {
    const given: ListenerGiven = { ...this.#given, receiveBufferBytes };
    const child = fork(new URL('./support/streamListener.js', import.meta.url), [JSON.stringify(given)]);
    this.#listeners.push(child);
    await once(child, 'message');
    return child;
  }

  openStream(): OutgoingStream {
    return this.transport.openStream({ streamClass: 'ordered', layoutHash: 1, definitionKind: 2 });
  }

  /** Says so many frames, each with its number, as fast as the members allow. */
  async say(stream: OutgoingStream, count: number): Promise<void> {
    const payload = Buffer.alloc(300);
    for (const end = this.said + count; this.said < end; ) {
      payload.writeUInt32BE(this.said, 0);
      if (stream.write(1, copyFrame, payload) === 'taken') this.said += 1;
      else await stream.ready();
    }
  }
}

async function report(listener: ChildProcess, message: { busyMs?: number } = {}): Promise<ListenerReport> {
  listener.send(message);
  const [answer] = (await once(listener, 'message')) as [ListenerReport];
  return answer;
}

for (const step of ladderSteps) {
  const skip = step === 'segment-offload' && socketCalls() === null && 'this machine has no segment offload';

  t.test(
    `${step}: three processes hear a stream as fast as it goes, each frame once and in order`,
    { skip },
    async (t) => {
      const group = await Group.open(t, step);
      const listeners = await Promise.all([group.listener(), group.listener(), group.listener()]);
      const stream = group.openStream();
      await until(async () => stream.members === 3);
      await group.say(stream, 30_000);
      await stream.delivered();
      for (const listener of listeners) t.strictSame(await report(listener), { heard: 30_000, wrong: 0 });
      t.ok(stream.stats().backPressure > 0, 'it was faster than they');
    },
  );

  t.test(
    `${step}: a listener that is killed, and one that stops reading for a while, cost the others nothing`,
    { skip },
    async (t) => {
      const group = await Group.open(t, step);
      const [good, busy, killed] = await Promise.all([group.listener(), group.listener(), group.listener()]);
      const stream = group.openStream();
      await until(async () => stream.members === 3);
      await group.say(stream, 3_000);
      await report(busy as ChildProcess, { busyMs: 300 });
      killed?.kill('SIGKILL');
      await group.say(stream, 10_000);
      await stream.delivered();
      t.strictSame(await report(good as ChildProcess), { heard: 13_000, wrong: 0 });
      t.strictSame(await report(busy as ChildProcess), { heard: 13_000, wrong: 0 });
      t.equal(stream.stats().membersEvicted, 1, 'the killed one was given up');
    },
  );

  t.test(
    `${step}: a receive buffer that is smaller than asked for makes the window smaller, and loses nothing`,
    { skip },
    async (t) => {
      const group = await Group.open(t, step);
      const [large, small] = await Promise.all([group.listener(), group.listener(8 * 1024)]);
      const stream = group.openStream();
      await until(async () => stream.members === 2);
      await group.say(stream, 5_000);
      await stream.delivered();
      for (const listener of [large, small]) {
        t.strictSame(await report(listener as ChildProcess), { heard: 5_000, wrong: 0 });
      }
    },
  );
}
