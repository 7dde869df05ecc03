/** What the account has earned, by source, with lines that visibly add up; and what is accruing. */

import type { EquitySource } from '../../../src/domain/account/snapshot.ts';
import { EQUITY_SOURCES } from '../../../src/domain/figures/equity-sources.ts';
import type { AccountInfo } from '../../../src/protocol/account.ts';
import type { State } from '../../../src/protocol/state.ts';
import { microUsdText } from '../format/micro-usd.ts';
import { ratio, toneOf, UNKNOWN, usd, usdFine } from '../format/number.ts';
import { age, countdown, dateTime, days, dayTime } from '../format/time.ts';
import { sumOf } from '../state/source-sum.ts';
import { payments, sinceStatsMs, stats } from '../state/store.ts';
import { Figure, Panel } from './parts.tsx';

const SOURCE_WORDS: Readonly<Record<EquitySource, readonly [string, string]>> = {
  price: ['Price', 'change of the oracle price times SOL held plus perp'],
  basis: ['Basis', 'difference between mark and oracle at each fill'],
  slippage: ['Slippage', 'difference between fill price and mark'],
  funding: ['Funding', 'received from the perp market; negative when paid'],
  interest: ['Interest', 'lend interest received minus borrow interest paid'],
  fees: ['Fees', 'trading fees paid to the venue'],
  gas: ['Gas', 'network fees, tips and rent'],
  transfers: ['Transfers', 'money that moved between the account or its wallet and elsewhere'],
  external: ['External', 'trades made outside Driftless, and liquidations'],
  unexplained: ['Unexplained', 'changes that none of the sources above explains'],
};

/** `counted in USDT at $0.9996: worth $1,499.40`. The books count in the quote asset, which need not be worth a dollar. */
function quoteHint(account: AccountInfo | null): string | undefined {
  if (account === null || account.quote_asset === null) return undefined;
  const at = `${account.quote_asset} at ${usd(account.quote_price, 'negative', 4)}`;
  return account.quote_price === 1 ? at : `counted in ${at}: worth ${usd(account.equity_usd)}`;
}

export function EarningsPanel() {
  const account = stats.value?.account ?? null;
  const funding = account?.funding_received ?? null;
  return (
    <Panel id="earnings" title="Earnings">
      <dl class="figures figures-4 earnings-top">
        <Figure
          label="Net funding"
          value={usdFine(funding, 'always')}
          tone={toneOf(funding)}
          testid="funding-received"
          large
        />
        <Figure label="Equity" value={usd(account?.equity)} hint={quoteHint(account)} testid="equity" large />
        <Figure label="Settled PnL" value={usd(account?.settled_pnl, 'always')} tone={toneOf(account?.settled_pnl)} />
        <Figure
          label="Unsettled PnL"
          value={usd(account?.unsettled_pnl, 'always')}
          tone={toneOf(account?.unsettled_pnl)}
        />
      </dl>
      <div class="earnings-grid">
        <Sources now={stats.value} />
        <div class="earnings-side">
          <Accruing now={stats.value} />
          <Payments />
        </div>
      </div>
    </Panel>
  );
}

function Sources({ now }: { readonly now: State | null }) {
  const sources = now?.account?.sources_base ?? null;
  const sum = sumOf(sources);
  const change = now?.account?.equity_change_base ?? null;
  const difference = sum === null || change === null ? null : change - sum;
  const largest = EQUITY_SOURCES.reduce((most, source) => Math.max(most, Math.abs(Number(sources?.[source] ?? 0n))), 0);
  return (
    <table class="sources" data-testid="pnl-sources">
      <caption>Change in equity since the account started, by source</caption>
      <tbody>
        {EQUITY_SOURCES.map((source) => (
          <tr key={source} data-testid={`source-${source}`}>
            <th scope="row" title={SOURCE_WORDS[source][1]}>
              {SOURCE_WORDS[source][0]}
            </th>
            <td class="source-bar" aria-hidden="true">
              <SourceBar value={Number(sources?.[source] ?? 0n)} largest={largest} />
            </td>
            <td class="source-amount">
              <Micro value={sources?.[source] ?? null} />
            </td>
          </tr>
        ))}
      </tbody>
      <tfoot>
        <tr data-testid="source-sum">
          <th scope="row">Sum of sources</th>
          <td />
          <td class="source-amount">
            <Micro value={sum} />
          </td>
        </tr>
        <tr
          data-testid="equity-change"
          data-adds-up={difference === null ? 'unknown' : difference === 0n ? 'true' : 'false'}
        >
          <th scope="row">Change in equity</th>
          <td class="source-check">
            {difference === null
              ? ''
              : difference === 0n
                ? 'adds up'
                : `off by ${microUsdText(difference, 6, 'always')}`}
          </td>
          <td class="source-amount">
            <Micro value={change} />
          </td>
        </tr>
      </tfoot>
    </table>
  );
}

function SourceBar({ value, largest }: { readonly value: number; readonly largest: number }) {
  const width = largest === 0 ? 0 : (Math.abs(value) / largest) * 50;
  return (
    <svg viewBox="0 0 100 8" preserveAspectRatio="none" aria-hidden="true">
      <rect
        class={value < 0 ? 'bar-loss' : 'bar-gain'}
        x={value < 0 ? 50 - width : 50}
        y="1"
        width={width}
        height="6"
      />
      <line class="balance-axis" x1="50" x2="50" y1="0" y2="8" />
    </svg>
  );
}

/** Cents at full size, four more places small: the lines add up to the last digit and are still easy to read. */
function Micro({ value }: { readonly value: bigint | null }) {
  if (value === null) return <span class="is-unknown">{UNKNOWN}</span>;
  const text = microUsdText(value, 6, 'always');
  return (
    <span class={`tone-${value > 0n ? 'gain' : value < 0n ? 'loss' : 'zero'}`}>
      {text.slice(0, -4)}
      <small class="cents-rest">{text.slice(-4)}</small>
    </span>
  );
}

function Accruing({ now }: { readonly now: State | null }) {
  const account = now?.account ?? null;
  const market = now?.market ?? null;
  const left = market?.funding.next_period_in_ms ?? null;
  return (
    <section class="box" aria-labelledby="accruing-title">
      <h3 id="accruing-title">Accruing</h3>
      <dl class="figures figures-2">
        <Figure
          label="Estimated funding"
          value={usdFine(account?.accrued_funding, 'always')}
          tone={toneOf(account?.accrued_funding)}
          testid="accrued-funding"
        />
        <Figure
          label="Next payment in"
          value={countdown(left === null ? null : left - sinceStatsMs.value)}
          hint={market?.funding.period_ms == null ? undefined : `every ${age(market.funding.period_ms)} of market time`}
          testid="next-period"
        />
        <Figure
          label="Last rate"
          value={ratio(market?.funding.last_rate, 5, 'always')}
          hint={
            market?.funding.trailing_mean_rate == null
              ? undefined
              : `mean ${ratio(market.funding.trailing_mean_rate, 5, 'always')}`
          }
          testid="funding-rate"
        />
        <Figure
          label="Per day"
          value={usdFine(account?.earns_per_day, 'always')}
          hint="funding minus borrow interest"
          tone={toneOf(account?.earns_per_day)}
        />
        <Figure label="Costs paid" value={usd(account?.costs_paid)} hint="fees, slippage and gas" testid="costs-paid" />
        <Figure
          label="Break-even in"
          value={breakEven(account)}
          hint={account?.break_even_note ?? undefined}
          testid="break-even"
        />
      </dl>
    </section>
  );
}

/** Zero days means reached, unless nothing was ever paid; a note without a number means never at today's rate. */
function breakEven(account: AccountInfo | null): string {
  if (account === null) return UNKNOWN;
  if (account.break_even_days === 0) return account.costs_paid === 0 ? 'No costs yet' : 'Reached';
  if (account.break_even_days === null && account.break_even_note !== null) return 'Not at current rates';
  return days(account.break_even_days);
}

function Payments() {
  const recent = payments.value;
  return (
    <section class="box" aria-labelledby="payments-title">
      <h3 id="payments-title">Recent funding payments (market time)</h3>
      {recent.length === 0 ? (
        <p class="note" data-testid="payments-empty">
          No payments yet. Funding is paid at the end of each period while a position is open.
        </p>
      ) : (
        <ul class="payments" data-testid="funding-payments">
          {recent.slice(0, 6).map((payment) => (
            <li key={`${payment.market}/${payment.period_ts}`}>
              <time title={dateTime(payment.period_ts)}>{dayTime(payment.period_ts)}</time>
              <span>{ratio(payment.rate, 5, 'always')}</span>
              <span class={`tone-${toneOf(payment.amount)}`}>{usd(payment.amount, 'always', 4)}</span>
            </li>
          ))}
        </ul>
      )}
    </section>
  );
}
