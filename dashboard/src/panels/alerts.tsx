import { alertTitle } from '../../../src/domain/alerts/alert-table.ts';
import type { AlertInfo } from '../../../src/protocol/alert.ts';
import { clock, dateTime } from '../format/time.ts';
import { isOver } from '../state/alert-over.ts';
import { alerts } from '../state/store.ts';
import { Badge, type BadgeTone, ExternalLink, Identifier, Panel } from './parts.tsx';

const TONE: Readonly<Record<AlertInfo['severity'], BadgeTone>> = { info: 'info', warning: 'warn', critical: 'bad' };
const DAY_MS = 86_400_000;

export function AlertsPanel() {
  const all = alerts.value;
  const standing = all.filter(
    (alert) => alert.kind === 'alert' && alert.severity !== 'info' && !isOver(alert, all),
  ).length;
  return (
    <Panel
      id="alerts"
      title="Alerts"
      aside={standing === 0 ? <Badge tone="quiet">None active</Badge> : <Badge tone="warn">{standing} active</Badge>}
    >
      {all.length === 0 ? (
        <p class="note">No alerts.</p>
      ) : (
        <ul class="alerts" data-testid="alerts">
          {all.map((alert) => (
            <Alert alert={alert} over={alert.kind === 'alert' && isOver(alert, all)} key={alert.id} />
          ))}
        </ul>
      )}
    </Panel>
  );
}

function Alert({ alert, over }: { readonly alert: AlertInfo; readonly over: boolean }) {
  const recovered = alert.kind === 'recovered';
  const tone = recovered ? 'good' : over ? 'quiet' : TONE[alert.severity];
  const at = alert.ts;
  return (
    <li
      class={`item item-${tone} ${over ? 'item-over' : ''}`}
      data-testid="alert"
      data-code={alert.code}
      data-kind={alert.kind}
    >
      <div class="item-head">
        <strong title={alert.code}>{alertTitle(alert.code)}</strong>
        <Badge tone={tone}>{recovered ? 'resolved' : over ? `${alert.severity}, resolved` : alert.severity}</Badge>
      </div>
      <p class="item-message">{alert.message}</p>
      {alert.action === '' || recovered || over ? null : <p class="remedy">{alert.action}</p>}
      {alert.signal_command === undefined || recovered || over ? null : (
        <p class="remedy">
          From a terminal: <code data-testid="signal-command">{alert.signal_command}</code>
        </p>
      )}
      <div class="item-foot">
        {alert.signature == null ? null : <Identifier name="signature" id={alert.signature} />}
        {alert.explorer_url == null ? null : <ExternalLink href={alert.explorer_url}>Explorer</ExternalLink>}
        {alert.temporal_url == null ? null : <ExternalLink href={alert.temporal_url}>Temporal</ExternalLink>}
        <time>{Date.now() - at > DAY_MS ? dateTime(at) : clock(at)}</time>
      </div>
    </li>
  );
}
