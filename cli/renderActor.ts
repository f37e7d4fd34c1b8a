/** One actor for people, as `kubectl describe` shows things: a label and what belongs to it; what is empty is left out. */
import { fileURLToPath } from 'node:url';
import type { ActorReport, RunningReport } from '../index.js';
import { amountOf } from './amountOf.js';
import { errorText } from './errorText.js';

type Row = readonly [label: string, lines: readonly string[]];

const labelWidth = 16;

export function renderActor(actor: ActorReport, nowMs: number): string {
  const { running } = actor;
  const rows: Row[] = [
    ['state', [actor.state]],
    ['machine', [[actor.machine, actor.tier].filter(Boolean).join(', '), ...(actor.tierReasons ?? [])]],
    ['module', [moduleText(actor)]],
    ['address', [addressText(actor)]],
    ['supervisor', [supervisorText(actor)]],
    ['child of', [actor.parent ?? '']],
    ['restarts', [restartsText(actor)]],
    ['persists', [actor.persist === 'none' ? '' : actor.persist]],
    ['mailbox', [mailboxText(actor)]],
    ['handled', [amountOf(actor.messagesHandled, 'message')]],
    ...(running ? runningRows(running) : []),
    ['last error', lastErrorLines(actor, nowMs)],
    ['set aside', quarantineLines(actor, nowMs)],
    ...(running ? viewRows(running) : []),
  ];
  return [`${actor.name}: ${statusText(actor)}`, ...rows.flatMap(rowLines)].join('\n');
}

function rowLines([label, lines]: Row): string[] {
  return lines
    .filter((line) => line !== '')
    .map((line, at) => `  ${(at === 0 ? label : '').padEnd(labelWidth)}${line}`);
}

function statusText({ status, running }: ActorReport): string {
  if (running) return status === 'passive' ? 'passive: on disk until its next message' : status;
  return status === 'restarting'
    ? 'restarting: its thread is being replaced'
    : `${status}; this is what was known last`;
}

function moduleText({ module, exportName }: ActorReport): string {
  if (module === null) return '';
  return `${module.startsWith('file:') ? fileURLToPath(module) : module}#${exportName}`;
}

function addressText({ address: { shard, slot, generation } }: ActorReport): string {
  const thread = shard === 0 ? 'the main thread' : `thread ${shard}`;
  return `${shard}/${slot}/${generation}, in ${thread}`;
}

function supervisorText({ supervisor, restart }: ActorReport): string {
  if (supervisor === undefined) return '';
  return restart?.strategy ? `${supervisor}, ${restart.strategy}` : supervisor;
}

function restartsText({ restarts, restart }: ActorReport): string {
  if (!restart) return String(restarts);
  const { kind, intensity, withinMs, recent } = restart;
  const window = `${withinMs / 1_000} s`;
  if (intensity === null) return `${restarts}; ${kind}`;
  if (recent === null) return `${restarts}; ${kind}, at most ${intensity} within ${window}`;
  return `${restarts}; ${kind}, ${recent} of ${intensity} within ${window}`;
}

function mailboxText({ mailboxDepth, alarm, running }: ActorReport): string {
  if (!running) return '';
  const { mailbox } = running;
  const words = [`${amountOf(mailboxDepth, 'message')} of ${mailbox?.capacity ?? 'any number'}`];
  if (mailbox?.nextType) words.push(`the next is ${mailbox.nextType}`);
  if (mailbox && mailbox.oldestAgeMs !== null) words.push(`the oldest has waited ${durationText(mailbox.oldestAgeMs)}`);
  if (mailbox) words.push(`when full: ${mailbox.policy}`);
  if (alarm) words.push(`ALARM: ${alarm}`);
  return words.join(', ');
}

function runningRows({ timers, subscriptions, watches, watchedBy, children, counts }: RunningReport): Row[] {
  const bond = ({ name, isLink }: RunningReport['watches'][number]): string => (isLink ? `${name} (link)` : name);
  return [
    [
      'unanswered',
      [counts.unanswered === 0 ? '' : `${amountOf(counts.unanswered, 'question')}, unless passed on to others`],
    ],
    [
      'timers',
      listed(
        counts.timers,
        timers.map(({ type, dueInMs }) => `${type} in ${durationText(dueInMs)}`),
      ),
    ],
    [
      'subscriptions',
      listed(
        counts.subscriptions,
        subscriptions.map(({ event, roomId }) => `${event}${roomId === null ? '' : ` of ${roomId}`}`),
      ),
    ],
    ['watches', listed(counts.watches, watches.map(bond))],
    ['watched by', listed(counts.watchedBy, watchedBy.map(bond))],
    ['children', listed(counts.children, children)],
  ];
}

function listed(count: number, lines: readonly string[]): readonly string[] {
  const more = count - lines.length;
  return more > 0 ? [...lines, `… and ${more} more`] : lines;
}

function lastErrorLines({ lastError, lastErrorAtMs }: ActorReport, nowMs: number): string[] {
  if (!lastError) return [];
  const when = lastErrorAtMs === undefined ? '' : `, ${durationText(nowMs - lastErrorAtMs)} ago`;
  return [
    `${lastError.code}${when}`,
    ...errorText(lastError).split('\n'),
    lastError.remedy ? `remedy: ${lastError.remedy}` : '',
  ];
}

function quarantineLines({ quarantined = 0, quarantine }: ActorReport, nowMs: number): string[] {
  const lines = quarantine.map(
    ({ messageType, error, atMs }) => `${messageType}, ${durationText(nowMs - atMs)} ago, by ${errorText(error)}`,
  );
  const count = Math.max(quarantined, quarantine.length);
  return count === 0 ? [] : [`${amountOf(count, 'message')}; "academy quarantine" shows the data`, ...lines];
}

function viewRows({ options, context }: RunningReport): Row[] {
  return [
    ['options', options === null ? [] : viewLines(options)],
    ['context', context === null ? [] : viewLines(context)],
  ];
}

/** As YAML without its quotes: short values stand behind their name, others below it. */
function viewLines(value: unknown): string[] {
  if (typeof value === 'string') return value === '' ? ['""'] : value.split('\n');
  if (typeof value !== 'object' || value === null) return [String(value)];
  const isList = Array.isArray(value);
  const { $class, $more, ...fields } = isList
    ? ({ ...value } as Record<string, unknown>)
    : (value as Record<string, unknown>);
  const lines = Object.entries(fields).flatMap(([name, field]) => {
    const [first = '', ...more] = viewLines(field);
    const label = isList ? '-' : `${name}:`;
    const isBelow = typeof field === 'object' && field !== null && !isShort([first, ...more]);
    return isBelow
      ? [label, ...[first, ...more].map((line) => `  ${line}`)]
      : [`${label} ${first}`, ...more.map((line) => `  ${line}`)];
  });
  if ($class !== undefined) lines.unshift(`[${String($class)}]`);
  if ($more !== undefined) lines.push(`… and ${String($more)} more`);
  return lines.length === 0 ? [isList ? '[]' : '{}'] : lines;
}

function isShort(lines: readonly string[]): boolean {
  return lines.length === 1 && !(lines[0] as string).includes(': ');
}

function durationText(ms: number): string {
  const seconds = Math.max(0, ms) / 1_000;
  if (seconds < 1) return `${Math.round(seconds * 1_000)} ms`;
  if (seconds < 120) return `${Math.round(seconds * 10) / 10} s`;
  return seconds < 7_200 ? `${Math.round(seconds / 60)} min` : `${Math.round(seconds / 3_600)} h`;
}
