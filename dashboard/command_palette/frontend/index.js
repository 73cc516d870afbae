// Entry point. Streamlit calls it again on each change of data, so the palette is kept by its root
// element and updated in place.

import { Palette } from "./palette.js";

const palettes = new WeakMap();

export default function ({ data, parentElement }) {
  const root = parentElement.querySelector(".palette");
  if (!palettes.has(root)) palettes.set(root, new Palette(root));
  palettes.get(root).update(data);
  return () => {
    palettes.get(root)?.destroy();
    palettes.delete(root);
  };
}
