/** `driftless engines`: lists and totals them; starts or stops one that the process runs, or all. */
import { ANSWERS } from '../protocol/api.ts';
import type { EngineInfo } from '../protocol/history.ts';
import type { CommandResult } from '../protocol/result.ts';
import { Client } from './client.ts';
import { EXIT, exitCodeOfError } from './exit-codes.ts';
import type { CliPorts } from './ports.ts';
import { type CliArguments, WrongWords } from './program.ts';
import { marked, reading } from './reading.ts';
import { sendCommand } from './send-command.ts';
import { enginesText } from './texts.ts';

const ACTIONS = { start: 'START_ENGINE', stop: 'STOP_ENGINE' } as const;
const END_WITHIN_MS = 60_000;

export async function engines(read: CliArguments, ports: CliPorts): Promise<number> {
  const { do: what = 'list', engine = '' } = read.given;
  if (what === 'start' || what === 'stop') return await commanded(what, engine, read, ports);
  if (engine !== '')
    throw new WrongWords('engines list takes no engine: `driftless status --engine <name>` shows one.');
  return await reading(read, ports, async (source) => {
    const { json, value } = await source.client.get('/api/engines', ANSWERS['/api/engines']);
    ports.say(read.json ? JSON.stringify(marked(json, source)) : enginesText(value.items, ports.paint));
    return EXIT.done;
  });
}

/** One after the other, and each whatever became of the others. The exit code is the first that is not done. */
async function commanded(
  what: keyof typeof ACTIONS,
  wanted: string,
  { url, json }: CliArguments,
  ports: CliPorts,
): Promise<number> {
  if (wanted === '') throw new WrongWords(`engines ${what}: name an engine, or all.`);
  const place = await ports.place(url);
  const { value } = await new Client(place).get('/api/engines', ANSWERS['/api/engines']);
  const chosen = value.items.filter((row) => row.served && (wanted === 'all' || isCalled(row, wanted)));
  if (chosen.length === 0)
    throw new WrongWords(`This process runs no engine ${wanted}. \`driftless engines\` names those that it runs.`);
  const results: CommandResult[] = [];
  for (const { engine_id: engine, name, mode } of chosen) {
    const command = { action: ACTIONS[what], commandId: ports.newId(), data: { mode } };
    const result = await sendCommand({ ...place, engine }, command, END_WITHIN_MS, () => {});
    results.push(result);
    if (!json) ports.say(`${name ?? engine}: ${result.message}`);
  }
  if (json) ports.say(JSON.stringify({ items: results }));
  return results.map(exitCodeOf).find((code) => code !== EXIT.done) ?? EXIT.done;
}

const isCalled = ({ engine_id: id, name }: EngineInfo, wanted: string): boolean => id === wanted || name === wanted;

function exitCodeOf({ data: { status }, error }: CommandResult): number {
  if (status === 'done') return EXIT.done;
  return error === undefined ? EXIT.failed : exitCodeOfError(error);
}
