/** The compiler is the test, with what a user of the package imports. */
import t from 'tap';
import type {
  AcademyChatEventData,
  AcademyEventData,
  AcademyEventName,
  AcademyMessageEvent,
  AcademyNode,
  EventMessage,
  EventTarget,
  MessageSentEvent,
  ParticipantJoinedEvent,
  PersonaEvolutionEvent,
} from '../../../index.js';
import { AcademySmartEventRouter, type TransportName } from '../../../runtime/mesh/AcademySmartEventRouter.js';
import type { Priority } from '../../../runtime/protocol/packet.js';

type Equal<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false;
const holds = <T extends true>(..._: T[]): true => true;
const typing = { participantId: 'ann', username: 'Ann', roomId: 'r', academyId: 'a', expiresInMs: 5, timestamp: 1 };

t.test('a node takes only the payload that belongs to the name of an event', async (t) => {
  const wrong = async ({ events, admin }: AcademyNode): Promise<void> => {
    await events.emitToAcademyNetwork('academy.chat.typing', typing);
    // @ts-expect-error: no such event
    await events.emitToAcademyNetwork('academy.chat.tying', typing);
    // @ts-expect-error: the payload of another event
    await events.emitToAcademyNetwork('academy.chat.room.leave', typing);
    // @ts-expect-error: a field of another type
    await events.emitToAcademyNetwork('academy.chat.typing', { ...typing, expiresInMs: '5' });
    // @ts-expect-error: a signal has a number as its value
    events.on('academy.training.signal', { admin }, ({ data }) => data.signal.value.toUpperCase());
  };
  t.type(wrong, 'function');
  t.ok(holds<Equal<AcademyChatEventData['academy.training.signal']['signal']['value'], number>>());
});

t.test('the class names of the plan are aliases of events by their dotted name', async (t) => {
  holds<Equal<MessageSentEvent, EventMessage<'academy.chat.message'>>>();
  holds<Equal<AcademyMessageEvent, MessageSentEvent>>();
  holds<Equal<ParticipantJoinedEvent, EventMessage<'academy.chat.room.join'>>>();
  holds<Equal<PersonaEvolutionEvent, EventMessage<'academy.persona.evolution'>>>();
  t.ok(holds<Equal<PersonaEvolutionEvent['data'], AcademyEventData['academy.persona.evolution']>>());
});

t.test('transports, priorities and targets are closed lists of words', async (t) => {
  holds<Equal<TransportName, 'academy-training' | 'academy-evolution' | 'academy-genome' | 'tcp-reliable'>>();
  holds<Equal<Priority, 'low' | 'normal' | 'high' | 'critical'>>();
  const router = new AcademySmartEventRouter();
  const send = (_name: AcademyEventName, target: EventTarget, priority: Priority): TransportName =>
    router.select({ name: _name, priority, ...(target.path === undefined ? {} : { path: target.path }) }).transport;
  t.equal(send('academy.chat.typing', {}, 'low'), 'academy-training');
  t.equal(send('academy.chat.typing', { path: '/remote/b/commands/echo' }, 'low'), 'tcp-reliable');
  // @ts-expect-error: no such priority
  send('academy.chat.typing', {}, 'urgent');
  // @ts-expect-error: no such target
  send('academy.chat.typing', { room: 'lobby' }, 'low');
  // @ts-expect-error: no such transport
  const wrong: TransportName = 'UDP_FAST';
  t.ok(wrong);
});
