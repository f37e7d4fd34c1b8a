import { createSocket } from 'node:dgram';
import t from 'tap';
import { asNodeId } from '../../../runtime/protocol/identity.js';
import { systemClock } from '../../../runtime/system/systemClock.js';
import { systemRandom } from '../../../runtime/system/systemRandom.js';
import { until } from '../../../testing/realTime.js';
import { AcademyUDPTransport, type AcademyUDPTransportOptions } from '../../../transports/udp/AcademyUDPTransport.js';
import { academyUdpPort, groupAddresses } from '../../../transports/udp/groupAddresses.js';

function optionsFor(mode: 'training' | 'evolution' | 'genome' = 'training'): AcademyUDPTransportOptions {
  const academyId = `udp-unit-${systemRandom.id()}`;
  const nodeId = asNodeId('0123456789abcdef0123456789abcdef');
  return { ...groupAddresses(academyId, 'academy', 0)[mode], academyId, nodeId, clock: systemClock };
}

t.test('groups of an academy', async (test) => {
  const { training, evolution, genome } = groupAddresses('default');
  test.match(training.multicastAddress, /^239\.255\.\d{1,3}\.1$/);
  test.equal(evolution.multicastAddress, training.multicastAddress.replace(/1$/, '2'));
  test.equal(genome.multicastAddress, training.multicastAddress.replace(/1$/, '3'));
  test.ok(
    [training, evolution, genome].every((group) => group.port === academyUdpPort),
    'share one port',
  );
  test.strictSame(groupAddresses('default'), groupAddresses('default'), 'are the same on every node');
  const thirdBytes = new Set(['a', 'b', 'c', 'd'].map((id) => groupAddresses(id).training.multicastAddress));
  test.ok(thirdBytes.size > 1, 'differ between academies');
  test.strictSame(
    groupAddresses('default', 'plan'),
    {
      training: { mode: 'multicast', multicastAddress: '224.1.1.1', port: 9000 },
      evolution: { mode: 'broadcast', multicastAddress: '224.1.1.2', port: 9001 },
      genome: { mode: 'genome_sharing', multicastAddress: '224.1.1.3', port: 9000, genomePort: 9002 },
    },
    'are those of the plan on request',
  );
});

t.test('a wrong option is refused by its name', async (test) => {
  const wrong: readonly [string, Record<string, unknown>][] = [
    ['mode', { mode: 'unicast' }],
    ['port', { port: 65_536 }],
    ['port', { port: -1 }],
    ['port', { port: 1.5 }],
    ['port', { port: Number.NaN }],
    ['genomePort', { genomePort: 70_000 }],
    ['multicastAddress', { multicastAddress: '192.168.1.1' }],
    ['multicastAddress', { multicastAddress: '240.0.0.1' }],
    ['multicastAddress', { multicastAddress: 'group.example' }],
    ['interfaceAddress', { interfaceAddress: 'eth0' }],
    ['ttl', { ttl: 256 }],
    ['receiveBufferBytes', { receiveBufferBytes: 0 }],
  ];
  for (const [option, override] of wrong) {
    test.throws(
      () => new AcademyUDPTransport({ ...optionsFor(), ...override } as AcademyUDPTransportOptions),
      { code: 'ERR_ACADEMY_CONFIG_INVALID', message: new RegExp(`udp\\.${option}:`), remedy: /set udp/ },
      JSON.stringify(override),
    );
  }
});

t.test('a group outside the private block is warned about, one inside is not', async (test) => {
  const warnings: string[] = [];
  const onWarning = (message: string) => warnings.push(message);
  new AcademyUDPTransport({ ...optionsFor(), onWarning });
  test.strictSame(warnings, []);
  new AcademyUDPTransport({ ...optionsFor(), multicastAddress: '224.1.1.1', onWarning });
  test.match(warnings, [/224\.1\.1\.1 is outside 239/]);
});

t.test('each mode has its name and channel, and says only what happened', async (test) => {
  const expected = {
    training: { name: 'academy-training', result: { academyBroadcast: true, trainingDataShared: true } },
    evolution: { name: 'academy-evolution', result: { academyBroadcast: true } },
    genome: { name: 'academy-genome', result: { genomeShared: true, genomeSizeBytes: 3 } },
  };
  for (const channel of ['training', 'evolution', 'genome'] as const) {
    const transport = new AcademyUDPTransport(optionsFor(channel));
    await transport.start(() => {});
    test.equal(transport.channel, channel);
    test.equal(transport.name, expected[channel].name);
    const result = await transport.send(Buffer.from('abc'));
    test.strictSame(result, { success: true, receipt: 'sent', bytes: 3, ...expected[channel].result });
    await transport.stop();
    const failed = await transport.send(Buffer.from('abc'));
    test.notOk(failed.academyBroadcast || failed.trainingDataShared || failed.genomeShared, 'nothing after stop');
  }
});

t.test('genome announcements use the genome port when there is one', async (test) => {
  const probe = new AcademyUDPTransport(optionsFor('genome'));
  await probe.start(() => {});
  const genomePort = probe.port;
  await probe.stop();
  const transport = new AcademyUDPTransport({ ...optionsFor('genome'), port: 9_000, genomePort });
  await transport.start(() => {});
  test.teardown(() => transport.stop());
  test.equal(transport.port, genomePort);
});

t.test('the receive buffer that the kernel gave can be read', async (test) => {
  const small = new AcademyUDPTransport({ ...optionsFor(), receiveBufferBytes: 64 * 1024 });
  const large = new AcademyUDPTransport(optionsFor());
  test.equal(large.receiveBufferBytes, 0, 'nothing before start');
  await Promise.all([small.start(() => {}), large.start(() => {})]);
  test.teardown(() => Promise.all([small.stop(), large.stop()]));
  test.ok(small.receiveBufferBytes >= 64 * 1024);
  test.ok(large.receiveBufferBytes > small.receiveBufferBytes);
});

t.test('a port that another program holds alone is named, with a remedy', async (test) => {
  const holder = createSocket('udp4');
  const options = optionsFor();
  await new Promise<void>((resolve) => holder.bind(0, options.multicastAddress, resolve));
  test.teardown(() => holder.close());
  const { port } = holder.address();
  const transport = new AcademyUDPTransport({ ...options, port });
  await test.rejects(
    transport.start(() => {}),
    { code: 'ERR_ACADEMY_PORT_IN_USE', message: new RegExp(`:${port} `), remedy: /another port/ },
  );
});

t.test('an interface that this machine does not have is named, and start can be tried again', async (test) => {
  const transport = new AcademyUDPTransport({ ...optionsFor(), interfaceAddress: '203.0.113.77' });
  const expected = { code: 'ERR_ACADEMY_TRANSPORT_START', message: /203\.0\.113\.77/, remedy: /interface/ };
  await test.rejects(
    transport.start(() => {}),
    expected,
  );
  await test.rejects(
    transport.start(() => {}),
    expected,
    'not "running already"',
  );
});

t.test('what the socket refuses is answered and counted, never thrown', async (test) => {
  const transport = new AcademyUDPTransport(optionsFor());
  await transport.start(() => {});
  test.teardown(() => transport.stop());
  const buffer = Buffer.alloc(1_400);
  const results = await Promise.all(Array.from({ length: 5_000 }, () => transport.send(buffer)));
  const refused = results.filter((result) => !result.success);
  test.equal(transport.stats().sendErrors, refused.length);
  test.equal(transport.stats().packetsSent, results.length - refused.length);
  test.ok(refused.length > 0, 'a sender that outruns the kernel is refused, not buffered without bound');
  test.ok((await transport.send(buffer)).success, 'and goes on afterwards');
});

t.test('a loop that awaits its sends lets the node hear meanwhile', async (test) => {
  let heard = 0;
  const options = { ...optionsFor(), receiveBufferBytes: 16 * 1024 };
  const speaker = new AcademyUDPTransport(options);
  await speaker.start(() => {});
  const listener = new AcademyUDPTransport({ ...options, port: speaker.port });
  await listener.start(() => {
    heard += 1;
  });
  test.teardown(() => Promise.all([speaker.stop(), listener.stop()]));
  let heardWhileSending = 0;
  for (let number = 0; number < 500; number++) {
    await speaker.send(Buffer.alloc(100));
    heardWhileSending = heard;
  }
  test.ok(heardWhileSending > 100, `${heardWhileSending} of 500 while it was sending`);
});

t.test('a loopback node ignores what comes from the network', async (test) => {
  const heard: string[] = [];
  const options = optionsFor();
  const transport = new AcademyUDPTransport(options);
  await transport.start((bytes) => heard.push(Buffer.from(bytes).toString()));
  test.teardown(() => transport.stop());
  const stranger = createSocket('udp4');
  test.teardown(() => stranger.close());
  const lanAddress = await outwardAddress();
  if (!lanAddress) return test.comment('this machine has no other interface');
  await new Promise<void>((resolve) => stranger.bind(0, lanAddress, resolve));
  stranger.setMulticastInterface('127.0.0.1');
  stranger.send('forged', transport.port, transport.multicastAddress);
  await until('the stranger is counted', () => transport.stats().foreignDatagrams > 0);
  const neighbour = new AcademyUDPTransport({ ...options, port: transport.port });
  await neighbour.start(() => {});
  test.teardown(() => neighbour.stop());
  await neighbour.send(Buffer.from('neighbour'));
  await until('the neighbour is heard', () => heard.length > 0);
  test.strictSame(heard, ['neighbour']);
});

async function outwardAddress(): Promise<string | undefined> {
  const { networkInterfaces } = await import('node:os');
  const addresses = Object.values(networkInterfaces()).flatMap((list) => list ?? []);
  return addresses.find(({ family, internal }) => family === 'IPv4' && !internal)?.address;
}
