/**
 * The compiler is the test: a wrong payload for an event's name does not compile. Each line below that must not compile
 * is marked, and the build fails if one of them does.
 */
import t from 'tap';
import type { PublishEffect } from '../../runtime/protocol/actors.js';
import type {
  AcademyChatEventData,
  AcademyChatEventName,
  AcademyEventData,
  AcademyEventName,
  RoomScopedEventName,
} from '../../runtime/protocol/events.js';

/** Only for its types; the mesh's own functions that take an event have this form. */
function emit<N extends AcademyEventName>(name: N, data: AcademyEventData[N]): [AcademyEventName, unknown] {
  return [name, data];
}

type Equal<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false;
const holds = <T extends true>(..._: T[]): true => true;

holds<Equal<AcademyChatEventData['academy.training.signal']['signal']['value'], number>>();
holds<Equal<AcademyChatEventData['academy.chat.typing']['expiresInMs'], number>>();
holds<Equal<AcademyChatEventData['academy.chat.message']['messageType'], 'text' | 'notice' | 'decision'>>();
holds<Equal<AcademyChatEventData['academy.persona.evolution']['networkBroadcast'], true>>();
holds<Equal<AcademyChatEventData['academy.training.performance']['scores']['humanSatisfaction'], number | null>>();
holds<Equal<AcademyEventData['academy.node.announce']['publicKey'], Uint8Array>>();
holds<Equal<keyof AcademyChatEventData, AcademyChatEventName>>();
holds<Equal<'academy.chat.message' extends RoomScopedEventName ? true : false, true>>();
holds<Equal<'academy.node.announce' extends RoomScopedEventName ? true : false, false>>();

const typing = { participantId: 'ann', username: 'Ann', roomId: 'lobby', academyId: 'a', expiresInMs: 5, timestamp: 1 };

t.test('what compiles is what fits', (t) => {
  t.strictSame(emit('academy.chat.typing', typing), ['academy.chat.typing', typing]);
  const publish: PublishEffect = { type: 'publish', event: 'academy.chat.typing', data: typing };
  t.equal(publish.event, 'academy.chat.typing');

  // @ts-expect-error a name that is not declared
  emit('academy.chat.whisper', typing);
  // @ts-expect-error the payload of another event
  emit('academy.chat.room.leave', typing);
  // @ts-expect-error a field of another type
  emit('academy.chat.typing', { ...typing, expiresInMs: '5' });
  // @ts-expect-error a missing field
  emit('academy.chat.typing', { participantId: 'ann' });
  // @ts-expect-error a field that is not known
  emit('academy.chat.typing', { ...typing, loud: true });
  const update = { sessionId: 's', academyId: 'a', participantNodes: [], timestamp: 1 };
  emit('academy.session.update', { ...update, state: 'waiting' });
  // @ts-expect-error a word that is not in the list
  emit('academy.session.update', { ...update, state: 'paused' });
  // @ts-expect-error the event and the data of an effect belong together
  const wrong: PublishEffect = { type: 'publish', event: 'academy.chat.room.leave', data: typing };
  t.ok(wrong);
  t.end();
});
