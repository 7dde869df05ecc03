/** On a narrow screen the panels stand below each other: the way to each of them. */
const SECTIONS = [
  ['Trade', '#commands-title'],
  ['Charts', '#charts-title'],
  ['Account', '#positions-title'],
  ['Activity', '#activity-title'],
  ['Earnings', '#earnings-title'],
  ['History', '#history-title'],
] as const;

export function SectionNav() {
  return (
    <nav class="section-nav" aria-label="Sections" data-testid="section-nav">
      {SECTIONS.map(([label, href]) => (
        <a href={href} key={href}>
          {label}
        </a>
      ))}
    </nav>
  );
}
