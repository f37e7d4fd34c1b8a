import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import t, { type Test } from 'tap';
import { systemRandom } from '../../runtime/system/systemRandom.js';
import { groupAddresses } from '../../transports/udp/groupAddresses.js';
import { socketCalls } from '../../transports/udp/socketCalls.js';
import { type LadderStep, ladderSteps } from '../../transports/udp/UdpGroupSockets.js';
import { until } from './support/NodeProcess.js';
import type { ListenerGiven, ListenerReport } from './support/streamListener.js';
import type { SpeakerReport } from './support/streamSpeaker.js';
import { TestHosts } from './support/TestHosts.js';

const [speakerProgram, listenerProgram] = ['streamSpeaker', 'streamListener'].map((name) =>
  fileURLToPath(new URL(`./support/${name}.js`, import.meta.url)),
) as [string, string];

async function answerOf<T>(child: ChildProcess, message: object): Promise<T> {
  child.send(message);
  const [answer] = (await once(child, 'message')) as [T];
  return answer;
}

/** A publisher on the first host and listeners on the others, all members. */
async function openGroup(t: Test, step: LadderStep, listeners: number) {
  const hosts = TestHosts.open(listeners + 1);
  const children: ChildProcess[] = [];
  t.teardown(async () => {
    await Promise.all(
      children.map(async (child) => {
        const gone = child.exitCode === null ? once(child, 'exit') : undefined;
        child.disconnect();
        await gone;
      }),
    );
    hosts.close();
  });
  const given: Omit<ListenerGiven, 'interfaceAddress'> = {
    multicastAddress: groupAddresses(`hosts-${systemRandom.id()}`).training.multicastAddress,
    port: 47_100,
    step,
    datagramKey: [...systemRandom.bytes(32)],
    receiveBufferBytes: 1024 * 1024,
  };
  const start = async (host: number, program: string): Promise<ChildProcess> => {
    const child = hosts.run(host, program, [JSON.stringify({ ...given, interfaceAddress: hosts.addressOf(host) })]);
    children.push(child);
    await once(child, 'message');
    return child;
  };
  const heard: ChildProcess[] = [];
  for (let host = 2; host <= listeners + 1; host++) heard.push(await start(host, listenerProgram));
  const speaker = await start(1, speakerProgram);
  await until(async () => (await answerOf<SpeakerReport>(speaker, { say: 0 })).members === listeners);
  return { hosts, speaker, listeners: heard };
}

const whyNot = TestHosts.whyNot();

for (const step of ladderSteps) {
  const skip =
    whyNot ?? (step === 'segment-offload' && socketCalls() === null && 'this machine has no segment offload');

  t.test(
    `${step}: three hosts lose every tenth datagram each, and hear everything once and in order`,
    { skip },
    async (t) => {
      const { hosts, speaker, listeners } = await openGroup(t, step, 3);
      hosts.loseUdp(100);
      const { said } = await answerOf<SpeakerReport>(speaker, { say: 8_000 });
      for (const listener of listeners) {
        await until(async () => (await answerOf<ListenerReport>(listener, {})).heard === said);
        t.equal((await answerOf<ListenerReport>(listener, {})).wrong, 0);
      }
      t.ok((await answerOf<SpeakerReport>(speaker, { say: 0 })).repaired > 0);
    },
  );

  t.test(
    `${step}: an interface that goes down and comes back costs nothing that is still kept`,
    { skip },
    async (t) => {
      const { hosts, speaker, listeners } = await openGroup(t, step, 1);
      const [listener] = listeners as [ChildProcess];
      await answerOf<SpeakerReport>(speaker, { say: 1_000 });
      await until(async () => (await answerOf<ListenerReport>(listener, {})).heard === 1_000);
      hosts.setLink(2, 'down');
      await answerOf<SpeakerReport>(speaker, { say: 1_000 });
      await new Promise((resolve) => setTimeout(resolve, 300));
      hosts.setLink(2, 'up');
      await until(async () => (await answerOf<ListenerReport>(listener, {})).heard === 2_000);
      hosts.setLink(1, 'down');
      await answerOf<SpeakerReport>(speaker, { say: 1_000 });
      await new Promise((resolve) => setTimeout(resolve, 300));
      hosts.setLink(1, 'up');
      await answerOf<SpeakerReport>(speaker, { say: 1_000 });
      await until(async () => (await answerOf<ListenerReport>(listener, {})).heard === 4_000);
      t.equal((await answerOf<ListenerReport>(listener, {})).wrong, 0);
    },
  );
}

t.test(
  'an interface whose packets are too small for segments makes the publisher step down, and costs nothing',
  { skip: whyNot ?? (socketCalls() === null && 'this machine has no segment offload') },
  async (t) => {
    const { hosts, speaker, listeners } = await openGroup(t, 'segment-offload', 1);
    const [listener] = listeners as [ChildProcess];
    t.equal((await answerOf<SpeakerReport>(speaker, { say: 1_000 })).step, 'segment-offload');
    await until(async () => (await answerOf<ListenerReport>(listener, {})).heard === 1_000);
    hosts.setMtu(1, 1_280);
    await answerOf<SpeakerReport>(speaker, { say: 3_000 });
    await until(async () => (await answerOf<ListenerReport>(listener, {})).heard === 4_000);
    t.equal((await answerOf<ListenerReport>(listener, {})).wrong, 0);
    t.equal((await answerOf<SpeakerReport>(speaker, { say: 0 })).step, 'plain');
  },
);
