/** Where the files of a user lie on each platform: what `academy up` uses when it is told nothing. */
import { homedir } from 'node:os';
import { join } from 'node:path';
import { AcademyError } from '../protocol/errors.js';

/** What the places depend on; handed in so that a test can stand on any platform. */
export interface Surroundings {
  /** @default process.env */
  readonly environment?: Readonly<Record<string, string | undefined>>;
  /** @default process.platform */
  readonly platform?: NodeJS.Platform;
  /** @default os.homedir() */
  readonly home?: string;
}

/** An academy's id names files, so it is spelt with letters, digits, `.`, `_` and `-`, 64 at the most. */
export const academyIdPattern = /^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/;

/** @throws AcademyError ERR_ACADEMY_BAD_ARGUMENT */
export function requireAcademyId(academyId: string): string {
  if (academyIdPattern.test(academyId)) return academyId;
  throw new AcademyError('ERR_ACADEMY_BAD_ARGUMENT', `"${academyId.slice(0, 80)}" cannot be an academy's id`, {
    remedy: 'use 1 to 64 letters, digits, ".", "_" or "-", beginning with a letter or digit',
  });
}

/**
 * Where a user's first node keeps its data: `academy-mesh/<academyId>/default` in the data home of the platform
 * (XDG Base Directory Specification; Application Support on macOS; LOCALAPPDATA on Windows).
 * @throws AcademyError ERR_ACADEMY_BAD_ARGUMENT
 */
export function defaultDataFolder(academyId: string, surroundings: Surroundings = {}): string {
  return join(dataHome(surroundings), 'academy-mesh', requireAcademyId(academyId), 'default');
}

/**
 * `academy-mesh/<academyId>.secret` in XDG_CONFIG_HOME or ~/.config, on all platforms.
 * @throws AcademyError ERR_ACADEMY_BAD_ARGUMENT
 */
export function academySecretFile(academyId: string, surroundings: Surroundings = {}): string {
  const { environment = process.env, home = homedir() } = surroundings;
  const configHome = absolute(environment.XDG_CONFIG_HOME) ?? join(home, '.config');
  return join(configHome, 'academy-mesh', `${requireAcademyId(academyId)}.secret`);
}

function dataHome({ environment = process.env, platform = process.platform, home = homedir() }: Surroundings): string {
  const xdg = absolute(environment.XDG_DATA_HOME);
  if (xdg) return xdg;
  if (platform === 'darwin') return join(home, 'Library', 'Application Support');
  if (platform === 'win32') return environment.LOCALAPPDATA || join(home, 'AppData', 'Local');
  return join(home, '.local', 'share');
}

/** The XDG specification has relative paths ignored. */
function absolute(path: string | undefined): string | undefined {
  return path?.startsWith('/') ? path : undefined;
}
