/** What the table says about one code. */

export type AlertSeverity = 'info' | 'warning' | 'critical';

/** The higher, the more severe. */
export const SEVERITY_RANK: Readonly<Record<AlertSeverity, number>> = { info: 0, warning: 1, critical: 2 };

export interface AlertRow<Details, Over> {
  readonly severity: AlertSeverity | ((details: Details) => AlertSeverity);
  /** A heading of a few words. */
  readonly title: string;
  /** What happened and what it means, in full sentences. */
  readonly happened: (details: Details) => string;
  /** What to do. */
  readonly action: string | ((details: Details) => string);
  /** Nothing gets better until a person acts. */
  readonly needsPerson: boolean;
  /** What is said when it is over; null for an event, which is never over. */
  readonly over: ((details: Over) => string) | null;
}

type RowWords<Details> = Omit<AlertRow<Details, never>, 'over'>;

/** Happens once and stands for nothing that could end. */
export const event = <Details>(row: RowWords<Details>): AlertRow<Details, never> & { readonly over: null } => ({
  ...row,
  over: null,
});

/** Stands until it is over. `Over`: what the sentence about its end depends on. */
export const condition = <Details, Over = NoDetails>(
  row: RowWords<Details> & { readonly over: string | ((details: Over) => string) },
): AlertRow<Details, Over> & { readonly over: (details: Over) => string } => {
  const { over } = row;
  return { ...row, over: typeof over === 'string' ? () => over : over };
};

export type NoDetails = Readonly<Record<string, never>>;

/** What others wrote (an error, a node) ends with or without a period; a sentence ends with one. */
export function withPeriod(text: string): string {
  const trimmed = text.trim();
  return /[.!?\u2026]$/.test(trimmed) ? trimmed : `${trimmed}.`;
}

export const counted = (count: number, what: string): string => `${count} ${what}${count === 1 ? '' : 's'}`;
