/**
 * One trace for each command, over OTLP/HTTP: from the bridge through Temporal's update, the workflows and their activities to the calls
 * to nodes. Loaded only when OTEL_EXPORTER_OTLP_ENDPOINT is set.
 */
import { type Context, context, propagation, SpanKind, SpanStatusCode, TraceFlags, trace } from '@opentelemetry/api';
import { AsyncLocalStorageContextManager } from '@opentelemetry/context-async-hooks';
import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-http';
import { Resource } from '@opentelemetry/resources';
import {
  BasicTracerProvider,
  BatchSpanProcessor,
  type ReadableSpan,
  type Sampler,
  SamplingDecision,
  type Span,
  type SpanExporter,
} from '@opentelemetry/sdk-trace-base';
import type { WorkflowClientInterceptor } from '@temporalio/client';
import { OpenTelemetryWorkflowClientInterceptor } from '@temporalio/interceptors-opentelemetry/lib/client/index.js';
import { OpenTelemetryActivityInboundInterceptor } from '@temporalio/interceptors-opentelemetry/lib/worker/index.js';
import type { ActivityInterceptorsFactory, InjectedSinks } from '@temporalio/worker';
import type { TracingSinks, WorkflowSpan } from '../../workflows/trace-header.ts';
import type { TraceCommand } from '../bridge/commands.ts';
import type { RpcObserver } from '../chain/rpc-observer.ts';
import type { TracingSettings } from './config.ts';
import { logIdsHere, withEveryId, withLogIds } from './log-ids.ts';
import type { Logger } from './logger.ts';
import type { Redactor } from './redaction.ts';

export interface Tracing {
  /** For the bridge. */
  readonly traceCommand: TraceCommand;
  /** For Temporal's client. */
  readonly client: WorkflowClientInterceptor;
  /** For a worker's activities. */
  readonly activity: ActivityInterceptorsFactory;
  /** For a worker: takes the spans that workflows tell. */
  readonly sinks: InjectedSinks<TracingSinks>;
  readonly observeRpc: RpcObserver;
  /** Sends what waits. */
  stop(): Promise<void>;
}

interface TracingPorts {
  readonly settings: TracingSettings;
  readonly logger: Pick<Logger, 'warn'>;
  readonly redactor: Pick<Redactor, 'scrub'>;
}

/** The only span that begins a trace: what belongs to no command is not recorded. */
const COMMAND = 'Command';
const SEND_WITHIN_MS = 2_000;
const SEND_EVERY_MS = 1_000;
const MS = 1_000;

export function openTracing({ settings, logger, redactor }: TracingPorts): Tracing {
  const resource = new Resource({ 'service.name': settings.serviceName });
  const processor = new NamingProcessor(exporterTo(settings.endpoint, logger, redactor), {
    scheduledDelayMillis: SEND_EVERY_MS,
  });
  const provider = new BasicTracerProvider({ resource, sampler: COMMANDS_ONLY, spanProcessors: [processor] });
  provider.register({ contextManager: new AsyncLocalStorageContextManager().enable() });
  const tracer = provider.getTracer('driftless');
  return {
    traceCommand: ({ action, engineId, commandId }, work) =>
      withLogIds({ engineId, commandId }, () =>
        tracer.startActiveSpan(COMMAND, { kind: SpanKind.SERVER }, async (span) => {
          try {
            const answer = await work();
            const { status, operation_id: operationId } = answer.data;
            const code = answer.error?.code;
            span.setAttributes({
              'driftless.action': action,
              'driftless.outcome': String(status),
              ...(code === undefined ? {} : { 'driftless.code': code }),
              ...(typeof operationId === 'string' ? { 'driftless.operation_id': operationId } : {}),
            });
            span.setStatus({ code: answer.success ? SpanStatusCode.OK : SpanStatusCode.ERROR });
            return answer;
          } finally {
            span.end();
          }
        }),
      ),
    client: new OpenTelemetryWorkflowClientInterceptor({ tracer }),
    activity: (ctx) => ({ inbound: new OpenTelemetryActivityInboundInterceptor(ctx, { tracer }) }),
    sinks: {
      tracing: {
        span: {
          fn: ({ workflowId, runId }, span) => {
            const { commandId } = span;
            const ids = withEveryId({ workflowId, ...(commandId === null ? {} : { commandId }) });
            processor.onEnd(readableSpan(span, resource, ids, runId));
          },
          callDuringReplay: false,
        },
      },
    },
    observeRpc: ({ node, method, outcome, seconds }) => {
      if (outcome === 'resting') return;
      const endMs = Date.now();
      const attributes = { 'rpc.system': 'jsonrpc', 'rpc.method': method, 'driftless.node': node };
      const span = tracer.startSpan(`RPC:${method}`, {
        kind: SpanKind.CLIENT,
        startTime: endMs - seconds * MS,
        attributes: { ...attributes, 'driftless.outcome': outcome },
      });
      span.setStatus({ code: outcome === 'answer' ? SpanStatusCode.OK : SpanStatusCode.ERROR });
      span.end(endMs);
    },
    stop: async () => {
      // What could not be sent was said when it failed: it keeps nothing from stopping.
      await provider.shutdown().catch(() => undefined);
      for (const api of [trace, context, propagation]) api.disable();
    },
  };
}

const COMMANDS_ONLY: Sampler = {
  shouldSample: (parent, _traceId, name) => ({
    decision:
      name === COMMAND || isRecorded(parent) ? SamplingDecision.RECORD_AND_SAMPLED : SamplingDecision.NOT_RECORD,
  }),
  toString: () => 'commands only',
};

const isRecorded = (parent: Context): boolean =>
  ((trace.getSpanContext(parent)?.traceFlags ?? TraceFlags.NONE) & TraceFlags.SAMPLED) !== 0;

/** Every span says to what it belongs, as every log line does. */
class NamingProcessor extends BatchSpanProcessor {
  override onStart(span: Span, parent: Context): void {
    span.setAttributes(idAttributes(withEveryId({ ...logIdsHere() })));
    super.onStart(span, parent);
  }
}

const ID_ATTRIBUTES = {
  operationId: 'driftless.operation_id',
  commandId: 'driftless.command_id',
  engineId: 'driftless.engine_id',
  workflowId: 'driftless.workflow_id',
} as const;

function idAttributes(ids: Readonly<Record<string, unknown>>): Record<string, string> {
  const named = Object.entries(ID_ATTRIBUTES).map(([name, attribute]) => [attribute, ids[name]] as const);
  return Object.fromEntries(
    named.filter((entry): entry is readonly [(typeof entry)[0], string] => typeof entry[1] === 'string'),
  );
}

/** What a workflow told, as the exporter takes it. */
function readableSpan(
  { traceId, spanId, parentSpanId, name, startMs, endMs, ok }: WorkflowSpan,
  resource: Resource,
  ids: Readonly<Record<string, unknown>>,
  runId: string,
): ReadableSpan {
  return {
    name,
    kind: SpanKind.INTERNAL,
    spanContext: () => ({ traceId, spanId, traceFlags: TraceFlags.SAMPLED }),
    parentSpanId,
    startTime: hrTime(startMs),
    endTime: hrTime(endMs),
    duration: hrTime(endMs - startMs),
    status: { code: ok ? SpanStatusCode.OK : SpanStatusCode.ERROR },
    attributes: { ...idAttributes(ids), run_id: runId },
    links: [],
    events: [],
    ended: true,
    resource,
    instrumentationLibrary: { name: 'driftless' },
    droppedAttributesCount: 0,
    droppedEventsCount: 0,
    droppedLinksCount: 0,
  };
}

const NANOS = 1_000_000;
const hrTime = (ms: number): [number, number] => [Math.floor(ms / MS), (ms % MS) * NANOS];

/** An endpoint that does not answer is said once, until it answers again. It delays nothing. */
function exporterTo(
  endpoint: string,
  logger: TracingPorts['logger'],
  redactor: TracingPorts['redactor'],
): SpanExporter {
  const url = `${endpoint.replace(/\/+$/, '')}/v1/traces`;
  const exporter = new OTLPTraceExporter({ url, timeoutMillis: SEND_WITHIN_MS });
  let failing = false;
  return {
    export: (spans, done) =>
      exporter.export(
        spans.map((span) => scrubbed(span, redactor)),
        (result) => {
          const failed = result.error !== undefined;
          if (failed && !failing)
            logger.warn({ err: result.error }, 'traces could not be sent; trying again with the next');
          failing = failed;
          done(result);
        },
      ),
    shutdown: () => exporter.shutdown(),
  };
}

/** As a log line is. Exceptions stand in the log, with their stacks: a span has only the message. */
function scrubbed(span: ReadableSpan, redactor: TracingPorts['redactor']): ReadableSpan {
  const { code, message } = span.status;
  const status = message === undefined ? { code } : { code, message: redactor.scrub(message) };
  return Object.create(span, { status: { value: status }, events: { value: [] } }) as ReadableSpan;
}
