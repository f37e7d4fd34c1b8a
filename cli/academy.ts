#!/usr/bin/env node
/** The bin of the package. The process ends by itself once nothing is left to do, so that what still runs is seen. */
import { runProgram } from './program.js';

// Whoever read the output has gone (`academy history lobby | head`): what is left to say is said to nobody.
for (const stream of [process.stdout, process.stderr]) {
  stream.on('error', (fault: NodeJS.ErrnoException) => {
    if (fault.code !== 'EPIPE') throw fault;
  });
}

process.exitCode = await runProgram(process.argv.slice(2), process);
