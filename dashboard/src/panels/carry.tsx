/** Does the hedge pay? Now, on average, per day, and since the start after costs. */
import { useEffect } from 'preact/hooks';
import { CarryAnswer } from '../../../src/protocol/carry.ts';
import { microUsdText } from '../format/micro-usd.ts';
import { percent, toneOf, UNKNOWN, usdFine } from '../format/number.ts';
import { autoCarryWords } from '../state/auto-carry.ts';
import { blockedBy } from '../state/availability.ts';
import { type CarryFigures, carryFigures, earnedAfterCosts, yearly } from '../state/carry.ts';
import { sendCommand } from '../state/commands.ts';
import { poll } from '../state/polled.ts';
import { availability, stats } from '../state/store.ts';
import { Answer, AnswerLine, type AnswerTone } from './answer.tsx';
import { Badge } from './parts.tsx';

/** Rates move without any news of the journal. */
const EVERY_MS = 15_000;

const toneOfCarry = (pays: boolean | null): AnswerTone => (pays === null ? 'quiet' : pays ? 'good' : 'warn');

function Verdict({ pays }: { readonly pays: boolean | null }) {
  if (pays === null) return null;
  return (
    <Badge tone={pays ? 'good' : 'warn'} testid="carry-pays">
      {pays ? 'Pays' : 'Does not pay'}
    </Badge>
  );
}

/** With CARRY_POLICY=auto: whether the engine hedges by itself, and the button that asks for the consent. */
function AutoCarry({ carry: { market, auto } }: { readonly carry: CarryFigures }) {
  const words = autoCarryWords(auto);
  if (words === null) return null;
  const { enabled, policy_hash: policyHash } = auto;
  const blocked =
    blockedBy('consent', availability.value) ?? (policyHash === null ? 'The policy in force is not known yet.' : null);
  return (
    <div class="answer-auto" data-testid="auto-carry">
      <p class="answer-detail">{words}</p>
      {enabled !== false ? null : (
        <button
          type="button"
          class="button"
          data-testid="auto-carry-enable"
          disabled={blocked !== null}
          onClick={() => sendCommand('ENABLE_AUTO_CARRY', { market, policy_hash: policyHash ?? '' })}
        >
          Hedge automatically…
        </button>
      )}
      {enabled !== false || blocked === null ? null : <p class="note">{blocked}</p>}
    </div>
  );
}

export function CarryCard() {
  useEffect(() => poll('/api/carry', CarryAnswer, carryFigures, EVERY_MS), []);
  const carry = carryFigures.value;
  const funding = stats.value?.market?.funding ?? null;
  const account = stats.value?.account ?? null;
  const earned = earnedAfterCosts(account?.sources_base ?? null);
  const isFlat = account?.perp_sol === 0;
  const perDay = isFlat ? (carry?.per_day ?? null) : (account?.earns_per_day ?? null);
  return (
    <Answer
      id="carry"
      question="Carry"
      tone={toneOfCarry(carry?.pays ?? null)}
      words={
        <>
          {percent(carry?.apr_now ?? yearly(funding?.last_rate, funding?.period_ms), 2, 'always')}
          <small> APR now</small>
        </>
      }
      testid="carry-apr"
      aside={<Verdict pays={carry?.pays ?? null} />}
    >
      <p class="answer-detail" data-testid="carry-sentence">
        {carry?.sentence ?? 'Not known yet whether the hedge pays.'}
      </p>
      <dl class="answer-lines">
        <AnswerLine label="Mean APR" testid="carry-mean">
          {percent(carry?.apr_mean ?? yearly(funding?.trailing_mean_rate, funding?.period_ms), 2, 'always')}
        </AnswerLine>
        <AnswerLine label={isFlat ? 'Per day, if hedged' : 'Per day'} testid="carry-per-day" tone={toneOf(perDay)}>
          {usdFine(perDay, 'always')}
        </AnswerLine>
        <AnswerLine
          label="Since start, after costs"
          testid="carry-earned"
          tone={earned === null ? 'unknown' : toneOf(Number(earned))}
        >
          {earned === null ? UNKNOWN : microUsdText(earned, 2, 'always')}
        </AnswerLine>
      </dl>
      {carry === null ? null : <AutoCarry carry={carry} />}
    </Answer>
  );
}
