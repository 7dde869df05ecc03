import { useEffect, useState } from 'preact/hooks';
import { alertTitle } from '../../../src/domain/alerts/alert-table.ts';
import type { AlertInfo } from '../../../src/protocol/alert.ts';
import { clock, dateTime } from '../format/time.ts';
import { acknowledge } from '../socket/acknowledge.ts';
import { type AlertCondition, alertConditions, isStanding } from '../state/alert-list.ts';
import { access, alerts, nowMs, readAlerts, stats } from '../state/store.ts';
import { NotifyButton } from './notify-button.tsx';
import { Badge, type BadgeTone, CopyButton, ExternalLink, Identifier, Panel } from './parts.tsx';

const TONE: Readonly<Record<AlertInfo['severity'], BadgeTone>> = { info: 'info', warning: 'warn', critical: 'bad' };
const DAY_MS = 86_400_000;
const READ_AGAIN_MS = 20_000;
/** Standing ones are always shown. */
const SHOWN_OVER = 5;

export function AlertsPanel() {
  const [all, setAll] = useState(false);
  const conditions = alertConditions(alerts.value, stats.value?.engine.unresolved ?? null);
  const standing = conditions.filter(isStanding).length;
  const stand = conditions.filter(({ overAt }) => overAt === null);
  const over = conditions.filter(({ overAt }) => overAt !== null);
  useEffect(() => {
    if (standing === 0) return undefined;
    const timer = setInterval(() => void readAlerts(), READ_AGAIN_MS);
    return () => clearInterval(timer);
  }, [standing === 0]);
  const shown = [...stand, ...(all ? over : over.slice(0, SHOWN_OVER))];
  return (
    <Panel
      id="alerts"
      title="Alerts"
      aside={standing === 0 ? <Badge tone="quiet">None active</Badge> : <Badge tone="warn">{standing} active</Badge>}
    >
      <NotifyButton />
      {shown.length === 0 ? (
        <p class="note">No alerts.</p>
      ) : (
        <ul class="alerts" data-testid="alerts">
          {shown.map((condition) => (
            <Alert condition={condition} key={condition.key} />
          ))}
        </ul>
      )}
      {over.length <= SHOWN_OVER ? null : (
        <button type="button" class="button button-quiet" data-testid="alerts-all" onClick={() => setAll(!all)}>
          {all ? 'Show fewer' : `Show all ${over.length} resolved`}
        </button>
      )}
    </Panel>
  );
}

const when = (ms: number): string => (nowMs.value - ms > DAY_MS ? dateTime(ms) : clock(ms));

function Alert({ condition }: { readonly condition: AlertCondition }) {
  const { alert, overAt, times } = condition;
  const over = overAt !== null;
  const tone = over ? 'quiet' : TONE[alert.severity];
  return (
    <li
      class={`item item-${tone} ${over ? 'item-over' : ''}`}
      data-testid="alert"
      data-code={alert.code}
      data-kind={over ? 'recovered' : 'alert'}
    >
      <div class="item-head">
        <strong title={alert.code}>{alertTitle(alert.code)}</strong>
        <Badge tone={tone}>{over ? 'resolved' : alert.severity}</Badge>
      </div>
      <p class="item-message">{alert.message}</p>
      {alert.action === '' || over ? null : <p class="remedy">{alert.action}</p>}
      {alert.signal_command === undefined || over ? null : (
        <p class="remedy">
          From a terminal: <code data-testid="signal-command">{alert.signal_command}</code>{' '}
          <CopyButton what="command" text={alert.signal_command} />
        </p>
      )}
      {over ? null : <Reception alert={alert} />}
      <div class="item-foot">
        {alert.signature == null ? null : <Identifier name="signature" id={alert.signature} />}
        {alert.explorer_url == null ? null : <ExternalLink href={alert.explorer_url}>Explorer</ExternalLink>}
        {alert.temporal_url == null ? null : <ExternalLink href={alert.temporal_url}>Temporal</ExternalLink>}
        <time>{when(alert.ts)}</time>
        {times > 1 ? <span>{times} times</span> : null}
        {over && overAt !== alert.ts ? <span>resolved {when(overAt)}</span> : null}
      </div>
    </li>
  );
}

/** Who has taken it, and whether a person has seen it: then it is not sent to their messengers again. */
function Reception({ alert }: { readonly alert: AlertInfo }) {
  const { id, severity, acknowledged_at: seenAt, deliveries = [] } = alert;
  const [failed, setFailed] = useState(false);
  const press = async (): Promise<void> => {
    setFailed(!(await acknowledge(id)));
    await readAlerts();
  };
  return (
    <>
      {deliveries.length === 0 ? null : (
        <p class="note" data-testid="alert-deliveries">
          {deliveries.map(deliveryWords).join(' · ')}
        </p>
      )}
      {seenAt === undefined ? null : <p class="note">Seen {when(seenAt)}: it is not sent again.</p>}
      {seenAt !== undefined || severity !== 'critical' || access.value === 'read' ? null : (
        <p>
          <button type="button" class="button button-quiet" data-testid="alert-seen" onClick={() => void press()}>
            Seen
          </button>{' '}
          {failed ? <span class="note">The server did not take it. Try again.</span> : null}
        </p>
      )}
    </>
  );
}

function deliveryWords({ channel, times, sent_at: sentAt }: NonNullable<AlertInfo['deliveries']>[number]): string {
  if (sentAt === null) return `${channel}: not sent yet, tried again`;
  return `${channel}: sent ${when(sentAt)}${times > 1 ? `, ${times} times` : ''}`;
}
