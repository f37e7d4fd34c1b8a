import { Command } from 'commander';
import type { ActorInfo } from '../../index.js';
import { amountOf } from '../amountOf.js';
import type { CommandContext } from '../CommandContext.js';
import { errorText } from '../errorText.js';
import { table } from '../Output.js';
import { renderSupervision } from '../renderSupervision.js';
import { type NodeOptions, withNode, withNodeOptions } from './nodeOptions.js';

/** Characters of an error's message; all of it is in `--json`. */
const errorShownMax = 80;

interface TreeOptions extends NodeOptions {
  readonly tiers?: true;
}

export function treeCommand({ output }: CommandContext): Command {
  return withNodeOptions(
    new Command('tree').description('the supervisors of the node, and all actors with their thread, machine and state'),
  )
    .option('--tiers', 'what runs each machine, and why it is nothing faster')
    .action(async ({ tiers, ...options }: TreeOptions) => {
      const [actors, supervisors] = await withNode(options, (node) =>
        Promise.all([node.request('tree', {}), node.request('supervisors', {})]),
      );
      output.result(actors, (shown) => {
        const tree = shards(shown).map((shard) => {
          const here = shown.filter(({ address }) => address.shard === shard);
          return `shard ${shard}\n${table(here.map((actor) => rowOf(actor, tiers === true)))}`;
        });
        return [renderSupervision(supervisors, shown), ...tree, ...(tiers ? [reasonsOf(shown)] : [])].join('\n');
      });
    });
}

function shards(actors: readonly ActorInfo[]): number[] {
  return [...new Set(actors.map(({ address }) => address.shard))].sort((left, right) => left - right);
}

function rowOf(actor: ActorInfo, withTier: boolean): string[] {
  const { name, machine, state, status, tier, restarts, mailboxDepth, messagesHandled, alarm, lastError } = actor;
  const figures = [
    `${messagesHandled} handled`,
    `${mailboxDepth} waiting`,
    ...(restarts > 0 ? [amountOf(restarts, 'restart')] : []),
    ...(alarm ? [`mailbox alarm: ${alarm}`] : []),
    ...(lastError ? [`last error ${lastError.code}: ${shortened(lastError)}`] : []),
  ];
  return [
    `  ${name}`,
    machine,
    ...(withTier ? [tier ?? ''] : []),
    status === 'running' ? state : `${state} (${status})`.trim(),
    figures.join(', '),
  ];
}

function shortened({ message, ...error }: NonNullable<ActorInfo['lastError']>): string {
  return errorText({ ...error, message: message.slice(0, errorShownMax) });
}

/** Once for each machine, however many actors it has. */
function reasonsOf(actors: readonly ActorInfo[]): string {
  const reasons = new Map<string, readonly string[]>();
  for (const { machine, tier, tierReasons = [] } of actors) {
    if (tierReasons.length > 0) reasons.set(`${machine} is ${tier}`, tierReasons);
  }
  if (reasons.size === 0) return 'all machines are compiled';
  return [...reasons].map(([machine, why]) => `${machine}:\n${why.map((each) => `  ${each}`).join('\n')}`).join('\n');
}
