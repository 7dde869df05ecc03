import { expect, it } from '@jest/globals';
import { Registry } from 'prom-client';
import { addTemporalMetrics } from '../../src/runtime/temporal-metrics.ts';

it('takes over what the SDK counts, with labels that have a bound', async () => {
  const registry = new Registry();
  const request = { name: 'temporal_request', kind: 'counter', valueType: 'int' };
  const latency = { name: 'temporal_request_latency', kind: 'histogram', valueType: 'float', unit: 's' };
  const slots = { name: 'temporal_worker_task_slots_available', kind: 'gauge', valueType: 'int' };
  const labels = { operation: 'PollWorkflowTaskQueue', task_queue: 'sticky-0f1c', service_name: 'temporal-core-sdk' };
  const updates = [
    { metric: request, value: 2, attributes: labels },
    { metric: request, value: 1, attributes: { ...labels, task_queue: 'other' } },
    { metric: latency, value: 0.04, attributes: { operation: 'x' } },
    { metric: slots, value: 7, attributes: { worker_type: 'ActivityWorker' } },
    { metric: slots, value: 6, attributes: { worker_type: 'ActivityWorker' } },
  ];
  const buffer = { retrieveUpdates: () => updates.splice(0).values() };
  const metrics = addTemporalMetrics(buffer as never, registry);
  metrics.drain();
  await metrics.stop();
  const text = await registry.metrics();
  expect(text).toContain('temporal_request_total{operation="PollWorkflowTaskQueue"} 3');
  expect(text).toContain('temporal_request_latency_seconds_bucket{le="0.05",operation="x"} 1');
  expect(text).toContain('temporal_worker_task_slots_available{worker_type="ActivityWorker"} 6');
  expect(text).not.toContain('sticky');
});
