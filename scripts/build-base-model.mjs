// Builds data/base-model/base-model.safetensors from the texts of the CLINC150 training part. Their labels are not read.
// Usage, after a build: node scripts/build-base-model.mjs [--dist dist]
import { readFile, writeFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { parseArgs } from 'node:util';

const root = fileURLToPath(new URL('..', import.meta.url));
const { values: options } = parseArgs({ options: { dist: { type: 'string', default: 'dist' } } });
const moduleUrl = pathToFileURL(resolve(root, options.dist, 'actors/learning/BaseModel.js')).href;
const { BaseModel, encodeBaseModel } = await import(moduleUrl);

const lines = (await readFile(resolve(root, 'data/clinc150/train.jsonl'), 'utf8')).trimEnd().split('\n');
const bytes = encodeBaseModel(
  'academy-ngrams-1-clinc150',
  lines.map((line) => JSON.parse(line).text),
);
const path = resolve(root, 'data/base-model/base-model.safetensors');
await writeFile(path, bytes);
const { id, sha256, documents } = new BaseModel(bytes);
console.log(`${path}: ${id}, ${documents} texts, ${bytes.length} bytes, sha256 ${sha256}`);
