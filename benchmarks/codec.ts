/**
 * Training signals to bytes and back within one process: the fixed layout beside msgpackr and JSON, with ten thousand
 * signals, each with free texts of its own. Ratios are of CPU time per signal, in which other work on the machine
 * shows least. What the lazy reader saves depends on what is read: an id is looked up, while a free text has to become
 * a new string, and the call into the runtime that makes it takes longer than all the rest.
 */
import { fixedLayoutCodec } from './codec/fixedLayoutCodec.js';
import { jsonCodec } from './codec/jsonCodec.js';
import { msgpackrCodec } from './codec/msgpackrCodec.js';
import type { SignalCodec } from './codec/SignalCodec.js';
import { hashPhases, hashSignal } from './multicast/hashSignal.js';
import { distinctSignals, trainingSignals } from './multicast/trainingSignals.js';
import type { CaseResult } from './runner/BenchmarkDocument.js';
import { cpuSeconds } from './runner/cpuSeconds.js';
import { type BenchmarkCase, defineBenchmark, type RoundOutcome } from './runner/defineBenchmark.js';
import { monotonicNs } from './runner/monotonicNs.js';

const codecs = {
  'fixed layout': fixedLayoutCodec,
  'msgpackr, structures': (signals) => msgpackrCodec(signals, { structures: true }),
  msgpackr: (signals) => msgpackrCodec(signals, { structures: false }),
  JSON: jsonCodec,
} as const satisfies Record<string, (signals: ReturnType<typeof trainingSignals>) => SignalCodec>;

type CodecName = keyof typeof codecs;
type Work = 'encode' | 'decode' | 'read a text' | 'read an id' | 'size';

/** The cases that ratios are made of. */
type Compared =
  | `${'encode' | 'decode'}, ${'fixed layout' | 'msgpackr, structures'}`
  | `${'read a text' | 'read an id'}, fixed layout`;

/** Signals of a full round: long enough for the garbage that they make to be collected within it. */
const signalsPerRound = 200_000;

export const benchmark = defineBenchmark({
  name: 'codec',
  sentence: 'Training signals to bytes and back: the fixed layout beside msgpackr and JSON.',
  cases: [
    codecCase('encode', 'fixed layout'),
    codecCase('encode', 'msgpackr, structures'),
    codecCase('encode', 'msgpackr'),
    codecCase('encode', 'JSON'),
    codecCase('decode', 'fixed layout'),
    codecCase('decode', 'msgpackr, structures'),
    codecCase('decode', 'msgpackr'),
    codecCase('decode', 'JSON'),
    codecCase('read a text', 'fixed layout'),
    codecCase('read an id', 'fixed layout'),
    codecCase('size', 'fixed layout'),
    codecCase('size', 'msgpackr, structures'),
    codecCase('size', 'msgpackr'),
    codecCase('size', 'JSON'),
  ],
  ratios: (results) => ratiosOf(results),
  guarding: {
    cases: [
      'encode, fixed layout',
      'encode, msgpackr, structures',
      'decode, fixed layout',
      'decode, msgpackr, structures',
      'read a text, fixed layout',
      'read an id, fixed layout',
      'size, fixed layout',
    ],
    rounds: 15,
    scale: 0.1,
  },
  // The quickest rounds, not the medians: on a busy machine they are steadier by far.
  guards: (results) => ({
    ...ratiosOf(results, ({ cpuSecondsPerMillionMin }) => cpuSecondsPerMillionMin),
    bytes_per_signal: results['size, fixed layout'].median,
  }),
});

function ratiosOf(
  results: Readonly<Record<Compared, CaseResult>>,
  cpuOf = ({ cpuSecondsPerMillion }: CaseResult): number | null => cpuSecondsPerMillion,
): Record<string, number> {
  const ratio = (other: CaseResult, own: CaseResult): number =>
    (cpuOf(other) ?? Number.NaN) / (cpuOf(own) ?? Number.NaN);
  const decode = results['decode, msgpackr, structures'];
  return {
    codec_encode: ratio(results['encode, msgpackr, structures'], results['encode, fixed layout']),
    codec_decode: ratio(decode, results['decode, fixed layout']),
    codec_lazy: ratio(decode, results['read a text, fixed layout']),
    codec_lazy_id: ratio(decode, results['read an id, fixed layout']),
  };
}

function codecCase<const W extends Work, const C extends CodecName>(work: W, name: C): BenchmarkCase<`${W}, ${C}`> {
  return {
    case: `${work}, ${name}`,
    unit: work === 'size' ? 'bytes' : 'signals/s',
    run: async ({ signal, scale, seed }) => {
      // Between cases others get their turn, so that the run can be given up.
      await new Promise((resolve) => setImmediate(resolve));
      signal.throwIfAborted();
      const codec = codecOf(name, seed);
      const count = Math.max(
        distinctSignals,
        Math.round((signalsPerRound * scale) / distinctSignals) * distinctSignals,
      );
      return work === 'size' ? sized(codec) : timed(work, codec, count, seed);
    },
  };
}

/** The signals of a seed, and the codecs that hold them: made once, as what is measured is not their making. */
const made = new Map<string, SignalCodec>();
const signalsBySeed = new Map<number, ReturnType<typeof trainingSignals>>();

function signalsOf(seed: number): ReturnType<typeof trainingSignals> {
  let signals = signalsBySeed.get(seed);
  if (!signals) {
    signals = trainingSignals(seed);
    signalsBySeed.clear();
    made.clear();
    signalsBySeed.set(seed, signals);
  }
  return signals;
}

function codecOf(name: CodecName, seed: number): SignalCodec {
  const signals = signalsOf(seed);
  let codec = made.get(name);
  if (!codec) {
    codec = codecs[name](signals);
    made.set(name, codec);
  }
  return codec;
}

function sized(codec: SignalCodec): RoundOutcome {
  return { count: distinctSignals, seconds: 0, value: codec.bytes / distinctSignals, lost: 0, complete: true };
}

function timed(work: Exclude<Work, 'size'>, codec: SignalCodec, count: number, seed: number): RoundOutcome {
  const cpuBefore = cpuSeconds();
  const startNs = monotonicNs();
  const sum = performed(work, codec, count);
  const seconds = (monotonicNs() - startNs) / 1e9;
  const cpu = cpuSeconds() - cpuBefore;
  const fault = faultOf(work, codec, sum / (count / distinctSignals), signalsOf(seed));
  return {
    count,
    seconds,
    lost: 0,
    cpuSeconds: cpu,
    complete: fault === null,
    ...(fault === null ? {} : { reason: fault }),
  };
}

function performed(work: Exclude<Work, 'size'>, codec: SignalCodec, count: number): number {
  if (work === 'encode') return codec.encode(count);
  if (work === 'decode') return codec.decode(count);
  return codec.readFields?.(count, work === 'read an id' ? 'personaId' : 'inputContext') ?? 0;
}

/**
 * Whether the signals survive, by the hash over all their fields, and the work that was measured was that work.
 * @param sum what the work returned, for each time that it went over all signals
 */
function faultOf(
  work: Exclude<Work, 'size'>,
  codec: SignalCodec,
  sum: number,
  signals: ReturnType<typeof trainingSignals>,
): string | null {
  for (const [index, signal] of signals.entries()) {
    const decoded = codec.throughBytes(index);
    if (!decoded || hashSignal(decoded, index % hashPhases) !== hashSignal(signal, index % hashPhases)) {
      return `signal ${index} did not survive`;
    }
  }
  const expected = signals.reduce((total, signal) => total + expectedOf(work, signal), 0);
  if (work === 'encode' ? sum > 0 && sum <= codec.bytes : Math.abs(sum / expected - 1) < 1e-9) return null;
  return `its sum is ${sum} and should be ${expected}`;
}

function expectedOf(
  work: Exclude<Work, 'size'>,
  { signal, timestamp, personaId }: ReturnType<typeof trainingSignals>[0],
) {
  if (work === 'read a text') return signal.value + timestamp + signal.inputContext.length;
  return work === 'read an id' ? signal.value + timestamp + personaId.length : timestamp;
}
