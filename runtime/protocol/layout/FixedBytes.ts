/**
 * The bytes of a layout that stand at fixed offsets, and the source text that writes and reads them. Bytes go four at
 * a time, constant ones with variable ones: a word of a prefix, a length and the next prefix is one store to write,
 * and one load and one comparison to check. That is why layouts are generated and not interpreted.
 */
type FixedByte =
  | { readonly kind: 'constant'; readonly byte: number }
  /** Bits `shift` to `shift + 7` of the variable. */
  | { readonly kind: 'bits'; readonly name: string; readonly shift: number }
  /** One of the eight bytes of a double. */
  | { readonly kind: 'double'; readonly name: string };

interface Chunk {
  readonly at: number;
  readonly bytes: readonly FixedByte[];
}

export class FixedBytes {
  readonly #bytes: FixedByte[] = [];
  readonly #offsets = new Map<string, number>();

  get length(): number {
    return this.#bytes.length;
  }

  constant(...bytes: number[]): void {
    for (const byte of bytes) this.#bytes.push({ kind: 'constant', byte });
  }

  /** A big-endian unsigned integer; the variable must not exceed its width when it is written. */
  unsigned(name: string, width: 1 | 2 | 4): void {
    this.#offsets.set(name, this.length);
    for (let shift = (width - 1) * 8; shift >= 0; shift -= 8) this.#bytes.push({ kind: 'bits', name, shift });
  }

  double(name: string): void {
    this.#offsets.set(name, this.length);
    for (let index = 0; index < 8; index++) this.#bytes.push({ kind: 'double', name });
  }

  offsetOf(name: string): number {
    const offset = this.#offsets.get(name);
    if (offset === undefined) throw new Error(`the layout has no field ${name}`);
    return offset;
  }

  /** Statements that write all bytes through the DataView `view` from `offset` on. */
  writeSource(): string {
    return this.#chunks()
      .map(({ at, bytes }) => {
        const [first] = bytes;
        if (first?.kind === 'double') return `view.setFloat64(offset + ${at}, ${first.name});`;
        return `view.setInt${bytes.length * 8}(offset + ${at}, ${wordSource(bytes)});`;
      })
      .join('\n');
  }

  /**
   * Statements that declare each variable with what stands at its place from `offset` on, and `mismatch`, which is 0
   * if and only if every constant byte is right.
   */
  readSource(): string {
    const chunks = this.#chunks();
    const parts = new Map<string, string[]>();
    const mismatches: string[] = [];
    const lines = chunks.map(({ at, bytes }, index) => {
      const [first] = bytes;
      if (first?.kind === 'double') return `const ${first.name} = view.getFloat64(offset + ${at});`;
      const word = `w${index}`;
      const mask = constantWord(bytes, () => 0xff);
      if (mask !== 0) mismatches.push(`((${word} & ${mask}) ^ ${constantWord(bytes, (byte) => byte)})`);
      for (const { name, part } of variableParts(bytes, word)) parts.set(name, [...(parts.get(name) ?? []), part]);
      return `const ${word} = view.getInt${bytes.length * 8}(offset + ${at});`;
    });
    for (const [name, each] of parts) lines.push(`const ${name} = (${each.join(' | ')}) >>> 0;`);
    lines.push(`const mismatch = ${mismatches.join(' | ')};`);
    return lines.join('\n');
  }

  /** Runs of 4, 2 or 1 bytes, and doubles. */
  #chunks(): Chunk[] {
    const chunks: Chunk[] = [];
    for (let at = 0; at < this.length; ) {
      const size = this.#bytes[at]?.kind === 'double' ? 8 : this.#runFrom(at);
      chunks.push({ at, bytes: this.#bytes.slice(at, at + size) });
      at += size;
    }
    return chunks;
  }

  #runFrom(at: number): number {
    let run = 0;
    while (run < 4 && at + run < this.length && this.#bytes[at + run]?.kind !== 'double') run++;
    return run === 3 ? 2 : run;
  }
}

function shiftOf(bytes: readonly FixedByte[], index: number): number {
  return (bytes.length - 1 - index) * 8;
}

function constantWord(bytes: readonly FixedByte[], byteOf: (byte: number) => number): number {
  let word = 0;
  for (const [index, each] of bytes.entries()) {
    if (each.kind === 'constant') word |= byteOf(each.byte) << shiftOf(bytes, index);
  }
  return word;
}

function wordSource(bytes: readonly FixedByte[]): string {
  const terms = bytes.flatMap((each, index) => {
    if (each.kind !== 'bits') return [];
    // Neighbouring bytes of one variable are moved together, by the first of them.
    const before = bytes[index - 1];
    if (before?.kind === 'bits' && before.name === each.name) return [];
    const run = runOf(bytes, index);
    const last = bytes[index + run - 1] as FixedByte & { kind: 'bits' };
    const moved = last.shift === 0 ? each.name : `(${each.name} >>> ${last.shift})`;
    const isWhole = each.shift === 24 || run === 4;
    return [`((${moved}${isWhole ? '' : ` & ${2 ** (run * 8) - 1}`}) << ${shiftOf(bytes, index + run - 1)})`];
  });
  return [String(constantWord(bytes, (byte) => byte)), ...terms].join(' | ');
}

/** For each variable of the word, the expression that puts its bits in their place. */
function variableParts(bytes: readonly FixedByte[], word: string): { name: string; part: string }[] {
  return bytes.flatMap((each, index) => {
    if (each.kind !== 'bits') return [];
    const before = bytes[index - 1];
    if (before?.kind === 'bits' && before.name === each.name) return [];
    const run = runOf(bytes, index);
    const last = bytes[index + run - 1] as FixedByte & { kind: 'bits' };
    const mask = run === 4 ? -1 : 2 ** (run * 8) - 1;
    return [
      { name: each.name, part: `(((${word} >>> ${shiftOf(bytes, index + run - 1)}) & ${mask}) << ${last.shift})` },
    ];
  });
}

/** How many bytes from `index` on belong to the same variable. */
function runOf(bytes: readonly FixedByte[], index: number): number {
  const first = bytes[index];
  let run = 0;
  for (let at = index; at < bytes.length; at++) {
    const each = bytes[at];
    if (first?.kind !== 'bits' || each?.kind !== 'bits' || each.name !== first.name) break;
    run++;
  }
  return run;
}
