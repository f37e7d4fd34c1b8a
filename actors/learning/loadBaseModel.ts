// Finds and opens the base model that ships with the package. The one place of the learner that reads a file.

import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { AcademyError } from '../../runtime/protocol/errors.js';
import { BaseModel } from './BaseModel.js';

/** The package's own folder: the nearest one above this file whose package.json has the package's name. */
function packageRoot(): string {
  for (let folder = dirname(fileURLToPath(import.meta.url)); ; folder = dirname(folder)) {
    try {
      const manifest: unknown = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'));
      if (typeof manifest === 'object' && manifest !== null && 'name' in manifest && manifest.name === 'academy-mesh') {
        return folder;
      }
    } catch {
      // No package.json here, or one that is not ours to judge: look further up.
    }
    if (folder === dirname(folder)) {
      throw new AcademyError('ERR_ACADEMY_FILE_NOT_FOUND', 'the folder of the package academy-mesh cannot be found');
    }
  }
}

let shared: BaseModel | undefined;

/**
 * The base model of the package, opened on first use and shared by all personas of a thread (128 KB file, 512 KB opened).
 *
 * @throws AcademyError ERR_ACADEMY_FILE_NOT_FOUND when the package lacks the file.
 */
export function loadBaseModel(): BaseModel {
  if (shared === undefined) {
    const path = join(packageRoot(), 'data', 'base-model', 'base-model.safetensors');
    let bytes: Uint8Array;
    try {
      bytes = readFileSync(path);
    } catch (cause) {
      throw new AcademyError('ERR_ACADEMY_FILE_NOT_FOUND', `the base model ${path} is missing`, {
        cause,
        remedy: 'Install the package again.',
      });
    }
    shared = new BaseModel(bytes);
  }
  return shared;
}
