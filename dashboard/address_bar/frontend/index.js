// Entry point. Streamlit calls it again on each change of data, so there is one bar per element.

import { AddressBar } from "./bar.js";

const bars = new WeakMap();

export default function ({ data, parentElement }) {
  if (!bars.has(parentElement)) bars.set(parentElement, new AddressBar());
  const bar = bars.get(parentElement);
  bar.keep = data.keep;
  return () => {
    bar.destroy();
    bars.delete(parentElement);
  };
}
