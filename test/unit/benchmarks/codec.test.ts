import t from 'tap';
import { runBenchmark } from '../../../benchmarks/index.js';

t.test(
  'the codec benchmark ends with signals that survived every codec, and compares what can be compared',
  async (t) => {
    const { results, ratios, guards } = await runBenchmark('codec', { rounds: 1, scale: 0.001 });
    t.ok(results.every(({ median }) => median > 0));
    const names = ['codec_encode', 'codec_decode', 'codec_lazy', 'codec_lazy_id'];
    t.strictSame(Object.keys(ratios), names);
    t.strictSame(Object.keys(guards), [...names, 'bytes_per_signal']);
    t.ok(Object.values(guards).every((figure) => Number.isFinite(figure) && figure > 0));
    const size = (codec: string): number => results.find((result) => result.case === `size, ${codec}`)?.median ?? 0;
    t.ok(size('fixed layout') < size('msgpackr, structures'), 'the fixed layout is the smallest');
  },
);
