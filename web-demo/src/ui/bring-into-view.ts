/** Scrolls to what was asked for where it is out of sight: on a phone it lies above or below what was tapped. */
export function bringIntoView(element: Element | null): void {
  if (element === null) return;
  const { top } = element.getBoundingClientRect();
  if (top < 0 || top > innerHeight / 2) element.scrollIntoView({ block: 'start' });
}
