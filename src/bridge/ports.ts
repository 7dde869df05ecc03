/** The bridge's ports: the composition root wires them, and the tests bring their own. */
import type { Logger } from 'pino';
import type { Registry } from 'prom-client';
import type { AlertChannels } from '../alerts/channels.ts';
import type { PolicyJson } from '../domain/hedge/policy.ts';
import type { Mode } from '../domain/order/command.ts';
import type { Journal } from '../journal/journal.ts';
import type { RightOfWay } from '../journal/right-of-way.ts';
import type { Clock } from '../lib/clock.ts';
import type { BackupMade } from '../protocol/api.ts';
import type { TraceCommand } from './commands.ts';
import type { EngineGateway } from './gateway.ts';
import type { Access, AccessTokens } from './tokens.ts';

/** Makes a new token and keeps it for the next start. @throws ValidationError when a setting says which token it is */
export type NewToken = (access: Access) => Promise<string>;

/** A setting of this process as a person may see it: a secret is only said to be set. */
export interface SettingInForce {
  readonly name: string;
  readonly group: string;
  readonly value: string | null;
  readonly source: 'command line' | 'environment' | '.env' | 'file' | 'default' | 'not set';
  readonly fallback: string | null;
  readonly help: string;
}

export interface BridgeSettings {
  readonly host: string;
  /** 0 takes any free port. */
  readonly port: number;
  readonly tokens: AccessTokens;
  /** Of this program, for the metrics. */
  readonly version?: string;
  readonly engineId: string;
  readonly mode: Mode;
  /** The built page; null serves none. */
  readonly pageDir: string | null;
  /** e.g. `http://127.0.0.1:8233`; null: no links into it. */
  readonly temporalUiUrl: string | null;
  /** By default `default`. */
  readonly temporalNamespace?: string;
  /** `host:port`, for the commands that alerts name; null or absent: the CLI's own default. */
  readonly temporalAddress?: string | null;
  /** With `{signature}` where the signature goes, or a prefix; null: no links (paper). */
  readonly explorerUrl: string | null;
  /** The margin account on its chain, base58; absent or null: none (paper). */
  readonly accountAddress?: string | null;
  /** By default none are shown. */
  readonly inForce?: readonly SettingInForce[];
  /** By default SOL-PERP alone. */
  readonly markets?: readonly string[];
  /** Who sends, in the words of the log and the verdicts; by default `operator`. */
  readonly operator?: string;
}

/** An engine that this bridge shows and commands. */
export interface ServedEngine {
  readonly engineId: string;
  /** As ENGINES_FILE calls it; null: the process's own. */
  readonly name: string | null;
  /** With which this process was started: shown until the engine says which are in force. */
  readonly policy: PolicyJson;
  /** The margin account on its chain, base58; null: none (paper). */
  readonly accountAddress: string | null;
  readonly inForce: () => readonly SettingInForce[];
}

export interface PartReadiness {
  readonly ok: boolean;
  readonly detail: string;
}
export type ReadinessPart = 'temporal' | 'journal' | 'worker' | 'feed' | 'venue';
export type Readiness = Readonly<Record<ReadinessPart, PartReadiness>>;

export interface TelegramCommandSettings {
  readonly token: string;
  /** Numeric ids of the people who may command. */
  readonly users: readonly number[];
  /** Another address of the Bot API, in tests. */
  readonly api?: string;
  readonly pollSeconds?: number;
}

export interface BridgePorts {
  readonly journal: Journal;
  readonly gateway: EngineGateway;
  readonly clock: Clock;
  /** By which the worker judges whether a command is late; our own where there is one machine. */
  readonly sharedClock?: Clock;
  readonly logger: Logger;
  readonly settings: BridgeSettings;
  readonly readiness: () => Promise<Readiness>;
  readonly metricsRegistry: Registry;
  /** With which this process was started: shown until the engine says which are in force. */
  readonly policy: PolicyJson;
  /** Shared with this process's worker, where it has one. */
  readonly rightOfWay: RightOfWay;
  /** Those of ENGINES_FILE; absent: none. */
  readonly engines?: readonly ServedEngine[];
  /** Absent: the tokens of this process cannot be replaced. */
  readonly newToken?: NewToken;
  /** Commands by Telegram; absent or null: off. */
  readonly telegram?: TelegramCommandSettings | null;
  /** Absent: commands are not traced. */
  readonly traceCommand?: TraceCommand;
  /** Makes a backup of both stores; absent: this process owns none. @throws DriftlessError */
  readonly backup?: () => Promise<BackupMade>;
  /** The registry of alert channels: the sockets are one. */
  readonly alerts: Pick<AlertChannels, 'add'>;
}
