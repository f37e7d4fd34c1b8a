/**
 * Who may speak now. People first; the share of AIs is capped; no AI answers itself; chains of AIs answering AIs end;
 * and of several AIs that would answer the same message the surest one does: an answer waits a time that falls with
 * its confidence and is withdrawn when a surer one is heard meanwhile, from whatever node. Pure, so that it is tested
 * by table and by simulation.
 */
export interface TurnPolicy {
  /** Largest share of AI messages among the last `window`, unless a person waits for an answer. */
  readonly aiShareMax: number;
  /** Messages over which the share is taken. */
  readonly window: number;
  /** AI messages that may follow one another in a chain of replies. */
  readonly aiChainMax: number;
  /** Longest wait of an answer, in milliseconds: that of one without any confidence. */
  readonly holdMsMax: number;
  /** Further wait when another node's member asked: the personas beside a person answer first, those elsewhere if none does. */
  readonly elsewhereHoldMs: number;
}

export const defaultTurnPolicy: TurnPolicy = {
  aiShareMax: 0.6,
  window: 20,
  aiChainMax: 2,
  holdMsMax: 120,
  elsewhereHoldMs: 150,
};

/** What the policy needs to know of a message that was said. */
export interface SpokenTurn {
  readonly messageId: string;
  readonly participantId: string;
  readonly ai: boolean;
  readonly replyTo?: string | undefined;
  readonly confidence?: number | undefined;
}

export interface TurnRequest {
  readonly participantId: string;
  readonly ai: boolean;
  readonly replyTo?: string | undefined;
  readonly confidence: number;
  /** Whether the message that is answered calls this participant by name. */
  readonly mentioned: boolean;
  /** Whether the message that is answered was said on another node. */
  readonly askedElsewhere: boolean;
}

export type TurnDecision =
  | { readonly turn: 'speak' }
  | { readonly turn: 'hold'; readonly holdMs: number }
  | { readonly turn: 'withdraw'; readonly reason: string };

interface RememberedTurn extends SpokenTurn {
  /** Length of the chain of AI messages that ends here; 0 for a person's. */
  readonly aiChain: number;
}

/** A history at rest: plain data. */
export interface TurnHistorySnapshot {
  readonly turns: readonly RememberedTurn[];
  readonly answers: readonly (readonly [messageId: string, answers: readonly RememberedTurn[]])[];
}

/** The recent turns of one room; bounded by `turnsKept`. */
export class TurnHistory {
  readonly #turns = new Map<string, RememberedTurn>();
  readonly #answers = new Map<string, readonly RememberedTurn[]>();
  readonly #policy: TurnPolicy;
  readonly #turnsKept = 512;

  constructor(policy: TurnPolicy) {
    this.#policy = policy;
  }

  static restore({ turns, answers }: TurnHistorySnapshot, policy: TurnPolicy): TurnHistory {
    const history = new TurnHistory(policy);
    for (const turn of turns) history.#turns.set(turn.messageId, turn);
    for (const [messageId, each] of answers) history.#answers.set(messageId, each);
    return history;
  }

  snapshot(): TurnHistorySnapshot {
    return { turns: [...this.#turns.values()], answers: [...this.#answers] };
  }

  /** Notes a message that was said on any node; a message noted twice counts once. */
  note(turn: SpokenTurn): void {
    if (this.#turns.has(turn.messageId)) return;
    const answered = turn.replyTo === undefined ? undefined : this.#turns.get(turn.replyTo);
    const remembered = { ...turn, aiChain: turn.ai ? (answered?.aiChain ?? 0) + 1 : 0 };
    this.#turns.set(turn.messageId, remembered);
    if (turn.replyTo !== undefined && turn.ai) {
      this.#answers.set(turn.replyTo, [...(this.#answers.get(turn.replyTo) ?? []), remembered]);
    }
    if (this.#turns.size > this.#turnsKept) this.#forgetOldest();
  }

  /** Before an AI's answer is held: may it speak at all, and how long does it wait for a surer one? */
  request(request: TurnRequest): TurnDecision {
    if (!request.ai) return { turn: 'speak' };
    const refusal = this.#refusal(request);
    if (refusal) return { turn: 'withdraw', reason: refusal };
    if (request.replyTo === undefined || request.mentioned) return { turn: 'speak' };
    const { holdMsMax, elsewhereHoldMs } = this.#policy;
    const holdMs = Math.round((1 - request.confidence) * holdMsMax) + (request.askedElsewhere ? elsewhereHoldMs : 0);
    return { turn: 'hold', holdMs };
  }

  /** When the wait of a held answer is over. */
  release(request: TurnRequest): TurnDecision {
    const refusal = this.#refusal(request);
    return refusal ? { turn: 'withdraw', reason: refusal } : { turn: 'speak' };
  }

  #refusal(request: TurnRequest): string | null {
    const answered = request.replyTo === undefined ? undefined : this.#turns.get(request.replyTo);
    if (answered?.participantId === request.participantId) return 'nobody answers itself';
    if (answered && answered.aiChain >= this.#policy.aiChainMax) return 'the chain of AI answers is long enough';
    const answers = request.replyTo === undefined ? [] : (this.#answers.get(request.replyTo) ?? []);
    if (answers.some((answer) => answer.participantId === request.participantId)) return 'already answered';
    if (!request.mentioned && answers.length > 0) return 'another answer stands';
    const answersAPerson = answered !== undefined && !answered.ai && answers.length === 0;
    if (!answersAPerson && this.#aiShare() > this.#policy.aiShareMax) return 'AIs have said enough for now';
    return null;
  }

  #aiShare(): number {
    const recent = [...this.#turns.values()].slice(-this.#policy.window);
    return recent.length < this.#policy.window ? 0 : recent.filter((turn) => turn.ai).length / recent.length;
  }

  #forgetOldest(): void {
    const oldest = this.#turns.keys().next().value;
    if (oldest === undefined) return;
    this.#turns.delete(oldest);
    this.#answers.delete(oldest);
  }
}
