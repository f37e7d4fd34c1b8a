/** Finds the running node of a data folder and connects to its control socket. */
import { ControlClient } from '../library.js';
import { type ConfigurationChoice, readConfiguration } from '../readConfiguration.js';
import type { NodeConnection } from './ControlMethods.js';
import { withBytesAsText, withBytesRestored } from './jsonBytes.js';

/** @throws AcademyError ERR_ACADEMY_NODE_NOT_RUNNING when no node has the folder */
export async function connectToNode(choice: ConfigurationChoice): Promise<NodeConnection> {
  const { dataFolder } = await readConfiguration(choice);
  return connectToFolder(dataFolder);
}

/** @param folder absolute path of the node's data folder */
export async function connectToFolder(folder: string): Promise<NodeConnection> {
  const client = await ControlClient.connect(folder);
  return {
    request: async (method, params, options) =>
      withBytesRestored(await client.request(method, withBytesAsText(params), options)) as never,
    stream: async (method, params, onEvent, options) => {
      await client.stream(method, params, (event) => onEvent(event as never), options);
    },
    close: () => client.close(),
  };
}
