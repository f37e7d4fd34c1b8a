/**
 * Latencies in nanoseconds, in HdrHistograms of one shape so that those of several processes can be added. Three
 * significant digits hold from a nanosecond to a minute; what took longer counts as a minute.
 */
import { build, decodeFromCompressedBase64, encodeIntoCompressedBase64, type Histogram } from 'hdr-histogram-js';

const longestNs = 60_000_000_000;

export function latencyHistogram(): Histogram {
  return build({
    lowestDiscernibleValue: 1,
    highestTrackableValue: longestNs,
    numberOfSignificantValueDigits: 3,
    bitBucketSize: 32,
    useWebAssembly: false,
  });
}

/** Records a latency; one below zero (two clocks of the kernel apart by a tick) counts as zero. */
export function recordLatency(histogram: Histogram, nanoseconds: number): void {
  histogram.recordValue(Math.min(longestNs, Math.max(0, Math.round(nanoseconds))));
}

/** As text, to cross processes. */
export function encodeHistogram(histogram: Histogram): string {
  return encodeIntoCompressedBase64(histogram);
}

/** The sum of histograms that have crossed processes. */
export function sumOfHistograms(encoded: readonly string[]): Histogram {
  const sum = latencyHistogram();
  for (const text of encoded) sum.add(decodeFromCompressedBase64(text));
  return sum;
}

/** Microseconds that `percentile` percent of the values do not exceed; null for an empty histogram. */
export function percentileMicros(histogram: Histogram, percentile: number): number | null {
  return histogram.totalCount === 0 ? null : histogram.getValueAtPercentile(percentile) / 1000;
}
