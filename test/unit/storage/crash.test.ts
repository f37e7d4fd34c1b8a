import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import t from 'tap';
import { emptyChain, entryHash, follows, isAuthentic } from '../../../runtime/protocol/roomLog.js';
import { RoomLogStore } from '../../../runtime/storage/RoomLogStore.js';
import { Store } from '../../../runtime/storage/Store.js';
import { ChainWriter } from './chains.js';

const program = fileURLToPath(new URL('./appendUntilKilled.js', import.meta.url));

for (const receiptsBeforeKill of [1, 40, 200]) {
  t.test(`killed with -9 after ${receiptsBeforeKill} receipts, a node has all that it receipted`, async (t) => {
    const folder = t.testdir();
    const child = spawn(process.execPath, [program, folder], { stdio: ['ignore', 'pipe', 'inherit'] });
    const exited = once(child, 'exit');
    const receipted: number[] = [];
    for await (const line of createInterface({ input: child.stdout })) {
      receipted.push(Number(line));
      if (receipted.length === receiptsBeforeKill) child.kill('SIGKILL');
    }
    t.strictSame(await exited, [null, 'SIGKILL']);

    const store = Store.open(folder);
    t.teardown(() => store.close());
    const log = new RoomLogStore(store);
    const { author } = new ChainWriter('lobby');
    const { sequence } = log.head('lobby', author);
    t.ok(sequence >= Math.max(...receipted), `${sequence} stored, ${Math.max(...receipted)} receipted`);
    t.equal(sequence % 3, 0, 'no call was written in part');
    let head = emptyChain;
    let faults = 0;
    for (const entry of log.range('lobby', author, 1, sequence)) {
      if (follows(head, entry) !== true || !isAuthentic(entry)) faults++;
      head = { sequence: entry.seal.sequence, hash: entryHash(entry) };
    }
    t.equal(faults, 0);
    t.equal(head.sequence, sequence);
    t.equal(log.recent('lobby', sequence + 1).length, sequence, 'the common order has the same entries');
  });
}
