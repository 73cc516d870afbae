// Entry point. Streamlit calls it again on each change of data, so the chart is kept by its root
// element and updated in place.

import { SvgChart } from "./chart.js";

const charts = new WeakMap();

export default function ({ data, parentElement, setTriggerValue }) {
  const root = parentElement.querySelector(".svg-chart");
  if (!charts.has(root)) charts.set(root, new SvgChart(root));
  charts.get(root).update(data, (number) => setTriggerValue("picked", { number, turn: Date.now() }));
  return () => {
    charts.get(root)?.destroy();
    charts.delete(root);
  };
}
