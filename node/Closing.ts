/** What has been opened, to be closed in the reverse order, each step tried whatever became of the others. */
export class Closing {
  readonly #steps: { readonly what: string; readonly close: () => unknown }[] = [];

  /** Call it right after something was opened. */
  add(what: string, close: () => unknown): void {
    this.#steps.push({ what, close });
  }

  /** @param onFault told of steps that failed; the rest goes on */
  async run(onFault: (what: string, fault: unknown) => void): Promise<void> {
    for (let step = this.#steps.pop(); step; step = this.#steps.pop()) {
      try {
        await step.close();
      } catch (fault) {
        onFault(step.what, fault);
      }
    }
  }
}
