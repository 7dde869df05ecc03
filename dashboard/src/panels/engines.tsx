/** All engines of this data folder with their totals, and the last figures of one that another process serves. */
import { signal } from '@preact/signals';
import { useEffect } from 'preact/hooks';
import type * as z from '../../../src/lib/codec.ts';
import { Engines } from '../../../src/protocol/api.ts';
import { shortId, sol, UNKNOWN, usd } from '../format/number.ts';
import { dateTime, timeZone } from '../format/time.ts';
import { spaced } from '../state/command-words.ts';
import { type EngineRow, type EngineTotals, engineTotals } from '../state/engine-totals.ts';
import { poll } from '../state/polled.ts';
import { pathOf } from '../state/route.ts';
import { Badge, type BadgeTone, Figure, Identifier, Panel } from './parts.tsx';

const EVERY_MS = 5_000;
const engines = signal<z.output<typeof Engines> | null>(null);

function useEngines(): readonly EngineRow[] | null {
  useEffect(() => poll('/api/engines', Engines, engines, EVERY_MS), []);
  return engines.value?.items ?? null;
}

/** As ENGINES_FILE calls it, else `Paper · synthetic:7`, `Velocity · 7xKX…s4Ae/0`. */
function nameOf(row: EngineRow): string {
  if (row.name !== null) return row.name;
  if (row.authority === null) return `Paper · ${row.feed}`;
  const venue = row.venue.charAt(0).toUpperCase() + row.venue.slice(1);
  return `${venue} · ${shortId(row.authority, 4, 4)}/${row.sub_account}`;
}

const TRADING: Readonly<Record<string, BadgeTone>> = { active: 'good', reducing: 'warn', halted: 'bad' };

export function EnginesPage() {
  const rows = useEngines();
  return (
    <Panel id="engines" title="Engines">
      {rows === null ? <p class="note">Reading the engines…</p> : <Totals rows={rows} />}
      <div class="table-scroll">
        <table class="table table-cards" data-testid="engines">
          <thead>
            <tr>
              <th scope="col">Engine</th>
              <th scope="col" class="is-text">
                State
              </th>
              <th scope="col">Equity</th>
              <th scope="col">Health</th>
              <th scope="col">Position</th>
              <th scope="col">Net</th>
              <th scope="col">Read</th>
            </tr>
          </thead>
          <tbody>
            {rows?.map((row) => (
              <Row row={row} key={row.engine_id} />
            ))}
            {rows?.length === 0 ? (
              <tr class="empty-row">
                <td colSpan={7}>No engine has run in this data folder yet.</td>
              </tr>
            ) : null}
          </tbody>
        </table>
      </div>
    </Panel>
  );
}

function Totals({ rows }: { readonly rows: readonly EngineRow[] }) {
  return (
    <div class="totals">
      {engineTotals(rows).map((total) => (
        <Total total={total} key={total.mode} />
      ))}
    </div>
  );
}

function Total({ total }: { readonly total: EngineTotals }) {
  return (
    <section class="box" aria-label={total.mode === 'live' ? 'Real money' : 'Paper'}>
      <h3>{total.mode === 'live' ? 'Real money' : 'Paper, no real money'}</h3>
      <dl class="figures figures-4">
        <Figure label="Engines" value={String(total.engines)} />
        <Figure label="Equity" value={usd(total.equity)} large testid={`total-equity-${total.mode}`} />
        <Figure label="Net delta" value={sol(total.netDelta, 'always')} />
        <Figure label="Need attention" value={String(total.waiting)} />
      </dl>
    </section>
  );
}

function Row({ row }: { readonly row: EngineRow }) {
  return (
    <tr data-testid="engine-row" data-engine-id={row.engine_id}>
      <th scope="row">
        <a href={pathOf(row.engine_id)}>{nameOf(row)}</a>
        {row.current ? <span class="side">this page</span> : row.served ? null : <span class="side">not here</span>}
      </th>
      <td data-label="State" class="is-text">
        <Badge tone={row.state === 'running' ? (TRADING[row.trading_state] ?? 'quiet') : 'quiet'}>
          {row.state === 'running' ? row.trading_state : row.state}
        </Badge>
      </td>
      <td data-label="Equity">{usd(row.equity)}</td>
      <td data-label="Health">{row.health === null ? UNKNOWN : row.health.toFixed(0)}</td>
      <td data-label="Position">{sol(row.perp_sol, 'always')}</td>
      <td data-label="Net">{sol(row.net_delta, 'always')}</td>
      <td data-label="Read">{row.as_of === null ? 'never' : dateTime(row.as_of)}</td>
    </tr>
  );
}

/** An engine that this process does not serve: what was last written of it, and where to go. */
export function OtherEngine({ engineId }: { readonly engineId: string }) {
  const rows = useEngines();
  const row = rows?.find((other) => other.engine_id === engineId) ?? null;
  if (row === null) {
    return (
      <Panel id="engine" title="Engine">
        <p>{rows === null ? 'Reading the engines…' : 'This data folder knows no engine of that name.'}</p>
        <p>
          <a href="/engines">All engines</a>
        </p>
      </Panel>
    );
  }
  const restrictions = [...row.holds.map(spaced), ...row.unresolved.map((id) => `unresolved ${shortId(id)}`)];
  return (
    <Panel id="engine" title={nameOf(row)} aside={<Identifier name="engine" id={row.engine_id} />}>
      <p class="notice notice-info">
        Another process serves this engine, or none does. These are the figures that it wrote last
        {row.as_of === null ? '' : `, at ${dateTime(row.as_of)} ${timeZone(row.as_of)}`}. To command it, open its own
        page.
      </p>
      <dl class="figures figures-4 margin">
        <Figure label="Equity" value={usd(row.equity)} large />
        <Figure label="Health" value={row.health === null ? UNKNOWN : row.health.toFixed(1)} large />
        <Figure label="Position" value={sol(row.perp_sol, 'always')} large />
        <Figure label="Net delta" value={sol(row.net_delta, 'always')} large />
        <Figure label="Engine" value={row.state} hint={row.reason === '' ? undefined : row.reason} />
        <Figure label="Trading" value={row.trading_state} />
        <Figure label="Restrictions" value={restrictions.length === 0 ? 'None' : restrictions.join(', ')} />
        <Figure label="Feed" value={row.feed} />
      </dl>
      <p>
        <a href="/engines">All engines</a>
      </p>
    </Panel>
  );
}
