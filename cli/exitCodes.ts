/** What the command line's exit codes mean: one table, for the help, for scripts and for the code that sets them. */
export const exitCodes = {
  ok: 0,
  failure: 1,
  usage: 2,
  loopOpen: 3,
  notRunning: 4,
  dataInUse: 5,
  interrupted: 130,
  terminated: 143,
} as const;

export type ExitCode = (typeof exitCodes)[keyof typeof exitCodes];

const meanings: Readonly<Record<keyof typeof exitCodes, string>> = {
  ok: 'done, or ended cleanly by a signal',
  failure: 'it failed; the error says why',
  usage: 'a wrong option, argument or configuration',
  loopOpen: 'demo loop: the self-improvement loop did not close',
  notRunning: 'no node runs on this data folder',
  dataInUse: 'the data folder belongs to a running node',
  interrupted: 'interrupted (Ctrl-C) before it was done',
  terminated: 'terminated before it was done',
};

/** The table that `academy --help` ends with. */
export const exitCodeTable: string = [
  'Exit codes:',
  ...Object.entries(exitCodes).map(
    ([name, code]) => `  ${String(code).padStart(3)}  ${meanings[name as keyof typeof exitCodes]}`,
  ),
].join('\n');

const codeOfError: Readonly<Record<string, ExitCode>> = {
  ERR_ACADEMY_BAD_ARGUMENT: exitCodes.usage,
  ERR_ACADEMY_CONFIG_INVALID: exitCodes.usage,
  ERR_ACADEMY_FOLDER_NOT_EMPTY: exitCodes.usage,
  ERR_ACADEMY_NODE_NOT_RUNNING: exitCodes.notRunning,
  ERR_ACADEMY_DATA_IN_USE: exitCodes.dataInUse,
};

/** @param errorCode code of an AcademyError */
export function exitCodeOfError(errorCode: string): ExitCode {
  return codeOfError[errorCode] ?? exitCodes.failure;
}
