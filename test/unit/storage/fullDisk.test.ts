import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import t from 'tap';
import { RoomLogStore } from '../../../runtime/storage/RoomLogStore.js';
import { Store } from '../../../runtime/storage/Store.js';
import { ChainWriter } from './chains.js';

const program = fileURLToPath(new URL('./appendUntilFull.js', import.meta.url));
// A limit on the size of files is as good as a full disk and needs no rights; Windows has none.
const limited = 'ulimit -f 1000; exec "$0" "$1" "$2"';

t.test('a disk that fills up is told to the caller; the node lives on, and nothing receipted is lost', async (t) => {
  if (process.platform === 'win32') return;
  const folder = t.testdir();
  const { stdout, stderr } = await promisify(execFile)('sh', ['-c', limited, process.execPath, program, folder]);
  const { receipted, sequence, failures } = JSON.parse(stdout) as {
    receipted: number;
    sequence: number;
    failures: string[];
  };
  t.notMatch(stderr, /at .*write\.js/, 'lmdb’s own stack is not shown');
  t.ok(receipted > 0, `${receipted} entries fitted`);
  t.equal(sequence, receipted, 'of the call that failed nothing is kept');
  t.strictSame(failures, ['ERR_ACADEMY_STORE', 'ERR_ACADEMY_STORE']);

  const store = Store.open(folder);
  t.teardown(() => store.close());
  const log = new RoomLogStore(store);
  const ann = new ChainWriter('lobby');
  t.equal(log.head('lobby', ann.author).sequence, receipted);
  t.equal(log.recent('lobby', receipted + 1).length, receipted);
  // The program's entries are made anew, because they are the same: with room again, it goes on where it stopped.
  for (let call = 0; call <= receipted / 20; call++) ann.sayMany(20, 1_000 + ann.entries.length);
  await log.append(ann.entries);
  t.equal(log.count('lobby'), receipted + 20);
});
