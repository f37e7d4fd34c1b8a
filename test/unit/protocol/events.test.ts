import { decode as decodeElsewhere } from '@msgpack/msgpack';
import t from 'tap';
import {
  ACADEMY_CHAT_EVENTS,
  ACADEMY_EVENTS,
  academyEventNames,
  assertEventData,
  eventById,
  eventByName,
  isAcademyEventName,
  isEventData,
  requireEvent,
} from '../../../runtime/protocol/events.js';
import { MessageCodec } from '../../../runtime/protocol/MessageCodec.js';
import { eventExamples } from './eventExamples.js';
import { schemaViolations } from './schemaViolations.js';

const codec = new MessageCodec();

/** The same value with bytes in one spelling, because decoders differ in the class they give them. */
function comparable(value: unknown): unknown {
  if (value instanceof Uint8Array) return `bytes ${Buffer.from(value).toString('hex')}`;
  if (Array.isArray(value)) return value.map(comparable);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, child]) => [key, comparable(child)]));
}

t.test('the fifteen events of the chat and those of the mesh have names and numbers of their own', (t) => {
  t.equal(Object.keys(ACADEMY_CHAT_EVENTS).length, 15);
  t.strictSame([...academyEventNames].sort(), Object.values(ACADEMY_EVENTS).sort());
  const ids = academyEventNames.map((name) => requireEvent(name).id);
  t.equal(new Set(ids).size, ids.length);
  for (const name of academyEventNames) {
    t.equal(eventByName(name), eventById(requireEvent(name).id));
    t.ok(isAcademyEventName(name));
  }
  t.end();
});

t.test('a name that is not declared is unknown, whatever Object has of that name', (t) => {
  for (const name of ['', 'academy.chat', 'academy.chat.message ', 'constructor', '__proto__', 'toString']) {
    t.notOk(isAcademyEventName(name));
    t.equal(eventByName(name), undefined);
    t.notOk(isEventData(name as 'academy.chat.message', {}));
    t.throws(() => requireEvent(name), { code: 'ERR_ACADEMY_EVENT_UNKNOWN', remedy: /academy\.chat\.message/ });
  }
  for (const id of [0, -1, 1.5, 65_535, Number.NaN]) t.equal(eventById(id), undefined);
  t.end();
});

for (const name of academyEventNames) {
  const example = eventExamples[name];
  const definition = requireEvent(name);

  t.test(`${name}: the example is accepted and survives our codec and another one`, (t) => {
    t.equal(assertEventData(name, example), example);
    const bytes = codec.encode(example);
    const decoded = codec.decode(bytes);
    t.ok(isEventData(name, decoded), 'what arrives is a valid payload');
    t.strictSame(comparable(decoded), comparable(example));
    t.strictSame(comparable(decodeElsewhere(bytes)), comparable(example), '@msgpack/msgpack reads the same');
    t.equal('roomId' in example, definition.roomScoped, 'an event of a room says which');
    t.end();
  });

  t.test(`${name}: each bound that is violated is refused with its path`, (t) => {
    const violations = schemaViolations(definition.schema, example);
    t.ok(violations.length > 20, `${violations.length} violations`);
    const unnoticed: string[] = [];
    for (const { path, what, payload } of violations) {
      const said = refusal(() => assertEventData(name, payload));
      const isNamed =
        said?.includes(`${path} `) || (what === 'is missing' && said?.includes(path.slice(path.lastIndexOf('/') + 1)));
      if (isEventData(name, payload) || !isNamed) unnoticed.push(`${path} ${what}: ${said ?? 'accepted'}`);
    }
    t.strictSame(unnoticed, []);
    t.end();
  });

  t.test(`${name}: what is no object is refused`, (t) => {
    for (const payload of [
      undefined,
      null,
      0,
      '',
      'text',
      true,
      [],
      [example],
      new Uint8Array(9),
      new Map(),
      () => 1,
    ]) {
      t.notOk(isEventData(name, payload));
    }
    t.end();
  });
}

t.test('the weights of a challenge sum to 1', (t) => {
  const example = eventExamples['academy.training.challenge'];
  const criteria = { ...example.challenge.criteria, technical: 0.5 };
  const payload = { ...example, challenge: { ...example.challenge, criteria } };
  t.match(
    refusal(() => assertEventData('academy.training.challenge', payload)),
    /\/challenge\/criteria must be weights that sum to 1/,
  );
  t.end();
});

t.test('null stands for not measured and for silence, where the schema says so and nowhere else', (t) => {
  const signal = eventExamples['academy.training.signal'];
  t.ok(isEventData('academy.training.signal', { ...signal, expectedAnswerId: null, actualAnswerId: null }));
  const { expectedAnswerId: _, actualAnswerId: __, targetNodes: ___, ...least } = signal;
  t.ok(isEventData('academy.training.signal', least));
  const performance = eventExamples['academy.training.performance'];
  const unmeasured = { ...performance.scores, humanSatisfaction: null };
  t.ok(isEventData('academy.training.performance', { ...performance, scores: unmeasured }));
  t.notOk(isEventData('academy.training.performance', { ...performance, n: null }));
  t.end();
});

/** The message with which a payload is refused; undefined when it is accepted. */
function refusal(check: () => unknown): string | undefined {
  try {
    check();
    return undefined;
  } catch (error) {
    const { code, message } = error as { code?: string; message: string };
    return code === 'ERR_ACADEMY_EVENT_INVALID' ? message : `${code}: ${message}`;
  }
}
