import { createSocket } from 'node:dgram';
import t from 'tap';
import { identityFromSeed } from '../../../runtime/protocol/identity.js';
import { systemClock } from '../../../runtime/system/systemClock.js';
import { systemRandom } from '../../../runtime/system/systemRandom.js';
import { until } from '../../../testing/realTime.js';
import { AcademyUDPTransport } from '../../../transports/udp/AcademyUDPTransport.js';
import { groupAddresses } from '../../../transports/udp/groupAddresses.js';

const loopback = '127.0.0.1';

/** A plain socket that is a member of one group only. */
async function listenTo(group: string, port: number, heard: string[]): Promise<() => void> {
  const socket = createSocket({ type: 'udp4', reuseAddr: true });
  socket.on('message', (bytes) => heard.push(bytes.toString()));
  // Bound to the group's address, it hears nothing of the other groups on the same port.
  await new Promise<void>((resolve) => socket.bind(port, group, resolve));
  socket.addMembership(group, loopback);
  return () => socket.close();
}

// Windows cannot bind a socket to a group's address.
const options = { skip: process.platform === 'win32' };

t.test('each mode puts its datagrams on its own group and port, and the other nodes get them', options, async (t) => {
  const academyId = `udp-groups-${systemRandom.id()}`;
  const groups = groupAddresses(academyId, 'academy', 0);
  const heardByGroup = new Map<string, string[]>();
  const speakers: AcademyUDPTransport[] = [];
  const heardByNodes: string[] = [];
  // The groups share one port, the first that is free.
  let port = 0;
  for (const channel of ['training', 'evolution', 'genome'] as const) {
    for (let node = 0; node < 3; node++) {
      const { nodeId } = identityFromSeed(systemRandom.bytes(32));
      const transport = new AcademyUDPTransport({
        ...groups[channel],
        port,
        channel,
        academyId,
        nodeId,
        clock: systemClock,
      });
      await transport.start((bytes) => heardByNodes.push(`${channel} ${node}: ${Buffer.from(bytes)}`));
      t.teardown(() => transport.stop());
      port = transport.port;
      if (node === 0) speakers.push(transport);
    }
    const heard: string[] = [];
    heardByGroup.set(channel, heard);
    t.teardown(await listenTo(groups[channel].multicastAddress, port, heard));
  }
  for (const speaker of speakers) t.match(await speaker.send(Buffer.from(speaker.name)), { success: true });
  await until('all nodes have heard', () => heardByNodes.length >= 6);
  await until('all groups have heard', () => [...heardByGroup.values()].every(({ length }) => length > 0));
  t.strictSame(Object.fromEntries(heardByGroup), {
    training: ['academy-training'],
    evolution: ['academy-evolution'],
    genome: ['academy-genome'],
  });
  t.strictSame(
    heardByNodes.toSorted(),
    speakers.flatMap(({ name, channel }) => [1, 2].map((node) => `${channel} ${node}: ${name}`)).toSorted(),
  );
});
