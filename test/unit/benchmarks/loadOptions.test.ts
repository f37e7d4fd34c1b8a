import fc from 'fast-check';
import t from 'tap';
import { loadShape } from '../../../benchmarks/load/loadOptions.js';
import { loadPlan } from '../../../benchmarks/load/loadPlan.js';
import { runLoadBenchmark } from '../../../benchmarks/load.js';

t.test('what is not asked for has the documented default', async (t) => {
  const defaults = { rooms: 20, participants: 200, rate: 5000, seconds: 10, nodes: 2, seed: 1, rounds: 1 };
  t.strictSame(loadShape({}), defaults);
  t.strictSame(loadShape({ rooms: 3, rate: 0.5 }), { ...defaults, rooms: 3, rate: 0.5 });
});

t.test('an option out of range is refused by its name, before anything is started', async (t) => {
  const wrong: [options: Record<string, unknown>, named: RegExp][] = [
    [{ rooms: 0 }, /rooms is 0/],
    [{ rooms: 1.5 }, /rooms is 1\.5/],
    [{ participants: 1 }, /participants is 1/],
    [{ rate: -1 }, /rate is -1/],
    [{ rate: Number.NaN }, /rate is NaN/],
    [{ seconds: 0 }, /seconds is 0/],
    [{ seconds: Number.POSITIVE_INFINITY }, /seconds is Infinity/],
    [{ nodes: 65 }, /nodes is 65/],
    [{ nodes: '2' }, /nodes is 2/],
    [{ rounds: 0 }, /rounds is 0/],
    [{ seed: 0.1 }, /seed is 0\.1/],
    [{ rooms: 20, participants: 39 }, /39 participants are too few for 20 rooms/],
    [{ rooms: 10, participants: 29, nodes: 3 }, /too few for 10 rooms on 3 nodes/],
    [{ rate: 0.5, seconds: 1 }, /are no message/],
  ];
  for (const [options, message] of wrong) {
    const fault = { code: 'ERR_ACADEMY_BAD_ARGUMENT', message, remedy: /.+/ };
    await t.rejects(runLoadBenchmark(options), fault, JSON.stringify(options));
  }
});

t.test('every room has members on every node, and every delivery is counted once', async (t) => {
  const shapes = fc
    .record({ rooms: fc.integer({ min: 1, max: 12 }), nodes: fc.integer({ min: 1, max: 5 }), seed: fc.nat() })
    .chain(({ rooms, nodes, seed }) =>
      fc.integer({ min: Math.max(2 * rooms, rooms * nodes), max: 150 }).map((participants) => ({
        ...loadShape({ rooms, nodes, seed, participants }),
      })),
    );
  fc.assert(
    fc.property(shapes, (shape) => {
      const plan = loadPlan(shape);
      for (let room = 0; room < shape.rooms; room++) {
        const members = plan.filter(({ roomId }) => roomId === `load-room-${room}`);
        const nodes = new Set(members.map(({ node }) => node));
        if (members.length < 2 || nodes.size !== shape.nodes) return false;
        for (const { node, hearersLocal, hearersRemote } of members) {
          const here = members.filter((member) => member.node === node).length;
          if (hearersLocal !== here - 1 || hearersRemote !== members.length - here) return false;
        }
      }
      const turns = new Set(plan.map(({ turn }) => turn));
      const ids = new Set(plan.map(({ id }) => id));
      return turns.size === shape.participants && ids.size === shape.participants;
    }),
  );
  t.strictSame(loadPlan(loadShape({ seed: 7 })), loadPlan(loadShape({ seed: 7 })), 'the same for the same seed');
  t.notSame(loadPlan(loadShape({ seed: 7 })), loadPlan(loadShape({ seed: 8 })));
});
