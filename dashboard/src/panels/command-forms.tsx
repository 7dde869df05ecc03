/** The commands that a person can send, each with what it would come to. */
import { useState } from 'preact/hooks';
import { type Asset, BASE_ASSET } from '../../../src/domain/account/account.ts';
import { assetDecimals } from '../../../src/domain/account/spot-markets.ts';
import type { Mode } from '../../../src/domain/order/command.ts';
import type { Direction } from '../../../src/domain/order/operation-request.ts';
import { baseToText, floorToStep } from '../format/decimal.ts';
import { plain, sol } from '../format/number.ts';
import { isOpen } from '../state/activity.ts';
import { blockedBy, startBlocked } from '../state/availability.ts';
import { question, sendCommand } from '../state/commands.ts';
import { refusalWords } from '../state/forecast.ts';
import { checkDeposit, checkSize, checkWithdrawal, type FundsLimits } from '../state/form-rules.ts';
import { type Preset, presetOf, presetWords, SHARES } from '../state/presets.ts';
import { activities, availability, stats } from '../state/store.ts';
import { AmountField, Choice } from './amount-field.tsx';
import { BeforeAfter, type Forecast, useForecast } from './before-after.tsx';
import { ActionButton, Panel } from './parts.tsx';
import { marketName } from './way-out.tsx';

export function CommandsPanel() {
  return (
    <Panel id="commands" title="Trade">
      <OpenForm />
      <FundsForm />
      <EngineControls />
    </Panel>
  );
}

/** Why a form cannot be sent, in a line that is always there. */
function Blocked({ reason, id }: { readonly reason: string | null; readonly id: string }) {
  return (
    <p class="blocked" id={id} data-testid={id}>
      {reason ?? ''}
    </p>
  );
}

/** What the server says to exactly what is typed; while it has not said anything, nothing stands in the way. */
const refusedBy = ({ kind, preview }: Forecast): string | null =>
  kind === 'known' && preview !== null ? refusalWords(preview) : null;

/** One press, one transaction: a second press waits for the answer to the first. */
const isUnderWay = (action: string): boolean => activities.value.some((one) => one.action === action && isOpen(one));

/** Null while spot is unknown. */
function presets(): readonly Preset[] | null {
  const account = stats.value?.account ?? null;
  const market = stats.value?.market ?? null;
  if (account === null || account.net_delta_base === null) return null;
  const { perp_sol_base: perpBase, net_delta_base: net } = account;
  const basis = {
    // With HEDGE_WALLET_SOL the wallet counts as spot too, so spot is what net delta says it is.
    ...{ spotBase: net - perpBase, perpBase },
    stepBase: market?.step_size_base ?? null,
    minimumBase: market?.minimum_size_base ?? null,
    tolerancePct: stats.value?.policy.drift_tolerance_pct ?? null,
  };
  return SHARES.map((share) => presetOf(share, basis));
}

function sizeHint(chosen: Preset | undefined, all: readonly Preset[] | null): string {
  if (all === null) return 'Spot unknown';
  if (chosen !== undefined) return presetWords(chosen);
  const spot = stats.value?.account?.spot_sol ?? null;
  if (spot !== null && spot <= 0) return 'There is no spot SOL to hedge.';
  return all.some(({ size }) => size !== null) || spot === null
    ? `Spot to hedge: ${sol(spot)}`
    : 'Spot is hedged in full';
}

function OpenForm() {
  const [direction, setDirection] = useState<Direction>('short');
  const [size, setSize] = useState('');
  const market = stats.value?.market ?? null;
  const view = availability.value;
  const checked = checkSize(size, {
    stepBase: market?.step_size_base ?? null,
    minimumBase: market?.minimum_size_base ?? null,
  });
  const data = { market: marketName(), direction, size: checked.ok ? checked.text : '' };
  const forecast = useForecast(checked.ok ? { action: 'DRIFT_OPEN_POSITION', data } : null);
  const refused = blockedBy('open', view) ?? refusedBy(forecast);
  const hedges = direction === 'short' ? presets() : null;
  const chosen = checked.ok ? hedges?.find((preset) => preset.size === checked.text) : undefined;
  const submit = (event: Event): void => {
    event.preventDefault();
    if (!checked.ok || refused !== null) return;
    if (sendCommand('DRIFT_OPEN_POSITION', data) !== null) setSize('');
  };
  return (
    <form class="form" onSubmit={submit} aria-labelledby="open-title" data-testid="open-form" noValidate>
      <h3 id="open-title">Position · {marketName()}</h3>
      <Choice
        name="direction"
        legend="Direction"
        value={direction}
        onChange={setDirection}
        options={[
          { value: 'short', label: 'Short', testid: 'open-short' },
          { value: 'long', label: 'Long', testid: 'open-long' },
        ]}
      />
      <AmountField
        id="open-size"
        label="Size"
        unit="SOL"
        value={size}
        onInput={setSize}
        checked={checked}
        shortcuts={(hedges ?? []).map((preset) => ({
          label: `${preset.share} %`,
          value: preset.size,
          title: presetWords(preset),
        }))}
        hint={direction === 'short' ? sizeHint(chosen, hedges) : 'A long adds to your SOL: it hedges nothing'}
      />
      <BeforeAfter forecast={forecast} testid="open-preview" />
      <div class="button-row">
        <ActionButton
          label={checked.ok ? `Open ${direction} ${checked.text} SOL` : `Open ${direction}`}
          testid="open-submit"
          kind="primary"
          type="submit"
          onPress={() => undefined}
          blocked={refused ?? (checked.ok ? null : checked.reason)}
        />
      </div>
      <PositionButtons isFormBlocked={refused !== null} />
      <Blocked reason={refused} id="open-blocked" />
    </form>
  );
}

/** Commands without an amount: each shows what it would come to before it is sent. @param isFormBlocked its reason stands below already */
function PositionButtons({ isFormBlocked }: { readonly isFormBlocked: boolean }) {
  const view = availability.value;
  const market = marketName();
  const rebalance = (): void => {
    question.value = {
      title: 'Rebalance to a full hedge?',
      lines: ['Trades what is missing to the market’s step, and raises the hedge target to 100 % of spot.'],
      confirmLabel: 'Rebalance',
      danger: false,
      action: 'REBALANCE',
      data: {},
      previewed: true,
    };
  };
  const settle = (): void => {
    question.value = {
      title: `Settle the PnL of ${market}?`,
      lines: ['Moves profit, loss and funding to your balance. The position stays as it is.'],
      confirmLabel: 'Settle PnL',
      danger: false,
      action: 'SETTLE_PNL',
      data: { market },
      previewed: true,
    };
  };
  const settling = isUnderWay('SETTLE_PNL') ? 'A settle is under way.' : null;
  const rebalancing = isUnderWay('REBALANCE') ? 'A rebalance is under way.' : null;
  const rebalanceBlocked = rebalancing ?? blockedBy('rebalance', view);
  const settleBlocked = settling ?? blockedBy('settle', view);
  const reasons = isFormBlocked ? [] : [...new Set([rebalanceBlocked, settleBlocked])];
  return (
    <>
      <div class="button-row">
        <ActionButton label="Rebalance" testid="rebalance" onPress={rebalance} blocked={rebalanceBlocked} />
        <ActionButton label="Settle PnL" testid="settle" onPress={settle} blocked={settleBlocked} />
      </div>
      {reasons.map((reason) =>
        reason === null ? null : (
          <p class="blocked" key={reason} aria-hidden="true">
            {reason}
          </p>
        ),
      )}
    </>
  );
}

type Way = 'deposit' | 'withdraw';

function limitsOf(direction: Way, asset: Asset): FundsLimits {
  const account = stats.value?.account ?? null;
  if (account === null) return { mostBase: null, heldBase: null };
  const isSol = asset === BASE_ASSET;
  return direction === 'deposit'
    ? {
        mostBase: isSol ? account.max_deposit_sol_base : account.max_deposit_quote_base,
        heldBase: isSol ? account.wallet_sol_base : account.wallet_quote_base,
      }
    : {
        mostBase: isSol ? account.max_withdraw_sol_base : account.max_withdraw_quote_base,
        heldBase: isSol ? account.spot_sol_base : account.spot_quote_base,
      };
}

/** Rounded down: more than this is not there. Max fills in the whole of it. */
function availableText(most: bigint, asset: Asset): string {
  const [decimals, shown] = [assetDecimals(asset), asset === BASE_ASSET ? 4 : 2];
  const base = floorToStep(most, 10n ** BigInt(decimals - shown));
  return `${plain(Number(base) / 10 ** decimals, shown)} ${asset}`;
}

function fundsHint(direction: Way, asset: Asset, { mostBase: most, heldBase: held }: FundsLimits): string {
  if (most === null) return 'Available amount unknown';
  const amount = availableText(most, asset);
  if (direction === 'deposit') {
    const kept = asset === BASE_ASSET && held !== null && most < held;
    return `Available: ${amount}${kept ? '. The rest stays in the wallet to pay for transactions' : ''}`;
  }
  const heldBack = held !== null && most < held ? (stats.value?.account?.held_back ?? null) : null;
  return `Available: ${amount}${heldBack === null ? '' : `. ${heldBack}`}`;
}

function FundsForm() {
  const [direction, setDirection] = useState<Way>('deposit');
  const [chosen, setChosen] = useState<'base' | 'quote'>('base');
  const quote = stats.value?.account?.quote_asset ?? null;
  const asset: Asset = chosen === 'quote' && quote !== null ? quote : BASE_ASSET;
  const [amount, setAmount] = useState('');
  const limits = limitsOf(direction, asset);
  const { mostBase: most } = limits;
  const checked =
    direction === 'deposit' ? checkDeposit(amount, asset, limits) : checkWithdrawal(amount, asset, limits);
  const action = direction === 'deposit' ? 'DRIFT_DEPOSIT' : 'DRIFT_WITHDRAW';
  const data = { amount: checked.ok ? checked.text : '', asset };
  const forecast = useForecast(checked.ok ? { action, data } : null);
  const refused = blockedBy(direction, availability.value) ?? refusedBy(forecast);
  const verb = direction === 'deposit' ? 'Deposit' : 'Withdraw';
  const submit = (event: Event): void => {
    event.preventDefault();
    if (!checked.ok || refused !== null) return;
    if (sendCommand(action, data) !== null) setAmount('');
  };
  return (
    <form class="form" onSubmit={submit} aria-labelledby="funds-title" data-testid="funds-form" noValidate>
      <h3 id="funds-title">Funds</h3>
      <div class="choices">
        <Choice
          name="funds-direction"
          legend="Deposit or withdraw"
          value={direction}
          onChange={setDirection}
          options={[
            { value: 'deposit', label: 'Deposit', testid: 'funds-deposit' },
            { value: 'withdraw', label: 'Withdraw', testid: 'funds-withdraw' },
          ]}
        />
        <Choice
          name="funds-asset"
          legend="Asset"
          value={asset === BASE_ASSET ? 'base' : 'quote'}
          onChange={setChosen}
          options={[
            { value: 'base', label: BASE_ASSET, testid: 'funds-sol' },
            ...(quote === null
              ? []
              : [{ value: 'quote' as const, label: quote, testid: `funds-${quote.toLowerCase()}` }]),
          ]}
        />
      </div>
      <AmountField
        id="funds-amount"
        label="Amount"
        unit={asset}
        value={amount}
        onInput={setAmount}
        checked={checked}
        shortcuts={
          most === null || most === 0n ? [] : [{ label: 'Max', value: baseToText(most, assetDecimals(asset)) }]
        }
        hint={fundsHint(direction, asset, limits)}
      />
      <BeforeAfter forecast={forecast} testid="funds-preview" />
      <div class="button-row">
        <ActionButton
          label={checked.ok ? `${verb} ${checked.text} ${asset}` : verb}
          testid="funds-submit"
          kind="primary"
          type="submit"
          onPress={() => undefined}
          blocked={refused ?? (checked.ok ? null : checked.reason)}
        />
      </div>
      <Blocked reason={refused} id="funds-blocked" />
    </form>
  );
}

function EngineControls() {
  const engine = stats.value?.engine ?? null;
  const [chosen, setChosen] = useState<Mode | null>(null);
  const mode = chosen ?? engine?.mode ?? 'paper';
  const view = availability.value;
  const blocked = startBlocked(mode, view);
  const hasPosition = stats.value?.drift_state.positions?.some((position) => position.amount !== 0) ?? null;
  const start = (): void => {
    if (mode === 'paper') {
      sendCommand('START_ENGINE', { mode });
      return;
    }
    question.value = {
      title: 'Start with real money?',
      lines: [
        'In live mode the engine trades your account on Solana with real money, within the permissions in its settings.',
      ],
      confirmLabel: 'Start live',
      danger: true,
      action: 'START_ENGINE',
      data: { mode },
    };
  };
  const stop = (): void => {
    if (hasPosition === false) {
      sendCommand('STOP_ENGINE', {});
      return;
    }
    question.value = {
      title: 'Stop automatic trading?',
      lines: [
        hasPosition === null ? 'It is not known whether a position is open.' : 'The open position stays open.',
        'While stopped, the engine does not rebalance or guard against liquidation. It still watches and alerts, and you can still close.',
      ],
      confirmLabel: 'Stop engine',
      danger: false,
      action: 'STOP_ENGINE',
      data: {},
    };
  };
  return (
    <section class="form" aria-labelledby="engine-title" id="engine-controls">
      <h3 id="engine-title">Engine</h3>
      <Choice
        name="engine-mode"
        legend="Mode"
        value={mode}
        onChange={setChosen}
        options={[
          { value: 'paper', label: 'Paper', testid: 'engine-mode-paper' },
          { value: 'live', label: 'Live', testid: 'engine-mode-live' },
        ]}
      />
      <div class="button-row">
        <ActionButton label="Start" testid="engine-start" kind="primary" onPress={start} blocked={blocked} />
        <ActionButton label="Stop" testid="engine-stop" onPress={stop} blocked={blockedBy('stop', view)} />
        <ActionButton
          label="Resume"
          testid="engine-resume"
          onPress={() => sendCommand('RESUME', {})}
          blocked={blockedBy('resume', view)}
        />
      </div>
      <Blocked reason={mode === engine?.mode ? null : blocked} id="engine-blocked" />
    </section>
  );
}
