/** `driftless token rotate`: a new token in place of the one that somebody may have seen. */
import { ANSWERS } from '../protocol/api.ts';
import { Client, NotReachable } from './client.ts';
import { EXIT } from './exit-codes.ts';
import type { CliPorts } from './ports.ts';
import type { CliArguments } from './program.ts';

/** The running product replaces it at once. A product that is down starts with it. */
export async function token({ url, given, json }: CliArguments, ports: CliPorts): Promise<number> {
  const access = given.read === undefined ? 'full' : 'read';
  const place = await ports.place(url);
  const client = new Client(place);
  let made: string;
  let runs = true;
  try {
    made = (await client.post(`/api/token?access=${access}`, ANSWERS['/api/token'])).token;
  } catch (error) {
    if (!(error instanceof NotReachable) || !error.silent || url !== undefined) throw error;
    made = await ports.replaceToken(access);
    runs = false;
  }
  if (json) ports.say(JSON.stringify({ access, token: made, running: runs }));
  else ports.say(runs ? afterwards(access, `${place.url}/?token=${made}`) : `${stopped(access)}\n${made}`);
  return EXIT.done;
}

const afterwards = (access: 'full' | 'read', address: string): string =>
  `The former ${nameOf(access)} opens nothing any longer, and what was connected by it is disconnected.\nOpen the page anew: ${address}`;
const stopped = (access: 'full' | 'read'): string =>
  `Driftless does not run. It starts with this ${nameOf(access)}, and the former one opens nothing:`;
const nameOf = (access: 'full' | 'read'): string => (access === 'full' ? 'token' : 'read token');
