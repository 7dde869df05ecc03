/** How a trace travels in Temporal's headers (W3C Trace Context), and how a workflow tells a span to its worker. */
import type { Sinks } from '@temporalio/workflow';

/** The name that Temporal's OpenTelemetry interceptors of client and activity use. */
export const TRACE_HEADER = '_tracer-data';

export interface SpanParent {
  /** 32 hex digits. */
  readonly traceId: string;
  /** 16 hex digits. */
  readonly spanId: string;
}

export interface WorkflowSpan extends SpanParent {
  readonly parentSpanId: string;
  readonly name: string;
  /** Null: of no command by its input. */
  readonly commandId: string | null;
  readonly startMs: number;
  readonly endMs: number;
  readonly ok: boolean;
}

export interface TracingSinks extends Sinks {
  readonly tracing: { span(span: WorkflowSpan): void };
}

/** A version that we know, and a trace that is recorded. */
const TRACE_PARENT = /^00-([0-9a-f]{32})-([0-9a-f]{16})-01$/;

export function spanParent(carrier: unknown): SpanParent | null {
  if (typeof carrier !== 'object' || carrier === null || !('traceparent' in carrier)) return null;
  const [, traceId, spanId] = TRACE_PARENT.exec(String(carrier.traceparent)) ?? [];
  return traceId === undefined || spanId === undefined ? null : { traceId, spanId };
}

export const traceParentText = ({ traceId, spanId }: SpanParent): string => `00-${traceId}-${spanId}-01`;
