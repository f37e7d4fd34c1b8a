/** Who types just now, as the prompt shows it: each until they have said it, or until the notice expires. */

interface TypingNotice {
  readonly participantId: string;
  readonly username: string;
  readonly expiresInMs: number;
}

interface Typist {
  readonly username: string;
  readonly timer: NodeJS.Timeout;
}

/** More names would leave no room for the line. */
const namesShown = 2;

export class TypingBoard {
  readonly #typists = new Map<string, Typist>();
  readonly #onChange: () => void;

  /** @param onChange called when `words` has changed by a notice or by time */
  constructor(onChange: () => void) {
    this.#onChange = onChange;
  }

  /** `Ada and Bo type …`; empty when nobody does. */
  get words(): string {
    const names = [...this.#typists.values()].map(({ username }) => username);
    if (names.length === 0) return '';
    if (names.length > namesShown) return `${names.length} type …`;
    return `${names.join(' and ')} ${names.length === 1 ? 'types' : 'type'} …`;
  }

  begins({ participantId, username, expiresInMs }: TypingNotice): void {
    const known = this.#typists.get(participantId);
    if (known) clearTimeout(known.timer);
    const timer = setTimeout(() => this.ends(participantId), expiresInMs);
    this.#typists.set(participantId, { username, timer });
    // The line that is being written is drawn anew only when there is something new to show.
    if (!known) this.#onChange();
  }

  ends(participantId: string): void {
    const known = this.#typists.get(participantId);
    if (!known) return;
    clearTimeout(known.timer);
    this.#typists.delete(participantId);
    this.#onChange();
  }

  /** Forgets all, without a word. */
  clear(): void {
    for (const { timer } of this.#typists.values()) clearTimeout(timer);
    this.#typists.clear();
  }
}
