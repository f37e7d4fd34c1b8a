import type { LoopSceneResult } from './playLoopScene.js';

export function renderSceneResult(result: LoopSceneResult): string {
  const { before, after, n, domain, genomeId, fromNode, gain, shared, millis, seed, closed, reason } = result;
  const points = (gain * 100).toFixed(1);
  return [
    closed ? 'The loop closed.' : 'The loop did not close.',
    `  subject   ${domain} (seed ${seed})`,
    `  measured  ${percent(before)} before, ${percent(after)} after: ${gain >= 0 ? '+' : ''}${points} points on ${n} held-out questions`,
    genomeId === null
      ? `  adopted   nothing: ${reason}`
      : `  adopted   ${genomeId.slice(0, 12)} from node ${fromNode?.slice(0, 12)}`,
    `  shared    ${shared ? 'its gain was announced to the academy' : 'nothing'}`,
    `  took      ${(millis / 1000).toFixed(1)} s`,
  ].join('\n');
}

function percent(share: number): string {
  return `${(share * 100).toFixed(1)} %`;
}
