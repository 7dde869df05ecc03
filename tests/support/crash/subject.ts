/** What a crash matrix is tried on: its chain, its accounts, its operations, and how the chain's record of one is read. */

import type { Localnet, LocalnetOptions } from '../../../localnet/index.ts';
import type { PolicyJson } from '../../../src/domain/hedge/policy.ts';
import type { OperationStatus } from '../../../src/domain/operation/operation.ts';
import type { OperationRequest } from '../../../src/domain/order/operation-request.ts';
import type { TransactionTiming } from '../../../src/domain/transaction/transaction.ts';
import type { Combination } from './combinations.ts';
import type { Evidence } from './judge.ts';
import type { CrashAccount } from './mortal-worker.ts';

export interface CrashOperation {
  readonly request: OperationRequest;
  /** Beside those of every matrix. */
  readonly policy?: Partial<PolicyJson>;
  readonly timing?: Partial<TransactionTiming>;
  /** False: as live operations run. Absent: signing and simulating are local, as on paper. */
  readonly localActivities?: false;
}

export interface CrashSubject<N extends Localnet, A extends CrashAccount, C extends Combination> {
  /** Script of the worker, from the project's root. */
  readonly workerEntry: string;
  /** Combinations that share a chain are of one world. Absent: all are. */
  world?(combination: C): string;
  startChain(options: LocalnetOptions, world: string): Promise<N>;
  /** A new one with all that the operation needs, past every fork, so that no later one takes it away. */
  account(net: N, combination: C): Promise<A>;
  operation(combination: C): CrashOperation;
  /** Its worker has died. */
  whenDied?(net: N, account: A, combination: C): void;
  /** Looks at the chain now, and once the operation is over says what is wrong, in words; empty when all of it agrees. */
  judge(net: N, account: A, combination: C): (evidence: Evidence) => Promise<readonly string[]>;
  /** An end that the operation itself explains, whatever the fault. */
  mayEnd?(combination: C, end: OperationStatus, code: string): boolean;
}
