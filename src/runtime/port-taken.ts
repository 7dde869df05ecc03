/** A port taken by a stranger is named, with the setting that moves us. */
import { CriticalError } from '../lib/errors.ts';
import { strangerAt } from './port-users.ts';
import { portOwner, whyPortUnusable } from './processes.ts';

const MAX_COMMAND_CHARS = 120;

const PAGE_TOLD_STRANGER =
  ' A page of yours that is still open may have sent that user the token: once Driftless runs, run driftless token rotate.';
const NO_SUCH_ADDRESS: ReadonlySet<string> = new Set(['EADDRNOTAVAIL', 'ENOTFOUND', 'EAI_AGAIN', 'EINVAL']);

const shortened = (command: string): string =>
  command.length > MAX_COMMAND_CHARS ? `${command.slice(0, MAX_COMMAND_CHARS)}…` : command;

/** @throws CriticalError PORT_TAKEN, HOST_UNUSABLE, or PORT_UNUSABLE when the system refuses it for another reason */
export async function requireFreePort(port: number, host: string, setting: string): Promise<void> {
  const reason = await whyPortUnusable(port, host);
  if (reason === null) return;
  if (NO_SUCH_ADDRESS.has(reason)) {
    throw new CriticalError(
      'HOST_UNUSABLE',
      `This machine has no address ${host} to listen on (${reason}).\nRemedy: set HOST to one of its own, or to 127.0.0.1 (environment or .env).`,
      { host, setting: 'HOST', reason },
    );
  }
  const other = port > 60_000 ? port - 1_000 : port + 1_000;
  const remedy = `Remedy: stop it, or use another port with ${setting}=${other} (environment or .env).`;
  if (reason !== 'EADDRINUSE') {
    throw new CriticalError(
      'PORT_UNUSABLE',
      `Port ${port} on ${host} cannot be used (${reason}).\nRemedy: use another port with ${setting}=${other} (environment or .env).`,
      { port, setting, reason },
    );
  }
  const [owner, stranger] = await Promise.all([portOwner(port), strangerAt(host, port)]);
  const who = owner === null ? 'another program' : `process ${owner.pid} (${shortened(owner.command)})`;
  const whose = stranger === null ? who : `${who} of another user (id ${stranger})`;
  const leak = stranger !== null && setting === 'PORT' ? PAGE_TOLD_STRANGER : '';
  throw new CriticalError('PORT_TAKEN', `Port ${port} is in use by ${whose}.\n${remedy}${leak}`, {
    port,
    setting,
    pid: owner?.pid ?? null,
  });
}
