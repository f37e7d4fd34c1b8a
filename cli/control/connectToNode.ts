/** Finds the running node of a data folder and speaks to its control socket, by a connection for each call. */
import { ControlClient } from '../library.js';
import { type ConfigurationChoice, readConfiguration } from '../readConfiguration.js';
import type { NodeConnection } from './ControlMethods.js';
import { withBytesAsText, withBytesRestored } from './jsonBytes.js';

export async function connectToNode(choice: ConfigurationChoice): Promise<NodeConnection> {
  const { dataFolder } = await readConfiguration(choice);
  return connectToFolder(dataFolder);
}

/** @param folder absolute path of the node's data folder; whether a node runs there shows with the first call */
export function connectToFolder(folder: string): NodeConnection {
  return {
    request: (method, params, options = {}) =>
      connected(folder, async (client) => {
        return withBytesRestored(await client.request(method, withBytesAsText(params), options)) as never;
      }),
    stream: (method, params, onEvent, options) =>
      connected(folder, async (client) => {
        await client.stream(method, params, (event) => onEvent(event as never), options);
      }),
  };
}

async function connected<T>(folder: string, use: (client: ControlClient) => Promise<T>): Promise<T> {
  const client = await ControlClient.connect(folder);
  try {
    return await use(client);
  } finally {
    client.close();
  }
}
