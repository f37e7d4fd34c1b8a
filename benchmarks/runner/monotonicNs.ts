/**
 * Nanoseconds on the clock that all processes of a machine share (CLOCK_MONOTONIC on Linux), so that one process may
 * take the time that another one noted. Exact to a microsecond as long as the machine runs for less than 200 years.
 */
export function monotonicNs(): number {
  const [seconds, nanoseconds] = process.hrtime();
  return seconds * 1e9 + nanoseconds;
}
