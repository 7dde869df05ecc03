import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { ACTIONS } from '../../src/domain/order/command.ts';
import { OPERATIONS } from '../../src/domain/order/operations.ts';
import { ANSWERS, methodOf } from '../../src/protocol/api.ts';
import { COMMAND_DATA, COMMAND_ID } from '../../src/protocol/command.ts';
import { COMMAND_EXAMPLE } from '../../src/protocol/examples.ts';
import { MESSAGES } from '../../src/protocol/messages.ts';
import { IntentInfo } from '../../src/protocol/operation.ts';
import { protocolReference } from '../../src/protocol/reference.ts';
import { operationKind } from '../../src/protocol/units.ts';

describe('docs/protocol.md', () => {
  const reference = protocolReference();

  it('is what the schemas say; else run node scripts/write-protocol.mjs', () => {
    expect(readFileSync(join(import.meta.dirname, '..', '..', 'docs', 'protocol.md'), 'utf8')).toBe(reference);
  });

  it('has every message, action and address, and no link that leads nowhere', () => {
    for (const type of Object.keys(MESSAGES)) expect(reference).toContain(`## ${type}\n`);
    for (const action of ACTIONS) expect(reference).toContain(`#### ${action}\n`);
    for (const path of Object.keys(ANSWERS)) expect(reference).toContain(`### ${methodOf(path)} ${path}\n`);
    const headings = [...reference.matchAll(/^#+ (.*)$/gm)].map(([, title]) => (title ?? '').toLowerCase());
    const links = [...reference.matchAll(/\]\(#([^)]*)\)/g)].map(([, target]) => target);
    expect(links.length).toBeGreaterThan(20);
    expect(links.filter((target) => !headings.includes(target ?? ''))).toEqual([]);
  });

  it('names every kind of operation, as it was asked for and as the journal calls it', () => {
    const listed = (text: string | undefined) => new Set(text?.replace(/ or /, ', ').replace(/\.$/, '').split(', '));
    expect(listed(operationKind.description)).toEqual(
      new Set(Object.values(OPERATIONS).map(({ recordedAs }) => recordedAs)),
    );
    const [, asked] = /^What was asked: (.*?\.)/.exec(IntentInfo.shape.kind.description ?? '') ?? [];
    expect(listed(asked)).toEqual(new Set(Object.keys(OPERATIONS)));
  });

  it('shows a command that is taken as it stands', () => {
    expect(COMMAND_ID.matches(COMMAND_EXAMPLE.command_id)).toBe(true);
    expect(COMMAND_DATA[COMMAND_EXAMPLE.action].decode(COMMAND_EXAMPLE.data)).toMatchObject({ size: '10' });
  });
});
