/** Runs the checks, each with a time limit, and tells what each found as soon as it and those before it are done. */
import { DriftlessError } from '../lib/errors.ts';
import { within } from '../lib/within.ts';
import type { Check } from './check.ts';
import { type Finding, fail, type Judgement } from './finding.ts';
import type { Configured, Subject } from './subject.ts';

/** Longer than any wait within a check. */
const CHECK_MS = 45_000;

export async function examine(
  checks: readonly Check[],
  subject: Subject,
  { scrub, tell }: { readonly scrub: (text: string) => string; readonly tell: (finding: Finding) => void },
): Promise<readonly Finding[]> {
  const running = checks.map((check) => findingsOf(check, subject));
  const found: Finding[] = [];
  for (const [index, findings] of running.entries()) {
    for (const { verdict, message, remedy } of await findings) {
      const check = checks[index]?.name ?? '';
      const finding = { check, verdict, message: scrub(message), remedy: remedy === null ? null : scrub(remedy) };
      found.push(finding);
      tell(finding);
    }
  }
  return found;
}

/** Many a message of ours ends with what to do. */
const IN_THE_MESSAGE = 'Mend what the message names; driftless logs --level warn may say more.';

/** Never rejects: a check that breaks is a finding, too. */
async function findingsOf(check: Check, subject: Subject): Promise<readonly Judgement[]> {
  const isConfigured = subject.settings !== null;
  if (check.needsSettings && !isConfigured) return [];
  const done = await within(CHECK_MS, () => check.run(subject as Configured));
  if (done.kind === 'value') return done.value;
  if (done.kind === 'late')
    return [fail(`It did not end within ${CHECK_MS / 1_000} s.`, 'Look at what it asks: it does not answer.')];
  return [brokenBy(done.error)];
}

/** An error of ours carries its remedy, in its details or behind its message. */
export function brokenBy(error: unknown): Judgement {
  const message = error instanceof Error ? error.message : String(error);
  const [what = '', remedy] = message.split(/\n?Remedy: /);
  const given = error instanceof DriftlessError ? error.details.remedy : undefined;
  const todo = typeof given === 'string' ? given : remedy;
  return fail(what.trim(), todo === undefined ? IN_THE_MESSAGE : sentence(todo.trim()));
}

const sentence = (text: string): string =>
  `${text.charAt(0).toUpperCase()}${text.slice(1)}${/[.!?)]$/.test(text) ? '' : '.'}`;
