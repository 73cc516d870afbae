// Entry point of both components. Streamlit calls it again on each change of data or theme, so what
// is on the page is kept by its root element and updated in place.

import { Gallery } from "./gallery.js";
import { PictureMap } from "./picturemap.js";

const kept = new WeakMap();

export default function ({ data, parentElement, setTriggerValue }) {
  const root = parentElement.querySelector(".gallery, .picture-map");
  if (!kept.has(root)) kept.set(root, root.matches(".gallery") ? new Gallery(root) : new PictureMap(root));
  const one = kept.get(root);
  one.update(data, (picked) => setTriggerValue("picked", picked), (lassoed) => setTriggerValue("lassoed", lassoed));
  return () => {
    one.destroy();
    kept.delete(root);
  };
}
