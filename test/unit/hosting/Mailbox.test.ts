import fc from 'fast-check';
import t from 'tap';
import { Mailbox } from '../../../runtime/hosting/mailboxes/Mailbox.js';
import { RingQueue } from '../../../runtime/hosting/mailboxes/RingQueue.js';

interface Message {
  readonly number: number;
  readonly key?: string | undefined;
}

const steps = fc.array(fc.constantFrom('push', 'push', 'push', 'a', 'a', 'b', 'keep', 'urgent', 'shift', 'shift'), {
  maxLength: 200,
});
const keyOf = ({ key }: Message): string | undefined => key;

/** What a mailbox does, said with plain lists. */
class Model {
  urgent: Message[] = [];
  list: Message[] = [];
  readonly kept = new Set<Message>();

  push(message: Message, policy: string, capacity: number): Message | undefined {
    const ordinary = this.list.filter((each) => !this.kept.has(each));
    const rival = policy === 'conflate' && message.key ? ordinary.find(({ key }) => key === message.key) : undefined;
    if (rival) {
      this.list[this.list.indexOf(rival)] = message;
      return rival;
    }
    const lost = ordinary.length < capacity ? undefined : policy === 'drop-oldest' ? ordinary[0] : message;
    this.list = [...this.list, message].filter((each) => each !== lost);
    return lost;
  }

  shift(): Message | undefined {
    const message = this.urgent.shift() ?? this.list.shift();
    if (message) this.kept.delete(message);
    return message;
  }
}

t.test('a mailbox behaves as plain lists, under each policy', async () => {
  fc.assert(
    fc.property(
      fc.constantFrom('reject', 'drop-oldest', 'conflate'),
      fc.integer({ min: 1, max: 6 }),
      steps,
      (policy, capacity, todo) => {
        const mailbox = new Mailbox<Message>({ capacity, policy, keyOf });
        const model = new Model();
        for (const [number, step] of todo.entries()) {
          const message = { number, key: step === 'a' || step === 'b' ? step : undefined };
          if (mailbox.peek() !== (model.urgent[0] ?? model.list[0])) return false;
          if (step === 'shift') {
            if (mailbox.shift() !== model.shift()) return false;
          } else if (step === 'keep') {
            mailbox.pushKept(message);
            model.list.push(message);
            model.kept.add(message);
          } else if (step === 'urgent') {
            mailbox.pushUrgent(message);
            model.urgent.push(message);
          } else if (mailbox.push(message) !== model.push(message, policy, capacity)) {
            return false;
          }
          if (mailbox.depth !== model.list.length + model.urgent.length) return false;
        }
        while (mailbox.depth > 0) if (mailbox.shift() !== model.shift()) return false;
        return mailbox.shift() === undefined && model.shift() === undefined;
      },
    ),
    { numRuns: 1_000 },
  );
});

t.test('what is kept holds its place, what is urgent goes first, and neither is bounded or dropped', async (t) => {
  const mailbox = new Mailbox<string>({ capacity: 2, policy: 'drop-oldest', keyOf: null });
  mailbox.pushKept('answer');
  mailbox.push('a');
  mailbox.push('b');
  mailbox.pushKept('stop');
  mailbox.pushUrgent('deadline');
  t.equal(mailbox.push('c'), 'a', 'the oldest ordinary one makes room');
  t.strictSame(
    Array.from({ length: 5 }, () => mailbox.shift()),
    ['deadline', 'answer', 'b', 'stop', 'c'],
  );
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
