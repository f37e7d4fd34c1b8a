/** What a journal has caused comes in its order, whichever thread dies and however little room there is. */
import t, { type Test } from 'tap';
import { until } from '../../testing/realTime.js';
import { keeper, keeperReport, told } from './keepers.js';
import { openShards } from './probes.js';

const deaths = 6;
const saidPerDeath = 150;

interface Ways {
  /** Shards whose threads die, one after the other: ada lives on 1, ben on 2. */
  readonly mortal: readonly number[];
  readonly capacity?: number;
  readonly isMoving?: boolean;
}

async function inOrder(t: Test, { mortal, capacity, isMoving = false }: Ways): Promise<void> {
  const node = await openShards(t, { folder: t.testdir(), snapshotEveryMs: 20, shardRestart: { intensity: 1_000 } });
  const { system } = node;
  await system.spawn(keeper('ada', 'journal', { shard: 1 }));
  await system.spawn(keeper('ben', 'journal', { shard: 2, ...(capacity ? { mailbox: { capacity } } : {}) }));
  let said = 0;
  const say = (): void => {
    const id = `${said++}`;
    system.tell({ name: 'ada' }, { type: 'tell', data: { id, next: [{ to: 'ben', told: { id } }] } });
  };
  for (let death = 0; death < deaths; death++) {
    const end = said + saidPerDeath;
    const victim = mortal[death % mortal.length];
    let killed: Promise<unknown> | null = null;
    while (said < end) {
      for (let index = 0; index < 10; index++) say();
      if (victim !== undefined && said > end - saidPerDeath / 2) killed ??= node.kill(victim, 'exit');
      await new Promise(setImmediate);
    }
    await killed;
    if (isMoving) await system.move({ name: death % 2 === 0 ? 'ben' : 'ada' }, 1 + (death % 2));
  }
  const seenBy = async (name: string): Promise<readonly string[]> => (await keeperReport(system, name)).seen;
  await until('all is heard', async () => (await seenBy('ben')).length === (await seenBy('ada')).length);
  const caused = await seenBy('ada');
  t.ok(caused.length > 0, `${caused.length} of ${said} were heard by ada`);
  t.strictSame(await seenBy('ben'), caused);
}

t.test('what a journal has caused comes once and in its order, though the receiver dies', (t) =>
  inOrder(t, { mortal: [2] }),
);

t.test('what a journal has caused comes once and in its order, though both ends die', (t) =>
  inOrder(t, { mortal: [1, 2] }),
);

t.test('what a journal has caused comes once and in its order, though the mailbox is full again and again', (t) =>
  inOrder(t, { mortal: [], capacity: 5 }),
);

t.test('what a journal has caused comes once and in its order, though both ends die and move', (t) =>
  inOrder(t, { mortal: [2, 1], isMoving: true }),
);

for (const mailbox of [
  { capacity: 5, policy: 'drop-oldest' as const },
  { policy: 'conflate' as const, conflateBy: 'kind' },
]) {
  t.test(
    `under the policy ${mailbox.policy} a receiver lacks some, and hears the rest once and in its order`,
    async (t) => {
      const { system } = await openShards(t, { folder: t.testdir(), threads: 2 });
      await system.spawn(keeper('ada', 'journal', { shard: 1 }));
      await system.spawn(keeper('ben', 'journal', { shard: 2, mailbox }));
      const ids = Array.from({ length: 300 }, (_, index) => `${index}`);
      for (let at = 0; at < ids.length; at += 50) {
        const next = ids.slice(at, at + 50).map((id) => ({ to: 'ben', told: { id, kind: 'word' } }));
        await told(system, 'ada', `ada ${at}`, next);
      }
      const seen = async (): Promise<readonly string[]> => (await keeperReport(system, 'ben')).seen;
      await until('the last one is heard', async () => (await seen()).at(-1) === ids.at(-1));
      const heard = await seen();
      t.ok(heard.length < ids.length, `${heard.length} were heard`);
      t.strictSame(
        heard,
        ids.filter((id) => heard.includes(id)),
      );
    },
  );
}

t.test(
  'what a journal has caused comes once and in its order, though the receiver’s own cannot be written',
  async (t) => {
    const { system, store } = await openShards(t, { folder: t.testdir(), threads: 2, snapshotEveryMs: 100_000 });
    await system.spawn(keeper('ada', 'journal', { shard: 1 }));
    await system.spawn(keeper('ben', 'journal', { shard: 2 }));
    const { write } = store;
    let writes = 0;
    let failures = 0;
    store.write = (work) => {
      if (++writes % 6 > 0 || failures === 2) return write.call(store, work);
      failures++;
      return Promise.reject(new Error('the disk is full'));
    };
    const wordsEach = Array.from({ length: 20 }, (_, index) => index);
    const causedBy = (id: string): string[] => wordsEach.map((index) => `${id}.${index}`);
    for (let said = 0; said < 100; said++) {
      const next = causedBy(`${said}`).map((id) => ({ to: 'ben', told: { id } }));
      system.tell({ name: 'ada' }, { type: 'tell', data: { id: `${said}`, next } });
      if (said % 5 === 0) await new Promise((resolve) => setTimeout(resolve, 2));
    }
    const seenBy = async (name: string): Promise<readonly string[]> =>
      (await keeperReport(system, name).catch(() => ({ seen: [] }))).seen;
    await until('all is heard', async () => {
      const [caused, heard] = [await seenBy('ada'), await seenBy('ben')];
      return failures === 2 && caused.length > 0 && heard.length >= wordsEach.length * caused.length;
    });
    t.strictSame(await seenBy('ben'), (await seenBy('ada')).flatMap(causedBy));
  },
);
