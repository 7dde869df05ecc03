export interface AllowedWeakness {
  readonly advisory: string;
  readonly package: string;
  readonly why: string;
}

export interface KnownWeakness {
  readonly advisory: string;
  readonly package: string;
  readonly severity: string;
  readonly title: string;
}

export type JudgedAudit =
  | { readonly kind: 'not asked'; readonly why: string }
  | {
      readonly kind: 'asked';
      readonly failing: readonly KnownWeakness[];
      readonly minor: readonly KnownWeakness[];
      readonly allowed: readonly KnownWeakness[];
      readonly stale: readonly AllowedWeakness[];
    };

export function judgeAudit(text: string, allowed: readonly AllowedWeakness[]): JudgedAudit;
export function audit(args: readonly string[], say: (line: string) => void): Promise<number>;
