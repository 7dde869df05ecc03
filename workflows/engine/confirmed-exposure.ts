/** What a person confirmed, as an operation's input and the grant of a retry carry it. */
import type { ShownTerms } from '../../src/domain/gates/shown.ts';
import type { OperationInput } from '../messages.ts';

export const confirmedExposure = (
  shown: ShownTerms | null,
): Pick<OperationInput, 'exposureConfirmed' | 'shownNetDelta'> =>
  shown?.reasons.includes('DELTA_EXPOSED') === true
    ? { exposureConfirmed: true, shownNetDelta: shown.netDelta }
    : { exposureConfirmed: false };
