/** Alerts about what the engine did or found: trades of others, lost connections, the two stores. */
import { RESET_PAPER } from '../account/reset-paper.ts';
import { shownSol, shownSolChange, shownUsd, timeText } from '../money/display.ts';
import { condition, counted, event, type NoDetails, withPeriod } from './alert-row.ts';

/** Positions in SOL, exact decimals. */
type Moved = { readonly from: string; readonly to: string };
type StoresDetails = {
  readonly verdict: 'account_missing' | 'journal_lost' | 'journal_behind' | 'temporal_lost' | 'restored';
  /** Names both ends, for whoever has to find out why. */
  readonly detail: string;
};
type JournalGap = {
  readonly from_ms: number | null;
  readonly to_ms: number;
  readonly operations: number;
  readonly commands: number;
  readonly not_kept: number;
};

const STORES: Readonly<Record<StoresDetails['verdict'], string>> = {
  account_missing: 'The journal has lost the paper account that the engine traded on.',
  journal_lost: 'This is not the journal that the engine wrote to before.',
  journal_behind: 'The journal has lost records that the engine wrote.',
  temporal_lost: 'Temporal has lost the latest state of the engine. The journal is ahead of it.',
  restored: 'This data folder was restored from a backup. The original may have traded since.',
};

const STORES_ACTION: Readonly<Partial<Record<StoresDetails['verdict'], string>>> = {
  account_missing: `Restore the journal, or begin a new paper account with ${RESET_PAPER}.`,
  restored: 'Stop the original for good, then use Resume and confirm it.',
};

function journalGap({ from_ms, to_ms, operations, commands, not_kept }: JournalGap): string {
  const since = from_ms === null ? `before ${timeText(to_ms)}` : `between ${timeText(from_ms)} and ${timeText(to_ms)}`;
  const lost =
    not_kept === 0 ? '' : ` ${not_kept} more could not be restored: Temporal no longer keeps their histories.`;
  return (
    `The journal lost what was recorded ${since}. Driftless restored ${counted(operations, 'operation')} and ` +
    `${counted(commands, 'command')} from Temporal.${lost}`
  );
}

/** Names of settings, as a sentence has them. */
const inWords = (settings: readonly string[]): string =>
  settings.map((name) => name.toLowerCase().replaceAll('_', ' ')).join(', ');

interface StandingDetails {
  readonly health: number | null;
  readonly liquidation_price: string | null;
}
type ParameterDetails = {
  readonly changes: readonly string[];
  /** The account at the prices of now, under the parameters of before and of now. */
  readonly before: StandingDetails;
  readonly now: StandingDetails;
};

function parametersChanged({ changes, before, now }: ParameterDetails): string {
  const health = (value: number | null): string => (value === null ? 'unknown' : `${value.toFixed(1)} %`);
  const price = (value: string | null): string => (value === null ? 'none' : shownUsd(value));
  const effect =
    before.health === now.health && before.liquidation_price === now.liquidation_price
      ? `This account stands as before: health ${health(now.health)}, liquidation price ${price(now.liquidation_price)}.`
      : `Health of this account: ${health(before.health)} before, ${health(now.health)} now. ` +
        `Liquidation price: ${price(before.liquidation_price)} before, ${price(now.liquidation_price)} now.`;
  return `Without notice the venue changed: ${changes.join('; ')}. ${effect}`;
}

export const ENGINE_ALERTS = {
  CONNECTION_LOST: condition<{ readonly reason: string }>({
    severity: 'warning',
    title: 'Connection lost',
    happened: ({ reason }) => `Driftless cannot read the account, so nothing can trade: ${withPeriod(reason)}`,
    action: 'No action needed. Driftless tries again every 10 s.',
    needsPerson: false,
    over: 'The connection is back.',
  }),
  ACCOUNT_DISPUTED: condition<{ readonly reason: string }>({
    severity: 'critical',
    title: 'The nodes do not agree on the account',
    happened: ({ reason }) => withPeriod(reason),
    action:
      'Wait a moment for a node that is silent. If it stays silent or wrong, take it out of RPC_URL and restart Driftless: ' +
      'what the other nodes say then counts.',
    needsPerson: true,
    over: 'The account can be read again.',
  }),
  AUTOMATIC_TRADES_FAILED: condition<{ readonly failures: number; readonly reason: string }>({
    severity: 'warning',
    title: 'Automatic trading paused',
    happened: ({ failures, reason }) =>
      `${failures} automatic trades in a row failed, so automatic trading is paused. The last one: ${withPeriod(reason)}`,
    action: 'Find out why, then use Resume.',
    needsPerson: true,
    over: 'Automatic trading is on again.',
  }),
  GUARD_ACTED: condition<NoDetails>({
    severity: 'critical',
    title: 'The guard reduced the position',
    happened: () =>
      'The guard reduced the short to keep the account from liquidation. Until you resume, only reductions are possible.',
    action: 'Check the account, then use Resume.',
    needsPerson: true,
    over: 'Trading was resumed after the guard had acted.',
  }),
  POSITION_LEFT_OPEN: condition<{ readonly remaining: string | null; readonly why: string | null }>({
    severity: 'critical',
    title: 'The position was not closed',
    happened: ({ remaining, why }) =>
      `A Close or Flatten has ended, and ${remaining === null ? 'the position may still be open' : `${shownSol(remaining)} SOL is still open`}. ` +
      `Nothing works on it now.${why === null ? '' : ` The reason: ${withPeriod(why)}`}`,
    action: 'Use Close again, or Flatten, which accepts a worse price. Use Resume to keep the position.',
    needsPerson: true,
    over: 'The position is closed, is being closed, or was kept.',
  }),
  LATE_FILL: event<Moved>({
    severity: 'info',
    title: 'Order filled late',
    happened: ({ from, to }) =>
      `An order from Driftless filled after its operation had ended. The position changed ${shownSolChange(from, to)}.`,
    action: 'No action needed. The fill is counted.',
    needsPerson: false,
  }),
  RETRY_UNCONFIRMED: event<{ readonly operation_id: string }>({
    severity: 'warning',
    title: 'Retry needs a confirmation',
    happened: () =>
      'A transaction has expired and waits for its retry, but what it would do now has not been confirmed.',
    action:
      'Submit the outcome "retry" again on the page and confirm it. Without a confirmation it ends within 10 min.',
    needsPerson: true,
  }),
  FOREIGN_CLOSE: event<Moved>({
    severity: 'warning',
    title: 'Position closed outside Driftless',
    happened: () => 'The position was closed outside Driftless. The hedge target is now 0 %.',
    action: 'No action needed if that was you. Otherwise check who else uses this wallet.',
    needsPerson: false,
  }),
  FOREIGN_TRADE: condition<Moved>({
    severity: 'warning',
    title: 'Position reduced outside Driftless',
    happened: ({ from, to }) => `The position was reduced outside Driftless, ${shownSolChange(from, to)}.`,
    action: 'Use Resume to make what is left the new target.',
    needsPerson: true,
    over: 'The reduced position was accepted.',
  }),
  FOREIGN_POSITION: condition<Moved>({
    severity: 'critical',
    title: 'Position changed outside Driftless',
    happened: ({ from, to }) => `The position changed outside Driftless, ${shownSolChange(from, to)}.`,
    action: 'Use "Manage this position" to let Driftless take it over, Rebalance to hedge it now, or Close or Flatten.',
    needsPerson: true,
    over: 'The changed position was taken over, or it is closed.',
  }),
  DESYNC: condition<Partial<Moved>>({
    severity: 'critical',
    title: 'Unexplained change of the account',
    happened: ({ from, to }) =>
      from === undefined || to === undefined
        ? 'The account differs from its recorded history, and no transaction explains it.'
        : `The position changed ${shownSolChange(from, to)}, and no transaction explains it.`,
    action: 'Compare the account with the venue, then use Resume to accept it as it is.',
    needsPerson: true,
    over: 'The account was accepted as it is.',
  }),
  LIQUIDATED: condition<{ readonly from?: string; readonly to: string }>({
    severity: 'critical',
    title: 'The account was liquidated',
    happened: ({ from, to }) =>
      from === undefined
        ? `The venue liquidated the account. The position is now ${shownSol(to)} SOL.`
        : `The venue liquidated the account. The position changed ${shownSolChange(from, to)}.`,
    action: 'Check the account and decide what to do with the position, then use Resume.',
    needsPerson: true,
    over: 'Trading was resumed after the liquidation.',
  }),
  STORES_DIVERGED: condition<StoresDetails>({
    severity: 'critical',
    title: 'Records do not match',
    happened: ({ verdict }) =>
      verdict === 'restored'
        ? `${STORES[verdict]} Nothing is signed until a person confirms that it is stopped.`
        : `${STORES[verdict]} Until this is settled, only reductions are possible.`,
    action: ({ verdict }) => STORES_ACTION[verdict] ?? 'Compare the account with the history, then use Resume.',
    needsPerson: true,
    over: 'The records were accepted.',
  }),
  VERDICT_UNACCEPTED: condition<NoDetails>({
    severity: 'warning',
    title: 'An outcome waits for your word',
    happened: () =>
      'Somebody submitted the outcome of a transaction straight to Temporal, without the token. It is recorded, and nothing proves it.',
    action:
      'If it is right, submit the same outcome on the page, or press Resume. Until then, or until the chain proves it, only reductions are possible.',
    needsPerson: true,
    over: 'The outcome is accepted or proven.',
  }),
  PROGRAM_CHANGED: event<{ readonly program_id: string; readonly before: string; readonly now: string }>({
    severity: 'warning',
    title: 'The venue has a new program',
    happened: ({ program_id, before, now }) =>
      `The program ${program_id} was upgraded since the last start: its hash was ${before.slice(0, 12)} and is ${now.slice(0, 12)}. Its rules may have changed.`,
    action: 'Read the release notes of the venue. Check the figures before you trade.',
    needsPerson: true,
  }),
  PARAMETERS_CHANGED: event<ParameterDetails>({
    severity: 'warning',
    title: 'The venue has changed its parameters',
    happened: parametersChanged,
    action: 'Check whether the position still suits you. Deposit or reduce if its liquidation price came near.',
    needsPerson: true,
  }),
  SETTINGS_REFUSED: condition<{ readonly reason: string }>({
    severity: 'critical',
    title: 'Settings not in force',
    happened: ({ reason }) =>
      `The engine cannot read the settings of the process that started: ${withPeriod(reason)} Until it can, it only reduces, and of each limit that it can read the stricter value applies.`,
    action: 'Start the version of Driftless that the engine runs on, or restart every process on the same version.',
    needsPerson: true,
    over: 'The engine has taken the settings.',
  }),
  MESSENGER_FAILS: condition<{ readonly messenger: string; readonly reason: string }>({
    severity: 'warning',
    title: 'Alerts do not reach you',
    happened: ({ messenger, reason }) =>
      `Alerts cannot be sent through ${messenger}: ${withPeriod(reason)} They are on the page and in the log.`,
    action:
      'Check the settings that begin with ALERT_ and this machine’s connection, then restart Driftless. Until then watch the page.',
    needsPerson: true,
    over: 'Alerts can be sent again, in every way that is set.',
  }),
  WORKER_SUPERSEDED: event<{ readonly version: string; readonly newer: string }>({
    severity: 'warning',
    title: 'A newer version has taken over',
    happened: ({ version, newer }) =>
      `Driftless ${newer} has started on this journal, so workers of Driftless ${version} stop. Commands wait for some seconds.`,
    action: 'Upgrade what still runs the former version. If you upgraded nothing, find out who started the newer one.',
    needsPerson: true,
  }),
  SETTINGS_DIFFER: event<{ readonly settings: readonly string[] }>({
    severity: 'warning',
    title: 'Different settings',
    happened: ({ settings }) =>
      `A Driftless process was started with settings that the engine does not use: ${inWords(settings)}. The page shows those in force.`,
    action: 'Give every process the same settings, then restart the workers: the one that starts last decides.',
    needsPerson: true,
  }),
  JOURNAL_GAP: event<JournalGap>({
    severity: 'warning',
    title: 'Gap in the journal',
    happened: journalGap,
    action:
      'No action needed. Account figures and equity of that time are gone. Trades and funding come back from the chain as far as the RPC node keeps them.',
    needsPerson: false,
  }),
  JOURNAL_NOT_REBUILT: event<{ readonly reason: string }>({
    severity: 'critical',
    title: 'The journal could not be restored',
    happened: ({ reason }) =>
      `The journal lost records, and they could not be restored from Temporal: ${withPeriod(reason)}`,
    action: 'Restart Driftless to try again.',
    needsPerson: true,
  }),
  TEMPORAL_UNAVAILABLE: condition<{ readonly reason: string }>({
    severity: 'critical',
    title: 'Temporal does not work',
    happened: ({ reason }) =>
      `Temporal does not work (${reason}). Until it is back the engine may not act, the guard included.`,
    action:
      'Make room on the disk if it is full; otherwise see the log of Temporal. Look after an open position yourself.',
    needsPerson: true,
    over: 'Temporal works again.',
  }),
  JOURNAL_UNAVAILABLE: condition<{ readonly reason: string }>({
    severity: 'critical',
    title: 'The journal cannot be written',
    happened: ({ reason }) =>
      `The journal cannot be written (${reason}). Until it is back only the guard, Close, Flatten and cancels go ahead. On paper nothing does.`,
    action: 'Make room on the disk if it is full; otherwise check the database.',
    needsPerson: true,
    over: 'The journal can be written again.',
  }),
  WORKER_UNAVAILABLE: condition<{ readonly reason: string }>({
    severity: 'critical',
    title: 'No worker runs the engine',
    happened: ({ reason }) =>
      `No worker runs the engine (${reason}). Until it is back the engine may not act, the guard included.`,
    action: 'Start a worker, or see its log. Look after an open position yourself.',
    needsPerson: true,
    over: 'A worker runs the engine again.',
  }),
  SIGNER_MISSING: condition<{ readonly permission: string }>({
    severity: 'critical',
    title: 'No running process may sign',
    happened: ({ permission }) =>
      `A position is open, and no running process has the key, or a signer that answers, and the permission ${permission} for its account. Close, Flatten and the guard cannot act.`,
    action:
      'Start Driftless with the mode, key, sub-account and permissions of this engine, or its signer (driftless signer). Until then look after the position yourself.',
    needsPerson: true,
    over: 'A process that may sign is running again, or the position is closed.',
  }),
  ENGINE_RESTARTED: event({
    severity: 'critical',
    title: 'The engine was ended from outside',
    happened: () =>
      'The engine was ended from outside Driftless and has been started again. Its records are compared, and it only reduces.',
    action: 'Find out who ended it. Compare the account with the history, then use Resume.',
    needsPerson: true,
  }),
  ENGINE_STAYS_DOWN: condition<{ readonly restarts: number }>({
    severity: 'critical',
    title: 'The engine is down',
    happened: ({ restarts }) =>
      `The engine was ended from outside Driftless again, after ${counted(restarts, 'restart')} in an hour. Nothing watches the position now.`,
    action: 'Find out who ends it, then restart Driftless. Look after an open position yourself.',
    needsPerson: true,
    over: 'The engine runs again.',
  }),
  WORKFLOW_STUCK: condition<{ readonly workflow_ids: readonly string[] }>({
    severity: 'critical',
    title: 'Driftless is stuck',
    happened: ({ workflow_ids }) =>
      `Driftless cannot carry on with ${workflow_ids.join(', ')}: the next step fails every time it is tried. Nothing is lost.`,
    action:
      'Look after the position yourself until this is solved. The Temporal UI shows the error under this id. If another ' +
      'version of Driftless began the work, start that version again and let it finish.',
    needsPerson: true,
    over: 'Everything that was stuck continues.',
  }),
} as const;
