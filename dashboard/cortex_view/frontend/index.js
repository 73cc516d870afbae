// Entry: Streamlit calls the default export on mount, and again with every message and theme
// change, without cleaning up in between. The viewer therefore lives with its root element.

import { Assets } from "./assets.js";
import { Viewer } from "./viewer.js";

const viewers = new WeakMap();
const left = new Map(); // key -> how a viewer was left when its page was
const assets = new Assets();

export default function mount(component) {
  const root = component.parentElement.querySelector(".cortex");
  let viewer = viewers.get(root);
  if (!viewer) {
    viewer = new Viewer(root, assets);
    viewer.left = left.get(component.key) || null;
    viewers.set(root, viewer);
  }
  viewer.update(component).catch((error) => console.error("cortex_view:", error));
  return () => {
    left.set(component.key, viewer.leave());
    viewer.destroy();
    viewers.delete(root);
  };
}
