/** Every trading restriction: its reason, how it clears, and the button if a person clears it. */
import type { HoldInfo } from '../../../src/protocol/engine.ts';
import { age } from '../format/time.ts';
import { blockedBy } from '../state/availability.ts';
import { spaced } from '../state/command-words.ts';
import { sendCommand } from '../state/commands.ts';
import { connected, nowMs, stats } from '../state/store.ts';
import { ActionButton, Badge } from './parts.tsx';
import { marketName } from './way-out.tsx';

export function Holds() {
  const holds = stats.value?.engine.holds ?? null;
  return (
    <div class="holds">
      <h3>Trading restrictions</h3>
      {holds === null ? (
        <p class="note is-unknown">unknown</p>
      ) : holds.length === 0 ? (
        <p class="note" data-testid="no-holds">
          No restrictions
        </p>
      ) : (
        <ul class="hold-list" data-testid="holds">
          {holds.map((hold) => (
            <Hold hold={hold} key={`${hold.code}/${hold.key ?? ''}`} />
          ))}
        </ul>
      )}
    </div>
  );
}

function Hold({ hold }: { readonly hold: HoldInfo }) {
  const byPerson = hold.cleared_by === 'person';
  return (
    <li class={`hold ${hold.permits === 'nothing' ? 'hold-halts' : 'hold-reduces'}`} data-testid={`hold-${hold.code}`}>
      <div class="hold-head">
        <strong>{spaced(hold.code)}</strong>
        <Badge tone={hold.permits === 'nothing' ? 'bad' : 'warn'}>
          {hold.permits === 'nothing' ? 'close only' : 'reduce only'}
        </Badge>
        <span class="note">{`for ${age(nowMs.value - hold.since)}`}</span>
      </div>
      <p>{hold.reason}</p>
      <div class="hold-foot">
        <span class="note">{byPerson ? 'Action needed:' : 'Clears automatically.'}</span>
        {byPerson ? <HoldButtons hold={hold} /> : null}
      </div>
    </li>
  );
}

function HoldButtons({ hold }: { readonly hold: HoldInfo }) {
  const view = {
    connected: connected.value,
    engine: stats.value?.engine ?? null,
    drift: stats.value?.drift_state ?? null,
  };
  if (hold.code === 'unresolved') {
    return (
      <a class="button button-plain" href="#unresolved" data-testid="hold-resolve">
        Go to the transaction
      </a>
    );
  }
  if (hold.code === 'stopped') {
    return (
      <a class="button button-plain" href="#engine-controls" data-testid="hold-start">
        Go to Start
      </a>
    );
  }
  return (
    <span class="button-row">
      {hold.code === 'foreign_trade' ? (
        <ActionButton
          label="Manage this position"
          testid="adopt-position"
          onPress={() => sendCommand('ADOPT_POSITION', { market: hold.key ?? marketName() })}
          blocked={blockedBy('adopt', view)}
        />
      ) : null}
      <ActionButton
        label="Resume"
        testid={`hold-resume-${hold.code}`}
        onPress={() => sendCommand('RESUME', {})}
        blocked={blockedBy('resume', view)}
      />
    </span>
  );
}
