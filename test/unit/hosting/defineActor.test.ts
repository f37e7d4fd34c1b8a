import t from 'tap';
import { createMachine } from 'xstate';
import { type DefineActorOptions, defineActor } from '../../../runtime/hosting/defineActor.js';

const machine = createMachine({});

t.test('a definition holds the machine and what the host must know', async (t) => {
  const restart = { kind: 'permanent', intensity: 2 } as const;
  const definition = defineActor({ machine, restart, mailbox: { capacity: 5 }, remoteMessages: ['a'] });
  t.strictSame(definition, {
    kind: 'academy-actor',
    machine,
    restart,
    mailbox: { capacity: 5 },
    remoteMessages: ['a'],
  });
});

const mistakes: [mistake: string, options: object, message: RegExp][] = [
  ['no machine', {}, /^machine:/],
  ['a configuration instead of a machine', { machine: { states: {} } }, /^machine:/],
  ['a mailbox without room', { machine, mailbox: { capacity: 0 } }, /^mailbox\.capacity:/],
  ['half a message', { machine, mailbox: { capacity: 1.5 } }, /^mailbox\.capacity:/],
  ['an unknown policy', { machine, mailbox: { policy: 'drop' } }, /^mailbox\.policy:/],
  ['conflation without a key', { machine, mailbox: { policy: 'conflate' } }, /^mailbox\.conflateBy:/],
  ['a key without conflation', { machine, mailbox: { conflateBy: 'room' } }, /^mailbox\.conflateBy:/],
  ['half a path', { machine, mailbox: { policy: 'conflate', conflateBy: 'room.' } }, /^mailbox\.conflateBy:/],
  ['an alarm at the first message', { machine, mailbox: { alarmDepth: 1 } }, /^mailbox\.alarmDepth:/],
  ['an alarm at no age', { machine, mailbox: { alarmAgeMs: 0 } }, /^mailbox\.alarmAgeMs:/],
  ["XState's own event for a batch", { machine, batch: { type: 'a', as: 'xstate.init' } }, /^batch\.as:/],
  ['a batch of nothing', { machine, batch: { type: 'a', as: 'b', max: 0 } }, /^batch\.max:/],
  ['an unknown kind', { machine, restart: { kind: 'always' } }, /^restart\.kind:/],
  ['a negative number', { machine, restart: { backoffMs: -1 } }, /^restart\.backoffMs:/],
  ['not a number', { machine, restart: { withinMs: Number.NaN } }, /^restart\.withinMs:/],
  ['a codec of one way', { machine, contextCodec: { pack: () => null } }, /^contextCodec:/],
  ["XState's own events for other nodes", { machine, remoteMessages: ['xstate.stop'] }, /^remoteMessages:/],
];

for (const [mistake, options, message] of mistakes) {
  t.test(`${mistake} is refused by the name of the option`, async (t) => {
    t.throws(() => defineActor(options as DefineActorOptions), { code: 'ERR_ACADEMY_BAD_ARGUMENT', message });
  });
}
