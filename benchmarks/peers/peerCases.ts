/** What the benchmark `peers` measures: each peer in each manner, to one receiver and to three, and latencies. */
import type { PeerName } from './peers.js';
import { type Manner, manners } from './SignalFraming.js';

/** The path of the mesh that is compared; it has one manner, its own. */
export const ownName = 'academy';

export interface PeerCase {
  readonly system: PeerName | typeof ownName;
  readonly manner: Manner | 'own';
  readonly receivers: number;
  /** At this rate, for latencies; null: as fast as it goes. */
  readonly signalsPerSecond: number | null;
}

export const receiverCounts = [1, 3] as const;
export const latencyRate = 50_000;

const mannerWords = { used: 'as used', batched: 'batched', codec: 'codec', own: 'keyed' } as const;

/** For the table, which must stay narrow: `zeromq as used 1:3`, `ws codec 50 k/s`. */
export function caseName({ system, manner, receivers, signalsPerSecond }: PeerCase): string {
  const how = signalsPerSecond === null ? `1:${receivers}` : `${signalsPerSecond / 1000} k/s`;
  return `${system} ${mannerWords[manner]} ${how}`;
}

/** @param latencyOf systems that bear the rate at which latencies are measured */
export function peerCases(peers: readonly PeerName[], latencyOf: ReadonlySet<PeerCase['system']>): PeerCase[] {
  const rates = receiverCounts.flatMap((receivers) => [
    ...manners.flatMap((manner) =>
      peers.map((system): PeerCase => ({ system, manner, receivers, signalsPerSecond: null })),
    ),
    { system: ownName, manner: 'own', receivers, signalsPerSecond: null } satisfies PeerCase,
  ]);
  const latency = { receivers: 1, signalsPerSecond: latencyRate } as const;
  const latencies = peers
    .filter((system) => latencyOf.has(system))
    .flatMap((system) => (['used', 'codec'] as const).map((manner): PeerCase => ({ system, manner, ...latency })));
  const own: PeerCase[] = latencyOf.has(ownName) ? [{ system: ownName, manner: 'own', ...latency }] : [];
  return [...rates, ...latencies, ...own];
}
