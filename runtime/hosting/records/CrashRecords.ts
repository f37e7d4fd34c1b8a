/**
 * Makes records of what actors throw, with the place in their authors' files. A place is read from the error's stack,
 * which the engine writes only then and which takes as long as a restart: a flood of crashes gets only so many.
 */
import { fileURLToPath } from 'node:url';
import type { Clock } from '../../protocol/Clock.js';
import { type AcademyErrorCode, type ErrorRecord, toErrorRecord } from '../../protocol/errors.js';
import { limits } from '../../protocol/limits.js';

export class CrashRecords {
  readonly #clock: Clock;
  #secondSince = Number.NEGATIVE_INFINITY;
  #placed = 0;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** @param module of the actor that threw it; undefined for one without */
  recordOf(thrown: unknown, module: string | undefined, fallback: AcademyErrorCode): ErrorRecord {
    const record = toErrorRecord(thrown, fallback);
    const place = this.#mayPlace() ? throwPlace(thrown, module) : undefined;
    return place === undefined ? record : { ...record, place };
  }

  #mayPlace(): boolean {
    const nowMs = this.#clock.monotonicMs();
    if (nowMs - this.#secondSince >= 1_000) {
      this.#secondSince = nowMs;
      this.#placed = 0;
    }
    return this.#placed++ < limits.errorPlacesPerSecondMax;
  }
}

const runtimeFolder = fileURLToPath(new URL('../../', import.meta.url));
const actorsFolder = fileURLToPath(new URL('../../../actors/', import.meta.url));
/** A line of V8's stack traces that ends with a URL or an absolute path, with line and column. */
const framePattern = /(?:\(|^ *at (?:async )?)((?:file:\/\/|[A-Za-z]:\\|\/)[^()]*?)(?:\?[^:()]*)?:(\d+):(\d+)\)?$/;
/** Errors in one another that are looked at. */
const causesMax = 4;

/**
 * @param module URL or path of the thrower's own module, which counts as its author's wherever it lies
 * @returns `/home/me/bot.js:12:7`, where the author's code has thrown or has called what threw; undefined for an error
 * that does not come from there
 */
export function throwPlace(thrown: unknown, module = ''): string | undefined {
  try {
    const own = pathOf(module.split('?', 1)[0] ?? '');
    let error = thrown;
    for (let causes = 0; error instanceof Error && causes < causesMax; causes++) {
      const place = placeInStack(String(error.stack), own);
      if (place !== undefined) return place;
      error = error.cause;
    }
  } catch {
    // Anything may be thrown, also what throws when it is looked at, or names files as nothing else does.
  }
  return undefined;
}

function placeInStack(stack: string, own: string): string | undefined {
  for (const line of stack.split('\n')) {
    const [, target = '', row, column] = framePattern.exec(line) ?? [];
    if (row === undefined) continue;
    const file = pathOf(target);
    if (isAuthors(file, own)) return `${file}:${row}:${column}`;
  }
  return undefined;
}

/** Neither this library's nor another one's, unless the actor itself is a part of those. */
function isAuthors(file: string, own: string): boolean {
  if (file === own) return true;
  if (file.startsWith(runtimeFolder)) return false;
  return [actorsFolder, 'node_modules'].every((folder) => !file.includes(folder) || own.includes(folder));
}

function pathOf(target: string): string {
  return target.startsWith('file:') ? fileURLToPath(target) : target;
}
