// Whether an arrow key pressed anywhere on the page is meant for the pictures.

const TAKEN =
  'input, textarea, select, canvas, video, audio, [contenteditable="true"], [data-arrow-keys="own"], ' +
  '[role="slider"], [role="listbox"], [role="combobox"], [role="option"], [role="menu"], [role="menuitem"], ' +
  '[role="tab"], [role="tablist"], [role="radiogroup"], [role="grid"], [role="dialog"], [role="tree"], [role="spinbutton"]';

export function isFree(event) {
  if (event.defaultPrevented || event.altKey || event.ctrlKey || event.metaKey || event.shiftKey) return false;
  // The composed path sees through shadow roots; the event's target does not.
  return !event.composedPath().some((node) => node instanceof Element && node.matches(TAKEN));
}
