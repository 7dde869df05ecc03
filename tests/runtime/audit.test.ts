/** What `npm test` says of known weaknesses, with a registry that stands in for the real one. */
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from '@jest/globals';
import { audit, judgeAudit } from '../../scripts/audit.mjs';

const AUDIT_MS = 60_000;
let registry: Server | null = null;
afterEach(() => {
  registry?.closeAllConnections();
  registry?.close();
});

/** @param advisories by package; null: it answers no audits */
async function auditedBy(advisories: object | null) {
  const server = createServer((request, response) => {
    request.resume();
    if (request.method === 'POST' && advisories !== null)
      return response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(advisories));
    response.writeHead(request.method === 'POST' ? 405 : 404).end('{}');
  });
  registry = server;
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const said: string[] = [];
  const { port } = server.address() as AddressInfo;
  // npm keeps what it learns of an advisory.
  const cache = mkdtempSync(join(tmpdir(), 'driftless-audit-'));
  const args = [`--registry=http://127.0.0.1:${port}`, '--noproxy=127.0.0.1', `--cache=${cache}`];
  const code = await audit(args, (line) => said.push(line));
  rmSync(cache, { recursive: true, force: true });
  return { code, said: said.join('\n') };
}

const weakness = (severity: string, id: string) => ({
  ...{ id: 1, url: `https://github.com/advisories/${id}`, title: 'made up', severity },
  ...{ vulnerable_versions: '>=0.0.1', cwe: [], cvss: { score: 0, vectorString: null } },
});

it(
  'a registry that knows a weakness fails it, whatever is allowed besides',
  async () => {
    const advisories = {
      ws: [weakness('critical', 'GHSA-aaaa-bbbb-cccc')],
      'bigint-buffer': [weakness('high', 'GHSA-3gc7-fjrx-p7mg')],
    };
    const { code, said } = await auditedBy(advisories);
    expect(code).toBe(1);
    expect(said).toContain('critical: ws, made up (GHSA-aaaa-bbbb-cccc)');
    expect(said).toMatch(/bigint-buffer.*: allowed/);
  },
  AUDIT_MS,
);

it(
  'one that answers no audits fails nothing, and it is said',
  async () => {
    const { code, said } = await auditedBy(null);
    expect(code).toBe(0);
    expect(said).toMatch(/^The registry could not be asked for known weaknesses: 405/);
  },
  AUDIT_MS,
);

describe('a report', () => {
  const ALLOWED = [{ advisory: 'GHSA-1', package: 'a', why: 'a reason' }];
  const cause = (name: string, severity: string, id: string) => ({
    ...{ name, severity, title: 't', url: `https://github.com/advisories/${id}` },
  });
  const judged = (...via: readonly (object | string)[]) =>
    judgeAudit(JSON.stringify({ vulnerabilities: { a: { via }, brings: { via: ['a', ...via] } } }), ALLOWED);

  it.each([
    ['no weakness', [], { failing: [], minor: [], allowed: [], stale: ALLOWED }],
    ['an allowed one', [cause('a', 'high', 'GHSA-1')], { failing: [], allowed: [{ package: 'a' }], stale: [] }],
    ['the same advisory of another package', [cause('b', 'high', 'GHSA-1')], { failing: [{ package: 'b' }] }],
    ['a high one', [cause('a', 'high', 'GHSA-2')], { failing: [{ advisory: 'GHSA-2' }] }],
    ['a critical one', [cause('a', 'critical', 'GHSA-2')], { failing: [{ advisory: 'GHSA-2' }] }],
    ['a moderate one', [cause('a', 'moderate', 'GHSA-2')], { failing: [], minor: [{ advisory: 'GHSA-2' }] }],
  ])('with %s', (_, via, expected) => expect(judged(...via)).toMatchObject({ kind: 'asked', ...expected }));

  it.each([
    ['', 'npm audit gave no report'],
    ['null', 'npm audit gave no report'],
    ['{"message":"405 Method Not Allowed"}', '405 Method Not Allowed'],
    ['{"error":{"summary":"getaddrinfo ENOTFOUND"}}', 'getaddrinfo ENOTFOUND'],
  ])('that is none: %s', (text, why) => expect(judgeAudit(text, [])).toEqual({ kind: 'not asked', why }));
});
