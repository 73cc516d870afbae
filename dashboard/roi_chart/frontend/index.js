// Entry point. Streamlit calls it again on each change of data or theme, so the chart is kept by
// its root element and updated in place.

import { RoiChart } from "./chart.js";

const charts = new WeakMap();

export default function ({ data, parentElement, setTriggerValue }) {
  const root = parentElement.querySelector(".roi-chart");
  if (!charts.has(root)) charts.set(root, new RoiChart(root));
  const chart = charts.get(root);
  chart.update(data, (pick) => setTriggerValue("picked", pick));
  return () => {
    chart.destroy();
    charts.delete(root);
  };
}
