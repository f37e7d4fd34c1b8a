/** An actor system for tests, with a mesh that records what leaves it and brings published events back. */
import type { ActorMesh } from '../../runtime/hosting/ActorMesh.js';
import { ActorSystem, type ActorSystemOptions } from '../../runtime/hosting/ActorSystem.js';
import type { EncodedEvent } from '../../runtime/hosting/frames.js';
import type { ActorMessage, ActorSpec } from '../../runtime/protocol/actors.js';
import type { NodeId } from '../../runtime/protocol/identity.js';
import type { PacketHeader } from '../../runtime/protocol/packet.js';
import { seededRandom } from '../../runtime/protocol/Random.js';
import { systemClock } from '../../runtime/system/systemClock.js';
import type { ProbeReport } from './actors/probe.js';

export const testNode = '11'.repeat(16) as NodeId;
export const otherNode = '22'.repeat(16) as NodeId;

export class RecordingMesh implements ActorMesh {
  readonly published: EncodedEvent[] = [];
  readonly told: { node: NodeId; name: string; message: ActorMessage }[] = [];
  readonly logged: string[] = [];
  system: ActorSystem | null = null;
  /** Thrown by what has no answer. */
  failure: Error | null = null;

  publish(event: EncodedEvent): void {
    if (this.failure) throw this.failure;
    this.published.push(event);
    this.system?.deliverEvent(headerOf(event, testNode), event.payload);
  }

  async execute(endpoint: string, payload: unknown, deadlineMs: number): Promise<unknown> {
    if (endpoint === 'fails') throw new Error('it failed');
    return { endpoint, payload, deadlineMs };
  }

  tellRemote(node: NodeId, name: string, message: ActorMessage): void {
    if (this.failure) throw this.failure;
    this.told.push({ node, name, message });
  }

  async askRemote(node: NodeId, name: string, message: ActorMessage): Promise<unknown> {
    return `${node.slice(0, 2)} ${name} ${message.type}`;
  }

  log(level: string, actor: string, text: string): void {
    this.logged.push(`${level} ${actor} ${text}`);
  }
}

export function headerOf(event: Pick<EncodedEvent, 'eventId' | 'topic'>, sourceNode: NodeId): PacketHeader {
  return {
    eventId: event.eventId,
    channel: 'training',
    priority: 'normal',
    hops: 0,
    timestampMs: 1_000,
    session: 1,
    sequence: 1,
    sourceNode,
    traceId: '0'.repeat(32),
    topic: event.topic,
  };
}

export function makeSystem(options: Partial<ActorSystemOptions> = {}): { system: ActorSystem; mesh: RecordingMesh } {
  const mesh = new RecordingMesh();
  const system = new ActorSystem({
    nodeId: testNode,
    academyId: 'test',
    clock: systemClock,
    random: seededRandom(1),
    threads: 0,
    mesh,
    ...options,
  });
  mesh.system = system;
  return { system, mesh };
}

export const probeModule = new URL('./actors/probe.js', import.meta.url).href;

export function probeSpec(name: string, rest: Partial<ActorSpec> = {}): ActorSpec {
  return { name, module: probeModule, exportName: 'probe', ...rest };
}

export async function reportOf(system: ActorSystem, name: string): Promise<ProbeReport> {
  return (await system.ask({ name }, { type: 'report', data: null }, { deadlineMs: 10_000 })) as ProbeReport;
}

/** Waits for a condition; fails after ten seconds, saying which. */
export async function until(what: string, condition: () => boolean | Promise<boolean>): Promise<void> {
  const end = performance.now() + 10_000;
  while (!(await condition())) {
    if (performance.now() > end) throw new Error(`waited in vain until ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 2));
  }
}
