import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from '@jest/globals';
import { type AlertDraft, alertId, alertText, newAlert, raised, recovered } from '../../../src/domain/alerts/alert.ts';
import { ALERT_CODES, ALERTS, type AlertCode, alertRow, alertTitle } from '../../../src/domain/alerts/alert-table.ts';
import { SETUP_ALERTS, setupCode } from '../../../src/domain/alerts/setup-alerts.ts';
import type { TransactionEnd } from '../../../src/domain/alerts/transaction-alerts.ts';
import { sourceFiles } from '../../architecture/imports.ts';
import { SAMPLES } from './alert-samples.ts';

const ROOT = fileURLToPath(new URL('../../..', import.meta.url));

const raisings = ALERT_CODES.flatMap((code) =>
  SAMPLES[code].map((details) => ({ kind: 'alert', code, details }) as AlertDraft),
);
const ENDS: readonly TransactionEnd[] = ['landed', 'finalized', 'failed', 'expired', 'resolved'];
const recoveries = ALERT_CODES.filter((code) => ALERTS[code].over !== null).flatMap((code) =>
  ENDS.map((outcome) => ({ kind: 'recovered', code, details: { outcome } }) as AlertDraft),
);

/** What belongs to the machine or to our own house, and not into a sentence for a person. */
const INTERNAL =
  /\b(holds?|vault|outbox|books|told|nobody|verdicts?|workflow|epoch|testify|bytes|fork|naked|lamports?|undefined|null|NaN|\[object)\b/;
const CODE = /\b[A-Z]{2,}_[A-Z_]+\b/;
/** Names of settings, commands and calls may stand where a person must type or look for them. */
const NAMED_IN_ACTIONS = /RPC_URL|"verdict"|workflow/g;

const SENTENCES = /^[A-Z0-9$"−](?!.*\.\.).*\.$/;

describe('the table of alerts', () => {
  it.each(raisings.map((draft) => [draft.code, draft] as const))(
    '%s says what happened in plain sentences',
    (_, draft) => {
      const { severity, message } = alertText(draft);
      expect(['info', 'warning', 'critical']).toContain(severity);
      expect(message).toMatch(SENTENCES);
      // The reasons inside the samples are not our text.
      const own = draft.code === 'VERDICT_REFUSED' ? '' : message;
      expect(own).not.toMatch(CODE);
      expect(own).not.toMatch(INTERNAL);
      expect(message).not.toContain('-0.00');
      expect(message.length).toBeLessThan(400);
    },
  );

  it.each(raisings.map((draft) => [draft.code, draft] as const))('%s says what to do', (_, draft) => {
    const { action } = alertText(draft);
    expect(action).toMatch(SENTENCES);
    expect(action.replaceAll(NAMED_IN_ACTIONS, '')).not.toMatch(CODE);
    expect(action.replaceAll(NAMED_IN_ACTIONS, '')).not.toMatch(INTERNAL);
    // An alert that needs no person must say so, or at least not ask for immediate action.
    if (alertRow(draft.code).needsPerson) expect(action).not.toMatch(/^No action needed/);
  });

  it.each(recoveries.map((draft) => [draft.code, draft] as const))('%s says that it is over', (_, draft) => {
    const { severity, message, action } = alertText(draft);
    expect(severity).toBe('info');
    expect(action).toBe('');
    expect(message).toMatch(SENTENCES);
    expect(message).not.toMatch(CODE);
    expect(message).not.toMatch(INTERNAL);
  });

  it('has a short heading for each code, and one for a code of another version', () => {
    for (const code of ALERT_CODES) {
      expect(alertTitle(code)).toMatch(/^[A-Z][^.]{3,45}$/);
      expect(alertTitle(code)).not.toMatch(INTERNAL);
    }
    expect(alertTitle('GONE_AGAIN')).toBe('Gone again');
  });

  it('has no event that a person could wait for in vain: what needs nobody and never ends is no emergency', () => {
    const wrong = raisings.filter(
      (draft) =>
        alertText(draft).severity === 'critical' &&
        !alertRow(draft.code).needsPerson &&
        alertRow(draft.code).over === null,
    );
    expect(wrong.map(({ code }) => code)).toEqual([]);
  });

  it('stands in the chapter as it is', () => {
    const chapter = readFileSync(join(ROOT, 'docs/architecture/alerts.md'), 'utf8');
    const rows = chapter.split('\n').filter((line) => /^\| [A-Z][A-Z0-9_]+ \|/.test(line));
    expect(rows).toEqual(ALERT_CODES.map(chapterRow));
  });
});

/** A row of docs/architecture/alerts.md. */
function chapterRow(code: AlertCode): string {
  const row = alertRow(code);
  const severities = raisings.filter((draft) => draft.code === code).map((draft) => alertText(draft).severity);
  const severity = [...new Set(severities)].join(' or ');
  return `| ${code} | ${severity} | ${row.title} | ${row.needsPerson ? 'yes' : 'no'} | ${row.over === null ? 'event' : 'until it is over'} |`;
}

describe('errors that stop the engine', () => {
  it('each have a row: all that reading an account can end with', () => {
    // Errors of signing refuse one operation; the engine goes on.
    const signing = new Set(['SIGNER_IS_NOT_PAYER', 'SIGNATURE_INVALID', 'SIGNER_REFUSED']);
    const files = ['src/venues', 'src/chain']
      .flatMap(sourceFiles)
      .concat('src/runtime/venues.ts', 'src/runtime/open-live.ts', 'src/runtime/cluster-check.ts', 'src/lib/codec.ts');
    const texts = files.map((file) => readFileSync(join(ROOT, file), 'utf8'));
    const found = (pattern: RegExp): string[] =>
      texts.flatMap((text) => [...text.matchAll(pattern)].map(([, one]) => one ?? ''));
    // Some codes begin with the program's own prefix.
    const ofPrograms = found(/new CriticalError\(\s*this\.#code\('([A-Z_]+)'/g).flatMap((code) =>
      found(/errorPrefix: '([A-Z]+)'/g).map((prefix) => `${prefix}_${code}`),
    );
    expect(ofPrograms).toEqual(expect.arrayContaining(['DRIFT_NOT_FOUND', 'VELOCITY_NOT_FOUND']));
    const thrown = texts.flatMap((text) => {
      const direct = [...text.matchAll(/new CriticalError\(\s*'([A-Z_0-9]+)'/g)];
      const malformed = [...text.matchAll(/malformed\(\s*[^,]+,\s*'([A-Z_0-9]+)'/g)];
      return [...direct, ...malformed].map(([, code]) => code ?? '');
    });
    expect(thrown.length).toBeGreaterThan(15);
    expect(
      [...thrown, ...ofPrograms].filter((code) => !signing.has(code) && !Object.hasOwn(SETUP_ALERTS, code)),
    ).toEqual([]);
  });

  it('keep their code; one that nobody foresaw has a row too', () => {
    expect(setupCode('WRONG_CLUSTER')).toBe('WRONG_CLUSTER');
    expect(setupCode('NEVER_HEARD_OF')).toBe('ENGINE_CANNOT_RUN');
  });
});

describe('an alert', () => {
  const draft = raised('FOREIGN_TRADE', { from: '-10', to: '-7.5' });
  const made = newAlert({
    id: 'a',
    engineId: 'e',
    tsMs: 5,
    draft,
    context: { market_time_ms: 1 },
    whereToLook: ['Look.'],
  });

  it('is made from its row and its details', () => {
    expect(made).toEqual({
      id: 'a',
      engineId: 'e',
      kind: 'alert',
      severity: 'warning',
      code: 'FOREIGN_TRADE',
      message: 'The position was reduced outside Driftless, from −10.0000 to −7.5000 SOL.',
      action: 'Use Resume to make what is left the new target. Look.',
      operationId: null,
      details: { from: '-10', to: '-7.5', market_time_ms: 1 },
      tsMs: 5,
    });
  });

  it('has the id of its cause: the same again gives the same, anything else another', () => {
    const ids = [
      alertId('e', draft, 'x'),
      alertId('e', draft, 'y'),
      alertId('f', draft, 'x'),
      alertId('e', recovered('FOREIGN_TRADE'), 'x'),
      alertId('e', draft, null),
    ];
    expect(new Set(ids).size).toBe(ids.length);
    expect(alertId('e', { ...draft }, 'x')).toBe(ids[0]);
  });
});
