/** Without its setting, tracing is nothing: not loaded, not registered, and workflows pass on what they got. */
import { describe, expect, it } from '@jest/globals';
import { defaultPayloadConverter } from '@temporalio/common';
import type { CommandAnswer } from '../../src/domain/order/command.ts';
import { loadSettings } from '../../src/runtime/config.ts';
import { createRedactor } from '../../src/runtime/redaction.ts';
import { openTracing } from '../../src/runtime/tracing.ts';
import { spanParent, TRACE_HEADER, traceParentText } from '../../workflows/trace-header.ts';
import { interceptors } from '../../workflows/tracing.ts';
import { importsOf, readSource, sourceFiles } from '../architecture/imports.ts';
import { freePorts } from '../support/free-ports.ts';

const TRACE = { traceId: '0af7651916cd43dd8448eb211c80319c', spanId: 'b7ad6b7169203331' };

describe('the setting', () => {
  const settings = (env: NodeJS.ProcessEnv) => loadSettings({ env, dotenv: null, cwd: '/nowhere' }).tracing;

  it('is off by default', () => {
    expect(settings({})).toBe(null);
    expect(settings({ OTEL_SERVICE_NAME: 'bridge-1' })).toBe(null);
  });

  it('switches it on, with a name', () => {
    const endpoint = 'http://127.0.0.1:4318';
    expect(settings({ OTEL_EXPORTER_OTLP_ENDPOINT: endpoint })).toEqual({ endpoint, serviceName: 'driftless' });
    const named = { OTEL_EXPORTER_OTLP_ENDPOINT: endpoint, OTEL_SERVICE_NAME: 'worker-2' };
    expect(settings(named)).toEqual({ endpoint, serviceName: 'worker-2' });
  });

  it('is refused when it is no address', () => {
    expect(() => settings({ OTEL_EXPORTER_OTLP_ENDPOINT: '127.0.0.1:4318' })).toThrow(/OTEL_EXPORTER_OTLP_ENDPOINT/);
  });
});

describe('off', () => {
  const imports = ['src', 'workflows', 'activities'].flatMap((folder) => sourceFiles(folder)).flatMap(importsOf);

  it('loads no package of OpenTelemetry', () => {
    const loading = imports.filter(({ to, typeOnly }) => /opentelemetry/.test(to) && !typeOnly);
    expect([...new Set(loading.map(({ from }) => from))]).toEqual(['src/runtime/tracing.ts']);
    const users = imports.filter(({ to, typeOnly }) => to === 'src/runtime/tracing.ts' && !typeOnly);
    expect(users.map(({ from }) => from)).toEqual(['src/runtime/serve.ts']);
    expect(readSource('src/runtime/serve.ts')).toMatch(/await import\('\.\/tracing\.ts'\)/);
  });

  it.each([
    ['no header', {}],
    ['a header that is no payload of ours', { [TRACE_HEADER]: { metadata: {}, data: new Uint8Array([1]) } }],
    ['a header without a trace', { [TRACE_HEADER]: defaultPayloadConverter.toPayload({}) }],
  ])('passes on input and promise as they are: %s', (_case, headers) => {
    const { inbound = [], outbound = [] } = interceptors();
    const calls: Record<string, (input: unknown, next: (given: unknown) => unknown) => unknown> = {};
    for (const one of [...inbound, ...outbound]) Object.assign(calls, one);
    expect(Object.keys(calls)).toHaveLength(6);
    for (const call of Object.values(calls)) {
      const input = {
        headers,
        args: [{ commandId: 'c' }],
        options: { args: [{ commandId: 'c' }] },
        name: 'n',
        updateId: 'u',
      };
      const promise = Promise.resolve('as it came');
      let given: unknown;
      const result = call(input, (passed) => {
        given = passed;
        return promise;
      });
      expect(given).toBe(input);
      expect(result).toBe(promise);
    }
  });
});

it('answers and stops when nobody takes the traces, and says so once', async () => {
  const [port = 0] = await freePorts(1);
  const said: string[] = [];
  const tracing = openTracing({
    settings: { endpoint: `http://127.0.0.1:${port}`, serviceName: 'driftless' },
    logger: { warn: (_fields: unknown, message?: string) => void said.push(String(message)) },
    redactor: createRedactor(),
  });
  const answer: CommandAnswer = { success: true, message: 'Done.', data: { status: 'done' } };
  const command = { action: 'SETTLE_PNL', engineId: 'engine:paper:synthetic:1:0', commandId: 'c' };
  expect(await tracing.traceCommand(command, async () => answer)).toBe(answer);
  await tracing.stop();
  expect(said).toEqual(['traces could not be sent; trying again with the next']);
});

describe('a trace in a header', () => {
  it('is read as it was written', () => {
    expect(spanParent({ traceparent: traceParentText(TRACE) })).toEqual(TRACE);
  });

  it.each([
    ['nothing', null],
    ['a text', 'traceparent'],
    ['no trace', {}],
    ['another version', { traceparent: `01-${TRACE.traceId}-${TRACE.spanId}-01` }],
    ['not recorded', { traceparent: `00-${TRACE.traceId}-${TRACE.spanId}-00` }],
    ['too short', { traceparent: `00-${TRACE.traceId.slice(1)}-${TRACE.spanId}-01` }],
    ['more behind it', { traceparent: `${traceParentText(TRACE)}-x` }],
  ])('is none: %s', (_case, carrier) => {
    expect(spanParent(carrier)).toBe(null);
  });
});
