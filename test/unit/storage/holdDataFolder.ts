/**
 * Opens a data folder in a process of its own, for DataFolder.test.ts: says `held <node id>` or the code of the error,
 * and holds the folder until its standard input ends.
 */
import { AcademyError } from '../../../runtime/protocol/errors.js';
import { DataFolder } from '../../../runtime/storage/DataFolder.js';
import { systemRandom } from '../../../runtime/system/systemRandom.js';

try {
  const folder = DataFolder.open({ academyId: 'test', path: process.argv[2], random: systemRandom });
  process.stdout.write(`held ${folder.identity.nodeId}\n`);
  process.stdin.resume().once('end', () => folder.release());
} catch (error) {
  process.stdout.write(`${error instanceof AcademyError ? error.code : String(error)}\n`);
}
