import { Command } from 'commander';
import type { ActorAddress, ActorInfo, DeadLetter, DeadLetterReason } from '../../index.js';
import type { CommandContext } from '../CommandContext.js';
import type { Output } from '../Output.js';
import { table } from '../Output.js';
import { usageFault } from '../usageFault.js';
import { type NodeOptions, withNode, withNodeOptions } from './nodeOptions.js';

/** Every reason, with what it means. */
const reasons: Readonly<Record<DeadLetterReason, string>> = {
  'stale-address': 'its actor had ended, and another one may have the place',
  'unknown-name': 'nobody has the name',
  'mailbox-full': 'the mailbox was full; the sender was told',
  'dropped-oldest': 'it made room for a newer one',
  stopped: 'the actor ended before it got to it',
  crashed: 'the actor crashed by it',
  'shard-down': 'the thread of the actor is gone for good',
  'not-remote': 'the actor does not take it from other nodes',
  undecodable: 'it was no message',
  quarantined: 'it crashed its actor again and again, and was set aside',
  invalid: 'its data was not as its receiver declares it',
};

interface DeadLettersOptions extends NodeOptions {
  readonly reason?: DeadLetterReason;
  readonly follow?: true;
}

export function deadLettersCommand({ output }: CommandContext): Command {
  return withNodeOptions(new Command('deadletters').description('the latest messages that reached nobody, and why'))
    .option('--reason <reason>', `only those of one reason: ${Object.keys(reasons).join(', ')}`, reasonOf)
    .option('--follow', 'go on with those that come, until Ctrl-C')
    .action(async ({ reason, follow, ...options }: DeadLettersOptions) => {
      const isWanted = (letter: DeadLetter): boolean => reason === undefined || letter.reason === reason;
      await withNode(options, async (node) => {
        const names = namesOf(await node.request('tree', {}));
        const letters = (await node.request('deadletters', {})).filter(isWanted);
        if (!follow) {
          output.result(letters, (shown) => rendered(shown, names));
          return;
        }
        const { Interruption } = await import('../Interruption.js');
        const interruption = new Interruption();
        try {
          for (const letter of letters) show(output, letter, names);
          const { signal } = interruption;
          await node.stream('letters', {}, (letter) => isWanted(letter) && show(output, letter, names), { signal });
        } finally {
          interruption.dispose();
        }
      });
    });
}

function reasonOf(text: string): DeadLetterReason {
  if (Object.hasOwn(reasons, text)) return text as DeadLetterReason;
  throw usageFault(`--reason ${text} is no reason`, `use one of: ${Object.keys(reasons).join(', ')}`);
}

/** Names of those who live, by address. */
type Names = ReadonlyMap<string, string>;

function namesOf(actors: readonly ActorInfo[]): Names {
  return new Map(actors.map(({ address, name }) => [placeOf(address), name]));
}

function placeOf({ shard, slot, generation }: ActorAddress): string {
  return `${shard}/${slot}/${generation}`;
}

function show(output: Output, letter: DeadLetter, names: Names): void {
  output.event({ ...letter }, rowOf(letter, names).join('  '));
}

function rendered(letters: readonly DeadLetter[], names: Names): string {
  if (letters.length === 0) return 'no dead letters';
  const counts = new Map<DeadLetterReason, number>();
  for (const { reason } of letters) counts.set(reason, (counts.get(reason) ?? 0) + 1);
  const summary = [...counts].map(([reason, count]) => [`${count}`, reason, reasons[reason]]);
  return `${table(letters.map((letter) => rowOf(letter, names)))}\n\n${table(summary)}`;
}

function rowOf({ atMs, reason, messageType, to, from, further }: DeadLetter, names: Names): string[] {
  return [
    new Date(atMs).toISOString().slice(0, 19),
    reason,
    further === undefined ? messageType : `${messageType} (and ${further} more)`,
    `to ${nameOf(to, names)}`,
    from === null ? '' : `from ${nameOf(from, names)}`,
  ];
}

function nameOf(reference: DeadLetter['to'], names: Names): string {
  if ('slot' in reference) return names.get(placeOf(reference)) ?? placeOf(reference);
  return reference.node === undefined ? reference.name : `${reference.name}@${reference.node.slice(0, 8)}`;
}
