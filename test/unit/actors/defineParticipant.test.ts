import t from 'tap';
import { createMachine } from 'xstate';
import { defineParticipant } from '../../../actors/defineParticipant.js';

/** As JavaScript gives it, where no compiler looks. */
const define = (fields: object) => () => defineParticipant({ name: 'Echo', ...fields } as { name: string });

t.test('a callback that is mistyped is refused, since it would never be called', async (t) => {
  t.throws(define({ onMentoin: () => {} }), {
    code: 'ERR_ACADEMY_BAD_ARGUMENT',
    message: 'defineParticipant: onMentoin is unknown',
    remedy: /it takes name, .*onMention, /,
  });
  t.throws(define({ machine: createMachine({}), onMention: () => {} }), {
    message: 'defineParticipant: onMention is not called beside a machine',
  });
  t.doesNotThrow(define({ id: 'echo', rooms: [], onMention: () => {}, answers: {} }));
  t.doesNotThrow(define({ machine: createMachine({}), capabilities: ['echo'] }));
});

t.test('what is kept and moved of a machine’s context its codec says; callbacks have a desk that stays', async (t) => {
  const contextCodec = { pack: () => 1, unpack: () => ({}) };
  t.equal(defineParticipant({ name: 'Echo', machine: createMachine({}), contextCodec }).contextCodec, contextCodec);
  t.throws(define({ onMention: () => {}, contextCodec }), { message: 'defineParticipant: contextCodec is unknown' });
});
