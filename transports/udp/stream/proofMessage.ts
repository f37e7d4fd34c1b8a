/** What a node signs to prove a root of runs as its own; the words keep it apart from all else that the key signs. */
const purpose = Buffer.from('academy-mesh/1/stream/proof\0');

export function proofMessage(session: Uint8Array, root: Uint8Array): Buffer {
  return Buffer.concat([purpose, session, root]);
}
