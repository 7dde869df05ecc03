declare module 'pino-roll' {
  import type { SonicBoom } from 'sonic-boom';

  /** The package carries no types. Names files `<file>.<date>.<count>.log`. */
  export default function roll(options: {
    readonly file: string;
    readonly frequency: 'daily';
    readonly dateFormat: string;
    readonly mkdir: boolean;
    readonly maxLength: number;
    readonly limit: { readonly count: number; readonly removeOtherLogFiles: boolean };
  }): Promise<SonicBoom>;
}
