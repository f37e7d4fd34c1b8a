/** Who sits in which room of which node, and when each one speaks. */
import { seededRandom } from '../../runtime/protocol/Random.js';
import type { LoadShape } from './loadOptions.js';

export interface PlannedParticipant {
  readonly id: string;
  readonly roomId: string;
  readonly node: number;
  /** Place in the order of speakers: with n speakers this one says the messages turn, turn + n, turn + 2n … */
  readonly turn: number;
  /** Other members of the room on the same node, and on other nodes: so many deliveries each message is worth. */
  readonly hearersLocal: number;
  readonly hearersRemote: number;
}

/** Participants are dealt to the rooms in turn, and those of a room to the nodes in turn. */
export function loadPlan({ rooms, participants, nodes, seed }: LoadShape): PlannedParticipant[] {
  const seats = Array.from({ length: participants }, (_, index) => {
    const room = index % rooms;
    // The room's number is added so that a last, incomplete row of seats does not always fall to the first node.
    return { room, node: (Math.floor(index / rooms) + room) % nodes };
  });
  const members = new Map<string, number>();
  const count = (key: string): number => members.get(key) ?? 0;
  for (const { room, node } of seats) {
    for (const key of [`${room}`, `${room}/${node}`]) members.set(key, count(key) + 1);
  }
  const turns = shuffled(participants, seed);
  return seats.map(({ room, node }, index) => ({
    id: `load-${index}`,
    roomId: `load-room-${room}`,
    node,
    turn: turns[index] as number,
    hearersLocal: count(`${room}/${node}`) - 1,
    hearersRemote: count(`${room}`) - count(`${room}/${node}`),
  }));
}

/** 0 to length - 1 in an order from the seed (Fisher and Yates). */
function shuffled(length: number, seed: number): number[] {
  const random = seededRandom(seed);
  const order = Array.from({ length }, (_, index) => index);
  for (let last = length - 1; last > 0; last--) {
    const other = Math.floor(random.next() * (last + 1));
    [order[last], order[other]] = [order[other] as number, order[last] as number];
  }
  return order;
}
