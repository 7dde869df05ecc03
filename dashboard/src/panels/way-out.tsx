/** Close and flatten, at hand at all times: in the head of the page, on a phone at its foot. */
import type { ComponentChildren } from 'preact';
import { sol } from '../format/number.ts';
import { blockedBy } from '../state/availability.ts';
import { question } from '../state/commands.ts';
import { availability, stats } from '../state/store.ts';
import { ActionButton } from './parts.tsx';

const DEFAULT_MARKET = 'SOL-PERP';
export const marketName = (): string => stats.value?.market?.market ?? DEFAULT_MARKET;

/** What is held, in words, for the question before it is closed. */
function held(): string {
  const positions = stats.value?.drift_state.positions ?? null;
  if (positions === null) return 'The position is unknown to this page. The engine reads it before it trades.';
  const open = positions.filter((position) => position.amount !== 0);
  if (open.length === 0) return 'No open position';
  return open
    .map(({ market, amount }) => `${market}: ${amount < 0 ? 'short' : 'long'} ${sol(Math.abs(amount))}`)
    .join(', ');
}

export function askClose(): void {
  const market = marketName();
  question.value = {
    title: `Close ${market}?`,
    lines: [
      held(),
      'The order is reduce-only and within the slippage limit. Afterwards your spot SOL is unhedged (hedge target 0).',
    ],
    confirmLabel: 'Close position',
    danger: false,
    action: 'DRIFT_CLOSE_POSITION',
    data: { market },
    previewed: true,
  };
}

function askFlatten(): void {
  question.value = {
    title: 'Flatten and halt?',
    lines: [
      held(),
      'Closes the position at up to four times the slippage limit, settles PnL, and halts trading until you resume it.',
    ],
    confirmLabel: 'Flatten and halt',
    danger: true,
    action: 'FLATTEN',
    data: {},
    previewed: true,
  };
}

export function WayOut({ foot }: { readonly foot: ComponentChildren }) {
  const view = availability.value;
  const reason = view.connected ? blockedBy('flatten', view) : null;
  return (
    <section class="way-out" aria-label="Exits">
      {foot}
      {reason === null ? null : (
        <p class="way-out-reason" aria-hidden="true">
          {reason}
        </p>
      )}
      <ActionButton
        label="Close position"
        testid="close-position"
        onPress={askClose}
        blocked={blockedBy('close', view)}
      />
      <ActionButton
        label="Flatten & halt"
        testid="flatten"
        kind="danger"
        onPress={askFlatten}
        blocked={blockedBy('flatten', view)}
      />
    </section>
  );
}
