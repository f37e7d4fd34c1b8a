/** What `--help` shows below the options of a command: lines to copy. A test parses each of them. */

type Example = readonly [line: string, what: string];

/** By the words of the command, without `academy`. */
export const examples: Readonly<Record<string, readonly Example[]>> = {
  up: [
    ['academy up', 'a node with rooms and personas, and talk'],
    ['academy up --data ~/second --name Zoe', 'a second one beside it'],
    ['academy up --watch --participant ./my-bot.ts', 'develop a participant'],
    ['academy up --no-chat --json --lan', 'serve the local network, and tell events as JSON'],
  ],
  chat: [['academy chat --data ~/second', 'talk through the node that runs there']],
  status: [['academy status --json', 'all figures']],
  stop: [['academy stop --data ~/second', 'returns when that node has ended']],
  say: [
    ['academy say lobby "@Ada what is a union type?"', 'prints the id of the message'],
    ['academy say lobby Thanks --reply-to xk3V…', 'as an answer to that message'],
  ],
  feedback: [
    ['academy feedback xk3V… --value 1', 'that was right'],
    ['academy feedback xk3V… --expected freeze_account', 'this should have been the answer'],
    ['academy feedback xk3V… --silence --comment "just thinking aloud"', 'nobody was asked'],
  ],
  history: [
    ['academy history lobby --limit 10', 'the latest ten, each with its id at the end'],
    ['academy history lobby --json', 'with all that is known of each, and the cursor of the page before'],
  ],
  rooms: [['academy rooms --json', 'members with their ids']],
  nodes: [['academy nodes --json', 'with all that each node says of itself']],
  personas: [['academy personas --json', 'with their figures by capability']],
  tree: [
    ['academy tree', 'who keeps whom alive, and what each actor does'],
    ['academy tree --tiers', 'which machines run from tables, and why others do not'],
  ],
  inspect: [
    ['academy inspect participant/ada', 'why it is silent, or what keeps it from running'],
    ['academy inspect 1/5/3 --json', 'by an address, as dead letters show it'],
  ],
  forget: [['academy forget counter', 'so that it starts afresh']],
  move: [['academy move participant/ada 1', 'to worker thread 1']],
  deadletters: [
    ['academy deadletters --reason mailbox-full', 'who is told more than it can handle'],
    ['academy deadletters --follow --json', 'one line for each that comes'],
  ],
  quarantine: [['academy quarantine --json', 'with the data of each message']],
  routes: [['academy routes', 'the transport of each family of events, and why it is that one']],
  'demo loop': [
    ['academy demo loop --seed 7', 'the run that the README shows'],
    ['academy demo loop --sabotage', 'a scrambled genome is refused; exit code 3'],
  ],
  'new participant': [
    ['academy new participant weather-bot', 'callbacks in JavaScript, in the folder weather-bot'],
    ['academy new participant weather-bot --ts --template machine', 'an XState machine in TypeScript'],
  ],
  'persona train': [
    ['academy persona train --knowledge pack.jsonl --signals signals.jsonl --out genome', 'learn, and write a genome'],
  ],
  'persona answer': [
    [
      'academy persona answer --knowledge pack.jsonl --genome genome --questions questions.jsonl --out answers.jsonl',
      'answer with what was learnt',
    ],
  ],
  bench: [
    ['academy bench', 'the benchmarks there are'],
    ['academy bench codec --scale 0.1', 'one of them, with a tenth of the work'],
    ['academy bench peers --only ws,zeromq --chart peers.svg', 'beside two other systems, as a picture too'],
  ],
  'bench load': [
    ['academy bench load --rooms 20 --participants 200 --rate 5000 --seconds 10 --nodes 2', 'two processes'],
  ],
  doctor: [
    ['academy doctor', 'what a node on this machine alone needs'],
    ['academy doctor --lan --tcp-port 47101', 'what one on the local network needs'],
  ],
  config: [['academy config --lan --threads 2', 'what up would do with these flags']],
  ticket: [['academy ticket', 'give the line to "academy up --lan --ticket LINE" on the other machine']],
};

/** @returns the text below the options; empty when there is nothing to show */
export function examplesText(command: string): string {
  const shown = examples[command] ?? [];
  if (shown.length === 0) return '';
  const lines = shown.map(([line, what]) => `  # ${what}\n  ${line}`);
  return `\nExample${shown.length > 1 ? 's' : ''}:\n${lines.join('\n')}`;
}
