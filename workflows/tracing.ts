/**
 * Carries the trace of a command through the workflows: from the header of an update or a start to the headers of the activities and
 * workflows that belong to the same command. Without such a header it changes nothing.
 *
 * The workflow interceptors of Temporal's OpenTelemetry package draw span ids from the workflow's own random numbers and pass promises
 * on later, so a history written with them might not replay without them. Here span ids are hashes and every promise is passed on as it
 * is: histories are the same, traced or not, except for the headers, which no replay compares.
 */
import { defaultPayloadConverter, type Headers } from '@temporalio/common';
import { ContinueAsNew, proxySinks, type WorkflowInterceptorsFactory, workflowInfo } from '@temporalio/workflow';
import { BoundedMap } from '../src/lib/bounded.ts';
import { hashJson } from '../src/lib/ids.ts';
import {
  type SpanParent,
  spanParent,
  TRACE_HEADER,
  type TracingSinks,
  traceParentText,
  type WorkflowSpan,
} from './trace-header.ts';

/** Of an engine that lives for months. */
const COMMANDS_KEPT = 100;
/** An activity's input names its command at its top or within its envelope. */
const MAX_DEPTH = 3;
const SPAN_ID_CHARS = 16;

export const interceptors: WorkflowInterceptorsFactory = () => {
  /** Of a workflow that was started for one command. */
  let own: SpanParent | null = null;
  const ofCommands = new BoundedMap<string, SpanParent>(COMMANDS_KEPT);

  const traceOf = (args: readonly unknown[]): SpanParent | null => {
    if (own !== null || ofCommands.size === 0) return own;
    const commandId = commandIdIn(args);
    return commandId === null ? null : (ofCommands.get(commandId) ?? null);
  };

  const passedOn = <T extends { readonly args: readonly unknown[]; readonly headers: Headers }>(input: T): T => {
    const trace = traceOf(input.args);
    return trace === null ? input : { ...input, headers: withTrace(input.headers, trace) };
  };

  return {
    inbound: [
      {
        execute: (input, next) => {
          const parent = received(input.headers);
          if (parent === null) return next(input);
          const { workflowType, runId } = workflowInfo();
          own = childOf(parent, runId);
          const told = { ...own, parentSpanId: parent.spanId, name: `RunWorkflow:${workflowType}` };
          return tellAtEnd({ ...told, commandId: commandIdIn(input.args) }, next(input));
        },
        handleUpdate: (input, next) => {
          const parent = received(input.headers);
          if (parent === null) return next(input);
          const trace = childOf(parent, input.updateId);
          const commandId = commandIdIn(input.args);
          if (commandId !== null) ofCommands.set(commandId, trace);
          const told = { ...trace, parentSpanId: parent.spanId, name: `HandleUpdate:${input.name}` };
          return tellAtEnd({ ...told, commandId }, next(input));
        },
      },
    ],
    outbound: [
      {
        scheduleActivity: (input, next) => next(passedOn(input)),
        scheduleLocalActivity: (input, next) => next(passedOn(input)),
        startChildWorkflowExecution: (input, next) => {
          const trace = traceOf(input.options.args ?? []);
          return next(trace === null ? input : { ...input, headers: withTrace(input.headers, trace) });
        },
        continueAsNew: (input, next) =>
          next(own === null ? input : { ...input, headers: withTrace(input.headers, own) }),
      },
    ],
  };
};

const withTrace = (headers: Headers, trace: SpanParent): Headers => ({
  ...headers,
  [TRACE_HEADER]: defaultPayloadConverter.toPayload({ traceparent: traceParentText(trace) }),
});

/** A header that cannot be read, whoever sent it, traces nothing and stops nothing. */
function received(headers: Headers): SpanParent | null {
  const payload = headers[TRACE_HEADER];
  if (payload === undefined) return null;
  try {
    return spanParent(defaultPayloadConverter.fromPayload(payload));
  } catch {
    return null;
  }
}

const childOf = ({ traceId, spanId }: SpanParent, name: string): SpanParent => ({
  traceId,
  spanId: hashJson([traceId, spanId, name]).slice(0, SPAN_ID_CHARS),
});

/** Tells the span when `work` ends. The promise is returned as it came, so that nothing runs later than without. */
function tellAtEnd(span: Omit<WorkflowSpan, 'startMs' | 'endMs' | 'ok'>, work: Promise<unknown>): Promise<unknown> {
  const startMs = Date.now();
  const tell = (ok: boolean) => {
    const { tracing } = proxySinks<TracingSinks>();
    tracing.span({ ...span, startMs, endMs: Date.now(), ok });
  };
  work.then(
    () => tell(true),
    (error: unknown) => tell(error instanceof ContinueAsNew),
  );
  return work;
}

/** The one nearest to the top. */
function commandIdIn(args: readonly unknown[]): string | null {
  let level = args;
  for (let depth = 0; depth < MAX_DEPTH && level.length > 0; depth += 1) {
    const objects = level.filter((one): one is object => typeof one === 'object' && one !== null);
    for (const one of objects) {
      if ('commandId' in one && typeof one.commandId === 'string') return one.commandId;
    }
    level = objects.flatMap((one) => Object.values(one) as unknown[]);
  }
  return null;
}
