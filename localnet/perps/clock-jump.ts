import type { Chain } from '../chain/chain.ts';
import type { ControlledChain } from '../control.ts';
import { makeBlock } from './make-blocks.ts';

/** Blocks between two looks at the clock: one that settles averages, one in which the keeper's updates stand. */
const SETTLE_SECONDS = 30;
const MOST_PERIODS = 24 * 366;

interface FundingClock {
  /** Until the next funding update. */
  secondsLeft(): number;
}

type Jump = ControlledChain['jump'];

/**
 * Hours pass, and the venue's hours with them: the clock goes on from one funding update to the next, with oracles published
 * and the keeper at work at each, so that every period accrues. A jump in one piece would be one period to the program.
 */
function jumpWithFunding(chain: Chain, funding: FundingClock, seconds: number): void {
  let left = seconds;
  for (let period = 0; period < MOST_PERIODS && left > 0; period++) {
    const due = Math.max(0, funding.secondsLeft());
    if (due > left) break;
    const before = Math.max(0, due - SETTLE_SECONDS);
    left -= jump(chain, before);
    makeBlock(chain);
    // The averages of oracle and mark are brought up to here, then the update is due.
    makeBlock(chain);
    left -= jump(chain, Math.min(left, due - before + 1));
    makeBlock(chain);
    makeBlock(chain);
    if (funding.secondsLeft() === 0) break;
  }
  jump(chain, left);
  makeBlock(chain);
}

/** @param plainly the jump of the chain itself: for seconds that are not above zero, and for slots */
export const jumpOver =
  (chain: Chain, funding: FundingClock, plainly: Jump): Jump =>
  ({ seconds, slot }) => {
    if (seconds !== undefined && seconds > 0) jumpWithFunding(chain, funding, seconds);
    else if (seconds !== undefined) plainly({ seconds });
    if (slot !== undefined) plainly({ slot });
  };

function jump(chain: Chain, seconds: number): number {
  if (seconds > 0) chain.jumpClock(seconds);
  return seconds;
}
