/** How much load, of what shape; checked before anything is started. */
import { AcademyError } from '../../runtime/protocol/errors.js';
import type { BenchmarkProgress } from '../runner/defineBenchmark.js';

export interface LoadShape {
  /** Rooms, each with its share of the participants. @default 20 */
  readonly rooms: number;
  /** Participants in all, each an actor on a worker thread; every room has some of them on every node. @default 200 */
  readonly participants: number;
  /** Messages offered a second, by all participants together. @default 5000 */
  readonly rate: number;
  /** How long messages are offered in each round. @default 10 */
  readonly seconds: number;
  /** Processes, each a node with its own data folder. @default 2 */
  readonly nodes: number;
  /** Where texts and the order of speakers come from. @default 1 */
  readonly seed: number;
  /** Rounds that count; a short warm-up comes before them. @default 1 */
  readonly rounds: number;
}

export interface LoadBenchmarkOptions extends Partial<LoadShape> {
  /** Ends all processes and removes their folders when it fires; the run then rejects with its reason. */
  readonly signal?: AbortSignal;
  readonly onProgress?: (progress: BenchmarkProgress) => void;
}

const defaults: LoadShape = {
  rooms: 20,
  participants: 200,
  rate: 5_000,
  seconds: 10,
  nodes: 2,
  seed: 1,
  rounds: 1,
};

interface Range {
  readonly min: number;
  readonly max: number;
  readonly whole: boolean;
}

const ranges: Readonly<Record<keyof LoadShape, Range>> = {
  rooms: { min: 1, max: 1_000, whole: true },
  participants: { min: 2, max: 100_000, whole: true },
  rate: { min: 0.1, max: 1_000_000, whole: false },
  seconds: { min: 0.1, max: 86_400, whole: false },
  nodes: { min: 1, max: 64, whole: true },
  seed: { min: 0, max: Number.MAX_SAFE_INTEGER, whole: true },
  rounds: { min: 1, max: 1_000, whole: true },
};

/** Fills in the defaults. @throws AcademyError ERR_ACADEMY_BAD_ARGUMENT naming the option, its value and its range */
export function loadShape(options: LoadBenchmarkOptions): LoadShape {
  const shape = { ...defaults };
  for (const name of Object.keys(ranges) as (keyof LoadShape)[]) {
    const value = options[name];
    if (value === undefined) continue;
    requireInRange(name, value, ranges[name]);
    shape[name] = value;
  }
  const { rooms, nodes, participants, rate, seconds } = shape;
  const seats = Math.max(2 * rooms, rooms * nodes);
  if (participants < seats) {
    throw badArgument(
      `${participants} participants are too few for ${rooms} rooms on ${nodes} nodes`,
      `use at least ${seats} participants: two in each room, and one for each node`,
    );
  }
  if (rate * seconds < 1) {
    throw badArgument(`${rate} messages a second for ${seconds} s are no message`, 'raise rate or seconds');
  }
  return shape;
}

function requireInRange(name: string, value: unknown, { min, max, whole }: Range): void {
  const isNumber = typeof value === 'number' && (whole ? Number.isSafeInteger(value) : Number.isFinite(value));
  if (isNumber && value >= min && value <= max) return;
  throw badArgument(
    `${name} is ${String(value)}`,
    `${name} must be ${whole ? 'a whole number' : 'a number'} from ${min} to ${max}`,
  );
}

function badArgument(fault: string, remedy: string): AcademyError {
  return new AcademyError('ERR_ACADEMY_BAD_ARGUMENT', `load: ${fault}`, { remedy });
}
