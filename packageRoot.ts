/** Finds the package's own folder, from the sources, the build or an installed copy alike. */
import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const packageName = 'academy-mesh';

interface PackageRoot {
  readonly folder: string;
  readonly version: string;
  readonly dependencies: Readonly<Record<string, string>>;
}

let found: PackageRoot | undefined;

function packageRoot(): PackageRoot {
  found ??= searchFrom(dirname(fileURLToPath(import.meta.url)));
  return found;
}

function searchFrom(folder: string): PackageRoot {
  const read = packageAt(folder);
  if (read?.name === packageName) {
    return { folder, version: read.version, dependencies: { ...read.devDependencies, ...read.dependencies } };
  }
  const parent = dirname(folder);
  if (parent === folder) throw new Error(`no folder above ${import.meta.url} belongs to ${packageName}`);
  return searchFrom(parent);
}

interface Manifest {
  readonly name?: string;
  readonly version: string;
  readonly dependencies?: Readonly<Record<string, string>>;
  readonly devDependencies?: Readonly<Record<string, string>>;
}

function packageAt(folder: string): Manifest | undefined {
  try {
    return JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')) as Manifest;
  } catch {
    return undefined;
  }
}

export function packageVersion(): string {
  return packageRoot().version;
}

/** The version of another package that this one is made with. */
export function packageDependency(name: string): string {
  return packageRoot().dependencies[name] ?? '*';
}

/** Absolute path of a file that ships in the package's `data` folder. */
export function dataFile(...path: readonly string[]): string {
  return packageFile('data', ...path);
}

/** Absolute path of a file of the package that is not compiled; package.json must list it among its `files`. */
export function packageFile(...path: readonly string[]): string {
  return join(packageRoot().folder, ...path);
}
