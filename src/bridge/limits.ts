/** Every bound of the bridge. Times in milliseconds, sizes in bytes. */

/** Over this a message is refused with MESSAGE_TOO_LARGE and the socket closes with 1009. */
export const MAX_MESSAGE_BYTES = 1024 * 1024;
/** JSON nested deeper than this is refused unread: our messages need 3, and a parser recurses once per level. */
export const MAX_JSON_DEPTH = 16;
/** JSON text longer than this is first checked by the quicker parser. */
export const NATIVE_CHECK_CHARS = 16 * 1024;
export const MESSAGES_PER_SECOND = 200;
/** A message costs one more token per this many bytes, so that a stream of huge ones cannot hold the event loop. */
export const BYTES_PER_EXTRA_TOKEN = 32 * 1024;
/** A socket that has been over the rate this long, without a quiet second between, is closed with 1008. */
export const RATE_LIMIT_PATIENCE_MS = 10_000;
/** RATE_LIMITED is sent at most this often per socket. */
export const RATE_LIMIT_NOTICE_MS = 1_000;

/** Sockets at once; over it the upgrade is answered with 503. */
export const MAX_SOCKETS = 2_048;
/** Commands of one socket that have no answer yet; over it ENGINE_BUSY. */
export const MAX_COMMANDS_PER_SOCKET = 256;
/** Above this many unsent bytes a reader is slow: it misses SYSTEM_STATS until it has caught up, */
export const SLOW_READER_BYTES = 128 * 1024;
/** and above this many it is closed with 1013, told why. */
export const MAX_UNSENT_BYTES = 1024 * 1024;
/** Connections beside the sockets: pages, lists, and those that are told that there is no room. */
export const HTTP_HEADROOM = 512;
/** Connections that have shown no right token; over it the oldest of them ends. They take no place of the others. */
export const MAX_STRANGERS = 512;
/** Wrong tokens that one address may send at once, and again per minute; over it 429. */
export const WRONG_TOKENS_AT_ONCE = 20;
export const WRONG_TOKENS_PER_MINUTE = 20;
/** How often the log names such an address. */
export const WRONG_TOKEN_NOTICE_MS = 60_000;
export const MAX_WRONG_TOKEN_ADDRESSES = 1_024;
export const HEARTBEAT_MS = 15_000;
/** After our close frame the peer has this long to answer it before the connection is cut. */
export const CLOSE_HANDSHAKE_MS = 3_000;

/** A command is answered within 5 s; */
export const COMMAND_LIFE_MS = 5_000;
/** the bridge answers itself when nobody else has by then, with a second in hand for a busy machine. */
export const ANSWER_WITHIN_MS = 4_000;
/** The engine's part of it: it answers pending after 3 s. The rest is for the journal. */
export const GATEWAY_WITHIN_MS = 3_600;
/** A journal that has not told in this time is taken as down: the engine is asked instead. */
export const JOURNAL_LOOKUP_MS = 600;
/** GET_STATE waits this long for the journal's snapshot, and for the engine's own word where the journal is mute. */
export const STATE_LOOKUP_MS = 1_500;
export const API_LOOKUP_MS = 5_000;
/** Reads over HTTP that are answered at once, of all engines; */
export const READS_AT_ONCE = 4;
/** one that waits for its turn waits no longer than this. */
export const READ_TURN_WITHIN_MS = 500;
/** Who asks for all engines waits this long for a read of them, then has the list of before: each row says of when it is. */
export const ENGINE_LIST_WAIT_MS = 2_000;
/** Lookups of commands at once. Beyond it the engine is asked without: it knows its commands too, and a rush is not
 * made to wait in the journal's queue. */
export const MAX_COMMAND_LOOKUPS = 64;
/** All other reads and writes of the bridge at once. */
export const MAX_OPEN_LOOKUPS = 4_096;
/** A lookup that has not ended by then never will, and is no longer counted. */
export const LOOKUP_LOST_MS = 30_000;

/** Updates in flight for ordinary commands: Temporal takes 10 per workflow and then retries silently (TEMPORAL.md). */
export const ORDINARY_PLACES = 6;
/** And for those of all engines of this process together, so that many that are sent commands at once leave time for exits. */
export const ORDINARY_PLACES_OF_PROCESS = 24;
/** The last of them are only for engines that have none, so that those that storm never hold all. */
export const KEPT_PLACES_OF_PROCESS = 8;
/** An ordinary command waits this long for one of those. What is left of its time is more than the engine takes to answer. */
export const PLACE_WITHIN_MS = 500;
/** Ordinary commands that one engine may be sent at once, and then in each second: more than it can do. */
export const COMMANDS_AT_ONCE_OF_ENGINE = 60;
export const COMMANDS_PER_SECOND_OF_ENGINE = 20;
/** Commands that are not counted again when they are repeated, the oldest forgotten first. */
export const MAX_COUNTED_COMMANDS = 4_096;
/** Kept beside them for CLOSE, FLATTEN, STOP, RESOLVE and RESUME; one of the ten stays free for `configure`. */
export const RESERVED_PLACES = 3;
/** Exits that wait for a place. They are never refused as busy, so the bound is above what all sockets can send. */
export const MAX_WAITING_WAYS_OUT = 16_384;
/** Temporal is asked whether it is there when it has not answered anything for this long. */
export const TEMPORAL_FRESH_MS = 1_000;
export const TEMPORAL_PING_MS = 1_000;
export const RETRY_AFTER_S = 5;
/** Refused commands whose next sending is told apart, the oldest forgotten first: then one old answer more is told. */
export const MAX_REFUSALS = 4_096;

/** Commands whose end is still to be sent to every socket. */
export const MAX_OPEN_ENDS = 4_096;
/** How often the journal is asked for the ends that no event has told. */
export const OPEN_ENDS_SWEEP_MS = 5_000;
export const OPEN_ENDS_PER_SWEEP = 64;
/**
 * An unanswered command is asked about this long after its time is over: by a clock of the engine's machine that is
 * behind ours by less than this, it is over there too.
 */
export const ASK_AGAIN_AFTER_MS = 5_000;
/** A command of another bridge that took longer than this was answered pending, so its end is sent here too. */
export const FOREIGN_END_AFTER_MS = 1_000;

export const STATS_INTERVAL_MS = 1_000;
/** A change is sent at once, but not more often than this. */
export const STATS_MIN_GAP_MS = 50;
/** A tick waits this long for the journal, then sends what is known. */
export const STATS_WAIT_MS = 300;
/** Read again after this long even when no event came: an event may have been lost. */
export const STATS_REREAD_MS = 5_000;
/** Operations whose transitions are followed, the oldest forgotten first. */
export const MAX_FOLLOWED_OPERATIONS = 512;
export const LISTEN_RETRY_MS = 2_000;

export const METRICS_LOOKUP_MS = 1_500;
export const READINESS_MS = 3_000;
/** A command that is asked about has a few short fields. */
export const MAX_PREVIEW_BYTES = 16 * 1024;
/** A shorter answer fits a packet or two as it is. */
export const COMPRESS_FROM_BYTES = 1_400;
export const DEFAULT_PAGE_ITEMS = 100;
export const MAX_PAGE_ITEMS = 1_000;
/** A screen is about two thousand points wide. */
export const DEFAULT_SERIES_POINTS = 500;
export const MAX_SERIES_POINTS = 5_000;
/** What we quote back of an input: longer text is described, not quoted, so that no key or megabyte is echoed. */
export const MAX_QUOTED_CHARS = 32;

/** At a stop, commands on their way may still be answered for this long; within the time that a stop gives the bridge. */
export const LAST_ANSWERS_MS = 1_500;
