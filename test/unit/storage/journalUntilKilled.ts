/**
 * A node's actors as a process of its own, for actorStoreCrash.test.ts to kill: journals of three actors are written,
 * several turns at a time, with images between them, and the highest sequence of each turn is printed once it has been
 * receipted.
 */
import { writeSync } from 'node:fs';
import { ActorStore } from '../../../runtime/storage/ActorStore.js';
import { Store } from '../../../runtime/storage/Store.js';

const actors = new ActorStore(Store.open(process.argv[2] as string));
const ids = [1, 2, 3];
let sequence = 0;
for (let round = 1; ; round++) {
  const turns = Array.from({ length: 8 }, async () => {
    const first = sequence + 1;
    sequence += 5;
    const last = sequence;
    await actors.append(
      ids.flatMap((id) =>
        Array.from({ length: 5 }, (_, index) => ({
          id,
          sequence: first + index,
          bytes: Buffer.from(`${first + index}`),
        })),
      ),
    );
    // Straight to the descriptor: nothing is printed later than it is known.
    writeSync(1, `${last}\n`);
  });
  await Promise.all(turns);
  if (round % 5 !== 0) continue;
  await actors.saveImages(1, Buffer.from(`${sequence}`), true);
  await Promise.all(ids.map((id) => actors.trim(id, sequence)));
}
