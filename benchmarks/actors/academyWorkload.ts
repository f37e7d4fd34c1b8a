/**
 * The project's own actors: XState machines with an address, a bounded mailbox, supervision and counters, in one
 * thread. They are children of their host, which is how actors come about by the thousand.
 */
import { fanOut, pingPong } from './actorTalk.js';
import { addressesOf, onHost } from './LocalHost.js';
import { listener, player, speaker, umpire } from './machines.js';
import { expectCount, slopeOfMemory, timed } from './measure.js';
import { fanOutWidth, type Workload } from './Workload.js';

export const academyWorkload: Workload = {
  spawn: (count) =>
    onHost(async (host) => {
      host.spawnMany(listener, Math.ceil(count / 5));
      const before = host.children;
      return timed(
        count,
        () => host.spawnMany(listener, count),
        () => expectCount('actors', host.children - before, count),
      );
    }),

  /** An actor's address is in the actor; whoever speaks to it keeps what he needs of it, which is not counted here. */
  idle: (count) =>
    onHost((host) =>
      slopeOfMemory(
        count,
        (more) => {
          host.spawnMany(listener, more);
          return [more];
        },
        (made) =>
          expectCount(
            'actors',
            host.children,
            made.reduce((sum, each) => sum + each, 0),
          ),
      ),
    ),

  pingPong: (count) => onHost((host) => pingPong(host, [host.spawnOne(player), host.spawnOne(player)], count)),

  fanOut: (count) =>
    onHost((host) => {
      const listeners = addressesOf(host.spawnMany(listener, fanOutWidth));
      return fanOut(host, { speaker: host.spawnOne(speaker), umpire: host.spawnOne(umpire), listeners }, count);
    }),
};
