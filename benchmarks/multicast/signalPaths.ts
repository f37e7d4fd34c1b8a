/**
 * The ways that are compared, by name: our own, `peer/manner` for each peer, and the address of a module that exports
 * `signalPath`, for one that stands elsewhere. Each is loaded when it is asked for.
 */
import { isPeerName, openPeer } from '../peers/peers.js';
import { manners } from '../peers/SignalFraming.js';
import type { SignalPath } from './SignalPath.js';

const paths: Readonly<Record<string, () => Promise<SignalPath>>> = {
  bare: async () => (await import('./bareDgramPath.js')).bareDgramPath,
  transport: async () => (await import('./transportPath.js')).transportPath,
  stream: async () => (await import('./streamPath.js')).streamPath('auto'),
  'stream-offload': async () => (await import('./streamPath.js')).streamPath('segment-offload'),
  'stream-proven': async () => (await import('./streamPath.js')).streamPath('auto', { proven: true }),
  'stream-plain': async () => (await import('./streamPath.js')).streamPath('plain'),
};

/** Of the paths that need no packages but ours. */
export const signalPathNames: readonly string[] = Object.keys(paths);

export async function openSignalPath(name: string): Promise<SignalPath> {
  const load = Object.hasOwn(paths, name) ? paths[name] : undefined;
  if (load) return load();
  if (name.startsWith('file:')) return ((await import(name)) as { readonly signalPath: SignalPath }).signalPath;
  const [peer = '', given] = name.split('/');
  const manner = manners.find((each) => each === given);
  if (!isPeerName(peer) || !manner) throw new Error(`there is no signal path "${name}"`);
  return (await import('../peers/peerPath.js')).peerPath(await openPeer(peer), manner);
}
