import type { IncomingMessage, ServerResponse } from 'node:http';
import { DriftlessError, ValidationError } from '../src/lib/errors.ts';
import type { AccountInput } from './account-input.ts';
import type { AfterFork } from './chain/chain.ts';
import type { FaultInput, FaultRule } from './faults/rule.ts';
import { answer } from './http/endpoint.ts';
import { toJson } from './json.ts';

export interface ForkRequest {
  /** Slots to go back from the newest. Else `slot`, or `signature`: up to just before its block. */
  readonly depth?: number;
  /** The last slot that stays. */
  readonly slot?: number;
  readonly signature?: string;
  /** What becomes of the transactions on it: `forget` by default. */
  readonly fate?: AfterFork;
  /** Nodes that go on believing in the abandoned fork, until `heal`. */
  readonly stay?: readonly string[];
  /** Whether the abandoned fork goes on, with empty blocks. */
  readonly grows?: boolean;
}

/** The chain as the control endpoint uses it. */
export interface ControlledChain {
  readonly faults: { list(): readonly FaultRule[]; clear(): void };
  state(): object;
  /** Makes slots now, whatever the clock says. */
  advance(slots: number): Promise<void>;
  /** The next slots have no block. */
  skip(slots: number): void;
  /** Moves block time, or goes to a later slot at once. */
  jump(how: { seconds?: number; slot?: number }): void;
  fork(how: ForkRequest): { base: number; tip: number; dropped: string[] };
  /** Every node follows the same fork again. */
  heal(): void;
  pause(): void;
  resume(): void;
  /** From the next block on. */
  setAccount(input: AccountInput): void;
  /** Sends SOL from the faucet, untouched by faults; the signature. */
  airdrop(address: string, lamports: bigint): string;
  addFault(rule: FaultInput): FaultRule;
  removeFault(id: string): boolean;
  /** Every block that these bytes ever stood in, and whether it still counts. */
  record(signature: string): { slot: number; counts: boolean; error: unknown }[];
}

export type Body = Readonly<Record<string, unknown>>;

/** Slots that one request may make. */
const MAX_ADVANCE = 100_000;

function whole(body: Body, name: string, fallback?: number): number {
  const value = body[name] ?? fallback;
  if (typeof value !== 'number' || !Number.isSafeInteger(value) || value < 0 || value > MAX_ADVANCE)
    throw new ValidationError('LOCALNET_CONTROL', `${name} is a whole number up to ${MAX_ADVANCE}.`, {});
  return value;
}

export type ControlCommand = (net: ControlledChain, body: Body) => unknown;

const COMMANDS: Readonly<Record<string, ControlCommand>> = {
  'GET /state': (net) => net.state(),
  'POST /advance': (net, body) => net.advance(whole(body, 'slots', 1)),
  'POST /skip': (net, body) => net.skip(whole(body, 'slots', 1)),
  'POST /jump': (net, body) => net.jump(body as { seconds?: number; slot?: number }),
  'POST /fork': (net, body) => net.fork(body as ForkRequest),
  'POST /heal': (net) => net.heal(),
  'POST /pause': (net) => net.pause(),
  'POST /resume': (net) => net.resume(),
  'POST /account': (net, body) => net.setAccount(body as unknown as AccountInput),
  'POST /airdrop': (net, body) => net.airdrop(String(body.address), BigInt(String(body.lamports))),
  'GET /faults': (net) => net.faults.list(),
  'POST /faults': (net, body) =>
    Array.isArray(body) ? body.map((one) => net.addFault(one)) : net.addFault(body as unknown as FaultInput),
  'DELETE /faults': (net) => net.faults.clear(),
};

/** The chain's hands: what no RPC node offers. `GET /record/<signature>` tells what really happened to a transaction. */
export function control(
  net: ControlledChain,
  request: IncomingMessage,
  response: ServerResponse,
  text: string,
  more: Readonly<Record<string, ControlCommand>> = {},
): void {
  const { pathname } = new URL(request.url ?? '/', 'http://localhost');
  if (request.method === 'OPTIONS') answer(response, 204, '');
  else
    respond(response, async () => {
      const body = text === '' ? {} : (JSON.parse(text) as Body);
      const [, folder, name] = pathname.split('/');
      if (request.method === 'GET' && folder === 'record' && name !== undefined) return net.record(name);
      if (request.method === 'DELETE' && folder === 'faults' && name !== undefined) return net.removeFault(name);
      const commands = { ...COMMANDS, ...more };
      const command = commands[`${request.method} ${pathname}`];
      if (command === undefined)
        throw new ValidationError(
          'LOCALNET_CONTROL',
          `No such command. There are: ${Object.keys(commands).join(', ')}`,
        );
      return (await command(net, body)) ?? net.state();
    });
}

function respond(response: ServerResponse, work: () => Promise<unknown>): void {
  work().then(
    (value) => answer(response, 200, toJson(value)),
    (error: unknown) => {
      const wrong = error instanceof DriftlessError || error instanceof SyntaxError;
      const report = error instanceof DriftlessError ? error.report() : { message: String(error) };
      answer(response, wrong ? 400 : 500, toJson({ error: report }));
    },
  );
}
