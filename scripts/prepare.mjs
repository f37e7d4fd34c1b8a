#!/usr/bin/env node
// Makes a bare clone ready to run: installs the packages of the lock file, compiles the sources, and makes the
// command line executable; each step only if its inputs changed. npm runs it before `start`, `test` and `pack`, so it
// uses nothing but Node itself. It promises to say what it is doing at least every two seconds, on stderr, so that
// stdout stays the caller's; and to leave nothing behind on Ctrl-C that a second run would not repair.

import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { chmodSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';

const ROOT = dirname(dirname(fileURLToPath(import.meta.url)));
const INSTALL_STAMP = join(ROOT, 'node_modules', '.academy-install');
const BUILD_STAMP = join(ROOT, 'dist', '.academy-build');
const COMMAND_LINE = join(ROOT, 'dist', 'cli', 'academy.js');
const LOCK = join(ROOT, '.stamps', 'prepare.lock');
const HEARTBEAT_MS = 2_000;
const LOCK_POLL_MS = 250;
const STOP_LIMIT_MS = 1_000;

/** A failure that the person can act on: what happened, and what to do about it. */
class PrepareError extends Error {
  constructor(message, remedy, exitCode = 1) {
    super(message);
    this.remedy = remedy;
    this.exitCode = exitCode;
  }
}

function say(text) {
  process.stderr.write(`${text}\n`);
}

const readJson = (...path) => JSON.parse(readFileSync(join(ROOT, ...path), 'utf8'));
const readIfThere = (path) => (existsSync(path) ? readFileSync(path, 'utf8') : undefined);
const sha256 = (...parts) => parts.reduce((hash, part) => hash.update(part), createHash('sha256')).digest('hex');

function checkNodeVersion() {
  const required = readJson('package.json').engines.node;
  const [, major, minor] = /(\d+)\.(\d+)/.exec(required).map(Number);
  const [ownMajor, ownMinor] = process.versions.node.split('.').map(Number);
  if (ownMajor < major || (ownMajor === major && ownMinor < minor)) {
    throw new PrepareError(
      `Node.js ${process.versions.node} is too old: academy-mesh needs ${required}.`,
      'Install a newer Node.js (https://nodejs.org, or your version manager), then run the same command again.',
    );
  }
}

// ---------------------------------------------------------------------------------------------------- packages

/** The lock file decides what is installed; the platform is in the stamp because some packages are binaries. */
function wantedInstall() {
  return sha256(readFileSync(join(ROOT, 'package-lock.json')), process.platform, process.arch);
}

/**
 * Whether npm's own record of what it installed agrees with the lock file. It lets us adopt a `npm ci` or
 * `npm install` that somebody ran by hand, instead of repeating it. npm writes the record last, so an interrupted
 * install has none.
 */
function npmInstalledTheLockFile() {
  const record = readIfThere(join(ROOT, 'node_modules', '.package-lock.json'));
  if (record === undefined) return false;
  const installed = JSON.parse(record).packages;
  return Object.entries(readJson('package-lock.json').packages).every(([path, wanted]) => {
    if (path === '') return true;
    const found = installed[path];
    // An optional package may be absent: most are binaries for other platforms.
    return found === undefined ? wanted.optional === true : found.integrity === wanted.integrity;
  });
}

function packagesAreInstalled() {
  return readIfThere(INSTALL_STAMP) === wantedInstall();
}

/** npm as [program, ...first arguments]: the one that runs us, else whichever is on the path. */
function npmCommand() {
  const running = process.env.npm_execpath;
  if (running !== undefined && /npm-cli\.c?js$/.test(running)) return [process.execPath, running];
  return [process.platform === 'win32' ? 'npm.cmd' : 'npm'];
}

/** The environment without settings of the calling npm that would change what `npm ci` does (as --dry-run does). */
function cleanEnvironment() {
  const dropped = /^(npm_config_(dry_run|global|omit|only|production|include|json|prefix|local_prefix)|NODE_ENV)$/i;
  return Object.fromEntries(Object.entries(process.env).filter(([name]) => !dropped.test(name)));
}

const INSTALL_REMEDIES = [
  [
    /ENOTFOUND|EAI_AGAIN|ECONNREFUSED|ECONNRESET|ETIMEDOUT|ENETUNREACH/,
    'The package registry cannot be reached. Check the network and proxy (`npm config get registry`, `npm ping`).',
  ],
  [
    /EACCES|EPERM/,
    'A folder is not writable. Check who owns this clone and the cache of npm (`npm config get cache`).',
  ],
  [/ENOSPC/, 'The disk is full. The packages need about 400 MB.'],
  [
    /EUSAGE|can only install/,
    'package.json and package-lock.json disagree. Run `npm install`, and commit both files if you changed one.',
  ],
];

async function installPackages() {
  if (npmInstalledTheLockFile()) {
    writeFileSync(INSTALL_STAMP, wantedInstall());
    return;
  }
  // None of our packages needs its install script, and npm 11 warns about each that it does not run.
  const flags = ['ci', '--include=dev', '--ignore-scripts', '--no-audit', '--no-fund', '--loglevel=error'];
  const result = await run('installing packages (once; about half a minute)', [...npmCommand(), ...flags]);
  if (result.missing) {
    throw new PrepareError('npm was not found.', 'It comes with Node.js: https://nodejs.org. Then run `npm start`.');
  }
  if (result.code !== 0) {
    say(result.output.trimEnd());
    const known = INSTALL_REMEDIES.find(([pattern]) => pattern.test(result.output));
    throw new PrepareError(
      `npm ci failed with exit code ${result.code}.`,
      known?.[1] ?? 'Run `npm ci` by itself to see all it says; `npm cache verify` repairs a damaged cache.',
    );
  }
  writeFileSync(INSTALL_STAMP, wantedInstall());
}

// ------------------------------------------------------------------------------------------------------- build

/** The sources that tsconfig.json includes, as sorted paths relative to the root. */
function sourceFiles() {
  const { include } = readJson('tsconfig.json');
  const files = readdirSync(ROOT).filter((name) => include.includes('*.ts') && name.endsWith('.ts'));
  const visit = (folder) => {
    for (const entry of readdirSync(join(ROOT, folder), { withFileTypes: true })) {
      const path = `${folder}/${entry.name}`;
      if (entry.isDirectory()) visit(path);
      else if (/\.[cm]?tsx?$/.test(entry.name)) files.push(path);
    }
  };
  for (const folder of include) if (existsSync(join(ROOT, folder))) visit(folder);
  return files.sort();
}

/** Contents and not times: a checkout changes the times of files that are the same. */
function wantedBuild() {
  const files = ['tsconfig.json', 'package-lock.json', 'scripts/bundle-typebox.mjs', ...sourceFiles()];
  return sha256(...files.flatMap((path) => [path, '\0', readFileSync(join(ROOT, path))]));
}

function buildIsCurrent() {
  return existsSync(COMMAND_LINE) && readIfThere(BUILD_STAMP) === wantedBuild();
}

/** Removes what an earlier build made from sources that are gone, or a deleted test would run for ever. */
function removeStaleOutput() {
  const { include } = readJson('tsconfig.json');
  const visit = (folder) => {
    for (const entry of readdirSync(folder, { withFileTypes: true })) {
      const path = join(folder, entry.name);
      if (entry.isDirectory()) visit(path);
      const source = /^(.*)\.(?:d\.ts|js|js\.map)$/.exec(join(ROOT, relative(join(ROOT, 'dist'), path)))?.[1];
      if (source !== undefined && !existsSync(`${source}.ts`)) rmSync(path);
    }
  };
  for (const folder of include) if (existsSync(join(ROOT, 'dist', folder))) visit(join(ROOT, 'dist', folder));
}

async function build() {
  // Before the compiler reads them, so that a source saved meanwhile is built again next time.
  const wanted = wantedBuild();
  removeStaleOutput();
  // The compiler believes its own record of what it wrote; without the output that record is wrong.
  if (!existsSync(COMMAND_LINE)) rmSync(join(ROOT, 'dist', '.tsbuildinfo'), { force: true });
  const compiler = join(ROOT, 'node_modules', 'typescript', 'bin', 'tsc');
  const pretty = process.stderr.isTTY ? ['--pretty'] : [];
  const result = await run('building', [process.execPath, compiler, ...pretty]);
  if (result.code !== 0) {
    say(result.output.trimEnd());
    throw new PrepareError(
      'The sources do not compile; the errors stand above.',
      'If you did not change them: `git status` shows what differs, and removing dist/ and node_modules/ starts afresh.',
    );
  }
  const bundled = await run('bundling', [process.execPath, join(ROOT, 'scripts', 'bundle-typebox.mjs')]);
  if (bundled.code !== 0) {
    say(bundled.output.trimEnd());
    throw new PrepareError(
      'TypeBox cannot be bundled; the errors stand above.',
      'Remove node_modules/ to install it afresh.',
    );
  }
  if (existsSync(COMMAND_LINE)) chmodSync(COMMAND_LINE, 0o755);
  writeFileSync(BUILD_STAMP, wanted);
}

// --------------------------------------------------------------------------------------------- running a program

let running;

/**
 * Runs a program with a sign of life every two seconds, and keeps its output for the case that it fails.
 * @returns {Promise<{ code: number | null, output: string, missing: boolean }>}
 */
function run(what, [program, ...args]) {
  const started = Date.now();
  const onTerminal = process.stderr.isTTY === true;
  const seconds = () => `${Math.round((Date.now() - started) / 1000)} s`;
  const progress = (text) => (onTerminal ? process.stderr.write(`\r\x1b[K${text}`) : say(text));
  progress(`academy-mesh: ${what} …`);
  const heartbeat = setInterval(() => progress(`academy-mesh: ${what} … ${seconds()}`), HEARTBEAT_MS);
  return new Promise((resolve, reject) => {
    let output = '';
    const child = spawn(program, args, {
      cwd: ROOT,
      env: cleanEnvironment(),
      stdio: ['ignore', 'pipe', 'pipe'],
      shell: program.endsWith('.cmd'),
    });
    running = child;
    for (const stream of [child.stdout, child.stderr])
      stream.setEncoding('utf8').on('data', (text) => (output += text));
    const settle = (result) => {
      clearInterval(heartbeat);
      running = undefined;
      if (onTerminal) process.stderr.write('\r\x1b[K');
      if (result.code === 0) say(`academy-mesh: ${what}: done in ${seconds()}`);
      if (interruptedBy !== undefined) reject(interrupted());
      else resolve(result);
    };
    child.once('error', (error) => settle({ code: null, output: error.message, missing: error.code === 'ENOENT' }));
    child.once('close', (code) => settle({ code, output, missing: false }));
  });
}

let interruptedBy;
const interrupted = () =>
  new PrepareError(
    'Interrupted.',
    'Nothing is broken: the same command picks it up again.',
    interruptedBy === 'SIGINT' ? 130 : 143,
  );

/**
 * Passes the signal on and gives the child a moment to clean up. npm may take 20 s for that; killing it is safe, since
 * without its record of a finished install the next run starts over.
 */
function handleSignals() {
  for (const signal of ['SIGINT', 'SIGTERM']) {
    process.on(signal, () => {
      interruptedBy = signal;
      if (running === undefined) finishWith(interrupted());
      running.kill(signal);
      setTimeout(() => running?.kill('SIGKILL'), STOP_LIMIT_MS).unref();
    });
  }
}

// -------------------------------------------------------------------------------------------------------- locking

function ownerOfLock() {
  const pid = Number(readIfThere(LOCK));
  if (!Number.isInteger(pid) || pid <= 0) return undefined;
  try {
    process.kill(pid, 0);
    return pid;
  } catch (error) {
    return error.code === 'EPERM' ? pid : undefined;
  }
}

function tryLock() {
  mkdirSync(dirname(LOCK), { recursive: true });
  try {
    writeFileSync(LOCK, String(process.pid), { flag: 'wx' });
    process.once('exit', () => rmSync(LOCK, { force: true }));
    return true;
  } catch (error) {
    if (error.code !== 'EEXIST') throw error;
    return false;
  }
}

/** Two terminals may start in one clone at the same moment: one prepares it, the other waits. */
async function lock() {
  let told = false;
  while (!tryLock()) {
    const owner = ownerOfLock();
    const ageMs = Date.now() - (statSync(LOCK, { throwIfNoEntry: false })?.mtimeMs ?? 0);
    if (owner === undefined && ageMs > LOCK_POLL_MS) rmSync(LOCK, { force: true });
    if (owner !== undefined && !told) say(`academy-mesh: process ${owner} is preparing this clone; waiting for it …`);
    told ||= owner !== undefined;
    await new Promise((resolve) => setTimeout(resolve, LOCK_POLL_MS));
  }
}

// ----------------------------------------------------------------------------------------------------------- main

function finishWith(error) {
  if (!(error instanceof PrepareError)) throw error;
  say(`\nacademy-mesh: ${error.message}\n  ${error.remedy}`);
  process.exit(error.exitCode);
}

async function main() {
  checkNodeVersion();
  if (packagesAreInstalled() && buildIsCurrent()) return;
  handleSignals();
  await lock();
  if (!packagesAreInstalled()) await installPackages();
  if (!buildIsCurrent()) await build();
}

main().catch(finishWith);
