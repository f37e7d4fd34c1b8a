/**
 * What a worker thread runs: the host of one shard, for as long as the thread lives. Piscina starts it as a task that
 * ends when the main thread says so.
 */
import type { ActorAddress, RestartOptions } from '../protocol/actors.js';
import type { NodeId } from '../protocol/identity.js';
import { systemClock } from '../system/systemClock.js';
import { systemRandom } from '../system/systemRandom.js';
import { ActorHost } from './ActorHost.js';
import type { ActorSeat, Frame, LinkChannel } from './frames.js';
import { RingLink } from './RingLink.js';
import { ShardLedger } from './ShardLedger.js';
import type { ShardLinkEnd } from './ShardLink.js';

/** Cloned to the worker; the channel's port moves. */
export interface ShardTask {
  readonly shard: number;
  readonly epoch: number;
  /** Shards of the node, the main thread included. */
  readonly shards: number;
  readonly nodeId: NodeId;
  readonly academyId: string;
  readonly restart: RestartOptions;
  readonly memory: SharedArrayBuffer;
  readonly channel: LinkChannel;
  /** Actors that lived on the shard before. */
  readonly seats: readonly ActorSeat[];
  readonly names: readonly (readonly [name: string, address: ActorAddress])[];
}

/** Resolves when the shard has been told to end. */
export async function runShard(task: ShardTask): Promise<void> {
  const { shard, epoch, nodeId, academyId, restart } = task;
  const host = new ActorHost({
    shard,
    epoch,
    nodeId,
    academyId,
    restart,
    clock: systemClock,
    random: systemRandom,
    ledger: new ShardLedger(task.shards, task.memory),
    toMain: (frame) => main.post(frame),
    defer: setImmediate,
  });
  const { switchboard } = host;
  let end = (): void => {};
  const ended = new Promise<void>((resolve) => {
    end = resolve;
  });
  const endOf = (peer: number): ShardLinkEnd => ({
    receive: (frame: Frame) => {
      if (frame[0] === 'link') switchboard.connect(frame[1], linkTo(frame[1], frame[2]));
      else if (frame[0] === 'end') end();
      else host.receive(frame, peer);
    },
    pending: (link) => switchboard.pending(link),
    unsendable: (frame, cause) => switchboard.unsendable(peer, frame, cause),
    overfull: (frame) => switchboard.overfull(frame),
    // Memory that is damaged is a fault of this thread or of the other; a fresh one starts on fresh memory.
    broken: (cause) => {
      throw cause;
    },
  });
  const linkTo = (peer: number, channel: LinkChannel): RingLink =>
    new RingLink(channel, endOf(peer), { defer: setImmediate });
  const main = linkTo(0, task.channel);
  switchboard.connect(0, main);
  for (const [name, address] of task.names) switchboard.names.bind(name, address);
  await Promise.all(task.seats.map((seat) => host.spawn(seat)));
  main.post(['up']);
  await ended;
  switchboard.flush();
  host.close();
}
