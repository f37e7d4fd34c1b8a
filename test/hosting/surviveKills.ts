/**
 * Threads die one after the other, in every way and at any time, while actors of all kinds are told things and tell
 * others; at the end each of them is asked what it has heard.
 */
import type { Test } from 'tap';
import type { ActorSystem } from '../../runtime/hosting/ActorSystem.js';
import { type Random, seededRandom } from '../../runtime/protocol/Random.js';
import { until } from '../../testing/realTime.js';
import type { Told } from './actors/keeper.js';
import { keeper, keeperReport, told } from './keepers.js';
import { openShards } from './probes.js';

/** Threads that may die; actors on the one behind them are siblings that must not notice. */
const mortal = 2;
const journals = Array.from({ length: 6 }, (_, index) => `journal ${index}`);
const snapshots = ['snapshot 0', 'snapshot 1'];
const plains = ['plain 0', 'plain 1'];
const siblings = ['sibling', 'sibling with journal'];

/** What was said from outside, in the order in which it was. */
interface Said {
  readonly to: string;
  readonly told: Told;
  isReceipted: boolean;
}

export interface Survived {
  readonly kills: number;
  readonly said: number;
  readonly receipted: number;
  readonly slowestMs: number;
}

export async function surviveKills(
  t: Test,
  options: { readonly kills: number; readonly seed: number },
): Promise<Survived> {
  const node = await openShards(t, {
    folder: t.testdir(),
    threads: mortal + 1,
    hangMs: 400,
    snapshotEveryMs: 20,
    shardRestart: { intensity: 1_000_000, backoffMaxMs: 1 },
  });
  const { system } = node;
  const random = seededRandom(options.seed);
  for (const [index, name] of journals.entries()) {
    await system.spawn(keeper(name, 'journal', { shard: 1 + (index % mortal) }));
  }
  for (const [index, name] of snapshots.entries()) await system.spawn(keeper(name, 'snapshot', { shard: 1 + index }));
  for (const [index, name] of plains.entries()) await system.spawn(keeper(name, 'plain', { shard: 1 + index }));
  await system.spawn(keeper('sibling', 'plain', { shard: mortal + 1 }));
  await system.spawn(keeper('sibling with journal', 'journal', { shard: mortal + 1 }));

  const said: Said[] = [];
  const receipts: Promise<void>[] = [];
  for (let kill = 0; kill < options.kills; kill++) {
    for (let index = 0; index < 12; index++) receipts.push(say(system, random, said));
    if (random.next() < 0.5) await Promise.race([receipts.at(-1), new Promise((resolve) => setTimeout(resolve, 20))]);
    const before = node.ups.length;
    strike(system, random);
    for (let index = 0; index < 4; index++) receipts.push(say(system, random, said));
    await until(`the shard is back from death ${kill}`, () => node.ups.length > before);
    // What was receipted is all that need be remembered of long runs.
    if (kill % 50 === 49) await Promise.all(receipts.splice(0));
  }
  await Promise.all(receipts);
  await check(t, system, said);
  const slowestMs = Math.max(...node.ups.map(({ millis }) => millis));
  return {
    kills: node.ups.length,
    said: said.length,
    receipted: said.filter((each) => each.isReceipted).length,
    slowestMs,
  };
}

/** Says something to someone, with consequences for others. */
async function say(system: ActorSystem, random: Random, said: Said[]): Promise<void> {
  const any = <T>(of: readonly T[]): T => of[Math.floor(random.next() * of.length)] as T;
  const to = any([...journals, ...journals, ...snapshots, ...plains, ...siblings]);
  const id = `${said.length}`;
  const next = isJournal(to)
    ? Array.from({ length: Math.floor(random.next() * 3) }, (_, index) => ({
        to: any([...journals, ...siblings]),
        told: { id: `${id}.${index}`, next: [{ to: any(journals), told: { id: `${id}.${index}.0` } }] },
      }))
    : [];
  const one: Said = { to, told: { id, next }, isReceipted: false };
  said.push(one);
  await told(system, to, id, next).then(
    () => {
      one.isReceipted = true;
    },
    () => {
      // Its thread died before it could answer: whether it has heard it will be seen.
    },
  );
}

function strike(system: ActorSystem, random: Random): void {
  const shard = 1 + Math.floor(random.next() * mortal);
  const victim = `plain ${shard - 1}`;
  const how = random.next();
  if (how < 0.6) system.endThread(shard, 'killed by the test');
  else if (how < 0.85) system.tell({ name: victim }, { type: 'exit', data: 3 });
  else if (how < 0.95) system.tell({ name: victim }, { type: 'throw', data: null });
  else system.tell({ name: victim }, { type: 'hang', data: null });
}

async function check(t: Test, system: ActorSystem, said: readonly Said[]): Promise<void> {
  const heard = new Map<string, string[]>();
  const listen = async (): Promise<void> => {
    for (const name of [...journals, ...snapshots, ...plains, ...siblings]) {
      heard.set(name, [...(await keeperReport(system, name)).seen]);
    }
  };
  const isThere = (to: string, id: string): boolean => heard.get(to)?.includes(id) === true;
  const missing = (): string[] => {
    const ids: string[] = [];
    for (const { to, told, isReceipted } of said) {
      if (!isJournal(to) && to !== 'sibling') continue;
      if (isReceipted && !isThere(to, told.id)) ids.push(`${told.id} of ${to}`);
      if (isJournal(to) && isThere(to, told.id)) ids.push(...missingBelow(told, isThere));
    }
    return ids;
  };
  await listen();
  await until('nothing is under way any more', async () => {
    await listen();
    return missing().length === 0;
  }).catch(() => {});
  t.strictSame(missing(), [], 'what was receipted is there, and all that came of it');
  for (const [name, ids] of heard) t.equal(new Set(ids).size, ids.length, `${name} has heard nothing twice`);
  const toSiblings = said.filter(({ to }) => to === 'sibling');
  t.ok(
    toSiblings.every(({ isReceipted }) => isReceipted),
    'a sibling of the dead has heard all that it was told',
  );
  const lost = said.filter(({ to, told }) => (snapshots.includes(to) || plains.includes(to)) && !isThere(to, told.id));
  const { messagesLost = 0 } = await system.counters();
  t.ok(
    lost.length > 0 && messagesLost > 0,
    `${lost.length} are lost where nothing or little is kept, ${messagesLost} are counted`,
  );
}

function missingBelow(told: Told, isThere: (to: string, id: string) => boolean): string[] {
  return (told.next ?? []).flatMap(({ to, told: child }) => {
    if (!isThere(to, child.id)) return [`${child.id} of ${to}`];
    return isJournal(to) ? missingBelow(child, isThere) : [];
  });
}

function isJournal(name: string): boolean {
  return name.includes('journal');
}
