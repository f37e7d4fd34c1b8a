/**
 * The peers' packages: installed on demand, by their own lock file, into a folder of the user's cache, never into this
 * package. The folder is named for the lock file and the platform, so that it is right or absent.
 */
import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { cpSync, existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { isAbsolute, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { packageFile } from '../../packageRoot.js';
import { AcademyError } from '../../runtime/protocol/errors.js';
import type { LoadPackage } from './Peer.js';

const files = ['package.json', 'package-lock.json'] as const;
/** A module in the folder, since an import is looked up from where it stands. */
const loaderFile = 'load.mjs';
const loader = 'export const load = (name) => import(name);\n';
const heartbeatMs = 1_000;
const saidCharactersMax = 2_000;

/** A set of packages with a package.json and a lock file of their own. */
export interface PeerSet {
  /** Path of their folder in this package. */
  readonly folder: readonly string[];
  /** Name of their folder in the user's cache. */
  readonly cacheName: string;
  /** What is fetched, and how much it is, for whoever waits for it. */
  readonly what: string;
}

export const messagePeers: PeerSet = {
  folder: ['benchmarks', 'peers'],
  cacheName: 'benchmark-peers',
  what: 'zeromq, NATS, ws, socket.io, Redis, libp2p; about 90 MB',
};

export interface InstallOptions {
  readonly signal: AbortSignal;
  /** Told about every second what is being done. */
  readonly onProgress: (text: string) => void;
}

/**
 * Installs the peers where they are not yet.
 * @returns the folder
 * @throws AcademyError ERR_ACADEMY_COMMAND_FAILED when npm fails
 */
export async function installPeers(peers: PeerSet, { signal, onProgress }: InstallOptions): Promise<string> {
  const folder = peersFolder(peers);
  if (existsSync(join(folder, loaderFile))) return folder;
  const unfinished = `${folder}.${process.pid}`;
  rmSync(unfinished, { recursive: true, force: true });
  mkdirSync(unfinished, { recursive: true });
  try {
    for (const file of files) cpSync(packageFile(...peers.folder, file), join(unfinished, file));
    const text = `fetching the peers (${peers.what}, once) into ${folder}`;
    await runNpm(unfinished, text, signal, onProgress);
    writeFileSync(join(unfinished, loaderFile), loader);
    rmSync(folder, { recursive: true, force: true });
    renameSync(unfinished, folder);
  } finally {
    rmSync(unfinished, { recursive: true, force: true });
  }
  return folder;
}

export function peerPackages(folder: string): LoadPackage {
  const path = pathToFileURL(join(folder, loaderFile)).href;
  return async <T>(name: string): Promise<T> => {
    const { load } = (await import(path)) as { readonly load: (name: string) => Promise<T> };
    return load(name);
  };
}

/** The exact versions of the packages that are installed directly. */
export function packageVersions(peers: PeerSet): Readonly<Record<string, string>> {
  const read = readFileSync(packageFile(...peers.folder, 'package.json'), 'utf8');
  return (JSON.parse(read) as { readonly dependencies: Readonly<Record<string, string>> }).dependencies;
}

function peersFolder(peers: PeerSet): string {
  const hash = createHash('sha256').update(`${process.platform} ${process.arch} ${process.versions.modules}`);
  for (const file of files) hash.update(readFileSync(packageFile(...peers.folder, file)));
  const { XDG_CACHE_HOME: given } = process.env;
  const cache = given && isAbsolute(given) ? given : join(homedir(), '.cache');
  return join(cache, 'academy-mesh', `${peers.cacheName}-${hash.digest('hex').slice(0, 12)}`);
}

function runNpm(folder: string, text: string, signal: AbortSignal, onProgress: (text: string) => void): Promise<void> {
  onProgress(text);
  const npm = process.platform === 'win32' ? 'npm.cmd' : 'npm';
  const given = ['ci', '--ignore-scripts', '--no-audit', '--no-fund', '--loglevel=error'];
  const started = Date.now();
  return new Promise((resolve, reject) => {
    const child = spawn(npm, given, { cwd: folder, signal, stdio: ['ignore', 'ignore', 'pipe'] });
    const heartbeat = setInterval(
      () => onProgress(`${text}, ${Math.round((Date.now() - started) / 1000)} s`),
      heartbeatMs,
    );
    let said = '';
    child.stderr.setEncoding('utf8').on('data', (words: string) => {
      said = (said + words).slice(-saidCharactersMax);
    });
    const failed = (message: string, cause?: Error): void => {
      const remedy = 'check that the package registry can be reached (npm ping), then run it again';
      reject(new AcademyError('ERR_ACADEMY_COMMAND_FAILED', message, { remedy, ...(cause ? { cause } : {}) }));
    };
    child.once('error', (error) => {
      clearInterval(heartbeat);
      if (signal.aborted) reject(error);
      else failed('npm could not be started', error);
    });
    child.once('close', (code) => {
      clearInterval(heartbeat);
      if (code === 0) resolve();
      else failed(`the peers cannot be installed: ${said.trim() || `npm ended with code ${code}`}`);
    });
  });
}
