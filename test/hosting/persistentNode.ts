/** A node's actors on a store in a folder, for tests that end its threads and start it again. */
import type { Test } from 'tap';
import type { ActorSystem, ActorSystemEvents, ActorSystemOptions } from '../../runtime/hosting/ActorSystem.js';
import type { ActorSpec } from '../../runtime/protocol/actors.js';
import { ActorStore } from '../../runtime/storage/ActorStore.js';
import { Store } from '../../runtime/storage/Store.js';
import type { KeeperReport } from './actors/keeper.js';
import { makeSystem } from './testSystem.js';

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

export interface PersistentNode {
  readonly system: ActorSystem;
  readonly ups: ActorSystemEvents['shard-up'][0][];
  readonly failures: ActorSystemEvents['actor-failed'][0][];
  stop(): Promise<void>;
}

export async function startNode(
  t: Test,
  folder: string,
  options: Partial<ActorSystemOptions> = {},
): Promise<PersistentNode> {
  const store = Store.open(folder);
  const { system } = makeSystem({ threads: 2, snapshotEveryMs: 10, storage: new ActorStore(store), ...options });
  const ups: PersistentNode['ups'] = [];
  const failures: PersistentNode['failures'] = [];
  system.on('shard-up', (detail) => ups.push(detail));
  system.on('actor-failed', (detail) => failures.push(detail));
  let stopped: Promise<void> | null = null;
  const stop = (): Promise<void> => {
    stopped ??= system.shutdown({ limitMs: 5_000 }).then(() => store.close());
    return stopped;
  };
  t.teardown(stop);
  await system.start();
  return { system, ups, failures, stop };
}
