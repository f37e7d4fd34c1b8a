import t from 'tap';
import { ChatSession } from '../../cli/chat/ChatSession.js';
import type { NodeConnection } from '../../cli/control/ControlMethods.js';
import type { AttachedView, MessageView, NoticeView } from '../../cli/control/views.js';

const elsewhere = { nodeId: 'b'.repeat(32), alias: 'attic' };

function message(given: Partial<MessageView>): MessageView {
  return {
    messageId: 'm1',
    roomId: 'lobby',
    participantId: 'ada',
    participantType: 'persona',
    username: 'Ada',
    text: 'Use unknown.',
    messageType: 'text',
    aiGenerated: false,
    timestamp: 0,
    node: null,
    sequence: 1,
    ...given,
  };
}

const attached: AttachedView = {
  type: 'attached',
  person: { id: 'sam', name: 'Sam', type: 'human' },
  nodeId: 'a'.repeat(32),
  alias: 'desk',
  academyId: 'test',
  rooms: ['lobby', 'typescript-help'],
  suggestions: [{ roomId: 'lobby', personaId: 'ada', capability: 'types', question: 'any or unknown?' }],
};

/** A node that answers by a table and remembers what it was asked. */
function sessionWith(answers: Record<string, unknown> = {}) {
  const requests: { method: string; params: unknown }[] = [];
  const screen: string[] = [];
  let tell: (event: AttachedView | NoticeView) => void = () => {};
  const connection: NodeConnection = {
    request: async (method, params) => {
      requests.push({ method, params });
      const answer = answers[method];
      if (answer instanceof Error) throw answer;
      return (typeof answer === 'function' ? answer(params) : answer) as never;
    },
    stream: async (_method, _params, onEvent) => {
      tell = onEvent as typeof tell;
      await new Promise(() => {});
    },
  };
  const session = new ChatSession(
    connection,
    {
      print: (text) => screen.push(text),
      setPrompt: (prompt) => screen.push(`[${prompt}]`),
      eraseEntered: () => {},
    },
    (_style, text) => text,
  );
  void session.listen(new AbortController().signal);
  const enter = async (line: string): Promise<void> => {
    session.enter(line);
    await session.settled();
  };
  return { session, enter, requests, screen, hear: (event: AttachedView | NoticeView) => tell(event) };
}

t.test('a newcomer sees where they are and what can be asked', async (t) => {
  const { hear, screen } = sessionWith();
  hear(attached);
  t.equal(screen[0], '[lobby> ]');
  t.match(screen[1], /any or unknown\?\s+ada, types/);
});

t.test('messages show who says it, from which node, and how sure an AI is', async (t) => {
  const { hear, screen } = sessionWith();
  hear(attached);
  screen.length = 0;
  hear({ type: 'message', message: message({ aiGenerated: true, confidence: 0.914 }) });
  hear({ type: 'message', message: message({ messageId: 'm2', username: 'Kim', text: 'Hi', node: elsewhere }) });
  hear({ type: 'message', message: message({ messageId: 'm3', roomId: 'typescript-help', text: 'Hm' }) });
  t.strictSame(screen, ['Ada: Use unknown. (91 % sure)', 'Kim@attic: Hi', '#typescript-help Ada: Hm']);
});

t.test(
  'growth, comings, goings and judgements of others are told; one’s own judgement is not told twice',
  async (t) => {
    const { hear, screen } = sessionWith();
    hear(attached);
    screen.length = 0;
    hear({
      type: 'evolution',
      roomId: 'lobby',
      personaId: 'ada',
      trigger: 'capability_gap',
      addedGenomes: ['g'],
      newCapabilities: ['banking'],
      improvementScore: 0.382,
      measuredOn: 80,
    });
    hear({ type: 'joined', roomId: 'lobby', participant: { id: 'kim', name: 'Kim', type: 'human' }, node: elsewhere });
    hear({ type: 'left', roomId: 'lobby', participantId: 'kim', node: elsewhere, reason: 'left' });
    const judgement = {
      type: 'signal',
      roomId: 'lobby',
      personaId: 'ada',
      value: -1,
      expectedAnswerId: 'apr',
    } as const;
    hear({ ...judgement, judgeId: 'kim', judgeNode: elsewhere });
    hear({ ...judgement, judgeId: 'sam', judgeNode: null });
    t.strictSame(screen, [
      '★ ada has grown (banking): +38 points on 80 held-out items',
      '→ Kim@attic came in',
      '← kim@attic left (left)',
      'kim@attic judged ada: "apr" was expected',
    ]);
  },
);

t.test(
  'text goes to the room that one is in; /up and /down judge the n-th last answer and say who heard it',
  async (t) => {
    const { hear, enter, requests, screen } = sessionWith({
      say: { messageId: 'q1', receipt: 'stored' },
      feedback: ({ value }: { value: number }) => ({ heardBy: 4, propagated: value > 0 }),
    });
    hear(attached);
    hear({ type: 'message', message: message({ messageId: 'a1', aiGenerated: true }) });
    hear({ type: 'message', message: message({ messageId: 'a2', aiGenerated: true, text: 'Or any.' }) });
    await enter('why unknown?');
    await enter('/up');
    await enter('/down 2');
    t.strictSame(requests, [
      { method: 'say', params: { roomId: 'lobby', text: 'why unknown?' } },
      { method: 'feedback', params: { roomId: 'lobby', messageId: 'a2', value: 1 } },
      { method: 'feedback', params: { roomId: 'lobby', messageId: 'a1', value: -1 } },
    ]);
    t.match(screen.at(-2), /"Or any\.": heard by 4 members here and by every node of the academy/);
    t.match(screen.at(-1), /stays on this node/);
    await enter('/up 3');
    t.match(screen.at(-1), 'there are 2 answers here');
  },
);

t.test('/correct takes an id, a title, or words that a persona matches to one of its answers', async (t) => {
  const { hear, enter, requests, screen } = sessionWith({
    say: { messageId: 'q1', receipt: 'stored' },
    personas: [{ personaId: 'ada' }],
    who: { members: [{ id: 'ada' }] },
    answers: [
      { id: 'apr', title: 'apr', capability: 'credit_cards' },
      { id: 'routing', title: 'routing number', capability: 'banking' },
    ],
    ask: ({ data }: { data: { input: string } }) => ({ answerId: data.input.includes('interest') ? 'apr' : null }),
    feedback: { heardBy: 1, propagated: false },
  });
  const expected = (): unknown => (requests.at(-1)?.params as { expected?: unknown } | undefined)?.expected;
  hear(attached);
  await enter('/correct routing');
  t.match(screen.at(-1), /Nothing to correct yet/);
  await enter('what does it cost me?');
  await enter('/correct routing');
  t.strictSame(
    requests.at(-1)?.params,
    { roomId: 'lobby', messageId: 'q1', expected: 'routing' },
    'nobody answered: the question is judged',
  );
  hear({ type: 'message', message: message({ messageId: 'a1', aiGenerated: true, replyTo: 'q1' }) });
  await enter('/correct Routing Number');
  t.match(requests.at(-1)?.params, { messageId: 'a1', expected: 'routing' }, 'the answer is judged');
  await enter('/correct the interest that I pay');
  t.equal(expected(), 'apr');
  await enter('/correct');
  t.equal(expected(), null, 'no words: it should have stayed silent');
  const asked = requests.filter(({ method }) => method === 'feedback').length;
  await enter('/correct quite something else');
  t.equal(requests.filter(({ method }) => method === 'feedback').length, asked, 'nothing is guessed');
  t.match(screen.at(-1), /try other words or its id/);
});

t.test('a faulty line says what is wrong and the talk goes on', async (t) => {
  const fault = Object.assign(new Error('sam is not a member'), {
    code: 'ERR_ACADEMY_NOT_A_MEMBER',
    remedy: 'join it',
  });
  const { hear, enter, screen, session } = sessionWith({ say: fault });
  hear(attached);
  await enter('/coorect this');
  t.match(screen.at(-1), 'There is no /coorect; did you mean /correct? /help lists what there is.');
  await enter('hello');
  t.equal(screen.at(-1), 'sam is not a member (ERR_ACADEMY_NOT_A_MEMBER)\njoin it');
  await enter('/history 0');
  t.match(screen.at(-1), /1 to 1000/);
  await enter('/help');
  t.match(screen.at(-1), /\/correct ANSWER/);
  t.equal(session.enter('/quit'), false);
});

t.test('/join enters a room and says who hears one there; /leave leaves it', async (t) => {
  const { hear, enter, requests, screen } = sessionWith({
    join: { hearers: '2 participants on 1 node' },
    leave: null,
    say: { messageId: 'q1', receipt: 'stored' },
  });
  hear(attached);
  await enter('/join typescript-help');
  t.strictSame(screen.slice(-2), ['[typescript-help> ]', 'You are in typescript-help: 2 participants on 1 node.']);
  await enter('hi');
  t.match(requests.at(-1), { params: { roomId: 'typescript-help' } });
  await enter('/leave');
  await enter('hi');
  t.match(screen.at(-1), /in no room/);
});

t.test('the prompt shows who types in this room, until they have said it', async (t) => {
  const { hear, screen, enter, requests, session } = sessionWith({ say: { receipt: 'stored', messageId: 'm9' } });
  hear(attached);
  screen.length = 0;
  const typing = { type: 'typing', roomId: 'lobby', expiresInMs: 60_000 } as const;
  hear({ ...typing, participantId: 'kim', username: 'Kim' });
  hear({ ...typing, participantId: 'kim', username: 'Kim' });
  hear({ ...typing, participantId: 'bo', username: 'Bo' });
  hear({ ...typing, participantId: 'ada', username: 'Ada', roomId: 'typescript-help' });
  hear({ type: 'message', message: message({ participantId: 'kim', username: 'Kim', text: 'Hi' }) });
  hear({ type: 'message', message: message({ messageId: 'm2', participantId: 'bo', username: 'Bo', text: 'Ho' }) });
  t.strictSame(screen, [
    '[Kim types … lobby> ]',
    '[Kim and Bo type … lobby> ]',
    '[Bo types … lobby> ]',
    'Kim: Hi',
    '[lobby> ]',
    'Bo: Ho',
  ]);

  session.typing('');
  session.typing('/he');
  t.strictSame(requests, [], 'an empty line and a command are not told');
  session.typing('h');
  session.typing('he');
  t.strictSame(requests, [{ method: 'typing', params: { roomId: 'lobby' } }], 'not with every key');
  await enter('hey');
  session.typing('a');
  t.equal(requests.filter(({ method }) => method === 'typing').length, 2, 'the next line is told anew');
});

t.test('who types and says nothing is forgotten', async (t) => {
  const { hear, screen } = sessionWith();
  hear(attached);
  screen.length = 0;
  hear({ type: 'typing', roomId: 'lobby', participantId: 'kim', username: 'Kim', expiresInMs: 1 });
  while (screen.length < 2) await new Promise((resolve) => setTimeout(resolve, 1));
  t.strictSame(screen, ['[Kim types … lobby> ]', '[lobby> ]']);
});

t.test('a node that goes is told once, however many of its members leave, and again when it comes back', (t) => {
  const { hear, screen } = sessionWith();
  hear(attached);
  screen.length = 0;
  const left = { type: 'left', node: elsewhere, reason: 'node-gone' } as const;
  const joined = { type: 'joined', roomId: 'lobby', node: elsewhere } as const;
  hear({ ...left, roomId: 'lobby', participantId: 'kim' });
  hear({ ...left, roomId: 'lobby', participantId: 'ada' });
  hear({ ...left, roomId: 'typescript-help', participantId: 'kim' });
  hear({ ...joined, participant: { id: 'system', name: 'Academy', type: 'system' } });
  hear({ ...joined, participant: { id: 'kim', name: 'Kim', type: 'human' } });
  hear({ ...left, roomId: 'lobby', participantId: 'kim' });
  t.strictSame(screen, ['← node attic has gone', '→ Kim@attic came in', '← node attic has gone']);
  t.end();
});
