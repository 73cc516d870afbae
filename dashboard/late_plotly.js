// Stands in front of Streamlit's Plotly, a third of a visit's bytes: fetched when a chart comes
// into sight, and after the cortex is painted. Until then Streamlit shows the chart's skeleton.

const SOON_PX = 150;
const LONGEST_MS = 8000;

/** Whether a chart's skeleton is in sight, or there is none: React may keep what was there before. */
function inSight() {
  const waiting = [...document.querySelectorAll('[data-testid="stSkeleton"]')];
  return !waiting.length || waiting.some((element) => {
    const { top, bottom } = element.getBoundingClientRect();
    return bottom > -SOON_PX && top < innerHeight + SOON_PX;
  });
}

/** Whether every cortex of the page is painted, or will not be; one still to come is not. */
function painted() {
  const places = [...document.querySelectorAll('[class*="-brain"]')];
  return places.every((place) => {
    const host = place.querySelector('[data-testid="stBidiComponentIsolated"]');
    const root = host?.shadowRoot?.querySelector(".cortex");
    return root && (root.dataset.painted || root.dataset.state === "failed");
  });
}

const began = performance.now();
await new Promise((go) => {
  const look = () => {
    const late = performance.now() - began > LONGEST_MS;
    if (inSight() && (painted() || late)) go();
    else setTimeout(look, 100);
  };
  setTimeout(look, 100); // when the skeletons are there
});

const { default: Chart } = await import("./WHOLE");
export { Chart as default };
