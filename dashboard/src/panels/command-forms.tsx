/** The commands that a person can send. */
import { useState } from 'preact/hooks';
import { type Asset, BASE_ASSET } from '../../../src/domain/account/account.ts';
import { assetDecimals } from '../../../src/domain/account/spot-markets.ts';
import type { Mode } from '../../../src/domain/order/command.ts';
import type { Direction } from '../../../src/domain/order/operation-request.ts';
import { baseToText } from '../format/decimal.ts';
import { sol } from '../format/number.ts';
import { isOpen } from '../state/activity.ts';
import { type AvailabilityView, blockedBy } from '../state/availability.ts';
import { question, sendCommand } from '../state/commands.ts';
import { checkDeposit, checkSize, checkWithdrawal, type FundsLimits, shareOf } from '../state/form-rules.ts';
import { activities, connected, stats } from '../state/store.ts';
import { AmountField, Choice } from './amount-field.tsx';
import { ActionButton, Panel } from './parts.tsx';
import { marketName } from './way-out.tsx';

const availability = (): AvailabilityView => ({
  connected: connected.value,
  engine: stats.value?.engine ?? null,
  drift: stats.value?.drift_state ?? null,
  permissions: stats.value?.policy.permissions ?? null,
  forbids: stats.value?.market?.pauses.forbids ?? [],
});

export function CommandsPanel() {
  return (
    <Panel id="commands" title="Commands">
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

/** One press, one transaction: a second press waits for the answer to the first. */
const isSettling = (): boolean => activities.value.some((one) => one.action === 'SETTLE_PNL' && isOpen(one));

const SHARES = [25n, 50n, 100n] as const;

function OpenForm() {
  const [direction, setDirection] = useState<Direction>('short');
  const [size, setSize] = useState('');
  const market = stats.value?.market ?? null;
  const account = stats.value?.account ?? null;
  const checked = checkSize(size, {
    stepBase: market?.step_size_base ?? null,
    minimumBase: market?.minimum_size_base ?? null,
  });
  const refused = blockedBy('open', availability());
  const view = availability();
  const spot = account?.spot_sol_base ?? null;
  const shortcuts =
    spot === null
      ? []
      : SHARES.map((share) => ({ label: `${share} %`, value: shareOf(spot, share, market?.step_size_base ?? null) }));
  const submit = (event: Event): void => {
    event.preventDefault();
    if (!checked.ok || refused !== null) return;
    const sent = sendCommand('DRIFT_OPEN_POSITION', { market: marketName(), direction, size: checked.text });
    if (sent !== null) setSize('');
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
        shortcuts={shortcuts}
        hint={account?.spot_sol == null ? 'Spot unknown' : `Spot to hedge: ${sol(account.spot_sol)}`}
      />
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
      <div class="button-row">
        <ActionButton
          label="Rebalance"
          testid="rebalance"
          onPress={() => sendCommand('REBALANCE', {})}
          blocked={blockedBy('rebalance', view)}
        />
        <ActionButton
          label="Settle PnL"
          testid="settle"
          onPress={() => sendCommand('SETTLE_PNL', { market: marketName() })}
          blocked={isSettling() ? 'A settle is under way.' : blockedBy('settle', view)}
        />
      </div>
      <Blocked reason={refused} id="open-blocked" />
    </form>
  );
}

type Way = 'deposit' | 'withdraw';

function limitsOf(direction: Way, asset: Asset): FundsLimits {
  const account = stats.value?.account ?? null;
  if (account === null) return { mostBase: null, heldBase: null };
  const sol = asset === BASE_ASSET;
  return direction === 'deposit'
    ? {
        mostBase: sol ? account.max_deposit_sol_base : account.max_deposit_quote_base,
        heldBase: sol ? account.wallet_sol_base : account.wallet_quote_base,
      }
    : {
        mostBase: sol ? account.max_withdraw_sol_base : account.max_withdraw_quote_base,
        heldBase: sol ? account.spot_sol_base : account.spot_quote_base,
      };
}

function fundsHint(direction: Way, asset: Asset, { mostBase: most, heldBase: held }: FundsLimits): string {
  if (most === null) return 'Available amount unknown';
  const amount = `${baseToText(most, assetDecimals(asset))} ${asset}`;
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
  const refused = blockedBy(direction, availability());
  const verb = direction === 'deposit' ? 'Deposit' : 'Withdraw';
  const submit = (event: Event): void => {
    event.preventDefault();
    if (!checked.ok || refused !== null) return;
    const action = direction === 'deposit' ? 'DRIFT_DEPOSIT' : 'DRIFT_WITHDRAW';
    if (sendCommand(action, { amount: checked.text, asset }) !== null) setAmount('');
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
  const view = availability();
  const startBlocked = blockedBy('start', view);
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
        <ActionButton label="Start" testid="engine-start" kind="primary" onPress={start} blocked={startBlocked} />
        <ActionButton label="Stop" testid="engine-stop" onPress={stop} blocked={blockedBy('stop', view)} />
        <ActionButton
          label="Resume"
          testid="engine-resume"
          onPress={() => sendCommand('RESUME', {})}
          blocked={blockedBy('resume', view)}
        />
      </div>
    </section>
  );
}
