import fc from 'fast-check';
import t from 'tap';
import { ActorTable, childSlots } from '../../../runtime/hosting/addresses/ActorTable.js';
import type { ActorCell } from '../../../runtime/hosting/lives/ActorCell.js';
import type { ActorKind } from '../../../runtime/hosting/lives/ActorKind.js';

const kind = { shard: 1 } as ActorKind;

t.test('an address is given once, in all lives of a shard, and finds its actor and no other', async () => {
  const steps = fc.array(fc.oneof(fc.constant('spawn' as const), fc.nat(10), fc.constant('die' as const)), {
    maxLength: 200,
  });
  fc.assert(
    fc.property(steps, (todo) => {
      let epoch = 1;
      let table = new ActorTable(epoch);
      let alive: ActorCell[] = [];
      const given = new Set<string>();
      const gone: ActorCell[] = [];
      for (const step of todo) {
        if (step === 'die') {
          gone.push(...alive);
          alive = [];
          table = new ActorTable(++epoch);
        } else if (step === 'spawn') {
          const cell = table.seatChild(kind, null);
          const address = `${cell.slot}/${cell.generation}`;
          if (given.has(address) || cell.slot < childSlots) return false;
          given.add(address);
          alive.push(cell);
        } else {
          const [cell] = alive.splice(step, 1);
          if (!cell) continue;
          table.vacate(cell);
          if (!table.hadLast(cell.slot, cell.generation)) return false;
          gone.push(cell);
        }
        if (table.childCount !== alive.length) return false;
        if (alive.some((cell) => table.find(cell.slot, cell.generation) !== cell)) return false;
        if (gone.some((cell) => table.find(cell.slot, cell.generation) !== undefined)) return false;
      }
      return [...table.children()].length === alive.length;
    }),
    { numRuns: 500 },
  );
});
