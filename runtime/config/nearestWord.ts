/**
 * The word that was probably meant: the one with the fewest typing errors (Damerau–Levenshtein distance, restricted),
 * if these are at most a third of its letters.
 */
export function nearestWord(word: string, known: readonly string[]): string | undefined {
  let nearest: string | undefined;
  let fewest = Number.POSITIVE_INFINITY;
  for (const candidate of known) {
    const errors = typingErrors(word, candidate);
    if (errors < fewest && errors <= Math.max(1, Math.floor(candidate.length / 3))) {
      nearest = candidate;
      fewest = errors;
    }
  }
  return nearest;
}

/** Letters that are wrong, missing, too many or swapped; capitals are no error. */
export function typingErrors(word: string, other: string): number {
  return distance(word.toLowerCase(), other.toLowerCase());
}

function distance(left: string, right: string): number {
  const rows: number[][] = [Array.from({ length: right.length + 1 }, (_, column) => column)];
  for (let row = 1; row <= left.length; row++) {
    const cells = [row];
    for (let column = 1; column <= right.length; column++) {
      const same = left[row - 1] === right[column - 1];
      let cost = Math.min(
        at(rows, row - 1, column) + 1,
        (cells[column - 1] ?? 0) + 1,
        at(rows, row - 1, column - 1) + (same ? 0 : 1),
      );
      const swapped = left[row - 1] === right[column - 2] && left[row - 2] === right[column - 1];
      if (row > 1 && column > 1 && swapped) cost = Math.min(cost, at(rows, row - 2, column - 2) + 1);
      cells.push(cost);
    }
    rows.push(cells);
  }
  return at(rows, left.length, right.length);
}

function at(rows: readonly (readonly number[])[], row: number, column: number): number {
  return rows[row]?.[column] ?? 0;
}
