/** The actor that somebody probably means who has mistyped its name, or left out what stands before it. */
import { nearestWord } from '../../config/nearestWord.js';
import { limits } from '../../protocol/limits.js';

/** @returns `participant/ada` for `ada` and for `participent/ada`; undefined when nothing is near */
export function nearestActor(name: string, known: Iterable<string>): string | undefined {
  const names: string[] = [];
  for (const each of known) {
    if (names.length === limits.namesComparedMax) break;
    names.push(each);
  }
  // Backwards, so that the first of a last part stays.
  const byLastPart = new Map(names.reverse().map((each) => [lastPart(each), each]));
  const near = byLastPart.get(name) ?? nearestWord(name, names);
  return near ?? byLastPart.get(nearestWord(name, [...byLastPart.keys()]) ?? '');
}

function lastPart(name: string): string {
  return name.slice(name.lastIndexOf('/') + 1);
}
