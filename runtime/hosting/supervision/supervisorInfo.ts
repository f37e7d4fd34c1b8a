/** Supervisors as `academy tree` shows them. */
import type { SupervisorInfo } from '../../protocol/supervision.js';
import { restartsWithin } from './restartPolicy.js';
import type { SupervisorNode } from './SupervisedNode.js';

/** A supervisor and all below it, each before its children. */
export function supervisorInfos(supervisor: SupervisorNode, nowMs: number): SupervisorInfo[] {
  const { name, parent, strategy, intensity, withinMs, restarts, fallsAtMs, children } = supervisor;
  const info: SupervisorInfo = {
    name,
    parent: parent?.name ?? null,
    strategy,
    intensity: Number.isFinite(intensity) ? intensity : null,
    withinMs,
    status: statusOf(supervisor),
    restarts,
    recentRestarts: restartsWithin(withinMs, fallsAtMs, nowMs).length,
    children: [...children.keys()],
  };
  const below = [...children.values()].flatMap((child) =>
    child.type === 'supervisor' ? supervisorInfos(child, nowMs) : [],
  );
  return [info, ...below];
}

function statusOf({ status, ending, regroup }: SupervisorNode): SupervisorInfo['status'] {
  if (status === 'down') return 'failed';
  if (status === 'held' || status === 'waiting' || regroup) return 'restarting';
  if (ending || status === 'stopping' || status === 'killing') return 'stopping';
  return status;
}
