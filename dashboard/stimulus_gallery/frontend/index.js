// Entry point. Streamlit calls it again on each change of data or theme, so the gallery is kept by
// its root element and updated in place.

import { Gallery } from "./gallery.js";

const galleries = new WeakMap();

export default function ({ data, parentElement, setTriggerValue }) {
  const root = parentElement.querySelector(".gallery");
  if (!galleries.has(root)) galleries.set(root, new Gallery(root));
  const gallery = galleries.get(root);
  gallery.update(data, (pick) => setTriggerValue("picked", pick));
  return () => {
    gallery.destroy();
    galleries.delete(root);
  };
}
