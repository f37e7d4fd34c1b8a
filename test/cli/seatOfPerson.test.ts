import t from 'tap';
import { seatOfPerson } from '../../cli/seatOfPerson.js';

t.test('a person’s seat is known by the name', (t) => {
  t.strictSame(seatOfPerson('Sam Smith', new Set(['ada'])), { id: 'sam-smith', name: 'Sam Smith', type: 'human' });
  t.equal(seatOfPerson('  Zoë_1.x ', new Set()).id, 'zoë_1.x');
  t.equal([...seatOfPerson('𐐨'.repeat(80), new Set()).id].length, 64, 'cut between characters');
  t.end();
});

t.test('a person who is called like a persona has a seat of their own, and keeps the name', (t) => {
  const taken = new Set(['ada', 'mia', 'mia-2']);
  t.strictSame(seatOfPerson('Ada', taken), { id: 'ada-2', name: 'Ada', type: 'human' });
  t.equal(seatOfPerson('mia', taken).id, 'mia-3');
  t.end();
});

t.test('a name without a letter or digit is no name', (t) => {
  t.throws(() => seatOfPerson('!!!', new Set()), { code: 'ERR_ACADEMY_CONFIG_INVALID', remedy: /--name/ });
  t.end();
});
