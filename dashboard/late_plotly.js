// Stands in front of Streamlit's Plotly, a third of a visit's bytes: fetched when a chart comes
// into sight, and after the cortex is painted. Until then Streamlit shows the chart's skeleton.

const SOON_PX = 150;
const LONGEST_MS = 8000;

const waiting = () => [...document.querySelectorAll('[data-testid="stSkeleton"]')];

function inSight() {
  return waiting().some((element) => {
    const { top, bottom, width } = element.getBoundingClientRect();
    return width > 0 && bottom > -SOON_PX && top < innerHeight + SOON_PX;
  });
}

/** Whether every cortex of the page is painted, or will not be. */
function painted() {
  const hosts = [...document.querySelectorAll('[data-testid="stBidiComponentIsolated"]')];
  const roots = hosts.map((host) => host.shadowRoot?.querySelector(".cortex")).filter(Boolean);
  return roots.every((root) => root.dataset.painted || root.dataset.state === "failed");
}

const began = performance.now();
await new Promise((go) => {
  const look = () => {
    const late = performance.now() - began > LONGEST_MS;
    if (inSight() && (painted() || late)) return go();
    setTimeout(() => requestAnimationFrame(look), 100);
  };
  look();
});

const { default: Chart } = await import("./WHOLE");
export { Chart as default };
