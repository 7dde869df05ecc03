/**
 * Asks the registry for known weaknesses of what Driftless runs with (`npm audit`, without the tools of developers). High and critical
 * ones fail, unless scripts/audit-allowed.json says why they do not matter here. A registry that does not answer, or answers no
 * audits, is said plainly and fails nothing: the tests must also run offline.
 */
import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const ROOT = join(fileURLToPath(import.meta.url), '..', '..');
const WITHIN_MS = 30_000;
const MAX_BYTES = 64 * 1024 * 1024;
const FAILING = new Set(['high', 'critical']);

/**
 * @param {string} text what `npm audit --json` printed
 * @param allowed reasons, of scripts/audit-allowed.json
 */
export function judgeAudit(text, allowed) {
  let report;
  try {
    report = JSON.parse(text);
  } catch {
    return { kind: 'not asked', why: 'npm audit gave no report' };
  }
  if (typeof report?.vulnerabilities !== 'object' || report.vulnerabilities === null) {
    return { kind: 'not asked', why: String(report?.message ?? report?.error?.summary ?? 'npm audit gave no report') };
  }
  const found = weaknessesIn(report.vulnerabilities);
  const isAllowed = (one) => allowed.some((entry) => entry.advisory === one.advisory && entry.package === one.package);
  const others = found.filter((one) => !isAllowed(one));
  return {
    kind: 'asked',
    failing: others.filter(({ severity }) => FAILING.has(severity)),
    minor: others.filter(({ severity }) => !FAILING.has(severity)),
    allowed: found.filter(isAllowed),
    stale: allowed.filter((entry) => !found.some((one) => one.advisory === entry.advisory)),
  };
}

/** Each advisory once, whichever packages bring it. */
function weaknessesIn(vulnerabilities) {
  const found = new Map();
  for (const { via = [] } of Object.values(vulnerabilities)) {
    for (const cause of via) {
      if (typeof cause !== 'object' || cause === null) continue;
      const advisory = String(cause.url ?? cause.source ?? '').replace(/^.*\//, '');
      const { name, severity, title } = cause;
      found.set(`${advisory} ${name}`, {
        advisory,
        package: String(name),
        severity: String(severity),
        title: String(title),
      });
    }
  }
  return [...found.values()];
}

/** @returns {Promise<string>} its report, which it prints however it ends */
function npmAudit(args) {
  const npm = process.platform === 'win32' ? 'npm.cmd' : 'npm';
  const words = ['audit', '--json', '--omit=dev', '--package-lock-only', '--fetch-retries=0', ...args];
  return new Promise((resolve) => {
    const options = { cwd: ROOT, timeout: WITHIN_MS, maxBuffer: MAX_BYTES, shell: process.platform === 'win32' };
    execFile(npm, words, options, (_error, out) => resolve(out));
  });
}

/**
 * @param {readonly string[]} args for npm
 * @param {(line: string) => void} say
 * @returns {Promise<number>} the exit code
 */
export async function audit(args, say) {
  const allowed = JSON.parse(readFileSync(join(ROOT, 'scripts', 'audit-allowed.json'), 'utf8'));
  const judged = judgeAudit(await npmAudit(args), allowed);
  if (judged.kind === 'not asked') {
    say(
      `The registry could not be asked for known weaknesses: ${judged.why}. Nothing is known about them; nothing fails.`,
    );
    return 0;
  }
  const line = ({ severity, package: name, title, advisory }) => `  ${severity}: ${name}, ${title} (${advisory})`;
  for (const one of [...judged.failing, ...judged.minor]) say(line(one));
  for (const one of judged.allowed) say(`${line(one)}: allowed, see scripts/audit-allowed.json`);
  for (const { advisory } of judged.stale)
    say(`  ${advisory} is allowed and no longer found: take it out of scripts/audit-allowed.json.`);
  if (judged.failing.length === 0) {
    say('The registry knows no weakness that is high or critical and not allowed.');
    return 0;
  }
  say('Update these packages, or give the reason why they do not matter here in scripts/audit-allowed.json.');
  return 1;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  process.exitCode = await audit(process.argv.slice(2), (text) => process.stdout.write(`${text}\n`));
}
