/** Finds the package's own folder, from the sources, the build or an installed copy alike. */
import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const packageName = 'academy-mesh';

interface PackageRoot {
  readonly folder: string;
  readonly version: string;
}

let found: PackageRoot | undefined;

function packageRoot(): PackageRoot {
  found ??= searchFrom(dirname(fileURLToPath(import.meta.url)));
  return found;
}

function searchFrom(folder: string): PackageRoot {
  const read = packageAt(folder);
  if (read?.name === packageName) return { folder, version: read.version };
  const parent = dirname(folder);
  if (parent === folder) throw new Error(`no folder above ${import.meta.url} belongs to ${packageName}`);
  return searchFrom(parent);
}

function packageAt(folder: string): { name?: string; version: string } | undefined {
  try {
    return JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')) as { name?: string; version: string };
  } catch {
    return undefined;
  }
}

export function packageVersion(): string {
  return packageRoot().version;
}

/** Absolute path of a file that ships in the package's `data` folder. */
export function dataFile(...path: readonly string[]): string {
  return packageFile('data', ...path);
}

/** Absolute path of a file of the package that is not compiled; package.json must list it among its `files`. */
export function packageFile(...path: readonly string[]): string {
  return join(packageRoot().folder, ...path);
}
