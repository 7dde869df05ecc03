/** `status`, `positions` and `history`. */
import { ANSWERS } from '../protocol/api.ts';
import type { AskingCommand } from './commands.ts';
import { EXIT } from './exit-codes.ts';
import type { CliPorts } from './ports.ts';
import type { CliArguments } from './program.ts';
import { marked, reading, type Source } from './reading.ts';
import { historyText, othersText, positionsText, statusText } from './texts.ts';

const HISTORY_ROWS = '20';

export async function asked(command: AskingCommand, read: CliArguments, ports: CliPorts): Promise<number> {
  return await reading(read, ports, async (source) => {
    const { json, text } = await answerTo(command, read, source, ports);
    ports.say(read.json ? JSON.stringify(marked(json, source)) : text);
    // A script that asks how the engine does must not take what a stopped one left for an answer.
    return command.shows === 'status' && source.isCopy ? EXIT.notReachable : EXIT.done;
  });
}

async function answerTo(
  { shows }: AskingCommand,
  { given, engine }: CliArguments,
  { client, isCopy }: Source,
  { paint }: CliPorts,
): Promise<{ readonly json: unknown; readonly text: string }> {
  if (shows === 'history') {
    const path = `/api/operations?limit=${given.limit ?? HISTORY_ROWS}`;
    const { json, value } = await client.get(path, ANSWERS['/api/operations']);
    return { json, text: historyText(value.items, paint) };
  }
  const { json, value } = await client.get('/api/state', ANSWERS['/api/state']);
  if (shows === 'status') {
    const text = statusText(value, paint, { runs: !isCopy });
    if (engine !== undefined) return { json, text };
    const { value: list } = await client.get('/api/engines', ANSWERS['/api/engines']);
    return { json, text: [text, othersText(list.items)].filter((part) => part !== null).join('\n\n') };
  }
  const { positions } = (json as { drift_state: { positions: unknown } }).drift_state;
  return { json: { positions }, text: positionsText(value, paint) };
}
