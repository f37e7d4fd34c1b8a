/** How what is heard looks in a terminal. Pure: from a notice and who is reading, to lines. */

import type { MessageView, NodeLabel, NoticeView } from '../control/views.js';
import type { Output } from '../Output.js';

export interface Reader {
  readonly personId: string;
  /** Room that the prompt stands in; what is said elsewhere is marked with its room. */
  readonly currentRoom: string;
  readonly style: Output['style'];
}

const nameStyles = ['cyan', 'green', 'yellow', 'magenta', 'blue', 'redBright', 'cyanBright', 'greenBright'] as const;

/** @returns undefined for what a reader need not see */
export function renderNotice(notice: NoticeView, reader: Reader): string | undefined {
  const { style } = reader;
  switch (notice.type) {
    case 'message':
      return renderMessage(notice.message, reader);
    case 'joined':
      // Each node has one, and it has nothing to say until it says it.
      if (notice.participant.type === 'system') return undefined;
      return aside(reader, notice.roomId, `→ ${notice.participant.name}${at(notice.node)} came in`);
    case 'left':
      // The session tells of a node that goes once, and not of each of its members.
      if (notice.reason === 'node-gone' && notice.node) return style('dim', `← node ${notice.node.alias} has gone`);
      return aside(reader, notice.roomId, `← ${notice.participantId}${at(notice.node)} left (${notice.reason})`);
    case 'signal': {
      if (notice.judgeNode === null && notice.judgeId === reader.personId) return undefined;
      const judged = notice.personaId === '*' ? 'the silence' : notice.personaId;
      return aside(
        reader,
        notice.roomId,
        `${notice.judgeId}${at(notice.judgeNode)} judged ${judged}: ${verdict(notice)}`,
      );
    }
    case 'evolution': {
      const points = Math.round(notice.improvementScore * 100);
      const learnt = notice.newCapabilities.length > 0 ? ` (${notice.newCapabilities.join(', ')})` : '';
      const text = `★ ${notice.personaId} has grown${learnt}: ${points >= 0 ? '+' : ''}${points} points on ${notice.measuredOn} held-out items`;
      return style('bold', place(reader, notice.roomId, text));
    }
    case 'welcome':
    // The prompt shows it, for as long as it lasts.
    case 'typing':
      return undefined;
  }
}

export function renderMessage(message: MessageView, reader: Reader): string {
  const { style } = reader;
  if (message.messageType === 'notice') return aside(reader, message.roomId, `· ${message.text}`);
  const own = message.node === null && message.participantId === reader.personId;
  const name = style(own ? 'bold' : nameStyle(message.participantId), message.username);
  const sure =
    message.aiGenerated && message.confidence !== undefined
      ? style('dim', ` (${Math.round(message.confidence * 100)} % sure)`)
      : '';
  return place(reader, message.roomId, `${name}${style('dim', at(message.node))}: ${message.text}${sure}`);
}

function verdict({ value, expectedAnswerId }: Extract<NoticeView, { type: 'signal' }>): string {
  if (expectedAnswerId === null) return 'it should have stayed silent';
  if (expectedAnswerId !== undefined && value <= 0) return `"${expectedAnswerId}" was expected`;
  return value > 0 ? 'right' : 'wrong';
}

function aside(reader: Reader, roomId: string, text: string): string {
  return reader.style('dim', place(reader, roomId, text));
}

function place(reader: Reader, roomId: string, text: string): string {
  return roomId === reader.currentRoom ? text : `${reader.style('dim', `#${roomId}`)} ${text}`;
}

function at(node: NodeLabel | null): string {
  return node === null ? '' : `@${node.alias}`;
}

/** The same participant has the same colour in every terminal. */
function nameStyle(participantId: string): (typeof nameStyles)[number] {
  let hash = 0;
  for (const character of participantId) hash = (Math.imul(hash, 31) + (character.codePointAt(0) ?? 0)) | 0;
  return nameStyles[(hash >>> 0) % nameStyles.length] ?? 'cyan';
}
