#!/usr/bin/env node
// Runs the ordinary suite on the other Node.js lines that we promise to support, each fetched from npm into a folder
// that is removed again. Arguments go on to the suite: `npm run test:nodes -- test/unit/protocol`.

import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const ROOT = dirname(dirname(fileURLToPath(import.meta.url)));
const LINES = [22, 24];
const PLATFORM = `${process.platform}-${process.arch}`;

function run(program, args, options) {
  const result = spawnSync(program, args, { stdio: 'inherit', ...options });
  if (result.error !== undefined) throw result.error;
  return result.status;
}

/** Fetches the newest Node.js of a line, and returns the folder of its program. */
function fetchNode(line, folder) {
  const name = `node-${PLATFORM}`;
  const fetched = `${name}@${line}`;
  // --prefix keeps npm away from this project's package.json.
  const args = ['install', '--prefix', folder, '--no-save', '--no-audit', '--no-fund', '--loglevel=error', fetched];
  if (run('npm', args, { cwd: folder }) !== 0) throw new Error(`${fetched} cannot be fetched`);
  return join(folder, 'node_modules', name, 'bin');
}

function main() {
  const folder = mkdtempSync(join(tmpdir(), 'academy-nodes-'));
  try {
    const failed = LINES.filter((line) => {
      const lineFolder = mkdtempSync(join(folder, `${line}-`));
      const bin = fetchNode(line, lineFolder);
      const env = { ...process.env, PATH: `${bin}${delimiter}${process.env.PATH}` };
      const suite = [join(ROOT, 'scripts', 'run-tests.mjs'), ...process.argv.slice(2)];
      return run(join(bin, 'node'), suite, { cwd: ROOT, env }) !== 0;
    });
    for (const line of LINES) process.stdout.write(`Node.js ${line}: ${failed.includes(line) ? 'FAILED' : 'passed'}\n`);
    return failed.length === 0 ? 0 : 1;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

process.exitCode = main();
