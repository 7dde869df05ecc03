/** Commands and their results, newest first. */
import type { ErrorInfo } from '../../../src/protocol/error.ts';
import { clock } from '../format/time.ts';
import { type Activity, type ActivityStatus, secondsLeft } from '../state/activity.ts';
import { commandWords, spaced } from '../state/command-words.ts';
import { dismissConfirmation } from '../state/commands.ts';
import { activities, nowMs, transactions } from '../state/store.ts';
import { Gates } from './gates.tsx';
import { Badge, type BadgeTone, Identifier, Panel } from './parts.tsx';

const STATUS: Readonly<Record<ActivityStatus, readonly [string, BadgeTone]>> = {
  sent: ['sending', 'info'],
  unanswered: ['no answer', 'warn'],
  pending: ['pending', 'info'],
  done: ['done', 'good'],
  confirmation_required: ['needs confirmation', 'warn'],
  rejected: ['rejected', 'bad'],
  failed: ['failed', 'bad'],
  unknown: ['outcome unknown', 'warn'],
};

export function ActivityPanel() {
  const shown = activities.value;
  return (
    <Panel id="activity" title="Activity">
      {shown.length === 0 ? (
        <p class="note" data-testid="activity-empty">
          No commands from this tab yet.
        </p>
      ) : (
        <ol class="activity" data-testid="results">
          {shown.map((activity) => (
            <Item activity={activity} key={activity.commandId} />
          ))}
        </ol>
      )}
    </Panel>
  );
}

function Item({ activity }: { readonly activity: Activity }) {
  const [word, tone] = STATUS[activity.status];
  const update = activity.operationId === null ? undefined : transactions.value.get(activity.operationId);
  const stage = activity.status === 'pending' ? (activity.stage ?? null) : null;
  const temporalUrl = activity.temporalUrl ?? update?.temporal_url ?? null;
  return (
    <li
      class={`item item-${tone}`}
      data-testid="result"
      data-action={activity.action}
      data-status={activity.status}
      data-command-id={activity.commandId}
    >
      <div class="item-head">
        <strong>{commandWords(activity.action, activity.data)}</strong>
        <Badge tone={tone} testid="result-status">
          {word}
        </Badge>
      </div>
      <p class="item-message" data-testid="result-message">
        {messageOf(activity)}
      </p>
      {stage === null ? null : (
        <p class="note">
          Stage: {spaced(stage)}
          {activity.attempt !== null && activity.attempt > 1 ? `, attempt ${activity.attempt}` : ''}
        </p>
      )}
      {activity.error === null ? null : <ErrorLines error={activity.error} message={activity.message} />}
      <div class="item-foot">
        <time>{clock(activity.sentAtMs)}</time>
        {activity.ours ? null : <span>from another client</span>}
        {activity.operationId === null ? null : (
          <Identifier name="operation" id={activity.operationId} href={temporalUrl} />
        )}
        {activity.signature === null ? null : (
          <Identifier
            name="signature"
            id={activity.signature}
            href={activity.explorerUrl ?? update?.explorer_url ?? null}
          />
        )}
        {finality(activity) === null ? null : <span>{finality(activity)}</span>}
        <ConfirmAgain activity={activity} />
      </div>
    </li>
  );
}

function messageOf(activity: Activity): string {
  if (activity.status === 'sent') return 'Sent. Waiting for the answer…';
  if (activity.status === 'unanswered') {
    return 'No answer arrived. The engine may or may not have accepted the command. Check the history below before you send it again; the page does not resend it.';
  }
  return activity.message;
}

function finality(activity: Activity): string | null {
  if (activity.outcome !== null) return spaced(activity.outcome);
  if (activity.status !== 'done') return null;
  return activity.stage === 'finalized' ? activity.stage : activity.commitment;
}

function ConfirmAgain({ activity }: { readonly activity: Activity }) {
  if (!activity.ours || activity.status !== 'confirmation_required') return null;
  const left = secondsLeft(activity, nowMs.value);
  if (left === 0) return <span>The confirmation has expired</span>;
  return (
    <button
      type="button"
      class="link-button"
      onClick={() => dismissConfirmation(activity.commandId, false)}
      data-testid="confirm-reopen"
    >
      Confirm{left === null ? '' : ` (${left} s)`}
    </button>
  );
}

function ErrorLines({ error, message }: { readonly error: ErrorInfo; readonly message: string }) {
  return (
    <div class="item-error" data-testid="result-error">
      <code data-testid="result-code">{error.code}</code>
      {error.message !== '' && error.message !== message ? <span> {error.message}</span> : null}
      {error.details?.remedy === undefined ? null : <p class="remedy">{error.details.remedy}</p>}
      <Gates gates={error.details?.gates ?? []} testid="result-gates" />
    </div>
  );
}
