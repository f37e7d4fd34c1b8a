import { bareDgramPath } from './bareDgramPath.js';
import type { SignalPathName } from './questions.js';
import type { SignalPath } from './SignalPath.js';
import { transportPath } from './transportPath.js';

/** The ways that are compared, by name. */
export const signalPaths: Readonly<Record<SignalPathName, SignalPath>> = {
  bare: bareDgramPath,
  transport: transportPath,
};
