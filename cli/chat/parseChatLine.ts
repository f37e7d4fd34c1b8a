/** What a person can type: text for the room, or a command that starts with a slash. */

interface ChatCommand {
  readonly usage: string;
  readonly help: string;
}

const chatCommands = {
  up: { usage: '/up [n]', help: 'the last answer helped (n: the n-th last)' },
  down: { usage: '/down [n]', help: 'the last answer did not help' },
  correct: {
    usage: '/correct ANSWER',
    help: 'what should have been answered: its id or words that fit it; none: silence',
  },
  rooms: { usage: '/rooms', help: 'the rooms of this node' },
  join: { usage: '/join ROOM', help: 'enter a room, or go back to it' },
  leave: { usage: '/leave', help: 'leave this room' },
  who: { usage: '/who', help: 'who hears you here' },
  history: { usage: '/history [n]', help: 'the last n messages of this room' },
  help: { usage: '/help', help: 'this list' },
  quit: { usage: '/quit', help: 'go' },
} as const satisfies Record<string, ChatCommand>;

export type ChatCommandName = keyof typeof chatCommands;

export type ChatLine =
  | { readonly kind: 'nothing' }
  | { readonly kind: 'text'; readonly text: string }
  | { readonly kind: 'command'; readonly name: ChatCommandName; readonly argument: string }
  | { readonly kind: 'unknown'; readonly name: string; readonly nearest: ChatCommandName | undefined };

/** Two slashes at the start say a line that begins with one. */
export function parseChatLine(line: string): ChatLine {
  const text = line.trim();
  if (text === '') return { kind: 'nothing' };
  if (text.startsWith('//')) return { kind: 'text', text: text.slice(1) };
  if (!text.startsWith('/')) return { kind: 'text', text };
  const [word = '', ...rest] = text.slice(1).split(/\s+/);
  const name = word.toLowerCase();
  if (Object.hasOwn(chatCommands, name)) {
    return { kind: 'command', name: name as ChatCommandName, argument: rest.join(' ') };
  }
  return { kind: 'unknown', name, nearest: nearestCommand(name) };
}

export function chatHelp(): string {
  const widest = Math.max(...Object.values(chatCommands).map(({ usage }) => usage.length));
  return Object.values(chatCommands)
    .map(({ usage, help }) => `${usage.padEnd(widest)}  ${help}`)
    .join('\n');
}

/** Commands that begin as the line does. */
export function completeChatLine(start: string): readonly string[] {
  if (!start.startsWith('/')) return [];
  return Object.keys(chatCommands)
    .map((name) => `/${name}`)
    .filter((command) => command.startsWith(start));
}

function nearestCommand(name: string): ChatCommandName | undefined {
  const names = Object.keys(chatCommands) as ChatCommandName[];
  const begins = names.find((candidate) => candidate.startsWith(name) || name.startsWith(candidate));
  return begins ?? names.find((candidate) => differsByOneEdit(candidate, name));
}

/** Whether one letter more, less, other, or swapped with its neighbour makes them equal. */
function differsByOneEdit(left: string, right: string): boolean {
  let same = 0;
  while (same < left.length && same < right.length && left[same] === right[same]) same += 1;
  const [tail, other] = [left.slice(same), right.slice(same)];
  const swapped = `${other[1] ?? ''}${other[0] ?? ''}${other.slice(2)}`;
  return tail.slice(1) === other || other.slice(1) === tail || tail.slice(1) === other.slice(1) || tail === swapped;
}
