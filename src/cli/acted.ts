/** The commands that act: each is sent, confirmed if the engine asks for it, and followed to its end. */
import { ANSWERS } from '../protocol/api.ts';
import type { CommandResult } from '../protocol/result.ts';
import { Client, needsFullToken } from './client.ts';
import type { ActingCommand } from './commands.ts';
import { EXIT, exitCodeOfError } from './exit-codes.ts';
import type { CliPorts } from './ports.ts';
import type { CliArguments } from './program.ts';
import { sendCommand } from './send-command.ts';
import { previewText, resultText } from './texts.ts';

/** An exit may wait 10 minutes for the venue, and then take five. */
const END_WITHIN_MS = 1_200_000;

export async function acted(command: ActingCommand, read: CliArguments, ports: CliPorts): Promise<number> {
  const place = { ...(await ports.place(read.url)), engine: read.engine };
  if (place.readOnly === true) throw needsFullToken(place);
  const { value: state } = await new Client(place).get('/api/state', ANSWERS['/api/state']);
  const commandId = read.commandId ?? ports.newId();
  // A product that was started anew in the other mode meanwhile refuses it.
  const data = { ...command.data(read.given), mode: state.engine.mode };
  const send = (more: object = {}) =>
    sendCommand(place, { action: command.action, commandId, data: { ...data, ...more } }, END_WITHIN_MS, (first) => {
      ports.tell(`${first.message} (command ${commandId})`);
    });
  let result = await send();
  while (result.data.status === 'confirmation_required') {
    if (!(await isConfirmed(result, read, state.engine.mode, ports))) break;
    result = await send({ confirmation_token: result.data.confirmation_token });
  }
  ports.say(read.json ? JSON.stringify(result) : resultText(result));
  return exitCodeOf(result);
}

async function isConfirmed(
  result: CommandResult,
  { yes }: CliArguments,
  mode: string,
  ports: CliPorts,
): Promise<boolean> {
  ports.tell(`${result.message} Mode: ${mode}.\n${previewText(result.data.preview)}`);
  if (yes) return true;
  if (ports.ask === null) {
    ports.tell('Not confirmed: add --yes to confirm it.');
    return false;
  }
  return /^y(es)?$/i.test((await ports.ask('Do it? [y/N] ')).trim());
}

function exitCodeOf({ data: { status }, error }: CommandResult): number {
  if (status === 'done') return EXIT.done;
  if (status === 'rejected' && error !== undefined) return exitCodeOfError(error);
  return status === 'rejected' || status === 'confirmation_required' ? EXIT.refused : EXIT.failed;
}
