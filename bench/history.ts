import type { Finding } from './support/report.ts';
export async function benchHistory(): Promise<readonly Finding[]> {
  return [];
}
