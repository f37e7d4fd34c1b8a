/**
 * A DataView over the bytes of a Buffer. A stream's ring and a batch of received datagrams are one Buffer for many
 * messages, and a new view costs as much as reading a message, so the last one is kept.
 */
let lastBuffer: Buffer = Buffer.alloc(0);
let lastView = new DataView(lastBuffer.buffer, 0, 0);

export function viewOf(buffer: Buffer): DataView {
  if (buffer === lastBuffer) return lastView;
  lastView = new DataView(buffer.buffer, buffer.byteOffset, buffer.length);
  lastBuffer = buffer;
  return lastView;
}
