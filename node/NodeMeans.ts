/** What a node is made on: the machine's network, disk and log, or what a simulation hands in (testing/TestMesh.ts). */
import { Store } from '../runtime/storage/Store.js';
import { type NetworkParts, type NodeNetwork, networkTransports } from './networkTransports.js';
import { capacityProbe } from './nodeCapacity.js';
import { openNodeLog } from './nodeLog.js';

export interface NodeMeans {
  readonly openNetwork: (parts: NetworkParts) => NodeNetwork;
  readonly openStore: (folder: string) => Store;
  readonly openLog: typeof openNodeLog;
  readonly capacity: typeof capacityProbe;
  /** How the actors of the main thread put off their turns. */
  readonly defer: (turn: () => void) => void;
}

export const machineMeans: NodeMeans = {
  openNetwork: networkTransports,
  openStore: (folder) => Store.open(folder),
  openLog: openNodeLog,
  capacity: capacityProbe,
  defer: setImmediate,
};
