import t from 'tap';
import type { OrderFrame } from '../../../../runtime/hosting/frames.js';
import { ActorMoves } from '../../../../runtime/hosting/moving/ActorMoves.js';
import { ActorRegistry } from '../../../../runtime/hosting/records/ActorRegistry.js';
import type { ActorAddress } from '../../../../runtime/protocol/actors.js';

const [oldImage, newImage, state] = [Uint8Array.of(1), Uint8Array.of(2), Uint8Array.of(3)];

function makeMoves() {
  const registry = new ActorRegistry(4);
  const orders: [shard: number, frame: OrderFrame][] = [];
  const moves = new ActorMoves({
    registry,
    order: (shard, frame) => orders.push([shard, frame]),
    reachable: () => [1, 2, 3, 0],
    keepImage: () => {},
  });
  const record = registry.add({ name: 'counter', module: 'x', exportName: 'y' }, 1, 1);
  record.starting = null;
  const { slot, generation } = record.address;
  return {
    moves,
    record,
    slot,
    generation,
    targets: (): ActorAddress[] => orders.flatMap(([, frame]) => (frame[0] === 'depart' ? [frame[3]] : [])),
    arriving: (): Uint8Array[] => orders.flatMap(([, frame]) => (frame[0] === 'arrive' ? [frame[2]] : [])),
  };
}

t.test('what an actor was when a move of it was given up does not arrive by its next move', async (t) => {
  const { moves, record, slot, generation, targets, arriving } = makeMoves();
  const first = moves.move(record, 2);
  moves.shardDown(2);
  await t.rejects(first, { code: 'ERR_ACADEMY_ACTOR_STOPPED' });
  moves.move(record, 3).catch(() => {});
  const [before, now] = targets() as [ActorAddress, ActorAddress];
  moves.receive(['departing', slot, generation, before, oldImage, state], 1);
  t.strictSame(arriving(), [], 'it was on its way before the shard had heard of the end');
  moves.receive(['departing', slot, generation, now, newImage, state], 1);
  t.strictSame(arriving(), [newImage]);
});

t.test('that it could not leave for a move that was given up does not end its next move', async (t) => {
  const { moves, record, slot, generation, targets, arriving } = makeMoves();
  const first = moves.move(record, 2);
  moves.cancel(record);
  await t.rejects(first, { code: 'ERR_ACADEMY_NOT_MOVABLE' });
  moves.move(record, 3).catch(() => {});
  const [before, now] = targets() as [ActorAddress, ActorAddress];
  moves.receive(['stayed', slot, generation, before, { code: 'ERR_ACADEMY_NOT_MOVABLE', message: 'gone' }], 1);
  moves.receive(['departing', slot, generation, now, newImage, state], 1);
  t.strictSame(arriving(), [newImage]);
});
