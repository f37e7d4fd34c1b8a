/** Thrown when a round's work was not complete: whatever was timed, it was not the work that the case names. */
export class VoidRound extends Error {
  override readonly name = 'VoidRound';
  readonly benchmark: string;
  readonly case: string;
  readonly reason: string;

  constructor(benchmark: string, caseName: string, round: string, reason: string) {
    super(`${benchmark}: ${round} of "${caseName}" is void: ${reason}`);
    this.benchmark = benchmark;
    this.case = caseName;
    this.reason = reason;
  }
}
