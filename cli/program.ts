/**
 * The command line: its commands, and what happens with what they throw. A command's file says what it takes; it loads
 * the library only when it runs, so that `--help` and `--version` answer at once.
 */
import { Command, CommanderError } from 'commander';
import { packageVersion } from '../packageRoot.js';
import type { CommandContext } from './CommandContext.js';
import { benchCommand } from './commands/bench.js';
import { chatCommand } from './commands/chat.js';
import { configCommand } from './commands/config.js';
import { deadLettersCommand } from './commands/deadletters.js';
import { demoCommand } from './commands/demo.js';
import { doctorCommand } from './commands/doctor.js';
import { feedbackCommand } from './commands/feedback.js';
import { forgetCommand } from './commands/forget.js';
import { historyCommand } from './commands/history.js';
import { inspectCommand } from './commands/inspect.js';
import { moveCommand } from './commands/move.js';
import { newCommand } from './commands/new.js';
import { nodesCommand } from './commands/nodes.js';
import { personaCommand } from './commands/persona.js';
import { personasCommand } from './commands/personas.js';
import { quarantineCommand } from './commands/quarantine.js';
import { roomsCommand } from './commands/rooms.js';
import { routesCommand } from './commands/routes.js';
import { sayCommand } from './commands/say.js';
import { statusCommand } from './commands/status.js';
import { stopCommand } from './commands/stop.js';
import { ticketCommand } from './commands/ticket.js';
import { treeCommand } from './commands/tree.js';
import { upCommand } from './commands/up.js';
import { examplesText } from './examples.js';
import { type ExitCode, exitCodes, exitCodeTable } from './exitCodes.js';
import { Output, type OutputStream } from './Output.js';

/** What the program needs of a process; `process` is one. */
export interface ProgramStreams {
  readonly stdout: OutputStream;
  readonly stderr: OutputStream;
  readonly env: Readonly<Record<string, string | undefined>>;
}

const commands: readonly ((context: CommandContext) => Command)[] = [
  upCommand,
  chatCommand,
  statusCommand,
  stopCommand,
  sayCommand,
  feedbackCommand,
  historyCommand,
  roomsCommand,
  nodesCommand,
  personasCommand,
  treeCommand,
  inspectCommand,
  deadLettersCommand,
  quarantineCommand,
  moveCommand,
  forgetCommand,
  routesCommand,
  demoCommand,
  newCommand,
  personaCommand,
  benchCommand,
  doctorCommand,
  configCommand,
  ticketCommand,
];

/** @returns the exit code; nothing is thrown */
export async function runProgram(args: readonly string[], streams: ProgramStreams): Promise<ExitCode> {
  const { stdout, stderr, env } = streams;
  const json = args.includes('--json');
  const context: CommandContext = {
    output: new Output({ stdout, stderr, env, json }),
    exitCode: exitCodes.ok,
  };
  const program = createProgram(context, stdout);
  try {
    await program.parseAsync(args.length === 0 ? ['--help'] : helpWords(program, args), { from: 'user' });
    return context.exitCode;
  } catch (thrown) {
    if (!(thrown instanceof CommanderError)) return context.output.error(thrown);
    return thrown.exitCode === 0 ? exitCodes.ok : context.output.error(usageError(thrown, commandOf(program, args)));
  }
}

/** The whole command line, also for who only parses. */
export function createProgram(context: CommandContext, stdout: OutputStream): Command {
  const program = new Command('academy')
    .description('A mesh of talking agents that learn from what you say to them.')
    .version(packageVersion())
    .addHelpText(
      'after',
      `
Every command takes --json. Start with:
  academy up                     start a node and talk
  academy chat                   join the node that runs
  academy new participant NAME   make a participant of your own, with a test
  academy demo loop              watch a persona learn from another node, measured

${exitCodeTable}`,
    );
  for (const command of commands) program.addCommand(command(context));
  settle(program, stdout);
  return program;
}

/** In every command of the tree: commander throws instead of ending the process, and the help ends with examples. */
function settle(command: Command, stdout: OutputStream): void {
  command
    .addHelpText('after', examplesText(wordsOf(command)))
    .exitOverride()
    .showSuggestionAfterError(true)
    .configureOutput({ writeOut: (text) => stdout.write(text), outputError: () => {} });
  for (const child of command.commands) settle(child, stdout);
}

/** `persona train`; empty for the program itself. */
function wordsOf(command: Command): string {
  return command.parent === null ? '' : `${wordsOf(command.parent)} ${command.name()}`.trim();
}

/**
 * `help persona train` as `persona train --help`, since commander looks at the first word only, and shows its own help
 * where there is no such command. An unknown word stands last, as if it were called: that says what was meant.
 */
function helpWords(program: Command, args: readonly string[]): string[] {
  const [help, ...words] = args.filter((word) => !word.startsWith('-'));
  if (help !== 'help' || words.length === 0) return [...args];
  let command = program;
  for (const [at, word] of words.entries()) {
    const child = command.commands.find((each) => each.name() === word);
    const isGroup = command.commands.length > 0 && command.registeredArguments.length === 0;
    if (!child) return isGroup ? words.slice(0, at + 1) : [...words.slice(0, at), '--help'];
    command = child;
  }
  return [...words, '--help'];
}

/** The command that was meant, whose help knows more. */
function commandOf(program: Command, args: readonly string[]): Command {
  let command = program;
  for (const word of args) {
    const child = command.commands.find((each) => each.name() === word);
    if (child) command = child;
    else if (!word.startsWith('-')) break;
  }
  return command;
}

/** Commander's fault in the words of every other error: what is wrong, and what to do. */
function usageError(fault: CommanderError, command: Command): { code: string; message: string; remedy: string } {
  const [first = '', ...rest] = fault.message.split('\n');
  const suggestion = /\(Did you mean (.*)\?\)/.exec(rest.join(' '))?.[1];
  const unhelpful = fault.code === 'commander.help';
  return {
    code: 'ERR_ACADEMY_BAD_ARGUMENT',
    message: unhelpful ? 'a command is missing' : first.replace(/^error: /, ''),
    remedy: suggestion
      ? `did you mean ${suggestion}?`
      : `see ${['academy', wordsOf(command), '--help'].filter((word) => word !== '').join(' ')}`,
  };
}
