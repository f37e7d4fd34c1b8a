/** The names under which a node's own actors are found, and the commands of the chat daemon. */

/** Names under which the daemons and services of a node are found. */
export const actorNames = {
  chatDaemon: 'chat-daemon',
  academyDaemon: 'academy-daemon',
  personaManager: 'persona-manager',
  genomeManager: 'genome-manager',
  /** Services of the main thread, which owns the store. */
  roomLog: 'room-log',
  genomeStore: 'genome-store',
  personaStore: 'persona-store',
  room: (roomId: string): string => `room/${roomId}`,
  participant: (participantId: string): string => `participant/${participantId}`,
  selfImprovement: (personaId: string): string => `self-improvement/${personaId}`,
} as const;

/** Id of the participant that each node has of its own. */
export const systemParticipantId = 'system';

/** Questions to the chat daemon; data are the parameters of protocol/schemas/commands.ts, the answer their result. */
export const chatCommands = {
  sendMessage: 'chat.send-message',
  joinRoom: 'chat.join-room',
  leaveRoom: 'chat.leave-room',
  getHistory: 'chat.get-history',
  academyChat: 'chat.academy-chat',
  feedback: 'chat.feedback',
} as const;
