/** What the words after `npm start --` mean. */
export type ParsedArguments =
  | { readonly kind: 'help' | 'version' }
  | { readonly kind: 'error'; readonly message: string }
  | {
      readonly kind: 'run';
      readonly role: 'all' | 'worker' | 'bridge';
      readonly demo: boolean;
      readonly resetPaper: string | null;
      readonly localnet: boolean;
      readonly json: boolean;
    };

export function parseArguments(argv: readonly string[]): ParsedArguments;
