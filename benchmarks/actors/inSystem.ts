/** The project's actor system as the benchmarks use it: without a mesh, and with every trouble taken for a fault. */
import { ActorSystem, type ActorSystemOptions } from '../../runtime/hosting/ActorSystem.js';
import { AcademyError } from '../../runtime/protocol/errors.js';
import { nodeIdOf } from '../../runtime/protocol/identity.js';
import { seededRandom } from '../../runtime/protocol/Random.js';
import { systemClock } from '../../runtime/system/systemClock.js';
import type { Measured } from './Workload.js';

/** Longer than any round takes. */
export const deadlineMs = 120_000;
const shutdownMs = 10_000;

export interface InSystemOptions extends Partial<Pick<ActorSystemOptions, 'restart' | 'shardRestart'>> {
  readonly threads: number;
  /** Actors crash, which is the work: neither log lines nor dead letters are faults. @default false */
  readonly withCrashes?: boolean;
}

/** Runs the work in a system of its own; a log line or a dead letter voids the round. */
export async function inSystem(
  { withCrashes = false, ...options }: InSystemOptions,
  work: (system: ActorSystem) => Promise<Measured>,
): Promise<Measured> {
  const random = seededRandom(1);
  const noMesh = async (): Promise<never> => {
    throw new AcademyError('ERR_ACADEMY_COMMAND_FAILED', 'the benchmark has no mesh');
  };
  const troubles: string[] = [];
  const trouble = (text: string): void => {
    if (!withCrashes && troubles.length === 0) troubles.push(text);
  };
  const system = new ActorSystem({
    ...options,
    nodeId: nodeIdOf(random.bytes(32)),
    academyId: 'benchmark-academy',
    clock: systemClock,
    random,
    mesh: {
      publish: () => {},
      execute: noMesh,
      tellRemote: () => {},
      askRemote: noMesh,
      log: (_level, actor, text) => trouble(`${actor}: ${text}`),
    },
  });
  system.on('dead-letter', ({ reason, messageType }) => trouble(`dead letter ${messageType}: ${reason}`));
  await system.start();
  try {
    const measured = await work(system);
    return { ...measured, fault: measured.fault ?? troubles[0] ?? null };
  } finally {
    await system.shutdown({ limitMs: shutdownMs });
  }
}
