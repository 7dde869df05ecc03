/** Questions before a command is sent: the page's own, and the server's confirmation with its preview. */
import type { ComponentChildren } from 'preact';
import { useEffect, useRef } from 'preact/hooks';
import { type Activity, secondsLeft } from '../state/activity.ts';
import { consentRows } from '../state/auto-carry.ts';
import { blockedBy } from '../state/availability.ts';
import { raiseShield, shielded } from '../state/click-shield.ts';
import { commandWords } from '../state/command-words.ts';
import {
  dismissConfirmation,
  dismissedConfirmations,
  type LocalQuestion,
  question,
  sendCommand,
  sendConfirmed,
} from '../state/commands.ts';
import { refusalWords } from '../state/forecast.ts';
import { previewRows } from '../state/preview.ts';
import { activities, availability, connected, nowMs } from '../state/store.ts';
import { BeforeAfter, useForecast } from './before-after.tsx';
import { Gates } from './gates.tsx';

interface DialogProps {
  readonly title: string;
  readonly children: ComponentChildren;
  readonly confirmLabel: string;
  readonly danger: boolean;
  readonly blocked: string | null;
  readonly onConfirm: () => void;
  readonly onCancel: () => void;
}

/** Opens at its title, and gives the focus back to what had it. */
function Dialog({ title, children, confirmLabel, danger, blocked, onConfirm, onCancel }: DialogProps) {
  const ref = useRef<HTMLDialogElement>(null);
  const titleRef = useRef<HTMLHeadingElement>(null);
  useEffect(() => {
    const before = document.activeElement;
    const dialog = ref.current;
    if (dialog !== null && !dialog.open) dialog.showModal();
    titleRef.current?.focus();
    if (dialog !== null) dialog.scrollTop = 0;
    return () => {
      raiseShield();
      if (before instanceof HTMLElement && before.isConnected) before.focus();
      else document.getElementById('main')?.focus();
    };
  }, []);
  return (
    <dialog
      ref={ref}
      class={danger ? 'dialog dialog-danger' : 'dialog'}
      aria-labelledby="dialog-title"
      data-testid="confirm-dialog"
      onCancel={(event) => {
        event.preventDefault();
        onCancel();
      }}
    >
      <h2 id="dialog-title" ref={titleRef} tabIndex={-1}>
        {title}
      </h2>
      {children}
      <div class="dialog-end">
        <p class="blocked" role="status">
          {blocked ?? ''}
        </p>
        <div class="button-row dialog-buttons">
          <button type="button" class="button button-plain" onClick={onCancel} data-testid="confirm-cancel">
            Cancel
          </button>
          <button
            type="button"
            class={`button ${danger ? 'button-danger-solid' : 'button-primary'}`}
            disabled={blocked !== null}
            onClick={onConfirm}
            data-testid="confirm-send"
          >
            {confirmLabel}
          </button>
        </div>
      </div>
    </dialog>
  );
}

/** What lies over the page while the second click of a double click may come. */
export const ClickShield = () => (shielded.value ? <div class="click-shield" aria-hidden="true" /> : null);

export function Dialogs() {
  const asked = question.value;
  const offline = connected.value ? null : 'Not connected to the engine.';
  if (asked !== null) return <Question key={`question/${asked.action}`} asked={asked} offline={offline} />;
  const waiting = activities.value.find(awaitsConfirmation);
  return waiting === undefined ? null : <Confirmation key={waiting.commandId} activity={waiting} offline={offline} />;
}

/** Of an exit, from wherever it is asked. */
const notPermitted = (action: LocalQuestion['action']): string | null =>
  action === 'FLATTEN' || action === 'DRIFT_CLOSE_POSITION' ? blockedBy('close', availability.value) : null;

/** Figures may come late or not at all: they never keep an answer from being given. */
function Question({ asked, offline }: { readonly asked: LocalQuestion; readonly offline: string | null }) {
  const { action, data } = asked;
  const forecast = useForecast(asked.previewed === true ? { action, data } : null);
  const refused = forecast.kind === 'known' && forecast.preview !== null ? refusalWords(forecast.preview) : null;
  const close = (): void => {
    question.value = null;
  };
  return (
    <Dialog
      title={asked.title}
      confirmLabel={asked.confirmLabel}
      danger={asked.danger}
      blocked={offline ?? notPermitted(action) ?? refused}
      onCancel={close}
      onConfirm={() => {
        if (sendCommand(action, data) !== null) close();
      }}
    >
      {asked.lines.map((line) => (
        <p key={line}>{line}</p>
      ))}
      <BeforeAfter forecast={forecast} testid="question-preview" />
    </Dialog>
  );
}

const awaitsConfirmation = (activity: Activity): boolean =>
  activity.ours &&
  activity.status === 'confirmation_required' &&
  activity.confirmation !== null &&
  !dismissedConfirmations.value.has(activity.commandId);

function Confirmation({ activity, offline }: { readonly activity: Activity; readonly offline: string | null }) {
  const left = secondsLeft(activity, nowMs.value);
  const expired = left === 0;
  const preview = activity.confirmation?.preview ?? null;
  const consent = preview?.auto_carry ?? null;
  /** A restored folder: nothing is traded, and the message says it all. */
  const isRestored = preview?.kind === 'restored';
  const rows = consent === null ? previewRows({ ...preview, gates: undefined }) : consentRows(consent);
  return (
    <Dialog
      title={`Confirm: ${commandWords(activity.action, activity.data)}`}
      confirmLabel="Confirm and send"
      danger={activity.data.mode === 'live'}
      blocked={expired ? 'This confirmation has expired. Send the command again.' : offline}
      onCancel={() => dismissConfirmation(activity.commandId, true)}
      onConfirm={() => sendConfirmed(activity.commandId)}
    >
      <p>{activity.message}</p>
      <dl class="preview" data-testid="confirm-preview">
        {(isRestored ? [] : rows).map(([name, value]) => (
          <div key={name}>
            <dt>{name}</dt>
            <dd>{value}</dd>
          </div>
        ))}
      </dl>
      <Gates gates={preview?.gates ?? []} testid="confirm-gates" />
      <p class="note" data-testid="confirm-expiry">
        {left === null
          ? ''
          : expired
            ? 'Expired.'
            : `Valid for ${left} s.${consent === null && !isRestored ? ' The price can be better than shown, never worse.' : ''}`}
      </p>
    </Dialog>
  );
}
