/** Turns an intent into instructions, based on one read of the chain. Table: docs/architecture/drift-orders.md. */
import type { TransactionInstruction } from '@solana/web3.js';
import type { Draft } from '../../../chain/draft.ts';
import { type Intent, intentAmount, type OrderIntent, orderSize } from '../../../domain/order/intent.ts';
import type { CapitalRequest } from '../../../domain/order/operation-request.ts';
import { ValidationError } from '../../../lib/errors.ts';
import type { PerpsDeployment } from '../deployment.ts';
import type { PerpsRead } from '../read/perps-read.ts';
import { refusalOf } from './refusal.ts';
import { ensureTokenAccount, wrappedSol } from './token-accounts.ts';

/** @throws ValidationError: what `refusalOf` says */
export function draftOf(intent: Intent, read: PerpsRead, deployment: PerpsDeployment): Draft {
  const refusal = refusalOf(intent, read, deployment);
  if (refusal !== null) throw new ValidationError(refusal.code, refusal.message, refusal.details);
  // What takes risk away is never too dear: it pays what the wallet has.
  const frugal = intent.kind === 'cancel_orders' || (intent.kind === 'order' && intent.reduceOnly);
  return {
    payer: deployment.authority,
    instructions: instructionsOf(intent, read, deployment),
    ...(frugal ? { payerLamports: read.wallet.sol } : {}),
  };
}

/** What would close again what an order opens; whether it fits is asked before anything is opened. */
export const exitDraftOf = (intent: OrderIntent, read: PerpsRead, deployment: PerpsDeployment): Draft => ({
  payer: deployment.authority,
  instructions: instructionsOf(
    { ...intent, size: (-orderSize(intent)).toString(), reduceOnly: true, cancelOpenOrders: true },
    read,
    deployment,
  ),
});

function instructionsOf(
  intent: Intent,
  read: PerpsRead,
  deployment: PerpsDeployment,
): readonly TransactionInstruction[] {
  const { instructions } = deployment.program;
  switch (intent.kind) {
    case 'deposit':
    case 'withdraw':
      return capitalInstructions(intent, read, deployment);
    case 'order': {
      const cancel = intent.cancelOpenOrders ? instructions.cancel(read, deployment) : [];
      return [...cancel, ...instructions.place(intent, read, deployment)];
    }
    case 'cancel_orders':
      return instructions.cancel(read, deployment);
    case 'settle':
      return instructions.settle(read, deployment);
  }
}

function capitalInstructions(
  intent: CapitalRequest,
  read: PerpsRead,
  deployment: PerpsDeployment,
): readonly TransactionInstruction[] {
  const { authority, program } = deployment;
  const isDeposit = intent.kind === 'deposit';
  const amount = intentAmount(intent);
  const ofBase = intent.asset === 'SOL';
  const { marketIndex } = ofBase ? read.hedge.base : read.hedge.quote;
  const token = ofBase ? read.wallet.tokens.base : read.wallet.tokens.quote;
  const wrapped = ofBase ? wrappedSol(authority, isDeposit ? amount : 0n) : null;
  const tokenAccount = wrapped?.address ?? token.address;
  const move = program.instructions.move(
    { kind: intent.kind, marketIndex, amount, tokenAccount, token },
    read,
    deployment,
  );
  const opening = isDeposit ? program.instructions.open(read, deployment) : [];
  if (wrapped !== null) return [...opening, ...wrapped.open, ...move, wrapped.close];
  // Always, not only if it was missing at the read: it may be closed in the meantime.
  const made = isDeposit ? [] : [ensureTokenAccount({ ...token, owner: authority })];
  return [...opening, ...made, ...move];
}
