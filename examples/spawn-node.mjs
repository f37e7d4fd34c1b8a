// A node in a program of one's own: two participants, a question, and the answer. Run it with:  node spawn-node.mjs
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createAcademyNode } from 'academy-mesh';

const data = await mkdtemp(join(tmpdir(), 'academy-example-'));
const node = await createAcademyNode({ academyId: `example-${process.pid}`, data, personas: [] });
try {
  await node.spawn(new URL('./echo-bot.js', import.meta.url));
  const sam = await node.person({ id: 'sam', name: 'Sam', type: 'human' }, ['lobby']);

  const answered = new Promise((resolve) => {
    sam.onNotice(({ type, data: notice }) => {
      if (type === 'room.message' && notice.message.participantId === 'echo') resolve(notice.message.text);
    });
  });
  const { receipt } = await sam.say({ roomId: 'lobby', text: '@Echo is anybody there?' });
  console.log(`said: ${receipt}`);
  console.log(`echo: ${await answered}`);
} finally {
  await node.stop();
  await rm(data, { recursive: true });
}
