/** The ways that are compared, by name. Each is loaded when it is asked for. */
import type { SignalPath } from './SignalPath.js';

const paths: Readonly<Record<string, () => Promise<SignalPath>>> = {
  bare: async () => (await import('./bareDgramPath.js')).bareDgramPath,
  transport: async () => (await import('./transportPath.js')).transportPath,
};

export const signalPathNames: readonly string[] = Object.keys(paths);

export function openSignalPath(name: string): Promise<SignalPath> {
  const load = Object.hasOwn(paths, name) ? paths[name] : undefined;
  if (!load) throw new Error(`there is no signal path "${name}"`);
  return load();
}
