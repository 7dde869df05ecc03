/** Errors as everybody outside sees them: on the socket, in a command's result, over HTTP. */
import * as z from '../lib/codec.ts';

/** A number, a word such as `reducing`, or null for unknown. */
const gateFigure = z.union([z.number(), z.string()]).nullable();

export const GateResult = z.object({
  code: z.string().about('The gate, such as LEVERAGE.'),
  pass: z.boolean().about('The figure meets the limit.'),
  blocks: z.boolean().about('The gate failed, and that stops this operation.'),
  have: gateFigure.about('What the account or market shows. Null: unknown.'),
  need: gateFigure.about('The limit that it is held against.'),
  unit: z.string().about('The unit of have and need.'),
  remedy: z.string().about('What a person can do about it.'),
  detail: z.record(z.json()).optional().about('The figures that it came from, by name.'),
});
export type GateResult = z.output<typeof GateResult>;

const FieldProblem = z.object({ field: z.string(), got: z.string(), expected: z.json() });

export const ErrorDetails = z
  .object({
    remedy: z.string().optional().about('What a person can do about it.'),
    gates: z.array(GateResult).optional().about('With GATE_BLOCKED and its kin: every gate that was asked.'),
    field: z.string().optional().about('With INVALID_FIELD and its kin: the field that is wrong.'),
    got: z.string().optional().about('What the field held, shortened.'),
    expected: z.json().optional().about('What the field should hold: a sentence, or a list of words.'),
    fields: z.array(FieldProblem).optional().about('All wrong fields, when there are several.'),
    open: z
      .object({ market: z.string(), direction: z.enum(['long', 'short']), size: z.number().unit('SOL') })
      .nullable()
      .optional()
      .about('With NO_POSITION to REBALANCE: the data of the DRIFT_OPEN_POSITION that would hedge. Null: none would.'),
    part: z.string().optional().about('With UNAVAILABLE: the part that does not answer.'),
    retry_after_s: z.number().optional().unit('s').about('When it makes sense to try again.'),
  })
  .open();

export const ErrorInfo = z.object({
  code: z.string().about('Stable and made for programs, such as INVALID_FIELD.'),
  message: z.string().about('One or two sentences for a person.'),
  details: ErrorDetails.optional().about('Figures and remedy. Other fields depend on the code.'),
});
export type ErrorInfo = z.output<typeof ErrorInfo>;
