/**
 * The seat of the person whom a node belongs to. Its id comes from the name, so that the same person has the same seat
 * after a restart; where a persona or a participant has that id already, a number tells the two apart.
 */
import { AcademyError, type ChatParticipant } from '../index.js';

/** Code points of the id that come from the name. */
const nameLengthMax = 64;

/** @throws AcademyError ERR_ACADEMY_CONFIG_INVALID when the name has nothing to make an id of */
export function seatIdOf(name: string): string {
  const plain = name
    .toLowerCase()
    .replace(/[^\p{L}\p{N}_.-]+/gu, '-')
    .replace(/^-+|-+$/g, '');
  const id = [...plain].slice(0, nameLengthMax).join('');
  if (id) return id;
  throw new AcademyError('ERR_ACADEMY_CONFIG_INVALID', `the name "${name}" has no letter or digit`, {
    remedy: 'give another one: academy up --name Ann',
  });
}

/** @param taken ids of those who sit on this node already */
export function seatOfPerson(name: string, taken: ReadonlySet<string>): ChatParticipant {
  const wanted = seatIdOf(name);
  let id = wanted;
  for (let number = 2; taken.has(id); number += 1) id = `${wanted}-${number}`;
  return { id, name, type: 'human' };
}
