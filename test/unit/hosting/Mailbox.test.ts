import fc from 'fast-check';
import t from 'tap';
import { Mailbox } from '../../../runtime/hosting/Mailbox.js';
import { RingQueue } from '../../../runtime/hosting/RingQueue.js';

interface Message {
  readonly number: number;
  readonly isControl: boolean;
}

const steps = fc.array(fc.constantFrom('push', 'push', 'push', 'control', 'shift', 'shift'), { maxLength: 200 });

t.test('a mailbox behaves as a plain list that is cut at its capacity', async () => {
  fc.assert(
    fc.property(
      fc.constantFrom('reject', 'drop-oldest'),
      fc.integer({ min: 1, max: 6 }),
      steps,
      (policy, capacity, todo) => {
        const mailbox = new Mailbox<Message>({ capacity, policy });
        let model: Message[] = [];
        for (const [number, step] of todo.entries()) {
          const message = { number, isControl: step === 'control' };
          if (step === 'shift') {
            if (mailbox.shift() !== model.shift()) return false;
          } else if (step === 'control') {
            mailbox.pushControl(message);
            model.push(message);
          } else {
            const ordinary = model.filter(({ isControl }) => !isControl);
            const isFull = ordinary.length >= capacity;
            const lost = !isFull ? undefined : policy === 'reject' ? message : ordinary[0];
            if (mailbox.push(message) !== lost) return false;
            model = [...model, message].filter((each) => each !== lost);
          }
          if (mailbox.depth !== model.length) return false;
        }
        while (model.length > 0) if (mailbox.shift() !== model.shift()) return false;
        return mailbox.shift() === undefined;
      },
    ),
    { numRuns: 500 },
  );
});

t.test('control messages keep their place, count against no bound and are never dropped', async (t) => {
  const mailbox = new Mailbox<{ name: string }>({ capacity: 2, policy: 'drop-oldest' });
  const messages = ['answer', 'a', 'b', 'stop'].map((name) => ({ name }));
  const [answer, a, b, stop] = messages as [{ name: string }, { name: string }, { name: string }, { name: string }];
  mailbox.pushControl(answer);
  mailbox.push(a);
  mailbox.push(b);
  mailbox.pushControl(stop);
  const c = { name: 'c' };
  t.equal(mailbox.push(c), a, 'the oldest ordinary one makes room');
  t.strictSame([mailbox.shift(), mailbox.shift(), mailbox.shift(), mailbox.shift()], [answer, b, stop, c]);
});

t.test('a queue keeps its order while it grows, wraps around and loses items from its middle', async (t) => {
  const queue = new RingQueue<number>();
  const taken: (number | undefined)[] = [];
  for (let number = 0; number < 5; number++) queue.push(number);
  for (let number = 5; number < 30; number++) {
    taken.push(queue.shift());
    queue.push(number);
    if (number % 3 === 0) queue.push(-number);
  }
  t.strictSame(taken.slice(0, 6), [0, 1, 2, 3, 4, 5]);
  const second = queue.at(1);
  t.equal(queue.removeAt(1), second);
  t.equal(queue.at(queue.size), undefined);
  const left = Array.from({ length: queue.size }, (_, index) => queue.at(index));
  t.strictSame(
    left.map(() => queue.shift()),
    left,
  );
});
