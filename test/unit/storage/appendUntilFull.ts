/**
 * A node's storage as a process of its own, for fullDisk.test.ts to give too little room: appends until that fails, says
 * what became of it, and closes.
 */
import { withoutLmdbStacks } from '../../../cli/withoutLmdbStacks.js';
import { toErrorRecord } from '../../../runtime/protocol/errors.js';
import { RoomLogStore } from '../../../runtime/storage/RoomLogStore.js';
import { Store } from '../../../runtime/storage/Store.js';
import { ChainWriter } from './chains.js';

withoutLmdbStacks();
const store = Store.open(process.argv[2] as string);
const log = new RoomLogStore(store);
await log.putRoom({ roomId: 'lobby', consent: 'local', createdAtMs: 0 });
const ann = new ChainWriter('lobby');
const failures: string[] = [];
let receipted = 0;
for (let call = 0; call < 500 && failures.length === 0; call++) {
  const entries = ann.sayMany(20, 1_000 + ann.entries.length);
  await log.append(entries).then(
    () => {
      receipted = ann.entries.length;
    },
    (error: unknown) => failures.push(toErrorRecord(error, 'ERR_ACADEMY_CONTROL').code),
  );
}
await log.append(ann.entries.slice(receipted)).catch((error: unknown) => {
  failures.push(toErrorRecord(error, 'ERR_ACADEMY_CONTROL').code);
});
const { sequence } = log.head('lobby', ann.author);
await store.close();
process.stdout.write(JSON.stringify({ receipted, sequence, failures }));
