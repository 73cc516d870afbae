// Waits for the app's script to end. Its first lines answer the gallery, its last ones draw the
// maps: a message in between would stop it there, and a held key would leave the maps standing.

const LONGEST = 2500; // ms; then the person comes first

/** Calls back once the script rests; returns a function that gives up waiting. */
export function whenIdle(act) {
  // Streamlit writes the script's state here. Without it there is nothing to wait for.
  const app = document.querySelector("[data-test-script-state]");
  const rests = () => app?.dataset.testScriptState !== "running";
  if (rests()) {
    const soon = setTimeout(act, 0);
    return () => clearTimeout(soon);
  }
  const stop = () => {
    watcher.disconnect();
    clearTimeout(limit);
  };
  const end = () => {
    stop();
    act();
  };
  const watcher = new MutationObserver(() => rests() && end());
  watcher.observe(app, { attributes: true, attributeFilter: ["data-test-script-state"] });
  const limit = setTimeout(end, LONGEST);
  return stop;
}
