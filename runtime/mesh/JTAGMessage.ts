/** The plan's envelope of a request by path, and of its answer. Requests and answers are matched by correlation id. */
import type { NodeId } from '../protocol/identity.js';
import type { Random } from '../protocol/Random.js';

export interface JTAGMessage {
  /** A path of protocol/endpoints.ts. */
  readonly endpoint: string;
  readonly payload: unknown;
  /** Total time to the answer. @default limits.commandDeadlineMs */
  readonly deadlineMs?: number;
  /** Drawn when absent; the answer carries the same. */
  readonly correlationId?: string;
}

export interface JTAGResponse {
  readonly correlationId: string;
  readonly endpoint: string;
  /** The node that has answered. */
  readonly nodeId: NodeId;
  /** What the handler or command returned; for what was published, its EventReceipt. */
  readonly result: unknown;
}

export const JTAGMessageFactory = {
  createRequest(
    random: Random,
    endpoint: string,
    payload: unknown,
    options: { readonly deadlineMs?: number; readonly correlationId?: string } = {},
  ): JTAGMessage & { readonly correlationId: string } {
    return { endpoint, payload, correlationId: random.id(), ...options };
  },
} as const;
