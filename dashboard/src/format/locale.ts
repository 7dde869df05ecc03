/** The reader's locale, for figures and dates. Until the page sets it, and in tests, it is American English. */

let locale = 'en-US';
const forget: (() => void)[] = [];

export const readerLocale = (): string => locale;

/** Takes the first of the browser's languages that has number formats in Latin digits, which the columns align. */
export function setReaderLocale(tags: readonly string[]): void {
  const [first] = tags.flatMap((tag) => {
    try {
      return [new Intl.NumberFormat(`${tag}-u-nu-latn`).resolvedOptions().locale];
    } catch {
      // A browser may report a tag that is none.
      return [];
    }
  });
  locale = first ?? 'en-US';
  for (const each of forget) each();
}

/** For formats that are kept: they were made for the former locale. */
export const onLocaleChange = (work: () => void): void => void forget.push(work);

interface Separators {
  readonly group: string;
  readonly decimal: string;
}

/** What stands between thousands, and before decimals. */
export function separators(): Separators {
  const parts = new Intl.NumberFormat(locale, { minimumFractionDigits: 1 }).formatToParts(1_234_567.5);
  const of = (type: string, other: string): string => parts.find((part) => part.type === type)?.value ?? other;
  return { group: of('group', ''), decimal: of('decimal', '.') };
}
