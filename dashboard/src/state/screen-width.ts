/** Where a panel stands on a very wide screen decides its place in the order of the keyboard too, so no style sheet can move it. */
import { signal } from '@preact/signals';

const TWO_SIDES = matchMedia('(min-width: 1760px)');

/** There is room for the ticket and the activity beside each other, and for the earnings below them. */
export const hasTwoSides = signal(TWO_SIDES.matches);
TWO_SIDES.addEventListener('change', ({ matches }) => {
  hasTwoSides.value = matches;
});
