/** The property that all tiers behave like XState, for as many machines as one wants. */
import { AssertionError } from 'node:assert';
import { inspect, isDeepStrictEqual } from 'node:util';
import fc from 'fast-check';
import { analyseMachine } from '../../../../runtime/hosting/tiers/analyseMachine.js';
import { buildMachine } from './buildMachine.js';
import { type Deed, deeds, eventTypes, machineSpec } from './MachineSpec.js';
import { type TierForm, TierWorld, tierForms, XStateWorld } from './TierWorld.js';

/** @returns for each feature, in how many of the machines it occurred */
export function checkTiersAgree(runs: number, seed?: number): Map<string, number> {
  const counts = new Map<string, number>();
  fc.assert(
    fc.property(machineSpec, deeds, fc.nat({ max: 5 }), (spec, list, n) => {
      const machine = buildMachine(spec);
      for (const feature of analyseMachine(machine).features) counts.set(feature, (counts.get(feature) ?? 0) + 1);
      const worlds = tierForms.map((form) => new TierWorld(machine, form));
      // A plain actor cannot go on elsewhere, nor with a parent.
      const plain = list.some(({ kind }) => kind === 'move') ? null : new XStateWorld(buildMachine(spec));
      for (const world of worlds) {
        world.start({ n });
        if (world.isEndless) return;
      }
      plain?.start({ n });
      compare('start', worlds, plain);
      for (const deed of list) {
        if (!worlds.every((world) => world.isActive)) return;
        for (const world of worlds) {
          act(world, deed, worlds);
          if (world.isEndless) return;
        }
        if (plain) act(plain, deed, worlds);
        compare(deed, worlds, plain);
      }
    }),
    { numRuns: runs, ...(seed === undefined ? {} : { seed }) },
  );
  return counts;
}

function act(world: TierWorld | XStateWorld, deed: Deed, worlds: readonly TierWorld[]): void {
  if (deed.kind === 'send') world.send({ type: eventTypes[deed.event] as string, n: deed.event });
  else if (deed.kind === 'wait') world.advance(deed.ms);
  else if (world instanceof TierWorld) {
    const place = worlds.indexOf(world);
    const { length } = worlds;
    const snapshot = (worlds[(place + deed.tiers) % length] as TierWorld).snapshot();
    world.restore(tierForms[(place + Math.floor(deed.tiers / length)) % length] as TierForm, snapshot);
  }
}

function compare(when: unknown, worlds: readonly TierWorld[], plain: XStateWorld | null): void {
  const all: readonly Seen[] = worlds.map((world) => ({
    name: world.name,
    lines: world.takeLines(),
    view: world.view(),
  }));
  const [one, oracle] = [all[0], all.at(-1)] as [Seen, Seen];
  for (const seen of all.slice(0, -1)) {
    same(when, seen, oracle, 'lines');
    same(when, seen, oracle, 'view');
  }
  if (!plain) return;
  const isOwn = (line: unknown): boolean => !['schedule', 'cancel'].includes((line as [string])[0]);
  same(
    when,
    { ...one, lines: one.lines.filter(isOwn) },
    { name: plain.name, lines: plain.takeLines(), view: plain.view() },
    'lines',
  );
}

interface Seen {
  readonly name: string;
  readonly lines: readonly unknown[];
  readonly view: unknown;
}

function same(when: unknown, actual: Seen, expected: Seen, part: 'lines' | 'view'): void {
  if (isDeepStrictEqual(actual[part], expected[part])) return;
  const show = (value: unknown): string => inspect(value, { depth: 8 });
  throw new AssertionError({
    message: `${part} differ after ${show(when)}\n${actual.name}: ${show(actual[part])}\n${expected.name}: ${show(expected[part])}`,
  });
}
