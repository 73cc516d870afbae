// The viewer and what it shows as one HTML file that opens without a network.
//
// The file holds this very bundle, and the message and its assets compressed; offline.js puts them
// together again.

import { style } from "./style.css";

/** @returns a Blob */
export async function composeHtml(viewer) {
  const { header } = viewer.model;
  const bundle = viewer.bundle ?? (await (await fetch(import.meta.url)).text());
  const names = ["geometry", "space", "tables"];
  const assets = await Promise.all(names.map((name) => viewer.assets.source(header[name])));
  const files = await Promise.all([...assets, viewer.message].map(toText));
  const source = `data:text/javascript;base64,${encode(new TextEncoder().encode(bundle))}`;
  const { theme } = viewer;
  const title = header.maps.map((map) => map.title).join(" and ");
  const html = `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>${escape(title)} on the cortex</title>
<style>
:root { --st-text-color: ${theme.text}; --st-background-color: ${theme.background}; --st-primary-color: ${theme.accent}; color-scheme: ${theme.name}; }
body { margin: 0; background: ${theme.background}; font-family: system-ui, sans-serif; }
${style}
.cortex { height: 100vh !important; }
</style>
<main><div class="cortex" data-state="loading"></div></main>
<noscript>This picture is drawn by the browser and needs JavaScript.</noscript>
${[...names.map((name) => header[name]), "message"].map((id, i) => `<script type="text/plain" id="asset-${id}">${files[i]}</script>`).join("\n")}
<script type="application/json" id="view">${inScript(JSON.stringify(viewer.currentView()))}</script>
<script type="module">import { mountOffline } from "${source}"; mountOffline(document);</script>
</html>`;
  return new Blob([html], { type: "text/html" });
}

/** Bytes, gzipped, as base64. */
async function toText(bytes) {
  const squeezed = new Blob([bytes]).stream().pipeThrough(new CompressionStream("gzip"));
  return encode(new Uint8Array(await new Response(squeezed).arrayBuffer()));
}

function encode(bytes) {
  let text = "";
  // In pieces: a call takes only so many arguments.
  for (let i = 0; i < bytes.length; i += 32768) text += String.fromCharCode(...bytes.subarray(i, i + 32768));
  return btoa(text);
}

const inScript = (text) => text.replaceAll("<", "\\u003c");

const escape = (text) => text.replace(/[&<>]/g, (c) => ({ "&": "&amp;", "<": "&lt;", ">": "&gt;" })[c]);
