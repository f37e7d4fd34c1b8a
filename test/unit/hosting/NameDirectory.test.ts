import t from 'tap';
import { NameDirectory } from '../../../runtime/hosting/addresses/NameDirectory.js';

t.test('a late word of an actor that has ended does not take the name from its successor', async (t) => {
  const names = new NameDirectory();
  const old = { shard: 1, slot: 4, generation: 1 };
  const young = { shard: 1, slot: 4, generation: 2 };
  names.bind('ada', old);
  names.bind('ada', young);
  names.unbind('ada', old);
  t.equal(names.get('ada'), young);
  t.strictSame(names.entries(), [['ada', young]]);
  names.unbind('ada', { ...young });
  t.equal(names.get('ada'), undefined);
  t.equal(names.size, 0);
});
