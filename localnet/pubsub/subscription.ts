import type { NodeCommitment } from '../nodes/node.ts';
import { addressAt, type Config, commitmentIn, configAt, type Params, signatureAt } from '../rpc/params.ts';
import { invalidParams, methodNotFound } from '../rpc/rpc-error.ts';
import { addressBytes } from '../wire/base58.ts';

export type Subscription =
  | { readonly kind: 'signature'; readonly signature: string; readonly commitment: NodeCommitment; received: boolean }
  | { readonly kind: 'account'; readonly address: string; readonly commitment: NodeCommitment; readonly config: Config }
  | { readonly kind: 'program'; readonly address: string; readonly commitment: NodeCommitment; readonly config: Config }
  | {
      readonly kind: 'logs';
      readonly mentions: string | null;
      readonly commitment: NodeCommitment;
      readonly votes: boolean;
    }
  | { readonly kind: 'slot' }
  | { readonly kind: 'root' };

const KINDS = ['signature', 'account', 'program', 'logs', 'slot', 'root'] as const;

/** The kind that a method ends, null when it is none of these. */
export const unsubscribed = (method: string): Subscription['kind'] | null =>
  KINDS.find((kind) => method === `${kind}Unsubscribe`) ?? null;

/** @throws RpcError */
export function parseSubscription(method: string, params: Params): Subscription {
  const config = configAt(params, 1);
  const commitment = commitmentIn(config);
  switch (method) {
    case 'signatureSubscribe': {
      const received = config.enableReceivedNotification !== true;
      return { kind: 'signature', signature: signatureAt(params, 0), commitment, received };
    }
    case 'accountSubscribe':
      return { kind: 'account', address: addressAt(params, 0), commitment, config };
    case 'programSubscribe':
      return { kind: 'program', address: addressAt(params, 0), commitment, config };
    case 'logsSubscribe':
      return { kind: 'logs', ...logsFilter(params[0]), commitment };
    case 'slotSubscribe':
      return { kind: 'slot' };
    case 'rootSubscribe':
      return { kind: 'root' };
    default:
      throw methodNotFound();
  }
}

function logsFilter(filter: unknown): { mentions: string | null; votes: boolean } {
  if (filter === 'all') return { mentions: null, votes: false };
  if (filter === 'allWithVotes') return { mentions: null, votes: true };
  const [address] = (filter as { mentions?: string[] } | null)?.mentions ?? [];
  if (address === undefined || addressBytes(address) === null)
    throw invalidParams('Invalid Request: one address to be mentioned');
  return { mentions: address, votes: true };
}
