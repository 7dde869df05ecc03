/** What a person confirmed, in the form that an operation's input and the grant of a retry have. */
import { confirmedNetDelta, type ShownTerms } from '../../src/domain/gates/shown.ts';
import type { OperationInput } from '../messages.ts';

export function confirmedExposure(
  shown: ShownTerms | null,
): Pick<OperationInput, 'exposureConfirmed' | 'shownNetDelta'> {
  const netDelta = confirmedNetDelta(shown);
  return netDelta === undefined ? { exposureConfirmed: false } : { exposureConfirmed: true, shownNetDelta: netDelta };
}
