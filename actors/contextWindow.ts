/**
 * What an AI is given to read of a room's history, within a budget of tokens: what was just said, everything that
 * calls it by name, decisions, the chain of replies, the last few messages, and older ones on the same subject. Pure,
 * so that the budget is a property that a test can hold.
 */
import type { ChatMessage } from '../runtime/protocol/schemas/chat.js';
import { isMentioned } from './addressOf.js';
import { contentWordsOf } from './contentWords.js';

/** Why a message stands in the window; the first that applies, in this order. */
export type WindowReason = 'current' | 'mention' | 'decision' | 'thread' | 'recent' | 'relevant';

export interface WindowEntry {
  readonly message: ChatMessage;
  /** The message's text, or its beginning where the budget is too small for all that must be there. */
  readonly text: string;
  readonly because: WindowReason;
  readonly tokens: number;
}

export interface AIContextWindow {
  /** In the order of the room. */
  readonly entries: readonly WindowEntry[];
  /** Sum over the entries; never above the budget. */
  readonly tokens: number;
  readonly budgetTokens: number;
  /** Mentions and decisions for which even a beginning had no room. */
  readonly omitted: number;
}

export interface ContextWindowOptions {
  /** @default 2000 */
  readonly budgetTokens: number;
  /** Last messages that are always wanted, 5 to 10. @default 8 */
  readonly recentMessages: number;
  /** Older messages on the same subject. @default 5 */
  readonly relevantMessages: number;
  /** Length of the chain of replies that is followed back. @default 8 */
  readonly threadMessages: number;
  /** Tokens of a text; a model's adapter may know better. @default a quarter of its UTF-8 bytes, rounded up */
  readonly countTokens: (text: string) => number;
}

export const contextWindowDefaults: ContextWindowOptions = {
  budgetTokens: 2_000,
  recentMessages: 8,
  relevantMessages: 5,
  threadMessages: 8,
  countTokens: (text) => Math.ceil(Buffer.byteLength(text) / 4),
};

/** Tokens of a message beside its text: the speaker's name and the marks of a turn. */
const turnTokens = 6;
/** A beginning shorter than this says nothing. */
const excerptTokensMin = 12;

/**
 * @param history oldest first, without duplicates; not changed
 * @param self the reader, by whose id or `@name` it is mentioned
 * @param current the message that is answered; by default the newest
 */
export function buildContextWindow(
  history: readonly ChatMessage[],
  self: { readonly id: string; readonly name: string },
  options: Partial<ContextWindowOptions> = {},
  current: ChatMessage | undefined = history.at(-1),
): AIContextWindow {
  const settings = { ...contextWindowDefaults, ...options };
  const packing = new Packing(settings);
  if (!current) return packing.window([]);
  const others = history.filter(({ messageId }) => messageId !== current.messageId);

  const required: Wanted[] = [{ message: current, because: 'current' }];
  for (const message of others.toReversed()) {
    if (isMentioned(message, self)) required.push({ message, because: 'mention' });
    else if (message.messageType === 'decision') required.push({ message, because: 'decision' });
  }
  packing.addRequired(required);
  for (const message of replyChain(others, current, settings.threadMessages))
    packing.add({ message, because: 'thread' });
  const recent = others.slice(Math.max(0, others.length - settings.recentMessages));
  for (const message of recent.toReversed()) packing.add({ message, because: 'recent' });
  for (const message of mostRelevant(others, current, settings.relevantMessages, packing.has)) {
    packing.add({ message, because: 'relevant' });
  }
  return packing.window(history);
}

interface Wanted {
  readonly message: ChatMessage;
  readonly because: WindowReason;
}

/** Fills a window up to its budget, most wanted first. */
class Packing {
  readonly #settings: ContextWindowOptions;
  readonly #entries = new Map<string, WindowEntry>();
  #tokens = 0;
  #omitted = 0;

  constructor(settings: ContextWindowOptions) {
    this.#settings = settings;
  }

  readonly has = (messageId: string): boolean => this.#entries.has(messageId);

  /** Whole where all fit; else each gets an equal share, and the oldest go when shares would say nothing. */
  addRequired(wanted: readonly Wanted[]): void {
    const { budgetTokens } = this.#settings;
    const whole = wanted.reduce((sum, { message }) => sum + this.#cost(message.text), 0);
    const shareMin = turnTokens + excerptTokensMin;
    const kept = whole <= budgetTokens ? wanted : wanted.slice(0, Math.floor(budgetTokens / shareMin));
    this.#omitted = wanted.length - kept.length;
    const share = whole <= budgetTokens ? budgetTokens : Math.floor(budgetTokens / Math.max(1, kept.length));
    for (const { message, because } of kept) this.#put(message, because, this.#excerpt(message.text, share));
  }

  /** Adds the message if it fits whole. */
  add({ message, because }: Wanted): void {
    if (this.#entries.has(message.messageId)) return;
    if (this.#tokens + this.#cost(message.text) <= this.#settings.budgetTokens)
      this.#put(message, because, message.text);
  }

  window(history: readonly ChatMessage[]): AIContextWindow {
    const places = new Map(history.map(({ messageId }, place) => [messageId, place]));
    const place = ({ message }: WindowEntry): number => places.get(message.messageId) ?? history.length;
    return {
      entries: [...this.#entries.values()].sort((left, right) => place(left) - place(right)),
      tokens: this.#tokens,
      budgetTokens: this.#settings.budgetTokens,
      omitted: this.#omitted,
    };
  }

  #put(message: ChatMessage, because: WindowReason, text: string): void {
    const tokens = this.#cost(text);
    if (this.#tokens + tokens > this.#settings.budgetTokens) {
      this.#omitted += 1;
      return;
    }
    this.#entries.set(message.messageId, { message, text, because, tokens });
    this.#tokens += tokens;
  }

  #cost(text: string): number {
    return turnTokens + this.#settings.countTokens(text);
  }

  /** The longest beginning of at most `tokens`, found by halving because only the counter knows its tokens. */
  #excerpt(text: string, tokens: number): string {
    if (this.#cost(text) <= tokens) return text;
    let fits = 0;
    let tooLong = text.length;
    while (tooLong - fits > 1) {
      const middle = (fits + tooLong) >> 1;
      if (this.#cost(`${text.slice(0, middle)}…`) <= tokens) fits = middle;
      else tooLong = middle;
    }
    // Half of a surrogate pair is not a character.
    const last = text.charCodeAt(fits - 1);
    return `${text.slice(0, last >= 0xd800 && last <= 0xdbff ? fits - 1 : fits)}…`;
  }
}

/** What the message replies to, what that replied to, and so on; nearest first. A loop of replies ends. */
function replyChain(history: readonly ChatMessage[], from: ChatMessage, messagesMax: number): ChatMessage[] {
  const byId = new Map(history.map((message) => [message.messageId, message]));
  const chain: ChatMessage[] = [];
  for (
    let replyTo = from.replyTo;
    replyTo !== undefined && chain.length < messagesMax;
    replyTo = chain.at(-1)?.replyTo
  ) {
    const message = byId.get(replyTo);
    if (!message) break;
    byId.delete(replyTo);
    chain.push(message);
  }
  return chain;
}

/**
 * Messages that share the rarest words with `current`, best first: the sum of ln((N − df + ½) / (df + ½)) over the shared
 * words (the weight of BM25; nothing for a word that half of the messages have), divided by the root of the message's
 * own number of words, so that a long message is not near to everything.
 */
function mostRelevant(
  history: readonly ChatMessage[],
  current: ChatMessage,
  messagesMax: number,
  has: (messageId: string) => boolean,
): ChatMessage[] {
  const asked = new Set(contentWordsOf(current.text));
  if (asked.size === 0 || messagesMax === 0) return [];
  const frequency = new Map<string, number>();
  const candidates = history.map((message) => {
    const words = new Set(contentWordsOf(message.text));
    const shared = [...words].filter((word) => asked.has(word));
    for (const word of shared) frequency.set(word, (frequency.get(word) ?? 0) + 1);
    return { message, shared, size: words.size };
  });
  const rarity = (word: string): number => {
    const found = frequency.get(word) ?? 0;
    return Math.max(0, Math.log((history.length - found + 0.5) / (found + 0.5)));
  };
  return candidates
    .filter(({ message, shared }) => shared.length > 0 && !has(message.messageId))
    .map(({ message, shared, size }) => ({
      message,
      score: shared.reduce((sum, word) => sum + rarity(word), 0) / Math.sqrt(size),
    }))
    .filter(({ score }) => score > 0)
    .sort((left, right) => right.score - left.score)
    .slice(0, messagesMax)
    .map(({ message }) => message);
}
