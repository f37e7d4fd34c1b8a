import t from 'tap';
import { CommandRegistry } from '../../../runtime/mesh/CommandRegistry.js';
import { AcademyError } from '../../../runtime/protocol/errors.js';
import Type from '../../../runtime/protocol/typebox.js';
import { identity } from './meshFixtures.js';

const here = { nodeId: identity(1).nodeId, local: true };
const member = { nodeId: identity(2).nodeId, local: false };
const friend = { nodeId: identity(3).nodeId, local: false };

function registry() {
  const commands = new CommandRegistry((command, node) => command === 'ban-user' && node === friend.nodeId);
  commands.register('echo', { allow: 'members' }, (payload) => payload);
  commands.register('ban-user', { allow: 'named' }, () => 'banned');
  return commands;
}

t.test('a command for all members runs for any of them', async (t) => {
  t.strictSame(await registry().run('echo', { a: 1 }, member), { a: 1 });
});

t.test('a command that was not allowed by name is denied, whoever asks', async (t) => {
  const denied = { code: 'ERR_ACADEMY_COMMAND_DENIED', message: /ban-user/ };
  await t.rejects(registry().run('ban-user', {}, member), denied);
  const closed = new CommandRegistry();
  closed.register('ban-user', { allow: 'named' }, () => 'banned');
  await t.rejects(closed.run('ban-user', {}, friend), denied, 'nobody is allowed by default');
});

t.test('a command allowed by name runs for that node, and any for a program of this node', async (t) => {
  t.equal(await registry().run('ban-user', {}, friend), 'banned');
  t.equal(await registry().run('ban-user', {}, here), 'banned');
});

t.test('an unknown command is an error that names it and those that exist', async (t) => {
  await t.rejects(registry().run('screenshot', {}, member), {
    code: 'ERR_ACADEMY_COMMAND_UNKNOWN',
    message: /"screenshot"/,
    remedy: /echo, ban-user/,
  });
});

t.test('a payload that does not fit never reaches the handler', async (t) => {
  const commands = new CommandRegistry();
  let ran = false;
  const schema = Type.Object({ userId: Type.String() });
  commands.register('greet', { allow: 'members', schema }, () => {
    ran = true;
  });
  await t.rejects(commands.run('greet', { userId: 5 }, member), {
    code: 'ERR_ACADEMY_BAD_ARGUMENT',
    message: /\/userId/,
  });
  t.notOk(ran);
});

t.test('what a handler throws has a code', async (t) => {
  const commands = new CommandRegistry();
  commands.register('fall', { allow: 'members' }, () => {
    throw new Error('tripped');
  });
  commands.register('seek', { allow: 'members' }, async () => {
    throw new AcademyError('ERR_ACADEMY_GENOME_NOT_FOUND', 'gone');
  });
  await t.rejects(commands.run('fall', {}, member), { code: 'ERR_ACADEMY_COMMAND_FAILED', message: /tripped/ });
  await t.rejects(commands.run('seek', {}, member), { code: 'ERR_ACADEMY_GENOME_NOT_FOUND' });
});

t.test('a name is given once', async (t) => {
  const commands = registry();
  const again = (): void => commands.register('echo', { allow: 'members' }, () => null);
  t.throws(again, { code: 'ERR_ACADEMY_NAME_TAKEN' });
  commands.unregister('echo');
  again();
  t.throws(() => commands.register('', { allow: 'members' }, () => null), { code: 'ERR_ACADEMY_BAD_ARGUMENT' });
});
