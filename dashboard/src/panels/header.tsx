/** Connection, engine, price source, age of the figures, and the exits. */

import { SOL_DECIMALS } from '../../../src/domain/money/amounts.ts';
import { baseToText } from '../format/decimal.ts';
import { usd } from '../format/number.ts';
import { age, dateTime, timeZone } from '../format/time.ts';
import { feedOf } from '../state/feed.ts';
import {
  access,
  connected,
  connection,
  figuresAgeMs,
  nowMs,
  otherVersion,
  reconnectNow,
  stale,
  stats,
  unauthorized,
} from '../state/store.ts';
import { Badge, type BadgeTone, ExternalLink } from './parts.tsx';
import { WayOut } from './way-out.tsx';

export function Header() {
  const engine = stats.value?.engine ?? null;
  const mode = engine?.mode ?? null;
  return (
    <header class={`top mode-${mode ?? 'unknown'}${connected.value ? '' : ' is-cut-off'}`} data-testid="header">
      <div class="top-line">
        <h1>
          <a class="brand" href="/">
            <svg viewBox="0 0 32 32" aria-hidden="true">
              <path d="M5 11h22M5 21h22" />
              <circle cx="16" cy="16" r="3.4" />
            </svg>
            Driftless
          </a>
        </h1>
        <span class={`mode mode-badge-${mode ?? 'unknown'}`} data-testid="mode">
          {mode === null ? 'MODE ?' : mode.toUpperCase()}
          <span class="mode-words">
            {mode === 'live' && feedOf(stats.value).synthetic === true
              ? 'local chain, no real money'
              : MODE_WORDS[mode ?? 'unknown']}
          </span>
        </span>
        <div class="badges">
          {mode === 'live' || access.value === 'read' ? <Permissions /> : null}
          <Badge tone={ENGINE_TONE[engine?.state ?? 'unknown'] ?? 'quiet'} testid="engine-state">
            Engine {engine?.state ?? 'unknown'}
          </Badge>
          <Badge tone={TRADING_TONE[engine?.trading_state ?? 'unknown'] ?? 'quiet'} testid="trading-state">
            Trading {engine?.trading_state ?? 'unknown'}
          </Badge>
        </div>
        <div class="top-end">
          <Age />
          <ConnectionPill />
          <a href="/engines" data-testid="engines-link">
            Engines
          </a>
          {stats.value?.links.temporal_url == null ? null : (
            <ExternalLink href={stats.value.links.temporal_url} testid="temporal-link">
              Temporal
            </ExternalLink>
          )}
        </div>
      </div>
      <div class="feed-line">
        <Feed />
        <WayOut foot={<FootLine />} />
      </div>
    </header>
  );
}

const MODE_WORDS = { paper: 'no real money', live: 'real money', unknown: 'mode unknown' } as const;
const ENGINE_TONE: Readonly<Record<string, BadgeTone>> = { running: 'good', stopping: 'warn', stopped: 'bad' };
const TRADING_TONE: Readonly<Record<string, BadgeTone>> = { active: 'good', reducing: 'warn', halted: 'bad' };

const MAY: Readonly<Record<string, string>> = {
  'read-only': 'Read-only',
  capital: 'Capital only',
  trading: 'Trading enabled',
};

function Permissions() {
  const permissions = stats.value?.policy.permissions ?? null;
  if (access.value === 'read') {
    return (
      <Badge tone="info" testid="permissions">
        View only
      </Badge>
    );
  }
  return (
    <Badge tone={permissions === 'trading' ? 'warn' : 'info'} testid="permissions">
      {permissions === null ? 'Permissions unknown' : (MAY[permissions] ?? permissions)}
    </Badge>
  );
}

/** What the venue refuses now, and a hint if there are no funds to trade with yet. */
export function VenueNotice() {
  const { forbids = [], detail = null } = stats.value?.market?.pauses ?? {};
  const noAccount = stats.value?.engine.mode === 'live' && stats.value.account?.exists === false;
  const cost = stats.value?.account?.opening_cost_base ?? null;
  const openingCost = cost === null ? 'a fee that is not known yet' : `${baseToText(cost, SOL_DECIMALS)} SOL`;
  return (
    <>
      {forbids.length === 0 && detail === null ? null : (
        <div class="notice notice-warn" role="alert" data-testid="venue-pauses">
          <p>{detail ?? 'The venue has paused some operations.'}</p>
          {forbids.length === 0 ? null : <p>Unavailable now: {forbids.join(', ')}.</p>}
        </div>
      )}
      {noAccount ? (
        <p class="notice notice-info" data-testid="no-account">
          This wallet has no account at the venue yet. The first deposit opens one, for a one-time cost of {openingCost}{' '}
          on top of the amount.
        </p>
      ) : null}
    </>
  );
}

function Feed() {
  const market = stats.value?.market ?? null;
  const { id: feed, synthetic } = feedOf(stats.value);
  const kind =
    synthetic === true ? 'synthetic' : feed?.startsWith('replay') ? 'replay' : feed === null ? 'unknown' : 'real';
  const speed = market?.speed ?? null;
  return (
    <div class={`feed feed-${kind}`} data-testid="feed">
      <strong>{FEED_WORDS[kind]}</strong>
      <span class="feed-id">{feed ?? 'feed unknown'}</span>
      {speed !== null && speed !== 1 ? <span>{speed === 'max' ? 'Max speed' : `${speed}× speed`}</span> : null}
      {market?.market_time != null && (speed !== 1 || kind === 'replay') ? (
        <span data-testid="market-time">
          market time {dateTime(market.market_time)} {timeZone(market.market_time)}
        </span>
      ) : null}
      {market?.row != null && market.rows != null ? (
        <span>
          row {market.row} of {market.rows}
        </span>
      ) : null}
      {market?.ended === true ? <Badge tone="warn">data ended</Badge> : null}
      <span class="feed-price" data-testid="oracle-price">
        SOL {usd(market?.oracle_price)}
        {market?.oracle_valid === false ? <Badge tone="bad">oracle invalid</Badge> : null}
      </span>
    </div>
  );
}

const FEED_WORDS = {
  synthetic: 'Synthetic prices (made up)',
  replay: 'Replayed prices (historical)',
  real: 'Live prices',
  unknown: 'Price source unknown',
} as const;

function ageWords(): string {
  const ms = figuresAgeMs.value;
  if (ms === null) return 'not read yet';
  return `${ms < FRESH_MS ? 'now' : `${age(ms)} old`}${stale.value ? ' · stale' : ''}`;
}

/** Figures come every second, from a snapshot that may be as old as a poll interval. */
const FRESH_MS = 1_500;

function Age() {
  return (
    <span
      class={`age ${stale.value ? 'age-stale' : ''}`}
      data-testid="figures-age"
      data-stale={stale.value ? 'true' : 'false'}
    >
      <span class="age-label">Figures</span> {ageWords()}
    </span>
  );
}

function connectionWords(): string {
  const state = connection.value;
  if (state.kind === 'open') return 'Connected';
  if (state.kind === 'connecting') return state.failures === 0 ? 'Connecting…' : 'Reconnecting…';
  return `Reconnecting in ${Math.max(0, Math.ceil((state.retryAtMs - nowMs.value) / 1_000))} s`;
}

function ConnectionPill() {
  const { kind } = connection.value;
  return (
    <span class={`connection connection-${kind}`} data-testid="connection" data-state={kind}>
      <span class="dot" aria-hidden="true" />
      {connectionWords()}
      {kind === 'waiting' ? (
        <button type="button" class="link-button" onClick={reconnectNow} data-testid="reconnect-now">
          now
        </button>
      ) : null}
    </span>
  );
}

/** On a phone the header scrolls away; this line at the bottom keeps the essentials and the exits visible. */
function FootLine() {
  const mode = stats.value?.engine.mode ?? null;
  return (
    <p class="foot-line" aria-hidden="true">
      <span class={`mode mode-badge-${mode ?? 'unknown'}`}>{mode === null ? 'MODE ?' : mode.toUpperCase()}</span>
      <span class={`connection connection-${connection.value.kind}`}>
        <span class="dot" />
        {connectionWords()}
      </span>
      <span class={stale.value ? 'age-stale' : ''}>Figures {ageWords()}</span>
    </p>
  );
}

/** A bar across the page while its figures may be out of date. */
export function ConnectionNotice() {
  if (unauthorized.value) {
    return (
      <p class="notice notice-bad" role="alert" data-testid="unauthorized">
        This session is not authorized. Open the address that <code>npm start</code> printed; it contains the token.
      </p>
    );
  }
  if (otherVersion.value) {
    return (
      <p class="notice notice-warn" role="alert" data-testid="other-version">
        Driftless was upgraded, and this page is of the former version.{' '}
        <button type="button" class="link-button" onClick={() => location.reload()} data-testid="reload">
          Reload the page
        </button>
      </p>
    );
  }
  return null;
}
