/**
 * Commands and verdicts are signed by the bridge and checked by a worker, so that whoever merely reaches Temporal commands
 * nothing. Bridge and worker derive the key from the token; it never enters a workflow.
 */
import type { ErrorReport, Json } from '../../lib/errors.ts';
import { canonicalJson, hashJson } from '../../lib/ids.ts';
import { macOf, sameMac } from '../../lib/mac.ts';
import { actionOf, type CommandEnvelope, type Verdict } from './command.ts';

/** What of a verdict is signed. */
export interface VerdictWords {
  readonly verdict: Verdict;
  readonly operator: string;
  readonly note: string;
  /** Hexadecimal; absent in a signal from a terminal. */
  readonly mac?: string;
}

const KEY_PURPOSE = 'driftless commands, version 1';

/** Those who share the token share the key; the token does not follow from it. */
export const commandKeyOf = (token: string): string => macOf(token, KEY_PURPOSE);

export const signCommand = (key: string, engineId: string, envelope: CommandEnvelope): CommandEnvelope => ({
  ...envelope,
  mac: macOf(key, commandText(engineId, envelope)),
});

function commandText(engineId: string, envelope: CommandEnvelope): string {
  const { commandId, request, requestHash, confirmationToken = null, operator, receivedAtMs, notAfterMs } = envelope;
  const action = actionOf(request);
  return canonicalJson([
    'command',
    engineId,
    commandId,
    action,
    requestHash,
    confirmationToken,
    operator,
    receivedAtMs,
    notAfterMs,
  ]);
}

/** Null: the command came through a bridge of this engine, unchanged. Where it did not, its fields can hold anything. */
export function commandDoubt(key: string, engineId: string, envelope: CommandEnvelope): ErrorReport | null {
  const { mac, request, requestHash } = envelope;
  if (typeof mac !== 'string') return unauthorized('The command is not signed.');
  const whole = requestHash === hashJson(request as unknown as Json);
  return whole && sameMac(mac, macOf(key, commandText(engineId, envelope)))
    ? null
    : unauthorized('The signature of the command does not fit.');
}

const unauthorized = (why: string): ErrorReport => ({
  code: 'UNAUTHORIZED',
  message: `${why} Nothing was sent. Send commands to the bridge with its token, not to Temporal.`,
  details: {
    remedy:
      'Use the page, the socket or the HTTP API. If you did, worker and bridge have different tokens: set the same DRIFTLESS_TOKEN for both.',
  },
});

const verdictText = (operationId: string, { verdict, operator, note }: VerdictWords): string =>
  canonicalJson(['verdict', operationId, verdict, operator, note]);

export const signVerdict = <Words extends VerdictWords>(key: string, operationId: string, words: Words): Words => ({
  ...words,
  mac: macOf(key, verdictText(operationId, words)),
});

export const isSignedVerdict = (key: string, operationId: string, words: VerdictWords): boolean =>
  typeof words.mac === 'string' && sameMac(words.mac, macOf(key, verdictText(operationId, words)));
