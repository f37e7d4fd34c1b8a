/** Feedback on what was said becomes a training signal; the history is there to be read. */
import { type AskToken, failure } from '../../runtime/protocol/actors.js';
import { ACADEMY_CHAT_EVENTS } from '../../runtime/protocol/events.js';
import { messageOfEntry, type RoomLogEntry } from '../../runtime/protocol/roomLog.js';
import type { ChatMessage } from '../../runtime/protocol/schemas/chat.js';
import type {
  FeedbackParams,
  FeedbackResult,
  GetHistoryParams,
  GetHistoryResult,
} from '../../runtime/protocol/schemas/commands.js';
import type { RoomLogQuestions, SettledAs } from '../messages.js';
import { feedbackSignal } from './feedbackSignal.js';
import { askRoomLog, type Desk, type Forwarded, notAMember, refuse } from './RoomDesk.js';

export function readHistory(desk: Desk, { params, ask }: Forwarded<GetHistoryParams>): void {
  const { roomId, before, limit = 50 } = params;
  desk.emit(
    askRoomLog('log.history', { roomId, limit, ...(before === undefined ? {} : { before }) }, 'room.history-read', ask),
  );
}

export function historyRead(desk: Desk, settled: SettledAs<RoomLogQuestions['log.history']['answer']>): void {
  const ask = settled.tag as AskToken | undefined;
  if (!ask) return;
  if (!settled.result)
    return refuse(desk, ask, settled.error ?? failure('ERR_ACADEMY_STORE', 'the room log is silent'));
  const messages = settled.result.entries.map(messageOfEntry).filter((message) => message !== undefined);
  const result: GetHistoryResult = { messages, cursor: settled.result.cursor };
  desk.emit({ type: 'reply', ask, result });
}

export function feedback(desk: Desk, forwarded: Forwarded<FeedbackParams>, atMs: number): void {
  const { params, ask } = forwarded;
  if (!desk.room.members.seat(params.judgeId)) return refuse(desk, ask, notAMember(params.roomId, params.judgeId));
  if (params.value === undefined && params.expected === undefined) {
    return refuse(desk, ask, failure('ERR_ACADEMY_BAD_ARGUMENT', 'feedback needs a value or an expected answer'));
  }
  const message = desk.room.recent.get(params.messageId);
  if (message) return judge(desk, forwarded, message, atMs);
  const { roomId, messageId } = params;
  desk.emit(askRoomLog('log.message', { roomId, messageId }, 'room.judged-read', forwarded));
}

export function judgedRead(desk: Desk, settled: SettledAs<RoomLogEntry | null>, atMs: number): void {
  const forwarded = settled.tag as Forwarded<FeedbackParams>;
  const message = settled.result ? messageOfEntry(settled.result) : undefined;
  if (message) return judge(desk, forwarded, message, atMs);
  const { messageId, roomId } = forwarded.params;
  refuse(desk, forwarded.ask, failure('ERR_ACADEMY_MESSAGE_NOT_FOUND', `room ${roomId} has no message ${messageId}`));
}

function judge(desk: Desk, { params, ask }: Forwarded<FeedbackParams>, message: ChatMessage, atMs: number): void {
  const { room, context } = desk;
  const answer = message.aiGenerated ? message : room.answerTo(message.messageId);
  const question = message.aiGenerated
    ? message.replyTo === undefined
      ? null
      : (room.recent.get(message.replyTo) ?? null)
    : message;
  const judgeName = `${params.judgeId}@${context.identity.nodeId}`;
  const signal = feedbackSignal(params, { answer, question }, judgeName, room.record.consent, atMs);
  // The room hears its own signal by the way that all signals come, and tells its members then.
  desk.emit({
    type: 'publish',
    event: ACADEMY_CHAT_EVENTS.TRAINING_SIGNAL,
    data: signal,
    network: signal.propagateToNetwork,
  });
  if (!ask) return;
  const result: FeedbackResult = {
    messageId: signal.messageId,
    personaId: signal.personaId,
    value: signal.signal.value,
    heardBy: room.members.localCount,
    propagated: signal.propagateToNetwork,
  };
  desk.emit({ type: 'reply', ask, result });
}
