/** Nothing, or the one thing to do with its button; whatever else stands in the way is listed below it. */
import { toneOf, usdFine } from '../format/number.ts';
import { age, countdown } from '../format/time.ts';
import { alertConditions, isStanding } from '../state/alert-list.ts';
import { type Attention, attentions, type Remedy } from '../state/attention.ts';
import { blockedBy } from '../state/availability.ts';
import { carryFigures } from '../state/carry.ts';
import { sendCommand } from '../state/commands.ts';
import { alerts, availability, connected, nowMs, reconnectNow, sinceStatsMs, stale, stats } from '../state/store.ts';
import { Answer, AnswerLine, type AnswerTone } from './answer.tsx';
import { ActionButton, Badge } from './parts.tsx';
import { askClose, marketName } from './way-out.tsx';

const TONES: Readonly<Record<Attention['tone'], AnswerTone>> = { bad: 'bad', warn: 'warn', wait: 'info' };

export function AttentionCard() {
  const [first, ...others] = attentions({
    now: stats.value,
    connected: connected.value,
    stale: stale.value,
    pays: carryFigures.value?.holding === true ? carryFigures.value.pays : null,
  });
  if (first === undefined) {
    return (
      <Answer id="attention" question="Attention" tone="good" words="Nothing to do" testid="attention-words">
        <p class="answer-detail" data-testid="no-holds">
          {quietWords()}
        </p>
        <Ahead />
      </Answer>
    );
  }
  return (
    <Answer id="attention" question="Attention" tone={TONES[first.tone]} words={first.title} testid="attention-words">
      <Reason entry={first} />
      {others.length === 0 ? null : (
        <ul class="attention-others" data-testid="holds">
          {others.map((entry) => (
            <li key={entry.key}>
              <strong>{entry.title}</strong>
              <Reason entry={entry} />
            </li>
          ))}
        </ul>
      )}
    </Answer>
  );
}

/** What the engine is doing while nobody has to do anything. */
function quietWords(): string {
  const engine = stats.value?.engine;
  if (engine?.operation != null) return `Running now: ${engine.operation.kind}, ${engine.operation.stage}.`;
  return engine?.decision?.message ?? 'No restrictions. The engine watches the account.';
}

/** What comes next without anybody doing anything. */
function Ahead() {
  const now = stats.value;
  const left = now?.market?.funding.next_period_in_ms ?? null;
  const accrued = now?.account?.accrued_funding ?? null;
  const isFlat = now?.account?.perp_sol === 0;
  const standing = alertConditions(alerts.value, now?.engine.unresolved ?? null).filter(isStanding).length;
  return (
    <dl class="answer-lines">
      <AnswerLine label="Next funding in" testid="ahead-funding">
        {countdown(left === null ? null : left - sinceStatsMs.value)}
      </AnswerLine>
      <AnswerLine label="Accrued for it" tone={isFlat ? 'zero' : toneOf(accrued)}>
        {isFlat ? 'No position' : usdFine(accrued, 'always')}
      </AnswerLine>
      <AnswerLine label="Active alerts">{standing === 0 ? 'None' : String(standing)}</AnswerLine>
    </dl>
  );
}

function Reason({ entry }: { readonly entry: Attention }) {
  return (
    <div data-testid={entry.key.split('/')[0]}>
      <p class="answer-detail">{entry.text}</p>
      <p class="attention-facts">
        {entry.permits === null ? null : (
          <Badge tone={entry.permits === 'nothing' ? 'bad' : 'warn'}>
            {entry.permits === 'nothing' ? 'close only' : 'reduce only'}
          </Badge>
        )}
        {entry.tone === 'wait' ? <span>Clears automatically</span> : null}
        {entry.since === null ? null : <span>for {age(nowMs.value - entry.since)}</span>}
      </p>
      {entry.remedies.length === 0 ? null : (
        <div class="button-row">
          {entry.remedies.map((remedy) => (
            <RemedyButton remedy={remedy} key={remedy.testid} />
          ))}
        </div>
      )}
    </div>
  );
}

function RemedyButton({ remedy }: { readonly remedy: Remedy }) {
  const view = availability.value;
  const { label, testid } = remedy;
  switch (remedy.kind) {
    case 'go':
      return (
        <a class="button button-primary" href={remedy.href} data-testid={testid}>
          {label}
        </a>
      );
    case 'reconnect':
      return <ActionButton label={label} testid={testid} kind="primary" onPress={reconnectNow} />;
    case 'close':
      return <ActionButton label={label} testid={testid} onPress={askClose} blocked={blockedBy('close', view)} />;
    case 'send':
      return (
        <ActionButton
          label={label}
          testid={testid}
          kind="primary"
          onPress={() =>
            sendCommand(
              remedy.action,
              remedy.action === 'ADOPT_POSITION' ? { market: remedy.market ?? marketName() } : {},
            )
          }
          blocked={blockedBy(remedy.control, view)}
        />
      );
  }
}
