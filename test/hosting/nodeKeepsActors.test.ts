/** A whole node, twice on one folder: what its actors keep is there again, without a word in its program. */
import t, { type Test } from 'tap';
import { type AcademyNode, createAcademyNode } from '../../index.js';
import type { ActorModule } from '../../runtime/protocol/actorModule.js';
import type { KeeperReport } from './actors/keeper.js';

async function openNode(t: Test, data: string): Promise<AcademyNode> {
  const node = await createAcademyNode({
    academyId: `kept-${process.pid}`,
    data,
    name: 'Ada',
    threads: 1,
    udp: { port: 0 },
    rooms: [{ id: 'lobby', consent: 'local' }],
    personas: [],
    log: { level: 'silent' },
  });
  t.teardown(() => node.stop());
  return node;
}

const module = new URL('./actors/keeper.js', import.meta.url).href;
const journal: ActorModule = { module, exportName: 'journal' };

t.test('an actor with a journal is there again when its node starts again', async (t) => {
  const data = t.testdir();
  const first = await openNode(t, data);
  await first.spawnActor(journal, { name: 'diary' });
  await first.ask('diary', 'tell', { id: 'a' });
  await first.stop();

  const second = await openNode(t, data);
  const seen = async (): Promise<readonly string[]> =>
    ((await second.ask('diary', 'report', null)) as KeeperReport).seen;
  t.strictSame(await seen(), ['a']);
  await second.spawnActor(journal, { name: 'diary' });
  t.strictSame(await seen(), ['a'], 'who spawns it finds it');
});
