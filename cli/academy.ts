#!/usr/bin/env node
/** The bin of the package. The process ends by itself once nothing is left to do, so that what still runs is seen. */
import { runProgram } from './program.js';

process.exitCode = await runProgram(process.argv.slice(2), process);
