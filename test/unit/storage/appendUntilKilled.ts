/**
 * A node's storage as a process of its own, for crash.test.ts to kill: appends calls of three entries, several at a
 * time, and prints the highest sequence of each call once it has been receipted.
 */
import { writeSync } from 'node:fs';
import { RoomLogStore } from '../../../runtime/storage/RoomLogStore.js';
import { Store } from '../../../runtime/storage/Store.js';
import { ChainWriter } from './chains.js';

const log = new RoomLogStore(Store.open(process.argv[2] as string));
await log.putRoom({ roomId: 'lobby', consent: 'local', createdAtMs: 0 });
const ann = new ChainWriter('lobby');
for (;;) {
  const calls = Array.from({ length: 8 }, async () => {
    const entries = ann.sayMany(3, 1_000 + ann.entries.length);
    await log.append(entries);
    // Straight to the descriptor: nothing is printed later than it is known.
    writeSync(1, `${entries.at(-1)?.seal.sequence}\n`);
  });
  await Promise.all(calls);
}
