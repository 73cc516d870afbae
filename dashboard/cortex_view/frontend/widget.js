// Entry of a notebook's widget (widget.py): message and assets are traits of its model.

import { Assets } from "./assets.js";
import { make } from "./element.js";
import { style } from "./style.css";
import { Viewer } from "./viewer.js";

// A notebook's colours under the names that the viewer reads: JupyterLab's, VS Code's, else light.
const THEME = `
:host {
  --st-background-color: var(--jp-layout-color0, var(--vscode-editor-background, #ffffff));
  --st-text-color: var(--jp-ui-font-color1, var(--vscode-editor-foreground, #1d2430));
  --st-primary-color: var(--jp-brand-color1, var(--vscode-focusBorder, #b5176b));
  --st-font: var(--jp-ui-font-family, var(--vscode-font-family, system-ui, sans-serif));
}`;

/**
 * Called by anywidget for every view of the widget.
 * @param bundle the text of the module that holds this
 * @returns what takes the view away
 */
export function render({ model, el }, bundle) {
  // The viewer's keys and its right-drag are its own: in JupyterLab "x" would cut the cell.
  const host = make("div", { "data-lm-suppress-shortcuts": "true", "data-jp-suppress-context-menu": "true" });
  const shadow = host.attachShadow({ mode: "open" });
  const sheet = make("style");
  sheet.textContent = THEME + style;
  const root = make("div.cortex", { "data-state": "loading" });
  shadow.append(sheet, root);
  el.append(host);

  const source = async (hash) => {
    const stored = model.get("_assets")[hash];
    const whole = new Blob([stored]).stream().pipeThrough(new DecompressionStream("gzip"));
    return new Response(whole).arrayBuffer();
  };
  const viewer = new Viewer(root, new Assets(source), { bundle });
  const report = (name, value) => {
    model.set(`_${name}`, value);
    model.save_changes();
  };
  const update = () => {
    const data = bytesOf(model.get("_message"));
    viewer.update({ data, setStateValue: report, setTriggerValue: report })
      .catch((error) => console.error("cortex_view:", error));
  };
  model.on("change:_message", update);
  update();
  return () => {
    model.off("change:_message", update);
    viewer.destroy();
    host.remove();
  };
}

/** A copy, since a notebook hands over a window into its own message. */
function bytesOf(view) {
  return new Uint8Array(view.buffer, view.byteOffset, view.byteLength).slice();
}
