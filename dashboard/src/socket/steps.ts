/** The steps of one operation. */
import * as z from '../../../src/lib/codec.ts';
import { Steps, type TransactionUpdate } from '../../../src/protocol/operation.ts';
import { engineAddress } from './engine-address.ts';

/** Null: they could not be read. */
export async function fetchSteps(operationId: string): Promise<readonly TransactionUpdate[] | null> {
  try {
    const response = await fetch(engineAddress(`/api/steps?${new URLSearchParams({ operation_id: operationId })}`));
    return response.ok ? (z.read(Steps, await response.json())?.items ?? null) : null;
  } catch {
    return null;
  }
}
