/** Actors on the threads of a test that keep what they are told; see actors/keeper.ts. */
import type { ActorSystem } from '../../runtime/hosting/ActorSystem.js';
import type { ActorSpec } from '../../runtime/protocol/actors.js';
import type { KeeperReport } from './actors/keeper.js';

const module = new URL('./actors/keeper.js', import.meta.url).href;

export function keeper(name: string, exportName: string, rest: Partial<ActorSpec> = {}): ActorSpec {
  return { name, module, exportName, ...rest };
}

export async function keeperReport(system: ActorSystem, name: string): Promise<KeeperReport> {
  return (await system.ask({ name }, { type: 'report', data: null }, { deadlineMs: 10_000 })) as KeeperReport;
}

/** @returns when it is receipted */
export async function told(system: ActorSystem, name: string, id: string, next: unknown = []): Promise<void> {
  await system.ask({ name }, { type: 'tell', data: { id, next } }, { deadlineMs: 10_000 });
}
