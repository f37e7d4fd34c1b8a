import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import t from 'tap';
import { BaseModel, encodeBaseModel } from '../../../actors/learning/BaseModel.js';
import { loadBaseModel } from '../../../actors/learning/loadBaseModel.js';
import { dataFile } from '../../../packageRoot.js';

const shipped = readFileSync(dataFile('base-model', 'base-model.safetensors'));

t.test('the base model that ships is what the script makes of the training texts', async (t) => {
  const lines = readFileSync(dataFile('clinc150', 'train.jsonl'), 'utf8').trimEnd().split('\n');
  const texts = lines.map((line) => (JSON.parse(line) as { text: string }).text);
  t.ok(Buffer.from(encodeBaseModel('academy-ngrams-1-clinc150', texts)).equals(shipped));
  t.ok(Buffer.from(encodeBaseModel('academy-ngrams-1-clinc150', texts.toReversed())).equals(shipped), 'in any order');
});

t.test('it is opened once, and its sha256 is that of its file', async (t) => {
  t.equal(loadBaseModel(), loadBaseModel());
  t.equal(loadBaseModel().sha256, createHash('sha256').update(shipped).digest('hex'));
  t.equal(loadBaseModel().documents, 15_100);
});

t.test('rare words weigh more than common ones', async (t) => {
  const texts = ['how the pin', 'how the card', 'how the loan'];
  const weightOf = (word: string) => {
    const { values } = new BaseModel(encodeBaseModel('test', texts)).features(`${word} how`);
    return values[0] as number;
  };
  t.ok(weightOf('pin') > weightOf('the'));
});

t.test('a damaged file is refused with what to do', async (t) => {
  for (const bytes of [shipped.subarray(0, 1000), new Uint8Array(), Buffer.from('{}')]) {
    t.throws(() => new BaseModel(bytes), { code: 'ERR_ACADEMY_BASE_MISMATCH', remedy: /package/ });
  }
});
