/** `driftless doctor`: each finding as a line, as soon as it is known, with the remedy below it. */
import type { Finding, FindingVerdict } from '../doctor/finding.ts';
import { EXIT } from './exit-codes.ts';
import type { Paint } from './paint.ts';
import type { CliPorts } from './ports.ts';
import type { CliArguments } from './program.ts';

export async function examined({ given, json, url }: CliArguments, ports: CliPorts): Promise<number> {
  const place = await ports.place(url);
  const sendsTest = given['send-test'] === 'true';
  const tell = (finding: Finding) => {
    if (!json) ports.say(findingText(finding, ports.paint));
  };
  const findings = await ports.doctor({ place, sendsTest, tell });
  const count = (verdict: FindingVerdict) => findings.filter((finding) => finding.verdict === verdict).length;
  const [passed, warned, failed] = [count('pass'), count('warn'), count('fail')];
  if (json) ports.say(JSON.stringify({ ok: failed === 0, passed, warned, failed, items: findings }));
  else ports.say(`${passed} passed, ${warned} warned, ${failed} failed.`);
  return failed === 0 ? EXIT.done : EXIT.failed;
}

const CHECK_WIDTH = 11;

export function findingText({ check, verdict, message, remedy }: Finding, paint: Paint): string {
  const colour = { pass: paint.good, warn: paint.warn, fail: paint.bad }[verdict];
  const line = `${colour(verdict)}  ${check.padEnd(CHECK_WIDTH)}${message}`;
  return remedy === null ? line : `${line}\n      ${' '.repeat(CHECK_WIDTH)}${paint.dim(`Remedy: ${remedy}`)}`;
}
