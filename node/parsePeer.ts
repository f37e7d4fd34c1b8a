/** `host:port` or `[address]:port` of a static peer; the configuration's schema has checked the form. */
export function parsePeer(peer: string): [host: string, port: number] {
  const at = peer.lastIndexOf(':');
  return [peer.slice(0, at).replace(/^\[|\]$/g, ''), Number(peer.slice(at + 1))];
}
