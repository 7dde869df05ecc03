/** `driftless doctor` in this process: a program of its own, since it loads what no other command needs. */
import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';
import { readSettingSource } from '../runtime/config.ts';
import { createRedactor } from '../runtime/redaction.ts';
import { CHECKS } from './checks/index.ts';
import { examine } from './examine.ts';
import type { DoctorOptions, Finding } from './finding.ts';
import { openSubject } from './open-subject.ts';

const ROOT = dirname(dirname(dirname(fileURLToPath(import.meta.url))));

export async function doctor({ place, sendsTest, tell }: DoctorOptions): Promise<readonly Finding[]> {
  const source = readSettingSource(process.cwd(), process.env);
  const clock = { nowMs: () => Date.now() };
  const { subject, close } = await openSubject({ source, root: ROOT, place, sendsTest, clock });
  const { scrub, add } = createRedactor(subject.settings?.secrets ?? []);
  if (place.token !== '') add(place.token);
  try {
    return await examine(CHECKS, subject, { scrub, tell });
  } finally {
    await close();
  }
}
