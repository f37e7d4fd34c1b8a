/** Opens the academy's secret as a node that starts now does, for academySecret.test.ts, and prints it. */
import { openAcademySecret } from '../../../runtime/storage/academySecret.js';
import { systemRandom } from '../../../runtime/system/systemRandom.js';

const secret = openAcademySecret('test', { random: systemRandom });
process.stdout.write(Buffer.from(secret).toString('hex'));
