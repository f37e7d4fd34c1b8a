import t from 'tap';
import { mistypedRooms } from '../../../node/mistypedRooms.js';

type Config = Parameters<typeof mistypedRooms>[0];

const persona = (id: string, ...rooms: string[]): Config['personas'][number] => ({
  id,
  name: id,
  capabilities: [],
  knowledge: [],
  rooms,
});

function warnings(rooms: string[], personas: Config['personas'], bots: Readonly<Record<string, string[]>>): string[] {
  const config: Config = { rooms: rooms.map((id) => ({ id, consent: 'local' })), personas };
  const participants = Object.entries(bots).map(([id, rooms]) => ({
    participant: { id, name: id, type: 'ai_assistant' as const },
    rooms,
  }));
  return mistypedRooms(config, participants);
}

t.test('a room that one participant alone names, by a typing error, is told with the one that is meant', async (t) => {
  t.strictSame(warnings(['lobby', 'typescript-help'], [], { bot: ['loby', 'typescript-hlep', 'lobby'] }), [
    '"bot" sits in the room "loby", which nobody else names: did you mean "lobby"?',
    '"bot" sits in the room "typescript-hlep", which nobody else names: did you mean "typescript-help"?',
  ]);
  t.match(warnings(['lobby'], [], { bot: ['Lobby'] }), [/"Lobby".*"lobby"/]);
  t.match(warnings([], [persona('ada', 'kitchen')], { bot: ['kitchn'] }), [/"kitchn".*"kitchen"/]);
  t.match(warnings(['kitchen'], [persona('ada', 'kitchenn')], {}), [/"ada".*"kitchenn".*"kitchen"/]);
});

t.test('a room of its own, one of a pair by number or letter, and one that two name are no errors', async (t) => {
  t.strictSame(
    warnings(['lobby', 'team-a', 'room-1', 'hall'], [], { bot: ['garden', 'team-b', 'room-2', 'lobby2'] }),
    [],
  );
  t.strictSame(warnings(['lobby'], [], { bot: ['loby'], other: ['loby'] }), []);
  t.strictSame(warnings(['den'], [], { bot: ['dem'] }), []);
});
