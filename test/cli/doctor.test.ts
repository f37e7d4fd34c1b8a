import { createServer } from 'node:net';
import t from 'tap';
import { CommandLine } from './CommandLine.js';

interface Finding {
  readonly check: string;
  readonly verdict: string;
  readonly found: string;
  readonly remedy?: string;
}

const checks = ['node.js', 'clock', 'udp port', 'tcp port', 'multicast', 'segment offload', 'receive buffer'];

t.test('the doctor tries all that a node needs, and finds nothing bad on a machine where nodes run', async (t) => {
  const commandLine = await CommandLine.open(t);
  const findings = await commandLine.json<readonly Finding[]>(['doctor']);
  t.strictSame(
    findings.map(({ check }) => check),
    checks,
  );
  t.strictSame(
    findings.filter(({ verdict }) => verdict === 'bad'),
    [],
  );
  t.ok(findings.every(({ verdict, remedy }) => verdict === 'good' || remedy !== undefined));
  const { code, stdout } = await commandLine.run(['doctor']);
  t.equal(code, 0);
  t.match(stdout, /good +multicast +a datagram to a group is heard on 127\.0\.0\.1/);
  t.match(stdout, /A node (has all that it needs|works) here/);
});

t.test('a port that is taken and an interface that is not there are named, with what to do', async (t) => {
  const commandLine = await CommandLine.open(t);
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  t.teardown(() => server.close());
  const { port } = server.address() as { port: number };
  const taken = await commandLine.json<readonly Finding[]>(['doctor', '--tcp-port', String(port)]);
  t.match(
    taken.find(({ check }) => check === 'tcp port'),
    { verdict: 'weak', found: `${port} is in use`, remedy: String },
  );
  const { code, stdout } = await commandLine.run(['doctor', '--interface', '203.0.113.77', '--json']);
  t.equal(code, 1);
  const findings = JSON.parse(stdout) as readonly Finding[];
  t.match(
    findings.find(({ check }) => check === 'multicast'),
    { verdict: 'bad', found: /203\.0\.113\.77/, remedy: String },
  );
});
