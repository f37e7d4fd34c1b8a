/** Actors on the threads of a test that do what they are told; see actors/probe.ts. */
import type { Test } from 'tap';
import type { ActorSystem } from '../../runtime/hosting/ActorSystem.js';
import type { ActorSpec } from '../../runtime/protocol/actors.js';
import type { NodeId } from '../../runtime/protocol/identity.js';
import { TestShards, type TestShardsOptions } from '../../testing.js';
import type { ProbeReport } from './actors/probe.js';

export const otherNode = '22'.repeat(16) as NodeId;

const module = new URL('./actors/probe.js', import.meta.url).href;

export function probeSpec(name: string, rest: Partial<ActorSpec> = {}): ActorSpec {
  return { name, module, exportName: 'probe', ...rest };
}

export async function reportOf(system: ActorSystem, name: string): Promise<ProbeReport> {
  return (await system.ask({ name }, { type: 'report', data: null }, { deadlineMs: 10_000 })) as ProbeReport;
}

/** Closed when the test ends. */
export async function openShards(t: Test, options: TestShardsOptions = {}): Promise<TestShards> {
  const shards = await TestShards.open(options);
  t.teardown(() => shards.close());
  return shards;
}
