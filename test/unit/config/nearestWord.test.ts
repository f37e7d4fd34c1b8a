import t from 'tap';
import { nearestWord } from '../../../runtime/config/nearestWord.js';

t.test('a typing error is found, a different word is not taken for one', (t) => {
  const known = ['threads', 'academyId', 'udp', 'tcp', 'personas'];
  const meant: [string, string | undefined][] = [
    ['thread', 'threads'],
    ['Threads', 'threads'],
    ['thraeds', 'threads'],
    ['academyid', 'academyId'],
    ['personnas', 'personas'],
    ['upd', 'udp'],
    ['tpc', 'tcp'],
    ['rooms', undefined],
    ['x', undefined],
    ['', undefined],
  ];
  for (const [word, expected] of meant) t.equal(nearestWord(word, known), expected, word || 'no word');
  t.equal(nearestWord('x', []), undefined);
  t.end();
});
