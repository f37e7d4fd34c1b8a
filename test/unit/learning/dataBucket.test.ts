import t from 'tap';
import { dataBucket } from '../../../actors/learning/dataBucket.js';
import { clincItems, clincPack } from './clinc.js';

t.test('case, spacing and sentence marks do not move a text to another part', async (t) => {
  for (let i = 0; i < 50; i++) t.equal(dataBucket(`What is question ${i}.`), dataBucket(`what  is QUESTION ${i}`));
});

t.test('each domain of CLINC150 has enough to train on, to examine and to measure', async (t) => {
  for (const domain of clincPack.capabilities) {
    const sizeOf = (bucket: 'train' | 'exam' | 'measure') => clincItems(domain, bucket).length;
    const [train, exam, measure] = [sizeOf('train'), sizeOf('exam'), sizeOf('measure')];
    t.equal(train + exam + measure, 1_500, domain);
    t.ok(train > 950 && exam > 150 && measure > 150, `${domain}: ${train}, ${exam}, ${measure}`);
  }
});
