// What pointer, fingers and keys do: ui/keyboard.js does it, ui/help.js shows it.

/** Groups of [keys as the browser names them, as they are printed, what they do]. */
export const KEYS = [
  ["Turn and zoom", [
    [["ArrowLeft", "ArrowRight", "ArrowUp", "ArrowDown"], "← → ↑ ↓", "turn; with Shift move"],
    [["+", "=", "-"], "+ −", "zoom"],
    [["1", "2", "3", "4", "5", "6"], "1 to 6", "lateral, medial, ventral, dorsal, anterior, posterior"],
    [["p", "i", "f"], "p i f", "folded, inflated, flat"],
    [["c"], "c", "centre what is pointed at"],
    [["w"], "w", "whole brain, or its data"],
    [["0"], "0", "reset"],
  ]],
  ["Point and pick", [
    [["n", "b"], "n b", "point at the next, the previous ROI in view"],
    [["x"], "x", "arrows point instead of turning"],
    [["Enter"], "Enter", "pick; with Shift add or remove a pick"],
    [["Escape"], "Esc", "leave the tool; clear region, then picks"],
  ]],
  ["Region", [
    [["s"], "s", "brush: drag around vertices; Shift adds, Alt + Shift removes"],
    [["g", "G"], "g G", "grow, shrink by one ring; Enter when done"],
    [["a"], "a", "add or remove the vertex pointed at"],
  ]],
  ["Views", [
    [["v"], "v", "next view"],
    [["u"], "u", "unlock it, or lock it again"],
    [["l"], "l", "ROI labels"],
    [["t"], "t", "table of ROI means"],
    [["?"], "?", "this list"],
  ]],
];

/** [what one does, what happens]. */
export const MOUSE = [
  ["drag", "turn; on the flat map move"],
  ["Shift or right drag", "move"],
  ["wheel", "zoom to the pointer"],
  ["click", "pick; with Shift add or remove a pick"],
  ["double click", "centre"],
];

export const TOUCH = [
  ["one finger sideways", "turn"],
  ["one finger up or down", "scroll the page; once the brain has been tapped, turn"],
  ["two fingers", "zoom and move"],
  ["tap", "pick, and hold the brain; beside it: let go"],
  ["double tap", "centre"],
];
