/**
 * What the main thread asks of all worker threads at once, or of one, and their answers. A thread that hangs is left
 * out after a while, and one that dies at once.
 */
import type { Clock } from '../../protocol/Clock.js';
import type { OrderFrame, ReportSubject } from '../frames.js';

/** Time that an answer of another thread may take. */
const reportMs = 2_000;

export interface ShardReportsOptions {
  readonly clock: Clock;
  /** Shards that can be asked now. */
  readonly linked: () => readonly number[];
  readonly order: (shard: number, frame: OrderFrame) => void;
}

interface Report {
  readonly shard: number;
  readonly settle: (value: unknown) => void;
}

export class ShardReports {
  readonly #options: ShardReportsOptions;
  readonly #open = new Map<number, Report>();
  #last = 0;

  constructor(options: ShardReportsOptions) {
    this.#options = options;
  }

  /**
   * Asks all worker threads and joins their answers.
   * @param instead what stands for the answer of one that gives none. @default nothing
   */
  async ask(subject: ReportSubject, instead: (shard: number) => unknown[] = () => []): Promise<unknown[]> {
    const asked = this.#options
      .linked()
      .map(async (shard) => (await this.askOne(shard, (request) => ['report', request, subject])) ?? instead(shard));
    return (await Promise.all(asked)).flat();
  }

  /** @returns undefined when the shard does not answer, or has died */
  askOne(shard: number, question: (request: number) => OrderFrame): Promise<unknown> {
    const { clock, order } = this.#options;
    return new Promise((resolve) => {
      const request = ++this.#last;
      const settle = (value: unknown): void => {
        clock.clearTimeout(timer);
        this.#open.delete(request);
        resolve(value);
      };
      const timer = clock.setTimeout(() => settle(undefined), reportMs);
      this.#open.set(request, { shard, settle });
      order(shard, question(request));
    });
  }

  answered(request: number, value: unknown): void {
    this.#open.get(request)?.settle(value);
  }

  shardDown(shard: number): void {
    for (const report of this.#open.values()) if (report.shard === shard) report.settle(undefined);
  }

  close(): void {
    for (const report of this.#open.values()) report.settle(undefined);
  }
}
