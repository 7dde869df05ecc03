/**
 * Every kind of operation, with everything that other parts need to know about it: admission, gates, the workflow that
 * runs it, the journal, the page. Every question about the kind of a trade is answered by this table.
 */

/** Commands that start an operation. */
type OperatingAction =
  | 'DRIFT_DEPOSIT'
  | 'DRIFT_WITHDRAW'
  | 'DRIFT_OPEN_POSITION'
  | 'DRIFT_CLOSE_POSITION'
  | 'REBALANCE'
  | 'FLATTEN'
  | 'SETTLE_PNL';

/** Rows of docs/architecture/admission.md. */
export type AdmissionRow =
  | 'deposit'
  | 'withdraw'
  | 'open'
  | 'rebalance_enlarging'
  | 'rebalance_reducing'
  | 'close'
  | 'flatten'
  | 'settle';

/** Columns of docs/architecture/gates.md, in the document's order. */
export const GATE_COLUMNS = [
  'deposit',
  'withdraw',
  'open',
  'enter',
  'rebalance-enlarge',
  'rebalance-reduce',
  'close',
  'flatten',
  'settle',
  'guard',
] as const;
export type GateColumn = (typeof GATE_COLUMNS)[number];

/** Names of the operation workflows, as Temporal shows them. */
type WorkflowName = 'deposit' | 'withdraw' | 'openPosition' | 'closePosition' | 'rebalance' | 'settle';

/** Its name in the journal and the protocol. */
export type RecordedKind = 'deposit' | 'withdraw' | 'open' | 'close' | 'rebalance' | 'settle';

/** One value for a trade that adds risk (or for an operation that is not a trade), and one for a trade that reduces. */
interface BySize<Row> {
  readonly enlarging: Row;
  readonly reducing: Row;
}

interface OperationTraits {
  /** The command that starts it. Null: the engine decides it itself, so no person can confirm it. */
  readonly action: OperatingAction | null;
  /** For people. */
  readonly label: string;
  readonly recordedAs: RecordedKind;
  readonly workflow: WorkflowName;
  readonly trades: boolean;
  /** It always reduces, so it counts as reducing even without a snapshot. */
  readonly reduces: boolean;
  /** Ends the position: it waits for nothing that could keep a person in it, and goes to the front of the queue. */
  readonly exit: boolean;
  /** The permission that it needs (LIVE_PERMISSIONS). */
  readonly permission: 'capital' | 'trading';
  readonly admission: BySize<AdmissionRow>;
  readonly gates: BySize<GateColumn>;
}

const either = <Row>(row: Row): BySize<Row> => ({ enlarging: row, reducing: row });
/** A trade that was meant to reduce but does not is judged as one that adds risk. */
const reducingAs = (column: GateColumn): BySize<GateColumn> => ({ enlarging: 'rebalance-enlarge', reducing: column });
const REBALANCE_ROWS: BySize<AdmissionRow> = { enlarging: 'rebalance_enlarging', reducing: 'rebalance_reducing' };

const capital = { trades: false, reduces: false, exit: false, permission: 'capital' } as const;
const trade = { trades: true, reduces: false, exit: false, permission: 'trading' } as const;
const exit = { trades: true, reduces: true, exit: true, permission: 'trading' } as const;

export const OPERATIONS = {
  deposit: {
    ...capital,
    action: 'DRIFT_DEPOSIT',
    label: 'Deposit',
    recordedAs: 'deposit',
    workflow: 'deposit',
    admission: either<AdmissionRow>('deposit'),
    gates: either<GateColumn>('deposit'),
  },
  withdraw: {
    ...capital,
    action: 'DRIFT_WITHDRAW',
    label: 'Withdraw',
    recordedAs: 'withdraw',
    workflow: 'withdraw',
    admission: either<AdmissionRow>('withdraw'),
    gates: either<GateColumn>('withdraw'),
  },
  open: {
    ...trade,
    action: 'DRIFT_OPEN_POSITION',
    label: 'Open',
    recordedAs: 'open',
    workflow: 'openPosition',
    admission: either<AdmissionRow>('open'),
    gates: { enlarging: 'open', reducing: 'rebalance-reduce' },
  },
  rebalance: {
    ...trade,
    action: 'REBALANCE',
    label: 'Rebalance',
    recordedAs: 'rebalance',
    workflow: 'rebalance',
    admission: REBALANCE_ROWS,
    gates: reducingAs('rebalance-reduce'),
  },
  /** The engine's own rebalance, back to the hedge target that a person chose. */
  correct: {
    ...trade,
    action: null,
    label: 'Correct the hedge',
    recordedAs: 'rebalance',
    workflow: 'rebalance',
    admission: REBALANCE_ROWS,
    gates: reducingAs('rebalance-reduce'),
  },
  /** The smallest reduction that moves the account away from liquidation. */
  guard: {
    ...trade,
    reduces: true,
    action: null,
    label: 'Guard against liquidation',
    recordedAs: 'rebalance',
    workflow: 'rebalance',
    admission: REBALANCE_ROWS,
    gates: reducingAs('guard'),
  },
  /** The carry policy opens the hedge, inside what a person consented to. */
  enter: {
    ...trade,
    action: null,
    label: 'Enter the hedge',
    recordedAs: 'open',
    workflow: 'openPosition',
    admission: either<AdmissionRow>('open'),
    gates: { enlarging: 'enter', reducing: 'rebalance-reduce' },
  },
  /** The carry policy ends it. */
  leave: {
    ...trade,
    reduces: true,
    action: null,
    label: 'Leave the hedge',
    recordedAs: 'close',
    workflow: 'rebalance',
    admission: REBALANCE_ROWS,
    gates: reducingAs('close'),
  },
  close: {
    ...exit,
    action: 'DRIFT_CLOSE_POSITION',
    label: 'Close',
    recordedAs: 'close',
    workflow: 'closePosition',
    admission: either<AdmissionRow>('close'),
    gates: reducingAs('close'),
  },
  /** A close that widens its price limit, settles any amount, and halts trading. */
  flatten: {
    ...exit,
    action: 'FLATTEN',
    label: 'Flatten',
    recordedAs: 'close',
    workflow: 'closePosition',
    admission: either<AdmissionRow>('flatten'),
    gates: reducingAs('flatten'),
  },
  settle: {
    ...capital,
    action: 'SETTLE_PNL',
    label: 'Settle PnL',
    recordedAs: 'settle',
    workflow: 'settle',
    admission: either<AdmissionRow>('settle'),
    gates: either<GateColumn>('settle'),
  },
} as const satisfies Readonly<Record<string, OperationTraits>>;

export type OperationKind = keyof typeof OPERATIONS;
export type CapitalKind = 'deposit' | 'withdraw';
/** Kinds that trade, and so have a signed size once it is known. */
export type TradeKind = {
  [Kind in OperationKind]: (typeof OPERATIONS)[Kind]['trades'] extends true ? Kind : never;
}[OperationKind];

export const admissionRow = (kind: OperationKind, reducing: boolean): AdmissionRow =>
  OPERATIONS[kind].admission[reducing ? 'reducing' : 'enlarging'];

export const gateColumn = (kind: OperationKind, reducing: boolean): GateColumn =>
  OPERATIONS[kind].gates[reducing ? 'reducing' : 'enlarging'];

export const isExit = (kind: OperationKind): boolean => OPERATIONS[kind].exit;

/** The engine itself decides it. */
export const isAutomatic = (kind: OperationKind): boolean => OPERATIONS[kind].action === null;
