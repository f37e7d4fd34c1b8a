/** What a host knows of one of its actors, for whoever inspects it. Reads only, between two turns. */

import type { ReportedMailbox, ReportedRestarts, RunningReport } from '../../protocol/actorReport.js';
import { type ActorInfo, type ActorReference, type DeliveredMessage, isActorAddress } from '../../protocol/actors.js';
import { eventById } from '../../protocol/events.js';
import { limits } from '../../protocol/limits.js';
import type { PersistKind } from '../../protocol/persistence.js';
import type { QuarantinedMessage } from '../../protocol/supervision.js';
import type { EventInterest } from '../events/EventInterest.js';
import type { ActorCell } from '../lives/ActorCell.js';
import type { ActorTimers } from '../mailboxes/ActorTimers.js';
import { valueView } from './valueView.js';

/** As ReportedBond, before the main thread has looked for the name. */
export interface HostBond {
  readonly who: ActorReference;
  readonly isLink: boolean;
}

export type HostRunning = Omit<RunningReport, 'watches' | 'watchedBy'> & {
  readonly watches: readonly HostBond[];
  readonly watchedBy: readonly HostBond[];
};

/** What the main thread is told; plain data. */
export interface HostReport {
  readonly info: ActorInfo;
  readonly parent: string | null;
  readonly persist: PersistKind;
  readonly restart: ReportedRestarts | null;
  readonly quarantine: readonly QuarantinedMessage[];
  readonly running: HostRunning;
}

export interface InspectedHost {
  readonly timers: ActorTimers;
  readonly interest: EventInterest<ActorCell>;
  readonly nowMs: number;
  /** All that were set aside on this host. */
  readonly quarantined: readonly QuarantinedMessage[];
}

export function inspectActor(cell: ActorCell, host: InspectedHost): HostReport {
  const { kind, extras, parentCell } = cell;
  const { restart = null } = kind ?? {};
  return {
    info: cell.info(cell.status === 'restarting' || cell.status === 'passive' ? cell.status : 'running'),
    parent: parentCell?.name ?? null,
    persist: extras?.persistent?.kind ?? 'none',
    restart: restart && { ...restart, recent: null, strategy: null },
    quarantine: host.quarantined.filter(({ name }) => name === cell.name),
    running: runningReport(cell, host),
  };
}

function runningReport(cell: ActorCell, { timers, interest, nowMs }: InspectedHost): HostRunning {
  const { kind, run, extras, seat } = cell;
  const set = timers.list(cell).map(({ event, dueAtMs }) => ({
    type: String((event as { type?: unknown }).type),
    dueInMs: Math.max(0, Math.round(dueAtMs - nowMs)),
  }));
  const heard = [...interest.ofSubscriber(cell)].map(({ eventId, roomId }) => ({
    event: eventById(eventId)?.name ?? String(eventId),
    roomId,
  }));
  const watching = [...(extras?.watching?.values() ?? [])];
  const watchers = [...(extras?.watchers?.values() ?? [])];
  const children = extras?.children ?? new Set<ActorCell>();
  return {
    context: kind && run ? shown(() => kind.tier.contextOf(run)) : null,
    options: shown(() => seat?.options),
    mailbox: kind && mailboxReport(cell, nowMs),
    timers: first(set.sort((left, right) => left.dueInMs - right.dueInMs)),
    subscriptions: first(heard),
    watches: first(watching).map(({ target, isLink }) => ({ who: target, isLink })),
    watchedBy: first(watchers).map(({ token, isLink }) => ({ who: token.asker, isLink })),
    children: firstNames(children),
    counts: {
      timers: set.length,
      subscriptions: heard.length,
      watches: watching.length,
      watchedBy: watchers.length,
      children: children.size,
      unanswered: extras?.owed?.size ?? 0,
    },
  };
}

function mailboxReport(cell: ActorCell, nowMs: number): ReportedMailbox | null {
  const { kind, extras, first: only, mailbox } = cell;
  if (!kind) return null;
  const { capacity, policy } = kind.mailbox;
  const heads = [extras?.again?.[0], only, ...(mailbox?.heads ?? [])].filter(
    (message) => message !== undefined && message !== null,
  );
  return {
    depth: cell.depth,
    oldestAgeMs: oldestAgeMs(heads, nowMs),
    nextType: heads[0]?.type ?? null,
    capacity,
    policy,
  };
}

/** A message that many have got is told by a time below zero; what the host says has none. */
function oldestAgeMs(messages: readonly DeliveredMessage[], nowMs: number): number | null {
  const ages = messages.filter(({ atMs }) => atMs !== 0).map(({ atMs }) => Math.round(nowMs - Math.abs(atMs)));
  return ages.length === 0 ? null : Math.max(0, ...ages);
}

/** Contexts are their authors' own: nothing that they are may keep the rest from being told. */
function shown(value: () => unknown): unknown {
  try {
    return valueView(value()) ?? null;
  } catch {
    return '[cannot be shown]';
  }
}

function first<T>(all: readonly T[]): readonly T[] {
  return all.slice(0, limits.reportedListMax);
}

/** A parent may have a million of them. */
function firstNames(cells: ReadonlySet<ActorCell>): string[] {
  const names: string[] = [];
  for (const { name } of cells) {
    if (names.length === limits.reportedListMax) break;
    names.push(name);
  }
  return names;
}

/** What people call it. @returns `shard/slot/generation` of an actor without a name */
export function referenceText(reference: ActorReference): string {
  if (!isActorAddress(reference)) return reference.name;
  const { shard, slot, generation } = reference;
  return `${shard}/${slot}/${generation}`;
}
