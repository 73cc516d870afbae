// Entry: Streamlit calls the default export on mount, and again with every message and theme
// change, without cleaning up in between. The viewer therefore lives with its root element.

import { Assets } from "./assets.js";
import { StillViewer } from "./still.js";
import { Viewer } from "./viewer.js";

// The same bundle serves a standalone file and a notebook's widget.
export { mountOffline } from "./offline.js";
export { render } from "./widget.js";

const viewers = new WeakMap();
const left = new Map(); // by key: how a viewer was when its page was left
const assets = new Assets();

export default function mount(component) {
  const root = component.parentElement.querySelector(".cortex");
  let viewer = viewers.get(root);
  if (!viewer) {
    viewer = new Viewer(root, assets, { left });
    if (!viewer.stage.gl) {
      viewer.destroy();
      viewer = new StillViewer(root, assets);
    }
    viewers.set(root, viewer);
  }
  viewer.update(component).catch((error) => console.error("cortex_view:", error));
  return () => {
    viewer.destroy();
    viewers.delete(root);
  };
}
