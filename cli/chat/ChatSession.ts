/**
 * A person in the chat: what is typed becomes requests to the node, what the person's seat hears becomes lines on the
 * screen. It knows neither terminal nor socket, so that it is tested with neither; `up` and `chat` both run it.
 */
import type { NodeConnection, RoomView } from '../control/ControlMethods.js';
import type { AttachedView, MessageView, NoticeView } from '../control/views.js';
import { type Output, shownError } from '../Output.js';
import { type ChatCommandName, chatHelp, parseChatLine } from './parseChatLine.js';
import { type Reader, renderMessage, renderNotice } from './renderNotice.js';
import { TypingBoard } from './TypingBoard.js';

/** Where a session speaks. */
export interface ChatScreen {
  print(text: string): void;
  setPrompt(prompt: string): void;
  /** Takes the text just entered off the screen; the room shows it again once it is stored. */
  eraseEntered(prompt: string, line: string): void;
}

/** What is remembered of a room, to know what `/up` and `/correct` mean. */
interface RoomTalk {
  /** Answers of AIs, newest last. */
  readonly answers: MessageView[];
  /** What this person last said. */
  question: { readonly messageId: string; readonly text: string } | undefined;
}

const answersKept = 100;
const recentShown = 10;
const historyShown = 20;
/** Sooner than the room forgets it. */
const typingToldEveryMs = 2_500;

export class ChatSession {
  readonly #connection: NodeConnection;
  readonly #screen: ChatScreen;
  readonly #style: Output['style'];
  readonly #talks = new Map<string, RoomTalk>();
  #attached: AttachedView | undefined;
  #room = '';
  #prompt = '';
  readonly #typing = new TypingBoard(() => this.#showPrompt());
  /** Nodes whose going has been told; each of their members in each room is told to leave. */
  readonly #goneNodes = new Set<string>();
  /** When the room was last told that this person types. */
  #typingToldMs = Number.NEGATIVE_INFINITY;
  /** Lines are dealt with one after the other: `/up` after a message means what the message brought. */
  #busy: Promise<unknown> = Promise.resolve();

  constructor(connection: NodeConnection, screen: ChatScreen, style: Output['style']) {
    this.#connection = connection;
    this.#screen = screen;
    this.#style = style;
  }

  /** Listens until the signal fires; rejects when the node goes. */
  async listen(signal: AbortSignal): Promise<void> {
    try {
      await this.#connection.stream('attach', {}, (event) => this.#hear(event), { signal });
    } finally {
      this.#typing.clear();
    }
  }

  /** @param line what stands on the prompt's line; commands are nobody's business */
  typing(line: string): void {
    const nowMs = performance.now();
    if (line === '' || line.startsWith('/') || this.#room === '') return;
    if (nowMs - this.#typingToldMs < typingToldEveryMs) return;
    this.#typingToldMs = nowMs;
    // A courtesy: when it fails, nothing is lost that the next line would not tell.
    this.#connection.request('typing', { roomId: this.#room }).catch(() => {});
  }

  /** @returns false when the person wants to go */
  enter(line: string): boolean {
    const entered = parseChatLine(line);
    if (entered.kind === 'command' && entered.name === 'quit') return false;
    if (entered.kind === 'text') this.#screen.eraseEntered(this.#prompt, line);
    this.#typingToldMs = Number.NEGATIVE_INFINITY;
    this.#busy = this.#busy.then(() => this.#dealWith(entered)).catch((thrown) => this.#printError(thrown));
    return true;
  }

  /** Resolves when everything that was entered has been dealt with. */
  async settled(): Promise<void> {
    await this.#busy;
  }

  // ---- what is heard ----

  #hear(event: AttachedView | NoticeView): void {
    if (event.type === 'attached') return this.#begin(event);
    if (event.type === 'typing') {
      if (event.roomId === this.#room) this.#typing.begins(event);
      return;
    }
    if (event.type === 'message') {
      this.#remember(event.message);
      this.#typing.ends(event.message.participantId);
    }
    if (event.type === 'welcome') return this.#welcome(event.roomId, event.recent);
    if (event.type === 'joined' && event.node) this.#goneNodes.delete(event.node.nodeId);
    if (event.type === 'left' && event.reason === 'node-gone' && event.node) {
      if (this.#goneNodes.has(event.node.nodeId)) return;
      this.#goneNodes.add(event.node.nodeId);
    }
    const line = renderNotice(event, this.#reader());
    if (line !== undefined) this.#screen.print(line);
  }

  #begin(attached: AttachedView): void {
    this.#attached = attached;
    this.#enterRoom(attached.rooms[0] ?? '');
    if (attached.suggestions.length === 0) return;
    const questions = attached.suggestions.map(({ roomId, personaId, capability, question }) => {
      const about = capability === null ? personaId : `${personaId}, ${capability}`;
      return `  ${question}  ${this.#style('dim', roomId === this.#room ? about : `${about} in ${roomId}: /join ${roomId}`)}`;
    });
    this.#screen.print(
      ['Try one of these, then judge the answer with /up, /down or /correct:', ...questions].join('\n'),
    );
  }

  #welcome(roomId: string, recent: readonly MessageView[]): void {
    for (const message of recent) this.#remember(message);
    if (roomId !== this.#room) return;
    const reader = this.#reader();
    for (const message of recent.slice(-recentShown)) this.#screen.print(renderMessage(message, reader));
  }

  #remember(message: MessageView): void {
    const talk = this.#talk(message.roomId);
    if (message.aiGenerated) {
      if (talk.answers.some(({ messageId }) => messageId === message.messageId)) return;
      talk.answers.push(message);
      if (talk.answers.length > answersKept) talk.answers.shift();
    } else if (message.node === null && message.participantId === this.#attached?.person.id) {
      talk.question = { messageId: message.messageId, text: message.text };
    }
  }

  // ---- what is entered ----

  async #dealWith(entered: ReturnType<typeof parseChatLine>): Promise<void> {
    switch (entered.kind) {
      case 'nothing':
        return;
      case 'text':
        return this.#say(entered.text);
      case 'unknown': {
        const meant = entered.nearest ? `did you mean /${entered.nearest}? ` : '';
        return this.#screen.print(`There is no /${entered.name}; ${meant}/help lists what there is.`);
      }
      case 'command':
        return this.#run(entered.name, entered.argument);
    }
  }

  async #run(name: ChatCommandName, argument: string): Promise<void> {
    switch (name) {
      case 'up':
        return this.#judgeAnswer(argument, 1);
      case 'down':
        return this.#judgeAnswer(argument, -1);
      case 'correct':
        return this.#correct(argument);
      case 'rooms': {
        const rooms = await this.#connection.request('rooms', {});
        return this.#screen.print(rooms.map((room) => this.#roomLine(room)).join('\n'));
      }
      case 'join':
        return this.#join(argument);
      case 'leave':
        return this.#leave();
      case 'who':
        return this.#who();
      case 'history':
        return this.#history(argument);
      case 'help':
        return this.#screen.print(chatHelp());
      case 'quit':
        return;
    }
  }

  async #say(text: string): Promise<void> {
    if (this.#room === '') return this.#screen.print('You are in no room; /join ROOM takes you into one.');
    const roomId = this.#room;
    const said = await this.#connection.request('say', { roomId, text });
    if (said.receipt === 'withdrawn') this.#screen.print(`Not said: ${said.reason ?? 'another answer stands'}`);
    else this.#talk(roomId).question = { messageId: said.messageId, text };
  }

  async #judgeAnswer(argument: string, value: 1 | -1): Promise<void> {
    const back = argument === '' ? 1 : Number(argument);
    const { answers } = this.#talk(this.#room);
    const answer = Number.isInteger(back) && back >= 1 ? answers.at(-back) : undefined;
    if (!answer) {
      const known = answers.length === 0 ? 'no AI has answered here yet' : `there are ${answers.length} answers here`;
      return this.#screen.print(`Nothing to judge: ${known}.`);
    }
    const heard = await this.#connection.request('feedback', {
      roomId: answer.roomId,
      messageId: answer.messageId,
      value,
    });
    this.#screen.print(
      `${value > 0 ? 'Right' : 'Wrong'}, says your signal on "${clip(answer.text)}": ${whoHeard(heard)}`,
    );
  }

  async #correct(words: string): Promise<void> {
    const { question, answers } = this.#talk(this.#room);
    const answer = answers.at(-1);
    // A question that nobody answered is judged itself: somebody should have spoken.
    const unanswered = question && !answers.some(({ replyTo }) => replyTo === question.messageId);
    const target = unanswered ? question : answer;
    if (!target) return this.#screen.print('Nothing to correct yet: ask something first.');
    const expected = words === '' ? null : await this.#answerFor(words, answer?.participantId);
    if (expected === undefined) {
      return this.#screen.print(`No answer that a persona here knows fits "${words}"; try other words or its id.`);
    }
    const { messageId } = target;
    const heard = await this.#connection.request('feedback', {
      roomId: this.#room,
      messageId,
      expected: expected?.id ?? null,
    });
    const wanted = expected ? `"${expected.title}" (${expected.id})` : 'silence';
    this.#screen.print(`${wanted} was expected for "${clip(target.text)}": ${whoHeard(heard)}`);
  }

  /** An id is taken by its letter; other words are given to the personas, who say which of their answers they fit. */
  async #answerFor(words: string, personaId: string | undefined): Promise<{ id: string; title: string } | undefined> {
    const personas = await this.#connection.request('personas', {});
    const here = (await this.#connection.request('who', { roomId: this.#room })).members.map(({ id }) => id);
    const asked = personas
      .map((persona) => persona.personaId)
      .filter((id) => here.includes(id))
      .sort((left, right) => Number(right === personaId) - Number(left === personaId));
    for (const id of asked) {
      const answers = await this.#connection.request('answers', { personaId: id });
      const plain = words.toLowerCase();
      const named = answers.find((answer) => answer.id === words || answer.title.toLowerCase() === plain);
      if (named) return named;
    }
    for (const id of asked) {
      const { answerId } = (await this.#connection.request('ask', {
        actor: `participant/${id}`,
        type: 'persona.answer',
        data: { input: words },
      })) as { answerId: string | null };
      if (answerId === null) continue;
      const answers = await this.#connection.request('answers', { personaId: id });
      return answers.find((answer) => answer.id === answerId) ?? { id: answerId, title: answerId };
    }
    return undefined;
  }

  async #join(roomId: string): Promise<void> {
    if (roomId === '') return this.#screen.print('Say which room: /join ROOM. /rooms lists them.');
    const joined = await this.#connection.request('join', { roomId });
    this.#enterRoom(roomId);
    this.#screen.print(`You are in ${roomId}: ${joined.hearers}.`);
  }

  async #leave(): Promise<void> {
    const roomId = this.#room;
    if (roomId === '') return this.#screen.print('You are in no room.');
    await this.#connection.request('leave', { roomId });
    this.#enterRoom('');
    this.#screen.print(`You left ${roomId}; /join ROOM takes you into another.`);
  }

  async #who(): Promise<void> {
    if (this.#room === '') return this.#screen.print('You are in no room, so nobody hears you.');
    const room = await this.#connection.request('who', { roomId: this.#room });
    const members = room.members.map(({ id, name, type, capabilities }) => {
      const can = capabilities?.length ? `  ${capabilities.slice(0, 4).join(', ')}` : '';
      return `  ${name}${this.#style('dim', `  ${type}${id === name ? '' : ` ${id}`}${can}`)}`;
    });
    this.#screen.print([this.#roomLine(room), ...members].join('\n'));
  }

  async #history(argument: string): Promise<void> {
    const limit = argument === '' ? historyShown : Number(argument);
    if (!Number.isInteger(limit) || limit < 1 || limit > 1000) {
      return this.#screen.print('Say how many messages, 1 to 1000: /history 20');
    }
    const { messages } = await this.#connection.request('history', { roomId: this.#room, limit });
    const reader = this.#reader();
    const lines = messages.map(
      (message) => `${this.#style('dim', timeOf(message.timestamp))} ${renderMessage(message, reader)}`,
    );
    this.#screen.print(lines.length === 0 ? 'Nothing has been said here yet.' : lines.join('\n'));
  }

  // ---- words ----

  #enterRoom(roomId: string): void {
    this.#room = roomId;
    this.#typing.clear();
    this.#showPrompt();
  }

  #showPrompt(): void {
    const typing = this.#typing.words;
    const before = typing === '' ? '' : this.#style('dim', `${typing} `);
    this.#prompt = `${before}${this.#style('bold', `${this.#room || '(no room)'}> `)}`;
    this.#screen.setPrompt(this.#prompt);
  }

  #roomLine(room: RoomView): string {
    const nodes = room.remoteNodes.length + 1;
    const consent = room.consent === 'local' ? 'feedback stays on this node' : 'feedback goes to the academy';
    const topic = room.topic ? `, ${room.topic}` : '';
    return `${room.roomId}: ${count(room.members.length, 'member')} on ${count(nodes, 'node')}, ${consent}${topic}`;
  }

  #reader(): Reader {
    return { personId: this.#attached?.person.id ?? '', currentRoom: this.#room, style: this.#style };
  }

  #talk(roomId: string): RoomTalk {
    let talk = this.#talks.get(roomId);
    if (!talk) {
      talk = { answers: [], question: undefined };
      this.#talks.set(roomId, talk);
    }
    return talk;
  }

  #printError(thrown: unknown): void {
    const { code, message, remedy } = shownError(thrown);
    this.#screen.print(this.#style('red', `${message} (${code})`) + (remedy ? `\n${remedy}` : ''));
  }
}

function whoHeard({ heardBy, propagated }: { heardBy: number; propagated: boolean }): string {
  const here = `heard by ${count(heardBy, 'member')} here`;
  return propagated ? `${here} and by every node of the academy` : `${here}; it stays on this node`;
}

function count(number: number, noun: string): string {
  return `${number} ${noun}${number === 1 ? '' : 's'}`;
}

function clip(text: string): string {
  return text.length <= 40 ? text : `${text.slice(0, 39)}…`;
}

function timeOf(timestamp: number): string {
  return new Date(timestamp).toTimeString().slice(0, 5);
}
