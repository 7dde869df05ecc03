/** Jito's block engine: bundles of one transaction, and the accounts that tips go to. */
import { PublicKey } from '@solana/web3.js';
import type { Clock } from '../lib/clock.ts';
import { TransientError } from '../lib/errors.ts';
import type { Tip } from './draft.ts';
import { inWords } from './rpc-answer.ts';
import { RpcNode } from './rpc-node.ts';
import type { RpcObserver } from './rpc-observer.ts';

export interface JitoOptions {
  /** JITO_URL: any block engine; its path, if it has one, is used as it is. */
  readonly url: string | null;
  /** JITO_REGION: ny, amsterdam, frankfurt, tokyo, …; null: the nearest, by Jito's own routing. */
  readonly region: string | null;
  readonly tipLamports: number | null;
}

const BUNDLES_PATH = '/api/v1/bundles';
const TIMEOUT_MS = 2_000;
/** Jito's own minimum is 1,000. */
const DEFAULT_TIP_LAMPORTS = 10_000;
/** Mainnet's, as Jito documents them: for when the block engine does not say. */
const TIP_ACCOUNTS: readonly string[] = [
  '96gYZGLnJYVFmbjzopPSU6QiEV5fGqZNyN9nmNhvrZU5',
  'HFqU5x63VTqvQss8hp11i4wVV8bD44PvwucfZ2bU7gRe',
  'Cw8CFyM9FkoMi7K7Crf6HNQqf4uEMzpKw6QNghXLvLkY',
  'ADaUMid9yfUytqMBgopwjb2DTLSokTSzL1zt6iGPaS49',
  'DfXygSm4jCyNCybVYYK6DwvWqjKee8pbDmJGcLWNDXjh',
  'ADuUkR4vqLUMWXxW9gh6D6L8pMSawimctcNZ5pGwDcEt',
  'DttWaMuVvTiduZRnguLF7jNxTgiMBZ1hyAumKUiL2KRL',
  '3AVi9Tg9Uo68tJfuvoKvqKNWKkC5wPdSSdeBnizKZ6jT',
];

export function blockEngineUrl({ url, region }: Pick<JitoOptions, 'url' | 'region'>): string {
  const base = url ?? `https://${region === null ? '' : `${region}.`}mainnet.block-engine.jito.wtf`;
  const parsed = new URL(base);
  if (parsed.pathname === '/') parsed.pathname = BUNDLES_PATH;
  return parsed.href;
}

interface JitoPorts {
  readonly clock: Clock;
  readonly monotonicMs: () => number;
  readonly observe?: RpcObserver | undefined;
}

export class Jito {
  readonly #node: RpcNode;
  readonly #tipLamports: number;
  #accounts: readonly string[] | null = null;

  constructor(options: JitoOptions, ports: JitoPorts) {
    const url = blockEngineUrl(options);
    const endpoint = { url, webSocketUrl: '', name: new URL(url).host };
    this.#node = new RpcNode(endpoint, { timeoutMs: TIMEOUT_MS }, ports);
    this.#tipLamports = options.tipLamports ?? DEFAULT_TIP_LAMPORTS;
  }

  /** HTTP requests so far. */
  get calls(): number {
    return this.#node.calls;
  }

  /** It asked to be left alone for so long yet. */
  restsMs = (): number => this.#node.restsMs();

  /** @param turn picks the account: tips of many to one account wait for each other. Null: tips are set to 0. */
  async tip(turn: number): Promise<Tip | null> {
    if (this.#tipLamports === 0) return null;
    if (this.#accounts === null) {
      const answer = await this.#node.ask('getTipAccounts', [], readAddresses);
      if (answer.kind === 'answer') this.#accounts = answer.value;
    }
    const accounts = this.#accounts ?? TIP_ACCOUNTS;
    return { to: new PublicKey(accounts[turn % accounts.length] as string), lamports: this.#tipLamports };
  }

  /** Resolves when the block engine took the bundle, which says nothing of landing. @throws TransientError */
  async send(wire: string): Promise<void> {
    const answer = await this.#node.ask('sendBundle', [[wire], { encoding: 'base64' }], (id) => id ?? undefined);
    if (answer.kind === 'answer') return;
    const code = answer.kind === 'none' && answer.why === 'rate_limited' ? 'JITO_CONGESTED' : 'JITO_FAILED';
    throw new TransientError(code, `${this.#node.name}: ${inWords(answer)}.`, { node: this.#node.name });
  }
}

function readAddresses(result: unknown): readonly string[] | undefined {
  if (!Array.isArray(result) || result.length === 0) return undefined;
  return result.every((one) => typeof one === 'string' && isAddress(one)) ? (result as string[]) : undefined;
}

function isAddress(text: string): boolean {
  try {
    return new PublicKey(text).toBytes().length === 32;
  } catch {
    return false;
  }
}
