/**
 * Tells whoever has started a node what befalls it: which participants were loaded again, which actors crash, and by
 * what. Above the prompt while a person chats, and otherwise as a line or, with `--json`, as a document.
 */
import type { AcademyNode, ReloadReport } from '../index.js';
import { amountOf } from './amountOf.js';
import { errorText } from './errorText.js';
import type { Output } from './Output.js';

type Supervision = Pick<AcademyNode['supervision'], 'on'>;

export class NodeTeller {
  readonly #output: Output;
  #print: ((text: string) => void) | null = null;

  constructor(output: Output) {
    this.#output = output;
  }

  /** @param print writes above the prompt; null when there is none any more */
  showOn(print: ((text: string) => void) | null): void {
    this.#print = print;
  }

  event(value: Readonly<Record<string, unknown>>, text: string): void {
    if (this.#print) this.#print(text);
    else this.#output.event(value, text);
  }

  reload({ participantId, file, how, reason, remedy }: ReloadReport): void {
    const words = {
      kept: `↻ ${participantId} goes on with the changed ${file}`,
      afresh: `↻ ${participantId} started afresh with the changed ${file}: ${reason}`,
      unchanged: `✗ ${participantId} goes on with what it had: ${reason}${remedy ? `\n  remedy: ${remedy}` : ''}`,
    }[how];
    this.event({ event: 'reloaded', participantId, file, how, reason, ...(remedy ? { remedy } : {}) }, words);
  }

  /** Supervisors bound how often an actor can fall, and so how much is said here. */
  supervision(supervision: Supervision): void {
    supervision
      .on('actor-restarted', ({ name, restarts, error }) =>
        this.event(
          { event: 'actor-restarted', name, restarts, error },
          `✗ ${name} crashed and was started again (${amountOf(restarts, 'restart')})${error ? `: ${errorText(error)}` : ''}`,
        ),
      )
      .on('actor-failed', ({ name, error }) =>
        this.event(
          { event: 'actor-failed', name, error },
          `✗ ${name} was given up${error ? `: ${errorText(error)}` : ''}\n  "academy inspect ${name}" shows what is known of it, node.log what happened`,
        ),
      )
      .on('quarantined', ({ name, messageType, failures, error }) =>
        this.event(
          { event: 'quarantined', name, messageType, failures, error },
          `✗ ${name} fell ${amountOf(failures, 'time')} by a message ${messageType}, which was set aside: ${errorText(error)}\n  "academy quarantine" shows it`,
        ),
      );
  }
}
