/** The supervision trees of a node, for people: who keeps whom alive, by which strategy, and how often it had to. */
import type { ActorInfo, SupervisorInfo } from '../index.js';
import { amountOf } from './amountOf.js';
import { errorText } from './errorText.js';
import { table } from './Output.js';

/** Children of one supervisor that are shown by name. */
const childrenShownMax = 30;

export function renderSupervision(supervisors: readonly SupervisorInfo[], actors: readonly ActorInfo[]): string {
  const byName = new Map(supervisors.map((supervisor) => [supervisor.name, supervisor]));
  const actorsByName = new Map(actors.map((actor) => [actor.name, actor]));
  const rows: string[][] = [];
  const add = (supervisor: SupervisorInfo, depth: number): void => {
    rows.push([`${'  '.repeat(depth)}${supervisor.name}`, supervisor.strategy, supervisorText(supervisor)]);
    const { children } = supervisor;
    for (const name of children.slice(0, childrenShownMax)) {
      const below = byName.get(name);
      if (below) add(below, depth + 1);
      else rows.push([`${'  '.repeat(depth + 1)}${name}`, '', actorText(actorsByName.get(name))]);
    }
    const more = children.length - childrenShownMax;
    if (more > 0) rows.push([`${'  '.repeat(depth + 1)}… and ${more} more`, '', '']);
    // A supervisor forgets a child that it has given up; whoever looks for it does not.
    for (const actor of failedOf(supervisor, actors)) {
      rows.push([`${'  '.repeat(depth + 1)}${actor.name}`, '', actorText(actor)]);
    }
  };
  for (const supervisor of supervisors) if (supervisor.parent === null) add(supervisor, 1);
  return rows.length === 0 ? 'no supervisors' : `supervisors\n${table(rows)}`;
}

function failedOf({ name, children }: SupervisorInfo, actors: readonly ActorInfo[]): ActorInfo[] {
  const failed = actors.filter(({ status, supervisor }) => status === 'failed' && supervisor === name);
  const known = new Set(children);
  return failed.filter((actor) => !known.has(actor.name)).slice(-childrenShownMax);
}

function supervisorText({ status, restarts, recentRestarts, intensity, withinMs }: SupervisorInfo): string {
  const bound =
    intensity === null
      ? amountOf(recentRestarts, 'fall')
      : `${recentRestarts} of ${intensity} restarts within ${withinMs / 1_000} s`;
  return [status, bound, ...(restarts > 0 ? [`itself restarted ${amountOf(restarts, 'time')}`] : [])].join(', ');
}

function actorText(actor: ActorInfo | undefined): string {
  if (!actor) return 'not running';
  const { status, restarts, quarantined = 0, lastError } = actor;
  const words: string[] = [status];
  if (restarts > 0) words.push(amountOf(restarts, 'restart'));
  if (quarantined > 0) words.push(`${amountOf(quarantined, 'message')} set aside`);
  const text = words.join(', ');
  return status === 'failed' && lastError ? `${text}: ${errorText(lastError)}` : text;
}
