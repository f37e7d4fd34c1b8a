/** Finds the running node of a data folder and speaks to its control socket, by a connection for each call. */
import { ControlClient, systemClock } from '../library.js';
import { type ConfigurationChoice, readConfiguration } from '../readConfiguration.js';
import type { NodeConnection } from './ControlMethods.js';
import { withBytesAsText, withBytesRestored } from './jsonBytes.js';

/** For an answer that the node has at hand, with room for a machine that is busy. */
const deadlineMsDefault = 30_000;

export async function connectToNode(choice: ConfigurationChoice): Promise<NodeConnection> {
  const { dataFolder } = await readConfiguration(choice);
  return connectToFolder(dataFolder);
}

/** @param folder absolute path of the node's data folder; whether a node runs there shows with the first call */
export function connectToFolder(folder: string): NodeConnection {
  const client = new ControlClient({ folder, clock: systemClock });
  return {
    request: async (method, params, { deadlineMs = deadlineMsDefault } = {}) =>
      withBytesRestored(await client.request(method, withBytesAsText(params), { deadlineMs })) as never,
    stream: async (method, params, onEvent, options) => {
      await client.stream(method, params, (event) => onEvent(event as never), options);
    },
  };
}
