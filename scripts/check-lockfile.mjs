#!/usr/bin/env node
// Checks the lock file for three faults that only show on somebody else's machine: an optional package that npm
// dropped because it could not be fetched (then `npm ci` refuses the whole file), an address of the registry it came
// from, and dependencies that differ from package.json.
//
//   node scripts/check-lockfile.mjs [package-lock.json]

import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const ROOT = dirname(dirname(fileURLToPath(import.meta.url)));
const path = process.argv[2] ?? join(ROOT, 'package-lock.json');
const { packages } = JSON.parse(readFileSync(path, 'utf8'));
const names = new Set(Object.keys(packages).map((key) => key.slice(key.lastIndexOf('node_modules/') + 13)));
const faults = [];

for (const [key, entry] of Object.entries(packages)) {
  for (const name of Object.keys(entry.optionalDependencies ?? {})) {
    if (!names.has(name)) faults.push(`${name}, an optional dependency of ${key || 'the project'}, is missing`);
  }
  if (entry.resolved !== undefined) faults.push(`${key} carries a download address`);
}

const own = JSON.parse(readFileSync(join(dirname(path), 'package.json'), 'utf8'));
for (const kind of ['dependencies', 'devDependencies', 'optionalDependencies']) {
  const wanted = own[kind] ?? {};
  const locked = packages[''][kind] ?? {};
  for (const name of new Set([...Object.keys(wanted), ...Object.keys(locked)])) {
    if (wanted[name] !== locked[name])
      faults.push(`${kind}: ${name} is ${locked[name]}, package.json says ${wanted[name]}`);
  }
}

for (const fault of faults) process.stderr.write(`package-lock.json: ${fault}\n`);
if (faults.length === 0)
  process.stdout.write(`package-lock.json: ${Object.keys(packages).length} entries, all in order\n`);
process.exitCode = faults.length === 0 ? 0 : 1;
