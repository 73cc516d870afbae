// Entry of a standalone file (standalone.js): the message and its assets are in the page itself.

import { Assets } from "./assets.js";
import { Viewer } from "./viewer.js";

export async function mountOffline(page) {
  const read = (id) => fromText(page.getElementById(`asset-${id}`).textContent);
  const viewer = new Viewer(page.querySelector(".cortex"), new Assets(read), { offline: true });
  const nothing = () => {};
  await viewer.update({
    data: new Uint8Array(await read("message")), setStateValue: nothing, setTriggerValue: nothing,
  });
  viewer.state.applyView(JSON.parse(page.getElementById("view").textContent));
  viewer.refresh();
}

async function fromText(text) {
  const bytes = Uint8Array.from(atob(text), (c) => c.charCodeAt(0));
  const whole = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("gzip"));
  return new Response(whole).arrayBuffer();
}
