/**
 * The ways from thread to thread that are compared, behind the product's own interface: its rings, a port that posts
 * the frames of a turn together, and a port that posts each frame, as one would without further thought.
 */
import type { MessagePort } from 'node:worker_threads';
import type { Frame, LinkChannel } from '../../runtime/hosting/frames.js';
import { RingLink } from '../../runtime/hosting/rings/RingLink.js';
import type { ShardLink, ShardLinkEnd } from '../../runtime/hosting/shards/ShardLink.js';
import { PortLink } from './PortLink.js';

export type LinkName = 'ring' | 'posts' | 'post each';

export type MessageFrame = Extract<Frame, readonly ['message', ...unknown[]]>;

/** A benchmark flushes by itself, and nothing may go wrong. */
export function makeLink(name: LinkName, channel: LinkChannel, receive: (frame: Frame) => void): ShardLink {
  const fail = (what: string, cause?: unknown): never => {
    throw new Error(what, { cause });
  };
  const end: ShardLinkEnd = {
    receive,
    received: () => {},
    pending: () => {},
    unsendable: (_frame, cause) => fail('a frame cannot be sent', cause),
    overfull: () => fail('a link is overfull'),
    broken: (cause) => fail('a link is broken', cause),
  };
  if (name === 'ring') return new RingLink(channel, end, { defer: setImmediate });
  const link = new PortLink(channel.port, end);
  return name === 'posts' ? link : flushingEach(link);
}

function flushingEach(link: ShardLink): ShardLink {
  return {
    post: (frame: Frame, moves?: readonly MessagePort[]) => {
      link.post(frame, moves);
      link.flush();
    },
    flush: () => {},
    drain: () => link.drain(),
    close: () => link.close(),
  };
}

export function messageFrame(type: string, data: unknown, slot = 1): MessageFrame {
  return ['message', slot, 1, type, data, { shard: 0, slot: 7, generation: 1 }, null, false];
}

export interface Remark {
  readonly roomId: string;
  readonly messageId: string;
  readonly author: { readonly id: string; readonly name: string; readonly type: 'human' };
  readonly text: string;
  readonly sequence: number;
  readonly atMs: number;
}

/** What somebody says in a room: the usual size of what actors send each other. */
export function remark(sequence: number): Remark {
  return {
    roomId: 'lobby',
    messageId: `m-${sequence}`,
    author: { id: 'ann', name: 'Ann', type: 'human' },
    text: `Remark ${sequence} of a talk that goes on and on between threads.`,
    sequence,
    atMs: 1_700_000_000_000 + sequence,
  };
}

/** A figure of all fields that were read, so that reading is part of the work. */
export function weigh({ roomId, messageId, author, text, sequence, atMs }: Remark): number {
  return roomId.length + messageId.length + author.name.length + text.charCodeAt(7) + sequence + (atMs % 1_000);
}
