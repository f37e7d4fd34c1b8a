import t from 'tap';
import { explain } from '../../../../runtime/hosting/tiers/explain.js';
import { type ExampleDeed, examples } from './exampleMachines.js';
import { TierWorld, tierForms, type View, XStateWorld } from './TierWorld.js';

interface Seen {
  readonly lines: readonly unknown[];
  readonly view: View;
}

function live(world: TierWorld | XStateWorld, deeds: readonly ExampleDeed[]): Seen[] {
  world.start({ n: 2 });
  const seen = [{ lines: world.takeLines(), view: world.view() }];
  for (const deed of deeds) {
    if (typeof deed === 'number') world.advance(deed);
    else world.send(deed);
    seen.push({ lines: world.takeLines(), view: world.view() });
  }
  return seen;
}

for (const { name, machine, deeds, ends } of examples) {
  t.test(`${name} is compiled, and does in every tier what it does in XState`, async (t) => {
    t.match(explain(machine), { tier: 'compiled', reasons: [] });
    const [compiled, ...others] = tierForms.map((form) => live(new TierWorld(machine, form), deeds));
    for (const other of others) t.strictSame(compiled, other);
    const ownLines = (seen: Seen): Seen => ({
      ...seen,
      lines: seen.lines.filter((line) => !['schedule', 'cancel'].includes((line as [string])[0])),
    });
    t.strictSame(compiled?.map(ownLines), live(new XStateWorld(machine), deeds));
    t.strictSame(compiled?.at(-1)?.view.value, ends);
  });
}
