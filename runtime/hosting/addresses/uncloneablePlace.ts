/** Where in the data of a message stands what no other thread can be given: for whoever has sent it. */

/** Levels that are looked through: what lies deeper is told by the place above it. */
const depthMax = 32;

/** @returns `data.list.0.onClick`, or undefined when all of it can be cloned */
export function uncloneablePlace(value: unknown, path = 'data', depth = 0): string | undefined {
  if (isCloneable(value)) return undefined;
  if (typeof value !== 'object' || value === null || depth === depthMax) return path;
  for (const [name, inner] of Object.entries(value)) {
    const place = uncloneablePlace(inner, `${path}.${name}`, depth + 1);
    if (place !== undefined) return place;
  }
  return path;
}

function isCloneable(value: unknown): boolean {
  try {
    structuredClone(value);
    return true;
  } catch {
    return false;
  }
}
