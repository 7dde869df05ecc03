/** What needs a person now: nothing, or a list whose first entry is the one thing to do. */
import type { HoldCode } from '../../../src/domain/engine/hold.ts';
import type { HoldInfo } from '../../../src/protocol/engine.ts';
import type { State } from '../../../src/protocol/state.ts';
import { sol } from '../format/number.ts';
import type { Control } from './availability.ts';
import { spaced } from './command-words.ts';
import { CRITICAL_BELOW, WARNING_BELOW } from './health-band.ts';

export type Remedy =
  | { readonly kind: 'go'; readonly label: string; readonly href: string; readonly testid: string }
  | { readonly kind: 'reconnect'; readonly label: string; readonly testid: string }
  | { readonly kind: 'close'; readonly label: string; readonly testid: string }
  | {
      readonly kind: 'send';
      readonly label: string;
      readonly testid: string;
      readonly action: 'RESUME' | 'REBALANCE' | 'ADOPT_POSITION';
      readonly market: string | null;
      readonly control: Extract<Control, 'resume' | 'adopt'> | 'rebalance';
    };

export interface Attention {
  readonly key: string;
  /** `wait`: it clears by itself. */
  readonly tone: 'bad' | 'warn' | 'wait';
  readonly title: string;
  readonly text: string;
  /** Since when, milliseconds; null: not known. */
  readonly since: number | null;
  /** What the engine still does meanwhile; null: this restricts nothing. */
  readonly permits: HoldInfo['permits'] | null;
  readonly remedies: readonly Remedy[];
}

export interface AttentionView {
  readonly now: State | null;
  readonly connected: boolean;
  readonly stale: boolean;
  /** Whether the hedge pays; null: unknown. */
  readonly pays: boolean | null;
}

const HOLD_TITLES: Readonly<Record<HoldCode, string>> = {
  connection: 'No connection to the chain',
  resync: 'Reading the account again',
  unresolved: 'A transaction has an unknown outcome',
  backoff: 'Waiting after a failed trade',
  feed_ended: 'The recorded prices have ended',
  nodes_disagree: 'The RPC nodes disagree',
  verdict_unaccepted: 'The chain contradicts your outcome',
  foreign_trade: 'Position changed outside Driftless',
  liquidation: 'The account was liquidated',
  desync: 'The books differ from the account',
  stores_diverged: 'Journal and Temporal differ',
  settings_refused: 'A setting was refused',
  journal_away: 'The journal does not respond',
  flattened: 'Flattened: trading is halted',
  left_open: 'A position was left open',
  guarded: 'The guard reduced the position',
  stopped: 'The engine is stopped',
};

const RESUME: Remedy = {
  kind: 'send',
  label: 'Resume trading',
  testid: 'hold-resume',
  action: 'RESUME',
  market: null,
  control: 'resume',
};
const CLOSE: Remedy = { kind: 'close', label: 'Close position', testid: 'attention-close' };
const START: Remedy = { kind: 'go', label: 'Go to Start', href: '#engine-controls', testid: 'hold-start' };
const DEPOSIT: Remedy = { kind: 'go', label: 'Deposit', href: '#funds-title', testid: 'attention-deposit' };
const REBALANCE: Remedy = {
  kind: 'send',
  label: 'Rebalance',
  testid: 'attention-rebalance',
  action: 'REBALANCE',
  market: null,
  control: 'rebalance',
};
const RANK = { bad: 0, warn: 1, wait: 2 } as const;

/** The most urgent first; what clears by itself last. */
export function attentions(view: AttentionView): readonly Attention[] {
  const { now, connected } = view;
  if (!connected) {
    return [
      entry(
        'offline',
        'bad',
        'Not connected to the engine',
        'Figures are from before. The engine keeps working without this page.',
        [{ kind: 'reconnect', label: 'Reconnect now', testid: 'attention-reconnect' }],
      ),
    ];
  }
  if (now === null || now.as_of === null) {
    return [entry('unread', 'wait', 'Reading the account', 'Figures appear after the first read.')];
  }
  const found = [...accountEntries(now), ...holdEntries(now.engine.holds ?? []), ...conditionEntries(view, now)];
  return found.toSorted((a, b) => RANK[a.tone] - RANK[b.tone]);
}

function entry(
  key: string,
  tone: Attention['tone'],
  title: string,
  text: string,
  remedies: readonly Remedy[] = [],
): Attention {
  return { key, tone, title, text, since: null, permits: null, remedies };
}

function accountEntries(now: State): readonly Attention[] {
  const found: Attention[] = [];
  const { account } = now;
  const health = now.drift_state.health;
  if (account?.exists === false && now.policy.permissions !== 'read-only') {
    found.push(entry('no-account', 'warn', 'Deposit first', 'The first deposit opens the account.', [DEPOSIT]));
  }
  if (health !== null && health < CRITICAL_BELOW) {
    found.push(
      entry('health', 'bad', 'Liquidation is near', 'Close the position, or deposit more collateral.', [CLOSE]),
    );
  }
  if (account?.naked === true) {
    const spot = account.spot_sol;
    const excess = spot === null ? null : -(spot + account.perp_sol);
    const by = excess === null ? 'than the spot it hedges' : `by ${sol(excess)}`;
    found.push(
      entry(
        'naked',
        'bad',
        'The short is larger than your spot',
        `It exceeds your spot ${by}: a rising price loses money.`,
        [REBALANCE],
      ),
    );
  }
  if (health !== null && health >= CRITICAL_BELOW && health < WARNING_BELOW) {
    found.push(
      entry('health', 'warn', 'Account health is low', 'Deposit collateral, or reduce the position.', [CLOSE]),
    );
  }
  return found;
}

function holdEntries(holds: readonly HoldInfo[]): readonly Attention[] {
  return holds.map((hold) => {
    const byPerson = hold.cleared_by === 'person';
    return {
      key: `hold-${hold.code}${hold.key === undefined ? '' : `/${hold.key}`}`,
      tone: byPerson ? (hold.permits === 'nothing' ? 'bad' : 'warn') : 'wait',
      title: HOLD_TITLES[hold.code as HoldCode] ?? spaced(hold.code),
      text: hold.reason,
      since: hold.since,
      permits: hold.permits,
      remedies: byPerson ? remediesOf(hold) : [],
    };
  });
}

function remediesOf(hold: HoldInfo): readonly Remedy[] {
  switch (hold.code) {
    case 'unresolved':
      return [{ kind: 'go', label: 'Go to the transaction', href: '#unresolved', testid: 'hold-resolve' }];
    case 'stopped':
      return [START];
    case 'foreign_trade':
      return [
        {
          kind: 'send',
          label: 'Manage this position',
          testid: 'adopt-position',
          action: 'ADOPT_POSITION',
          market: hold.key ?? null,
          control: 'adopt',
        },
        { ...RESUME, testid: 'hold-resume-foreign_trade' },
      ];
    default:
      return [{ ...RESUME, testid: `hold-resume-${hold.code}` }];
  }
}

function conditionEntries({ stale, pays }: AttentionView, now: State): readonly Attention[] {
  const found: Attention[] = [];
  const { engine, market, account } = now;
  const holds = engine.holds ?? [];
  if (engine.state === 'stopped' && !holds.some((hold) => hold.code === 'stopped')) {
    const held = (account?.perp_sol ?? 0) !== 0;
    found.push(
      entry(
        'stopped',
        held ? 'bad' : 'warn',
        'The engine is stopped',
        held ? 'Nothing corrects or guards the open position.' : 'It watches and alerts, and does not trade.',
        [START],
      ),
    );
  }
  if (stale) {
    found.push(entry('stale', 'warn', 'Figures are out of date', 'Driftless keeps trying to read the account.'));
  }
  if ((market?.pauses.forbids.length ?? 0) > 0) {
    const what = market?.pauses.forbids.join(', ') ?? '';
    found.push(entry('paused', 'wait', 'The venue is paused', `Unavailable now: ${what}.`));
  }
  if (market?.ended === true && !holds.some((hold) => hold.code === 'feed_ended')) {
    found.push(
      entry('ended', 'wait', 'The recorded prices have ended', 'The replay is over. Nothing trades any more.'),
    );
  }
  const decision = engine.decision;
  if (decision?.code === 'GUARD_BLOCKED') {
    found.push(entry('guard', 'bad', 'The guard cannot reduce the position', decision.message, [CLOSE]));
  }
  if (decision?.code === 'GATE_BLOCKED' && decision.drift_pct !== undefined) {
    found.push(entry('gate', 'warn', 'A correction is blocked', decision.message, [REBALANCE]));
  }
  if (pays === false && (account?.perp_sol ?? 0) < 0) {
    found.push(
      entry(
        'carry',
        'warn',
        'The hedge costs money',
        'At current rates it does not pay. Staying hedged is your choice.',
        [CLOSE],
      ),
    );
  }
  return found;
}
