import t from 'tap';
import type { NodeId } from '../../../runtime/protocol/identity.js';
import type { PacketHandler, Transport, TransportSendResult } from '../../../runtime/protocol/Transport.js';
import { TransportFactory } from '../../../transports/TransportFactory.js';

/** Records what happens to it; can be told to fail at start. */
class RecordedTransport implements Transport {
  readonly name: string;
  readonly channel = 'training';
  readonly packetBytesMax = 1_400;
  readonly log: string[];
  readonly label: string;
  failing = false;
  handler: PacketHandler | null = null;

  constructor(name: string, log: string[], label = name) {
    this.name = name;
    this.log = log;
    this.label = label;
  }

  async start(handler: PacketHandler): Promise<void> {
    this.log.push(`start ${this.label}`);
    if (this.failing) throw new Error(`${this.label} cannot start`);
    this.handler = handler;
  }

  async stop(): Promise<void> {
    this.log.push(`stop ${this.label}`);
    this.handler = null;
  }

  async send(packet: Uint8Array, _nodes?: readonly NodeId[]): Promise<TransportSendResult> {
    return { success: this.handler !== null, receipt: 'sent', bytes: packet.length };
  }

  stats() {
    return { packetsSent: 0, bytesSent: 0, packetsReceived: 0, bytesReceived: 0, sendErrors: 0 };
  }
}

t.test('a transport is found by the name that it was registered under', async (test) => {
  const factory = new TransportFactory();
  const training = new RecordedTransport('academy-training', []);
  const memory = new RecordedTransport('memory', []);
  factory.register(training);
  factory.register(memory, 'academy-genome');
  test.equal(factory.get('academy-training'), training);
  test.equal(factory.get('academy-genome'), memory);
  test.strictSame(factory.names(), ['academy-training', 'academy-genome']);
  test.ok(factory.has('academy-genome') && !factory.has('memory'));
});

t.test('registering a name twice is refused', async (test) => {
  const factory = new TransportFactory();
  factory.register(new RecordedTransport('academy-training', []));
  test.throws(() => factory.register(new RecordedTransport('academy-training', [])), {
    code: 'ERR_ACADEMY_TRANSPORT_DUPLICATE',
    message: /academy-training/,
    remedy: /swap/,
  });
});

t.test('an unknown name is answered with the known ones', async (test) => {
  const factory = new TransportFactory();
  test.throws(() => factory.get('udp'), { code: 'ERR_ACADEMY_TRANSPORT_UNKNOWN', message: /known: none/ });
  factory.register(new RecordedTransport('academy-training', []));
  factory.register(new RecordedTransport('tcp-reliable', []));
  test.throws(() => factory.get('udp'), {
    code: 'ERR_ACADEMY_TRANSPORT_UNKNOWN',
    message: /"udp".*academy-training, tcp-reliable/,
  });
  await test.rejects(factory.swap('udp', new RecordedTransport('x', [])), { code: 'ERR_ACADEMY_TRANSPORT_UNKNOWN' });
});

t.test('two factories know nothing of each other', async (test) => {
  const [one, other] = [new TransportFactory(), new TransportFactory()];
  one.register(new RecordedTransport('academy-training', []));
  test.notOk(other.has('academy-training'));
});

t.test('all are started with the one handler and stopped again', async (test) => {
  const log: string[] = [];
  const factory = new TransportFactory();
  const [first, second] = [new RecordedTransport('first', log), new RecordedTransport('second', log)];
  factory.register(first);
  await factory.startAll(() => {});
  factory.register(second);
  await factory.startAll(() => {});
  test.strictSame(log, ['start first', 'start second'], 'a late one is started by asking again, and nothing twice');
  await factory.stopAll();
  await factory.stopAll();
  test.strictSame(log.slice(2).sort(), ['stop first', 'stop second']);
});

t.test('when one cannot start, the others do not keep running', async (test) => {
  const log: string[] = [];
  const factory = new TransportFactory();
  const failing = new RecordedTransport('failing', log);
  failing.failing = true;
  factory.register(new RecordedTransport('good', log));
  factory.register(failing);
  await test.rejects(
    factory.startAll(() => {}),
    { message: 'failing cannot start' },
  );
  test.strictSame(log, ['start good', 'start failing', 'stop good']);
});

t.test('the transport behind a name is swapped while it runs', async (test) => {
  const log: string[] = [];
  const factory = new TransportFactory();
  const old = new RecordedTransport('academy-training', log, 'old');
  const fresh = new RecordedTransport('memory', log, 'new');
  factory.register(old);
  const handler: PacketHandler = () => {};
  await factory.startAll(handler);
  test.equal(await factory.swap('academy-training', fresh), old);
  test.strictSame(log, ['start old', 'stop old', 'start new'], 'the old one leaves its port first');
  test.equal(fresh.handler, handler, 'the new one hands in to the same handler');
  test.ok((await factory.get('academy-training').send(new Uint8Array(1))).success);
  await factory.stopAll();
  test.equal(fresh.handler, null);
});

t.test('a swap before the start starts nothing', async (test) => {
  const log: string[] = [];
  const factory = new TransportFactory();
  factory.register(new RecordedTransport('academy-training', log, 'old'));
  await factory.swap('academy-training', new RecordedTransport('academy-training', log, 'new'));
  test.strictSame(log, []);
  await factory.startAll(() => {});
  test.strictSame(log, ['start new']);
});

t.test('a swap to a transport that cannot start leaves the old one running', async (test) => {
  const log: string[] = [];
  const factory = new TransportFactory();
  const old = new RecordedTransport('academy-training', log, 'old');
  const failing = new RecordedTransport('academy-training', log, 'new');
  failing.failing = true;
  factory.register(old);
  await factory.startAll(() => {});
  await test.rejects(factory.swap('academy-training', failing), { message: 'new cannot start' });
  test.equal(factory.get('academy-training'), old);
  test.ok((await factory.get('academy-training').send(new Uint8Array(1))).success);
});

t.test('a stop that is asked for during a swap waits for it, so that nothing is left running', async (test) => {
  const factory = new TransportFactory();
  const fresh = new RecordedTransport('academy-training', []);
  factory.register(new RecordedTransport('academy-training', []));
  await factory.startAll(() => {});
  await Promise.all([factory.swap('academy-training', fresh), factory.stopAll()]);
  test.equal(fresh.handler, null);
});
