import fc from 'fast-check';
import t from 'tap';
import { EventInterest, interestKey } from '../../../runtime/hosting/events/EventInterest.js';

const eventId = fc.constantFrom(1, 2, 65_535);
const topic = fc.constantFrom(0, 7, 2 ** 32 - 1);
const subscriber = fc.constantFrom('ada', 'ben');
const roomId = fc.constantFrom('kitchen', 'cellar');
const step = fc.oneof(
  fc.record({ do: fc.constant('add' as const), eventId, topic, subscriber, roomId, incarnation: fc.nat(2) }),
  fc.record({ do: fc.constant('remove' as const), eventId, topic, subscriber, roomId }),
  fc.record({ do: fc.constant('dropBefore' as const), subscriber, incarnation: fc.nat(3) }),
);

t.test('it knows at any time who listens, and tells the first coming and the last going of each topic', async () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
      const told = new Set<string>();
      const interest = new EventInterest<string>((eventId, topic, interested) => {
        const key = `${eventId} ${topic}`;
        if (told.has(key) === interested) throw new Error(`told twice: ${key}`);
        if (interested) told.add(key);
        else told.delete(key);
      });
      const model = new Map<string, { eventId: number; topic: number; subscriber: string; incarnation: number }>();
      for (const each of steps) {
        if (each.do === 'add') {
          const { eventId, topic, subscriber, roomId, incarnation } = each;
          interest.add(eventId, topic, { subscriber, roomId, incarnation, remoteOnly: false });
          model.set([eventId, topic, subscriber, roomId].join(), { eventId, topic, subscriber, incarnation });
        } else if (each.do === 'remove') {
          const { eventId, topic, subscriber, roomId } = each;
          interest.remove(eventId, topic, subscriber, roomId);
          model.delete([eventId, topic, subscriber, roomId].join());
        } else {
          interest.dropBefore(each.subscriber, each.incarnation);
          for (const [key, entry] of model) {
            if (entry.subscriber === each.subscriber && entry.incarnation < each.incarnation) model.delete(key);
          }
        }
        const expected = new Set([...model.values()].map(({ eventId, topic }) => `${eventId} ${topic}`));
        if (expected.size !== told.size || [...expected].some((key) => !told.has(key))) return false;
        for (const { eventId, topic } of model.values()) {
          const count = [...model.values()].filter(
            (entry) => entry.eventId === eventId && entry.topic === topic,
          ).length;
          if (interest.listeners(eventId, topic)?.length !== count) return false;
        }
      }
      return true;
    }),
    { numRuns: 500 },
  );
});

t.test('event and topic make one number that no other pair has', async (t) => {
  t.equal(interestKey(65_535, 2 ** 32 - 1), 2 ** 48 - 1);
  t.not(interestKey(1, 0), interestKey(0, 2 ** 32 - 1));
});
