/** An actor system in the main thread whose turns and timers run when the test says so. */
import { ActorSystem } from '../../../runtime/hosting/ActorSystem.js';
import { seededRandom } from '../../../runtime/protocol/Random.js';
import { RecordingMesh } from '../../../testing/RecordingMesh.js';
import { VirtualClock } from '../../../transports/memory/VirtualClock.js';

export interface StillSystem {
  readonly clock: VirtualClock;
  readonly system: ActorSystem;
  readonly mesh: RecordingMesh;
  /** Turns that are due. */
  readonly turns: (() => void)[];
  /** Runs turns until none is due, and lets promises settle in between. */
  run(): Promise<void>;
}

export async function makeStill(): Promise<StillSystem> {
  const clock = new VirtualClock();
  const turns: (() => void)[] = [];
  const mesh = new RecordingMesh();
  const system = new ActorSystem({
    nodeId: mesh.nodeId,
    academyId: 'test',
    clock,
    random: seededRandom(7),
    threads: 0,
    mesh,
    defer: (turn) => turns.push(turn),
  });
  await system.start();
  const run = async (): Promise<void> => {
    for (let turn = turns.shift(); turn; turn = turns.shift()) turn();
    await new Promise((resolve) => setImmediate(resolve));
    if (turns.length > 0) await run();
  };
  return { clock, system, mesh, run, turns };
}
