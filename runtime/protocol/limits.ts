/**
 * Every bound of the system, with its unit in its name and its reason beside it. What comes from outside is measured
 * against these before anything is allocated for it.
 */
export const limits = {
  /** Largest datagram that is sent: fits an Ethernet MTU of 1500 with IP, UDP and a tunnel's header. */
  datagramBytesMax: 1400,
  /** Largest datagram that is read; a longer one is malformed by definition. */
  datagramReadBytesMax: 2048,
  /** Largest frame on a reliable connection: a genome of 193 KB with room to grow, small enough to buffer per peer. */
  frameBytesMax: 8 * 1024 * 1024,
  /** Bytes that one connection may have queued before its sender is told to wait. */
  connectionQueueBytesMax: 32 * 1024 * 1024,
  /** Requests that one connection may have open at a time. */
  requestsInFlightMax: 4096,
  /** Characters of an id (participant, room, message, session, node alias). */
  idCharactersMax: 128,
  /** Characters of a chat message: about 8 KB of UTF-8, a long post. */
  textCharactersMax: 8_000,
  /** Characters of each text field of a training signal. */
  signalTextCharactersMax: 2_000,
  /** Entries of any list of names in a payload. */
  listItemsMax: 256,
  /** Characters of a capability, description or reason. */
  phraseCharactersMax: 512,
  /** Dimensions of a capability vector. */
  capabilityVectorDimensions: 512,
  /** Messages that wait in one actor's mailbox: some seconds of a busy room, about 1 MB. */
  mailboxMessagesMax: 10_000,
  /** Messages that one actor handles in a turn before others run. */
  turnMessagesMax: 64,
  /** Rows of one machine's tables; a chart with more combinations of states runs on without keeping those beyond. */
  machinePlacesMax: 4_096,
  /** Event types that a row remembers; a wildcard may hear any number. */
  machineEventTypesMax: 256,
  /** Functions made for what a machine does often, of some kilobytes each. */
  machineFusedChoicesMax: 512,
  /** Values that such a function works with: one that is as large as that is not faster for being one. */
  fusedChoiceValuesMax: 256,
  /** Time that a message may wait in a mailbox before an alarm is raised: by then whoever has sent it has given up. */
  mailboxAgeAlarmMs: 30_000,
  /** Mailbox alarms of one shard that are shown in a second; further ones are only counted. */
  mailboxAlarmsPerSecondMax: 16,
  /** Timers of machines that fire in one go before I/O gets its turn: some milliseconds of work. */
  timersPerTurnMax: 2_048,
  /** Messages on their way between two shards before senders are refused: a few mailboxes' worth, about 10 MB. */
  linkMessagesMax: 65_536,
  /** Events that wait for a thread that does not read, about 10 MB; further ones are dropped and counted. */
  linkEventsMax: 8_192,
  /** A ring between two threads: thousands of small frames, and it stays in a core's cache. A power of two. */
  ringBytes: 256 * 1024,
  /** Dead letters kept for inspection; older ones are only counted. */
  deadLettersKept: 1_000,
  /** Times that one message may fail: each costs a restart that no intensity bounds. */
  poisonFailuresMax: 16,
  /** Messages of one shard that have failed and are tried again; further ones make the oldest a first failure. */
  suspectMessagesMax: 1_024,
  /** Messages set aside by one shard that are kept to be looked at; older ones are only counted. */
  quarantinedMessagesMax: 256,
  /** Characters of a message's data that its quarantine keeps. */
  quarantineTextCharactersMax: 2_000,
  /** Errors of one shard whose place in a file is looked for each second: more than a person can read. */
  errorPlacesPerSecondMax: 50,
  /** Actors that have stopped and are still known to who asks what became of them. */
  stoppedActorsKept: 256,
  /** Timers, subscriptions, bonds and children that the report on one actor lists; the others are only counted. */
  reportedListMax: 100,
  /** Levels of a context that its view shows. */
  viewDepthMax: 6,
  /** Fields of one object, and items of one list, that a view shows. */
  viewEntriesMax: 50,
  /** Values in a view: some screens; one that has more is shown less deep. */
  viewValuesMax: 1_000,
  /** Characters of a text in a view. */
  viewCharactersMax: 400,
  /** Names that are looked through for the one that was meant. */
  namesComparedMax: 20_000,
  /**
   * Time that a thread has to carry out an order to end an actor by force, before it is taken for hung and ended. Longer
   * than a pause of its garbage collector; short, since an ordered shutdown lasts so much longer than its limit.
   */
  killAnswerMs: 250,
  /** Actors of one shard. */
  actorsPerShardMax: 1_048_576,
  /** Children without a name on one shard: about 1 GB of small machines. */
  childrenPerShardMax: 4_194_304,
  /** Children of one shard that are listed one by one; the others are only counted. */
  childrenListedMax: 1_000,
  /** Actors that one actor watches or is linked to; all of them are told of when it ends. */
  watchesPerActorMax: 65_536,
  /** Committed effects of one actor under way to another: what is handled while a disk writes, and half a mailbox at the most. */
  effectsUnderWayMax: 4_096,
  /** Senders of committed effects that one actor remembers; of a forgotten one it could hear an effect twice. */
  effectSendersMax: 65_536,
  /** Earlier addresses of actors that have moved which are still forwarded: 1 MB on each shard. */
  forwardsMax: 4_096,
  /** Peers remembered at a time. */
  peersMax: 1_024,
  /** Sources (address and port) with a receive budget of their own; the least recent is forgotten. */
  sourcesMax: 4_096,
  /** Datagrams a second that one source may send before the rest is dropped unread. */
  sourceDatagramsPerSecondMax: 200_000,
  /** Sequence numbers that a replay window remembers behind the highest seen. */
  replayWindowSize: 1_024,
  /** Receivers of one stream: as many as peers are remembered. */
  streamMembersMax: 1_024,
  /** Packets that wait for room on a stream whose members are behind: some seconds of events, 1.4 MB. */
  streamPacketsWaitingMax: 1_024,
  /** Streams that one node publishes in a group: one for each class, and some that programs open for themselves. */
  streamsPerGroupMax: 16,
  /** Streams that one node hears in a group; each may hold its share of the receive buffer's size in memory. */
  streamSessionsMax: 256,
  /** Times that a packet may be passed on; only its origin publishes, so 1 is a relay through a static peer. */
  hopsMax: 2,
  /** Entries that one repair request may ask for; the rest is asked for afterwards. */
  repairEntriesMax: 512,
  /** Log entries that wait in a room for their predecessors. */
  roomPendingEntriesMax: 4_096,
  /** Messages that a room keeps in memory for its members' windows. */
  roomRecentMessagesMax: 512,
  /** Authors of one room. */
  roomAuthorsMax: 65_536,
  /** Members of one room on one node. */
  roomMembersMax: 65_536,
  /** Milliseconds that a sender's clock may differ before it is flagged, and what it says ahead of its time refused. */
  clockSkewMsMax: 5 * 60_000,
  /** Total time of a remote command, retries included (settlement C39). */
  commandDeadlineMs: 30_000,
  /** Results kept so that a retried command runs once. */
  idempotencyKeysMax: 10_000,
  /** Repeated ids that one stream gives numbers to; further ones travel as text. At most 1.5 MB in each reader. */
  dictionaryIdsMax: 4_096,
  /** Lines of a knowledge pack. */
  knowledgeLinesMax: 100_000,
} as const;
