import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import t from 'tap';
import { ActorStore } from '../../../runtime/storage/ActorStore.js';
import { Store } from '../../../runtime/storage/Store.js';

const program = fileURLToPath(new URL('./journalUntilKilled.js', import.meta.url));

for (const receiptsBeforeKill of [1, 50, 300]) {
  t.test(
    `killed with -9 after ${receiptsBeforeKill} receipts, journals and images together hold them all`,
    async (t) => {
      const folder = t.testdir();
      const child = spawn(process.execPath, [program, folder], { stdio: ['ignore', 'pipe', 'inherit'] });
      const exited = once(child, 'exit');
      let receipts = 0;
      let highest = 0;
      for await (const line of createInterface({ input: child.stdout })) {
        highest = Math.max(highest, Number(line));
        if (++receipts === receiptsBeforeKill) child.kill('SIGKILL');
      }
      t.strictSame(await exited, [null, 'SIGKILL']);

      const store = Store.open(folder);
      t.teardown(() => store.close());
      const actors = new ActorStore(store);
      const imaged = Number(Buffer.from(actors.images(1).at(-1) ?? Buffer.from('0')).toString());
      for (const id of [1, 2, 3]) {
        const entries = actors.entries(id, imaged);
        const last = entries.at(-1)?.sequence ?? imaged;
        t.ok(last >= highest, `${last} kept of actor ${id}, ${highest} receipted`);
        t.equal(last % 5, 0, 'no turn was written in part');
        t.equal(entries.length, last - imaged, 'nothing is missing between');
        t.ok(entries.every(({ sequence, bytes }) => Buffer.from(bytes).toString() === `${sequence}`));
      }
    },
  );
}
