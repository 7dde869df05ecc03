import { clock, dateTime } from '../format/time.ts';
import type { AlertView } from '../socket/messages.ts';
import { isOver } from '../state/alert-over.ts';
import { spaced } from '../state/command-words.ts';
import { alerts } from '../state/store.ts';
import { Badge, type BadgeTone, ExternalLink, Identifier, Panel } from './parts.tsx';

const TONE: Readonly<Record<AlertView['severity'], BadgeTone>> = { info: 'info', warning: 'warn', critical: 'bad' };
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

function Alert({ alert, over }: { readonly alert: AlertView; readonly over: boolean }) {
  const recovered = alert.kind === 'recovered';
  const tone = recovered ? 'good' : over ? 'quiet' : TONE[alert.severity];
  const at = alert.tsMs ?? Date.now();
  return (
    <li
      class={`item item-${tone} ${over ? 'item-over' : ''}`}
      data-testid="alert"
      data-code={alert.code}
      data-kind={alert.kind}
    >
      <div class="item-head">
        <strong>{spaced(alert.code)}</strong>
        <Badge tone={tone}>{recovered ? 'resolved' : over ? `${alert.severity}, resolved` : alert.severity}</Badge>
      </div>
      <p class="item-message">{alert.message}</p>
      {alert.action === null || recovered || over ? null : <p class="remedy">{alert.action}</p>}
      {alert.signalCommand === null || recovered || over ? null : (
        <p class="remedy">
          From a terminal: <code data-testid="signal-command">{alert.signalCommand}</code>
        </p>
      )}
      <div class="item-foot">
        {alert.signature === null ? null : <Identifier name="signature" id={alert.signature} />}
        {alert.explorerUrl === null ? null : <ExternalLink href={alert.explorerUrl}>Explorer</ExternalLink>}
        {alert.temporalUrl === null ? null : <ExternalLink href={alert.temporalUrl}>Temporal</ExternalLink>}
        <time>{Date.now() - at > DAY_MS ? dateTime(at) : clock(at)}</time>
      </div>
    </li>
  );
}
