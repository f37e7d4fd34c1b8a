import t from 'tap';
import { KnowledgePack, parseKnowledgePack } from '../../../actors/learning/KnowledgePack.js';

const good = '{"id":"pin","title":"change my PIN","answer":"In the app."}';

t.test('empty lines, a byte order mark, Windows line ends and notes are fine', async (t) => {
  const pack = parseKnowledgePack(
    `\uFEFF${good}\r\n\r\n{"id":"b","title":"B","answer":"b","note":1,"capability":"x"}\n`,
    'p',
  );
  t.strictSame(
    pack.items.map(({ id }) => id),
    ['pin', 'b'],
  );
  t.equal(pack.rowOf('b'), 1);
  t.equal(pack.rowOf('nobody'), -1);
  t.strictSame(pack.capabilities, ['x']);
});

const badLines: readonly (readonly [string, string, RegExp])[] = [
  ['text that is not JSON', 'not json', /line 2 is not JSON/],
  ['a number', '5', /line 2/],
  ['a missing answer', '{"id":"x","title":"X"}', /line 2.*answer/],
  ['an empty title', '{"id":"x","title":"","answer":"a"}', /line 2: title/],
  ['an id that is too long', `{"id":"${'x'.repeat(129)}","title":"X","answer":"a"}`, /line 2: id/],
  ['examples that are no texts', '{"id":"x","title":"X","answer":"a","examples":[1]}', /line 2: examples\.0/],
  ['an id given before', good, /line 2: the id "pin" was given on line 1/],
];

for (const [what, line, message] of badLines) {
  t.test(`a line with ${what} is named with its number and what to do`, async (t) => {
    const parse = () => parseKnowledgePack(`${good}\n${line}`, 'bank.jsonl');
    t.throws(parse, { code: 'ERR_ACADEMY_KNOWLEDGE_INVALID', message, remedy: /./ });
    t.throws(parse, { message: /^bank\.jsonl/ });
  });
}

t.test('a pack without entries is refused', async (t) => {
  t.throws(() => parseKnowledgePack('\n\n', 'empty.jsonl'), {
    code: 'ERR_ACADEMY_KNOWLEDGE_INVALID',
    message: /empty\.jsonl/,
  });
  t.throws(() => new KnowledgePack([]), { code: 'ERR_ACADEMY_KNOWLEDGE_INVALID' });
});
