/** A thread at the other end of a link: it returns balls, weighs what it hears, and streams to a third thread. */
import { parentPort, workerData } from 'node:worker_threads';
import type { Frame, LinkChannel } from '../../runtime/hosting/frames.js';
import { type LinkName, makeLink, messageFrame, type Remark, weigh } from './links.js';
import { perCredit, StreamSender } from './StreamSender.js';

export interface LinkThreadData {
  readonly link: LinkName;
  readonly main: LinkChannel;
  readonly peer: LinkChannel | null;
}

/** What the thread tells the main thread over their link, as data of a message `heard`. */
export interface Heard {
  readonly count: number;
  readonly weight: number;
}

const data = workerData as LinkThreadData;
const sender = new StreamSender();
let awaited = 0;
let count = 0;
let weight = 0;

function receiver(answer: (frame: Frame) => void): (frame: Frame) => void {
  return (frame) => {
    if (frame[0] === 'many') return heard(frame[1].length / 2, 0, answer);
    if (frame[0] !== 'message') return;
    switch (frame[3]) {
      case 'ball':
        return answer(messageFrame('ball', null));
      case 'said':
        return heard(1, weigh(frame[4] as Remark), answer);
      case 'await':
        awaited = frame[4] as number;
        count = 0;
        weight = 0;
        return answer(messageFrame('ready', null));
      case 'credit':
        return sender.credit();
      case 'stream':
        void sender.send(peer ?? main, frame[4] as number).then((sent) => answer(messageFrame('sent', sent)));
    }
  };
}

function heard(messages: number, more: number, answer: (frame: Frame) => void): void {
  const before = count;
  count += messages;
  weight += more;
  if (Math.floor(count / perCredit) > Math.floor(before / perCredit)) answer(messageFrame('credit', null));
  if (count === awaited) tell(main, messageFrame('heard', { count, weight } satisfies Heard));
}

function tell(link: typeof main, frame: Frame): void {
  link.post(frame);
  link.flush();
}

const main = makeLink(
  data.link,
  data.main,
  receiver((frame) => tell(main, frame)),
);
const peer: typeof main | null = data.peer
  ? makeLink(
      data.link,
      data.peer,
      receiver((frame) => tell(peer as typeof main, frame)),
    )
  : null;

// Keeps the thread until it is ended, whichever link it has.
parentPort?.on('message', () => {});
