/** What the account and its wallet hold, asset by asset, and where to look it up. */
import { signal } from '@preact/signals';
import { useEffect } from 'preact/hooks';
import type * as z from '../../../src/lib/codec.ts';
import { Balances } from '../../../src/protocol/api.ts';
import { percent, plain, ratio, UNKNOWN, usd } from '../format/number.ts';
import { carryFigures } from '../state/carry.ts';
import { poll } from '../state/polled.ts';
import { Identifier, Panel } from './parts.tsx';

const EVERY_MS = 10_000;
type BalancesShown = z.output<typeof Balances>;
const balances = signal<BalancesShown | null>(null);

/** SOL to four places, dollars to two. */
const tokens = (asset: string, value: number | null): string => plain(value, asset === 'SOL' ? 4 : 2);

export function BalancesPanel() {
  useEffect(() => poll('/api/balances', Balances, balances, EVERY_MS), []);
  const shown = balances.value;
  const advice = carryFigures.value?.advice ?? null;
  return (
    <Panel id="balances" title="Balances" aside={shown === null ? undefined : <Address account={shown.account} />}>
      <div class="table-scroll">
        <table class="table table-cards" data-testid="balances">
          <thead>
            <tr>
              <th scope="col">Asset</th>
              <th scope="col">Deposited</th>
              <th scope="col">Borrowed</th>
              <th scope="col">Wallet</th>
              <th scope="col">USD</th>
              <th scope="col">Weight</th>
              <th scope="col">Interest</th>
            </tr>
          </thead>
          <tbody>
            {shown?.items.map((item) => (
              <tr key={item.asset} data-testid={`balance-${item.asset}`}>
                <th scope="row">{item.asset}</th>
                <Cell label="Deposited" text={tokens(item.asset, item.deposited)} />
                <Cell label="Borrowed" text={tokens(item.asset, item.borrowed)} />
                <Cell label="Wallet" text={tokens(item.asset, item.wallet)} />
                <Cell label="USD" text={usd(item.usd)} />
                <Cell label="Weight" text={ratio(item.weight, 0)} />
                <Cell label="Interest" text={item.apr === null ? UNKNOWN : `${percent(item.apr, 2, 'always')} APR`} />
              </tr>
            ))}
            {shown !== null && shown.items.length > 0 ? null : (
              <tr class="empty-row">
                <td colSpan={7}>Balances unknown. The account has not been read yet.</td>
              </tr>
            )}
          </tbody>
        </table>
      </div>
      {advice === null ? null : (
        <p class="note" data-testid="balances-advice">
          {advice.text}
        </p>
      )}
    </Panel>
  );
}

function Cell({ label, text }: { readonly label: string; readonly text: string }) {
  return (
    <td class={text === UNKNOWN ? 'is-unknown' : ''} data-label={label}>
      {text}
    </td>
  );
}

function Address({ account }: { readonly account: BalancesShown['account'] }) {
  const { authority, address, sub_account: subAccount, explorer_url: href, venue } = account;
  if (authority === null) return <span class="note">Paper account, on no chain</span>;
  return (
    <span class="addresses" data-testid="account-address">
      <Identifier name="wallet" id={authority} />
      {address === null ? null : <Identifier name={`${venue} account ${subAccount}`} id={address} href={href} />}
    </span>
  );
}
