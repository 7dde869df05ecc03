import type { Finding } from './support/report.ts';
export async function benchBroadcast(): Promise<readonly Finding[]> {
  return [];
}
