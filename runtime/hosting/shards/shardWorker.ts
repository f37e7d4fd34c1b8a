/**
 * What a worker thread runs: the host of one shard, for as long as the thread lives. Piscina starts it as a task that
 * ends when the main thread says so.
 */
import { threadId } from 'node:worker_threads';
import type { RestartOptions } from '../../protocol/actors.js';
import type { NodeId } from '../../protocol/identity.js';
import { systemClock } from '../../system/systemClock.js';
import { systemRandom } from '../../system/systemRandom.js';
import { ActorHost } from '../ActorHost.js';
import type { ForwardEntry } from '../addresses/ActorForwards.js';
import type { Frame, LinkChannel } from '../frames.js';
import type { KeptShard } from '../persistence/ActorArchive.js';
import { type NameColumns, namesOf, type SeatColumns, seatsOf } from '../persistence/SeatColumns.js';
import { RingLink } from '../rings/RingLink.js';
import { counterPlace, ShardLedger } from './ShardLedger.js';
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
  /** How often the thread shows that its loop turns. */
  readonly heartbeatMs: number;
  readonly channel: LinkChannel;
  readonly snapshotEveryMs: number;
  /** Actors that lived on the shard before, and what was kept of them. */
  readonly kept: KeptShard;
  readonly seats: SeatColumns;
  /** Of actors on other shards. */
  readonly names: NameColumns;
  /** Of actors that have moved. */
  readonly forwards: readonly ForwardEntry[];
}

/** Resolves when the shard has been told to end. */
export async function runShard(task: ShardTask): Promise<void> {
  const { shard, epoch, nodeId, academyId, restart } = task;
  const ledger = new ShardLedger(task.shards, task.memory);
  ledger.add(shard, counterPlace('threadId'), threadId);
  const stopBeating = beat(ledger, shard, task.heartbeatMs);
  const host = new ActorHost({
    shard,
    epoch,
    nodeId,
    academyId,
    restart,
    snapshotEveryMs: task.snapshotEveryMs,
    clock: systemClock,
    random: systemRandom,
    ledger,
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
      if (frame[0] === 'link') {
        switchboard.connect(frame[1], linkTo(frame[1], frame[2]));
        host.shardUp();
      } else if (frame[0] === 'end') end();
      else host.receive(frame, peer);
    },
    received: () => host.takeTurn(),
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
  for (const [name, address] of namesOf(task.names)) switchboard.names.bind(name, address);
  for (const [from, to] of task.forwards) switchboard.forwards.add(from, to);
  await host.spawner.spawnAll(seatsOf(task.seats), task.kept);
  main.post(['up']);
  await ended;
  switchboard.flush();
  host.close();
  stopBeating();
}

/** Counts heartbeats in shared memory, where they are seen while nothing that the thread says would be. */
function beat(ledger: ShardLedger, shard: number, everyMs: number): () => void {
  const place = counterPlace('heartbeats');
  let timer = systemClock.setTimeout(again, everyMs);
  function again(): void {
    ledger.add(shard, place);
    timer = systemClock.setTimeout(again, everyMs);
  }
  return () => systemClock.clearTimeout(timer);
}
