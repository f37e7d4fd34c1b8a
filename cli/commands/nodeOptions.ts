/** The options by which a command finds the node that it speaks to, and the connection itself. */
import type { Command } from 'commander';
import type { NodeConnection } from '../control/ControlMethods.js';

export interface NodeOptions {
  readonly data?: string;
  readonly academy?: string;
  readonly config?: string;
}

export function withNodeOptions(command: Command): Command {
  return withJson(command)
    .option('--data <folder>', 'data folder of the node')
    .option('--academy <id>', 'academy whose default folder it is')
    .option('--config <file>', 'configuration file');
}

export function withJson(command: Command): Command {
  return command.option('--json', 'print JSON');
}

/** Speaks with the running node. */
export async function withNode<T>(options: NodeOptions, use: (node: NodeConnection) => Promise<T>): Promise<T> {
  const { connectToNode } = await import('../control/connectToNode.js');
  return use(await connectToNode(options));
}
