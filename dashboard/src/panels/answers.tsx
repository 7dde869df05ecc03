/** The four answers at the top of the page: health, hedge, carry, and what needs attention. */
import { AttentionCard } from './attention.tsx';
import { CarryCard } from './carry.tsx';
import { HealthCard } from './health.tsx';
import { HedgeCard } from './hedge.tsx';

export function Answers() {
  return (
    <section class="answers" aria-label="At a glance">
      <HealthCard />
      <HedgeCard />
      <CarryCard />
      <AttentionCard />
    </section>
  );
}
