/** Bytes in the JSON of the control socket: an object with the one key `$bytes`, base64. */

export function withBytesAsText(value: unknown): unknown {
  if (value instanceof Uint8Array) return { $bytes: Buffer.from(value).toString('base64') };
  return mapFields(value, withBytesAsText);
}

export function withBytesRestored(value: unknown): unknown {
  const text = (value as { $bytes?: unknown } | null | undefined)?.$bytes;
  if (typeof text === 'string') return new Uint8Array(Buffer.from(text, 'base64'));
  return mapFields(value, withBytesRestored);
}

function mapFields(value: unknown, change: (field: unknown) => unknown): unknown {
  if (Array.isArray(value)) return value.map(change);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, field]) => [key, change(field)]));
}
