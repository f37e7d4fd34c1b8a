/**
 * The commands of a node by name, and who may run them. What other nodes ask for is denied unless the command was
 * registered for all members of the academy, or the owner of the node has allowed it by name.
 *
 * ```ts
 * node.commands.register('screenshot', { allow: 'named' }, () => takeScreenshot());
 * ```
 */

import { AcademyError } from '../protocol/errors.js';
import { describeErrors } from '../protocol/events.js';
import type { NodeId } from '../protocol/identity.js';
import { limits } from '../protocol/limits.js';
import { Compile, type TSchema, type Validator } from '../protocol/typebox.js';

export interface CommandCaller {
  readonly nodeId: NodeId;
  /** A program of this node may run everything. */
  readonly local: boolean;
}

/** Gets a payload that fits the schema, where there is one. What it throws goes to the caller as a coded error. */
export type CommandHandler = (payload: unknown, caller: CommandCaller) => unknown;

export interface CommandOptions {
  /** `members`: every node of the academy; `named`: those that the owner of this node has allowed. */
  readonly allow: 'members' | 'named';
  readonly schema?: TSchema;
  /** True: it changes nothing, so its result is not kept for a retry and it may run again. @default false */
  readonly repeatable?: boolean;
}

/** Whether the owner of this node lets that node run a command that is not open to all members. */
export type CommandPolicy = (command: string, caller: NodeId) => boolean;

interface Command {
  readonly options: CommandOptions;
  readonly validator: Validator | undefined;
  readonly handler: CommandHandler;
}

export class CommandRegistry {
  readonly #commands = new Map<string, Command>();
  readonly #isAllowed: CommandPolicy;

  /** @param isAllowed asked for commands with `allow: 'named'` @default nothing is allowed */
  constructor(isAllowed: CommandPolicy = () => false) {
    this.#isAllowed = isAllowed;
  }

  /** @throws AcademyError ERR_ACADEMY_NAME_TAKEN, ERR_ACADEMY_BAD_ARGUMENT for a name that a path cannot hold */
  register(name: string, options: CommandOptions, handler: CommandHandler): void {
    if (name.length === 0 || name.length > limits.idCharactersMax) {
      throw new AcademyError('ERR_ACADEMY_BAD_ARGUMENT', `"${name}" cannot be the name of a command`);
    }
    if (this.#commands.has(name)) {
      throw new AcademyError('ERR_ACADEMY_NAME_TAKEN', `there is a command "${name}" already`);
    }
    const validator = options.schema && (Compile(options.schema) as Validator);
    this.#commands.set(name, { options, validator, handler });
  }

  /** Takes a command away again; does nothing if there is none. */
  unregister(name: string): void {
    this.#commands.delete(name);
  }

  names(): readonly string[] {
    return [...this.#commands.keys()];
  }

  isRepeatable(name: string): boolean {
    return this.#commands.get(name)?.options.repeatable === true;
  }

  /**
   * Runs a command for somebody.
   * @throws AcademyError ERR_ACADEMY_COMMAND_UNKNOWN, ERR_ACADEMY_COMMAND_DENIED, ERR_ACADEMY_BAD_ARGUMENT with the path
   * of what does not fit, ERR_ACADEMY_COMMAND_FAILED for what the handler throws without a code of its own
   */
  async run(name: string, payload: unknown, caller: CommandCaller): Promise<unknown> {
    const command = this.#commands.get(name);
    if (!command) {
      throw new AcademyError('ERR_ACADEMY_COMMAND_UNKNOWN', `there is no command "${name}"`, {
        remedy: `use one of: ${this.names().join(', ')}`,
      });
    }
    if (!this.#mayRun(name, command, caller)) {
      throw new AcademyError('ERR_ACADEMY_COMMAND_DENIED', `"${name}" is not allowed for node ${caller.nodeId}`, {
        remedy: `allow "${name}" in the configuration of the node that is to run it`,
      });
    }
    if (command.validator && !command.validator.Check(payload)) {
      throw new AcademyError('ERR_ACADEMY_BAD_ARGUMENT', `${name}: ${describeErrors(command.validator, payload)}`);
    }
    try {
      return await command.handler(payload, caller);
    } catch (cause) {
      if (cause instanceof AcademyError) throw cause;
      const message = cause instanceof Error ? cause.message : String(cause);
      throw new AcademyError('ERR_ACADEMY_COMMAND_FAILED', `${name}: ${message}`, { cause });
    }
  }

  #mayRun(name: string, { options }: Command, caller: CommandCaller): boolean {
    return caller.local || options.allow === 'members' || this.#isAllowed(name, caller.nodeId);
  }
}
