import t from 'tap';
import {
  AcademySmartEventRouter,
  type RouteOverrides,
  type TransportName,
} from '../../../runtime/mesh/AcademySmartEventRouter.js';
import { type AcademyEventName, academyEventNames } from '../../../runtime/protocol/events.js';
import { limits } from '../../../runtime/protocol/limits.js';
import { priorities } from '../../../runtime/protocol/packet.js';

const expected: Readonly<Record<AcademyEventName, TransportName>> = {
  'academy.chat.message': 'academy-training',
  'academy.chat.presence': 'academy-training',
  'academy.chat.typing': 'academy-training',
  'academy.chat.room.join': 'academy-training',
  'academy.chat.room.leave': 'academy-training',
  'academy.chat.user.list': 'academy-training',
  'academy.persona.evolution': 'academy-evolution',
  'academy.persona.capability.request': 'academy-evolution',
  'academy.persona.capability.acquired': 'academy-evolution',
  'academy.training.signal': 'academy-training',
  'academy.training.performance': 'academy-training',
  'academy.training.challenge': 'academy-training',
  'academy.genome.discovery': 'academy-genome',
  'academy.genome.share': 'academy-genome',
  'academy.lora.evolution': 'academy-genome',
  'academy.training.data': 'academy-training',
  'academy.node.discovery': 'academy-training',
  'academy.node.announce': 'academy-training',
  'academy.node.discovered': 'academy-training',
  'academy.capability.query': 'academy-evolution',
  'academy.capability.response': 'academy-evolution',
  'academy.collaboration.invite': 'tcp-reliable',
  'academy.session.update': 'tcp-reliable',
};

const pathsOfTransport: Readonly<Record<string, TransportName>> = {
  '/remote/node-b/academy/training': 'academy-training',
  '/remote/academy/training/node-b': 'academy-training',
  '/remote/node-b/academy/genome/discover': 'academy-genome',
  '/remote/node-b/academy/persona/p1': 'academy-evolution',
  '/remote/node-b/academy/collaboration': 'tcp-reliable',
  '/remote/training/academy/genome': 'academy-genome',
  '/remote/node-b/commands/training': 'tcp-reliable',
  '/remote/node-b/actors/training': 'tcp-reliable',
};

const router = new AcademySmartEventRouter();

t.test('every event goes by the transport of its family, and critically by the reliable one', async (t) => {
  for (const name of academyEventNames) {
    for (const priority of priorities) {
      const transport = priority === 'critical' ? 'tcp-reliable' : expected[name];
      t.equal(router.select({ name, priority }).transport, transport, `${name}, ${priority}`);
    }
  }
});

t.test('a local path changes nothing', async (t) => {
  for (const name of academyEventNames) {
    for (const path of ['/academy/genome', '/chat/room/x/events/message', '/health']) {
      t.equal(router.select({ name, priority: 'normal', path }).transport, expected[name], `${name} ${path}`);
    }
  }
});

t.test('a remote path goes by its category, and reliably where category and family disagree', async (t) => {
  for (const name of academyEventNames) {
    for (const priority of priorities) {
      for (const [path, byPath] of Object.entries(pathsOfTransport)) {
        const agreed = byPath === expected[name] ? byPath : 'tcp-reliable';
        const transport = priority === 'critical' ? 'tcp-reliable' : agreed;
        t.equal(router.select({ name, priority, path }).transport, transport, `${name}, ${priority}, ${path}`);
      }
    }
  }
});

t.test('what goes out is what a receiver accepts', async (t) => {
  const paths = [undefined, ...Object.keys(pathsOfTransport)];
  for (const name of academyEventNames.filter((each) => each !== 'academy.node.discovered')) {
    for (const path of paths) {
      for (const bytes of [100, 100_000]) {
        const { channel } = router.select({ name, priority: 'low', bytes, ...(path === undefined ? {} : { path }) });
        t.ok(router.accepts(name, channel), `${name} ${path} ${bytes}`);
      }
    }
  }
});

t.test('an unknown name goes reliably, unless a remote academy path says more', async (t) => {
  t.equal(router.select({ name: 'weather.report', priority: 'low' }).transport, 'tcp-reliable');
  for (const [path, transport] of Object.entries(pathsOfTransport)) {
    t.equal(router.select({ name: 'weather.report', priority: 'low', path }).transport, transport, path);
  }
});

t.test('a packet larger than a datagram moves to the reliable transport and says so', async (t) => {
  const fits = { name: 'academy.chat.message', priority: 'normal', bytes: limits.datagramBytesMax } as const;
  t.strictSame(router.select(fits), {
    transport: 'academy-training',
    channel: 'training',
    class: 'log-repaired',
    source: 'member',
  });
  t.strictSame(router.select({ ...fits, bytes: limits.datagramBytesMax + 1 }), {
    transport: 'tcp-reliable',
    channel: 'reliable',
    class: 'ordered',
    source: 'node',
    detour: 'too-large-for-datagram',
  });
  const reliable = router.select({ name: 'academy.session.update', priority: 'normal', bytes: 100_000 });
  t.notOk('detour' in reliable, 'what goes reliably anyway takes no detour');
});

t.test('typing and presence may be lost, messages are repaired by the log', async (t) => {
  const classOf = (name: string) => router.select({ name, priority: 'normal' }).class;
  t.equal(classOf('academy.chat.typing'), 'lossy');
  t.equal(classOf('academy.chat.presence'), 'lossy');
  t.equal(classOf('academy.chat.message'), 'log-repaired');
});

t.test('configuration moves a family, or one name of it', async (t) => {
  const moved = new AcademySmartEventRouter({
    transports: {
      'academy.chat.*': 'tcp-reliable',
      'academy.chat.typing': 'academy-evolution',
      'academy.genome': 'academy-training',
    },
  });
  const select = (name: string) => moved.select({ name, priority: 'normal' });
  t.match(select('academy.chat.message'), { transport: 'tcp-reliable', class: 'ordered' });
  t.match(select('academy.chat.typing'), { transport: 'academy-evolution', class: 'lossy' });
  t.match(select('academy.chat.presence'), { transport: 'academy-training' }, 'a longer built-in row stays');
  t.match(select('academy.genome.share'), { transport: 'academy-training' });
  t.ok(moved.accepts('academy.chat.typing', 'evolution'));
  t.notOk(moved.accepts('academy.chat.typing', 'training'));
});

t.test('an override that means nothing is refused, naming what exists', async (t) => {
  const refused = (overrides: RouteOverrides) => {
    t.throws(() => new AcademySmartEventRouter(overrides), { code: 'ERR_ACADEMY_CONFIG_INVALID' });
  };
  refused({ transports: { 'academy.chat.*': 'pigeon' } });
  refused({ transports: { '/chat': 'tcp-reliable' } });
  refused({ proofOfSource: { '/chat': true } });
  refused({ proofOfSource: { 'academy.chat.typing': true } });
});

t.test('what moves others and is seldom said proves its node; signals do where it is configured', async (t) => {
  t.ok(router.needsProof('academy.persona.evolution') && router.needsProof('academy.genome.share'));
  t.notOk(router.needsProof('academy.training.signal') || router.needsProof('academy.chat.typing'));
  t.match(router.select({ name: 'academy.lora.evolution', priority: 'normal' }), { source: 'node' });
  const strict = new AcademySmartEventRouter({
    proofOfSource: { 'academy.training.signal': true, 'academy.lora.*': false },
  });
  t.ok(strict.needsProof('academy.training.signal'));
  t.notOk(strict.needsProof('academy.training.performance') || strict.needsProof('academy.lora.evolution'));
  t.match(strict.select({ name: 'academy.training.signal', priority: 'normal' }), {
    transport: 'academy-training',
    class: 'ordered',
    source: 'node',
  });
});

t.test('the table shows every rule in the order in which it is tried', async (t) => {
  const table = router.table();
  t.equal(table.at(-1)?.prefix, '*');
  t.equal(table.find((row) => row.prefix === 'academy.chat.*')?.transport, 'academy-training');
  const position = (prefix: string) => table.findIndex((row) => row.prefix === prefix);
  t.ok(position('academy.chat.typing') < position('academy.chat.*'));
});

t.test('a family does not match a longer word', async (t) => {
  t.equal(router.routeOf('academy.chatter.x').prefix, '*');
});
