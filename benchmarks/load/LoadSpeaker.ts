/**
 * One participant of the load benchmark. It says its messages when they are due, whatever became of those before, and
 * notes when it hears those of others. A message carries the time that it was due, so that a stall anywhere on the way,
 * in the speaker itself too, counts into the latency of all that it held up.
 */
import { participantEffects } from '../../actors/participant/participantEffects.js';
import { actorNames } from '../../runtime/protocol/actorNames.js';
import type { ActorEffect, ActorInput, Settled } from '../../runtime/protocol/actors.js';
import { type Random, seededRandom } from '../../runtime/protocol/Random.js';
import type { ChatMessage } from '../../runtime/protocol/schemas/chat.js';
import { monotonicNs } from '../runner/monotonicNs.js';
import { LoadRecorder } from './LoadRecorder.js';
import type { LoadSpeakerEvent, LoadSpeakerOptions, LoadStretch } from './loadWords.js';

/** Of this thread. */
const recorder = new LoadRecorder();

/** Longer than a run waits: a message that is only late must not count as refused. */
const deadlineMs = 3_600_000;
const textCharacters = 60;
const words = 'the room reads every message once and answers when it has something to say about compilers'.split(' ');

/** What comes back with a message's receipt. */
interface SaidTag {
  readonly stretch: number;
  readonly dueNs: number;
}

export class LoadSpeaker {
  readonly #options: LoadSpeakerOptions;
  readonly #nodeId: string;
  readonly #random: Random;
  /** Newest message heard, by the author's chain; an author's messages arrive in their order. */
  readonly #heard = new Map<string, number>();
  #stretch: LoadStretch | undefined;
  #next = 0;
  #timer: NodeJS.Timeout | undefined;

  constructor(input: ActorInput<LoadSpeakerOptions>) {
    this.#options = input.options;
    this.#nodeId = input.nodeId;
    this.#random = seededRandom(input.options.seed + input.options.plan.turn);
  }

  handle(event: LoadSpeakerEvent, emit: (effect: ActorEffect) => void, wake: () => void): void {
    switch (event.type) {
      case 'room.message':
        return this.#hear(event.data.message);
      case 'load.due':
        return this.#sayWhatIsDue(emit, wake);
      case 'load.settled':
        return this.#settle(event.data);
      case 'load.talk':
        return this.#talk(event.data, wake);
      case 'load.totals':
        if (event.ask) emit({ type: 'reply', ask: event.ask, result: recorder.totals(event.data.histograms) });
    }
  }

  #talk(stretch: LoadStretch, wake: () => void): void {
    recorder.begin(stretch.stretch);
    this.#stretch = stretch;
    this.#next = this.#options.plan.turn;
    this.#planNext(stretch, wake);
  }

  #sayWhatIsDue(emit: (effect: ActorEffect) => void, wake: () => void): void {
    const stretch = this.#stretch;
    if (!stretch) return;
    const nowNs = monotonicNs();
    for (; this.#next < stretch.messages; this.#next += stretch.participants) {
      const dueNs = dueNsOf(stretch, this.#next);
      if (dueNs > nowNs) break;
      recorder.offer();
      emit(this.#say(stretch.stretch, dueNs));
    }
    this.#planNext(stretch, wake);
  }

  #planNext(stretch: LoadStretch, wake: () => void): void {
    clearTimeout(this.#timer);
    if (this.#next >= stretch.messages) return;
    const delayNs = dueNsOf(stretch, this.#next) - monotonicNs();
    this.#timer = setTimeout(wake, Math.max(0, delayNs / 1e6));
  }

  #say(stretch: number, dueNs: number): ActorEffect {
    const { participant, plan } = this.#options;
    const tag: SaidTag = { stretch, dueNs };
    const message = participantEffects.sayCommand(participant, plan.roomId, this.#text(tag), {});
    return { type: 'ask', to: { name: actorNames.chatDaemon }, message, deadlineMs, settles: 'load.settled', tag };
  }

  #text({ stretch, dueNs }: SaidTag): string {
    let text = `${stretch} ${dueNs}`;
    while (text.length < textCharacters) text += ` ${words[Math.floor(this.#random.next() * words.length)]}`;
    return text;
  }

  #settle({ tag, error }: Settled): void {
    const { stretch, dueNs } = tag as SaidTag;
    if (stretch !== recorder.stretch) return;
    const { hearersLocal, hearersRemote } = this.#options.plan;
    if (error) recorder.refuse(error.code);
    else recorder.store(dueNs, hearersLocal, hearersRemote);
  }

  #hear(message: ChatMessage): void {
    if (message.participantId === this.#options.participant.id) return;
    const { author, sequence } = message.entry;
    if (sequence <= (this.#heard.get(author) ?? 0)) return recorder.hearAgain();
    this.#heard.set(author, sequence);
    const [stretch, dueNs] = message.text.split(' ', 2);
    if (Number(stretch) === recorder.stretch) recorder.hear(Number(dueNs), author.endsWith(`@${this.#nodeId}`));
  }
}

function dueNsOf({ startNs, intervalNs }: LoadStretch, message: number): number {
  return Math.round(startNs + message * intervalNs);
}
