/** What the tests of the mesh share: clocks that only move when told, identities, transports that remember. */

import { channelOfTransport, transportNames } from '../../../runtime/mesh/AcademySmartEventRouter.js';
import type { MeshLog } from '../../../runtime/mesh/RateLimitedLog.js';
import type { Clock, TimerHandle } from '../../../runtime/protocol/Clock.js';
import { identityFromSeed, type NodeId, type NodeIdentity } from '../../../runtime/protocol/identity.js';
import type { Channel } from '../../../runtime/protocol/packet.js';
import type {
  PacketHandler,
  Transport,
  TransportSendResult,
  TransportStats,
} from '../../../runtime/protocol/Transport.js';

/** 1 June 2026, so that sessions and timestamps are those of a real node. */
export const startMs = Date.UTC(2026, 5, 1);

export class ManualClock implements Clock {
  #nowMs: number;
  readonly #timers = new Set<{ atMs: number; order: number; callback: () => void }>();
  #order = 0;

  constructor(nowMs = startMs) {
    this.#nowMs = nowMs;
  }

  nowMs(): number {
    return this.#nowMs;
  }

  monotonicMs(): number {
    return this.#nowMs;
  }

  setTimeout(callback: () => void, delayMs: number): TimerHandle {
    const timer = { atMs: this.#nowMs + delayMs, order: this.#order++, callback };
    this.#timers.add(timer);
    return timer;
  }

  clearTimeout(handle: TimerHandle): void {
    this.#timers.delete(handle as never);
  }

  get timers(): number {
    return this.#timers.size;
  }

  /** Moves time, running what falls due in order, and lets promises settle in between. */
  async advance(byMs: number): Promise<void> {
    const untilMs = this.#nowMs + byMs;
    await settle();
    for (;;) {
      const [next] = [...this.#timers]
        .filter((timer) => timer.atMs <= untilMs)
        .sort((left, right) => left.atMs - right.atMs || left.order - right.order);
      if (!next) break;
      this.clearTimeout(next);
      this.#nowMs = Math.max(this.#nowMs, next.atMs);
      next.callback();
      await settle();
    }
    this.#nowMs = untilMs;
  }
}

/** Lets every promise that can settle without a timer do so. */
export async function settle(): Promise<void> {
  for (let turn = 0; turn < 3; turn++) await new Promise((resolve) => setImmediate(resolve));
}

export function identity(number: number): NodeIdentity {
  return identityFromSeed(new Uint8Array(32).fill(number));
}

export interface LogLine {
  readonly level: string;
  readonly text: string;
  readonly fields: Readonly<Record<string, unknown>>;
}

export function rememberingLog(): { lines: LogLine[]; log: MeshLog } {
  const lines: LogLine[] = [];
  return { lines, log: (level, text, fields = {}) => lines.push({ level, text, fields }) };
}

export interface Sent {
  readonly transport: string;
  readonly packet: Uint8Array;
  readonly nodes: readonly NodeId[] | undefined;
}

/** A transport that remembers what it was handed and says what it is told to say. */
export class FakeTransport implements Transport {
  readonly packetBytesMax = 65_507;
  readonly name: string;
  readonly channel: Channel;
  readonly #sent: Sent[];
  answer: (() => Promise<TransportSendResult>) | undefined;

  constructor(name: string, channel: Channel, sent: Sent[]) {
    this.name = name;
    this.channel = channel;
    this.#sent = sent;
  }

  async start(_handler: PacketHandler): Promise<void> {}

  async stop(): Promise<void> {}

  async send(packet: Uint8Array, nodes?: readonly NodeId[]): Promise<TransportSendResult> {
    this.#sent.push({ transport: this.name, packet, nodes });
    if (this.answer) return this.answer();
    return { success: true, receipt: 'sent', bytes: packet.length };
  }

  stats(): TransportStats {
    return { packetsSent: 0, bytesSent: 0, packetsReceived: 0, bytesReceived: 0, sendErrors: 0 };
  }
}

/** The four transports of a node. */
export class FakeTransports {
  readonly sent: Sent[] = [];
  readonly #byName = new Map<string, FakeTransport>();

  constructor(names: readonly (keyof typeof channelOfTransport)[] = transportNames) {
    for (const name of names) this.#byName.set(name, new FakeTransport(name, channelOfTransport[name], this.sent));
  }

  get(name: string): FakeTransport {
    const transport = this.#byName.get(name);
    if (!transport) throw new Error(`no transport ${name}`);
    return transport;
  }

  has(name: string): boolean {
    return this.#byName.has(name);
  }
}
