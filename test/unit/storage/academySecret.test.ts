import { execFile } from 'node:child_process';
import { chmodSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import fc from 'fast-check';
import t from 'tap';
import { seededRandom } from '../../../runtime/protocol/Random.js';
import { formatTicket, joinAcademy, openAcademySecret, parseTicket } from '../../../runtime/storage/academySecret.js';
import { academySecretFile } from '../../../runtime/storage/userPaths.js';

const random = seededRandom(7);
const program = fileURLToPath(new URL('./makeSecret.js', import.meta.url));
const code = 'ERR_ACADEMY_SECRET_INVALID';

const userWith = (configHome: string) => ({ random, environment: { XDG_CONFIG_HOME: configHome } });

t.test('the first node makes the secret, and the next ones find it', (t) => {
  const user = userWith(join(t.testdir(), 'config'));
  const secret = openAcademySecret('home', user);
  t.equal(secret.length, 32);
  const file = academySecretFile('home', user);
  t.equal(statSync(file).mode & 0o777, 0o600);
  t.equal(readFileSync(file, 'utf8'), `${Buffer.from(secret).toString('base64url')}\n`);
  t.strictSame(openAcademySecret('home', user), secret);
  t.notSame(openAcademySecret('work', user), secret, 'another academy has another secret');
  t.strictSame(readdirSync(dirname(file)).sort(), ['home.secret', 'work.secret'], 'nothing else is left there');
  t.end();
});

t.test('nodes that start at the same moment agree on one secret', async (t) => {
  const env = { ...process.env, XDG_CONFIG_HOME: t.testdir() };
  const run = promisify(execFile);
  const secrets = await Promise.all(
    Array.from({ length: 6 }, async () => (await run(process.execPath, [program], { env })).stdout),
  );
  t.match(secrets[0], /^[0-9a-f]{64}$/);
  t.equal(new Set(secrets).size, 1);
});

t.test('a malformed or exposed secret is refused with a remedy', (t) => {
  const user = userWith(t.testdir());
  const file = academySecretFile('home', user);
  mkdirSync(dirname(file));
  const valid = Buffer.alloc(32, 9).toString('base64url');
  for (const content of [
    '',
    'short',
    `${valid}x`,
    `${valid}\n${valid}`,
    valid.replace(/.$/, '+'),
    `${valid.slice(1)}!`,
  ]) {
    writeFileSync(file, content, { mode: 0o600 });
    t.throws(() => openAcademySecret('home', user), { code, remedy: /restore/ }, JSON.stringify(content));
  }
  writeFileSync(file, valid);
  for (const mode of [0o640, 0o604, 0o620]) {
    chmodSync(file, mode);
    t.throws(() => openAcademySecret('home', user), { code, remedy: /chmod 600/ });
  }
  chmodSync(file, 0o600);
  t.strictSame(openAcademySecret('home', user), new Uint8Array(32).fill(9));
  t.end();
});

t.test('a secret that cannot be written is a coded error', (t) => {
  const user = userWith(join(t.testdir({ file: 'in the way' }), 'file'));
  t.throws(() => openAcademySecret('home', user), { code });
  t.end();
});

t.test('a ticket makes another machine a member, and never replaces its secret unasked', (t) => {
  const here = userWith(join(t.testdir(), 'here'));
  const there = userWith(join(t.testdir(), 'there'));
  const ticket = formatTicket('home', openAcademySecret('home', here));
  t.match(ticket, /^academy:home:[A-Za-z0-9_-]{43}$/);
  t.equal(joinAcademy(` ${ticket}\n`, there), 'home');
  t.equal(joinAcademy(ticket, there), 'home', 'a second time changes nothing');
  t.strictSame(openAcademySecret('home', there), openAcademySecret('home', here));
  const other = formatTicket('home', new Uint8Array(32));
  t.throws(() => joinAcademy(other, there), { code, remedy: /move/ });
  t.strictSame(openAcademySecret('home', there), openAcademySecret('home', here));
  t.end();
});

t.test('tickets round-trip, and what is none is refused without being repeated', (t) => {
  const property = fc.property(
    fc.stringMatching(/^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/),
    fc.uint8Array({ minLength: 32, maxLength: 32 }),
    (academyId, secret) => {
      const parsed = parseTicket(formatTicket(academyId, secret));
      return parsed.academyId === academyId && Buffer.compare(parsed.secret, secret) === 0;
    },
  );
  t.doesNotThrow(() => fc.assert(property));
  const secret = Buffer.alloc(32, 3).toString('base64url');
  const bad = ['', secret, `academy:${secret}`, `academy::${secret}`, `academy:../x:${secret}`, `mesh:home:${secret}`];
  for (const ticket of [...bad, `academy:home:${secret}:more`, `academy:home:${secret}AA`]) {
    try {
      parseTicket(ticket);
      t.fail(`${ticket} was taken`);
    } catch (error) {
      t.match(error, { code });
      t.notOk((error as Error).message.includes(secret));
    }
  }
  t.end();
});
