// What stays the same between images: fetched once per page, prepared once for drawing.

import { unpack } from "./pure/container.js";
import { buildMesh } from "./pure/mesh.js";
import { prepareSpace, SIDES } from "./pure/space.js";

/** Fetch an asset's bytes by its content hash from the route in assets.py. */
export async function fetchAsset(hash) {
  // The bundle lies in a folder beside that of the assets.
  const url = new URL(`../cortex-assets/${hash}.bin`, import.meta.url);
  const response = await fetch(url);
  const type = response.headers.get("content-type") || "";
  if (!response.ok || !type.startsWith("application/octet-stream")) {
    throw new Error(
      "The brain's geometry could not be fetched. The app must be started with its st.App entry " +
        "file, which serves it (cortex_asset_route).",
    );
  }
  return response.arrayBuffer();
}

/** [{name, kind, light, dark}]: each a (256 x 3) Uint8Array per background. */
function prepareTables({ header, arrays }) {
  return header.tables.map(({ name, kind }, i) => {
    const at = (theme) => arrays.tables.subarray((i * 2 + theme) * 768, (i * 2 + theme + 1) * 768);
    return { name, kind, light: at(0), dark: at(1) };
  });
}

/** Prepared assets by hash; all viewers of a page share one. */
export class Assets {
  /** @param source from a hash to a promise of its bytes */
  constructor(source = fetchAsset) {
    this.source = source;
    this.prepared = new Map();
  }

  #once(hash, prepare) {
    if (!this.prepared.has(hash)) {
      const loading = this.source(hash).then(unpack).then(prepare);
      // A failure must not stick: the server may have been restarting.
      loading.catch(() => this.prepared.delete(hash));
      this.prepared.set(hash, loading);
    }
    return this.prepared.get(hash);
  }

  geometry(hash) {
    return this.#once(hash, ({ header, arrays }) =>
      Object.fromEntries(SIDES.map((side) => [side, buildMesh(header, arrays, side)])),
    );
  }

  tables(hash) {
    return this.#once(hash, prepareTables);
  }

  space(hash, geometry) {
    return this.#once(hash, ({ header, arrays }) => prepareSpace(header, arrays, geometry));
  }

  /** All three that a message names. */
  async all(header) {
    const [geometry, tables] = await Promise.all([
      this.geometry(header.geometry),
      this.tables(header.tables),
    ]);
    return { geometry, tables, space: await this.space(header.space, geometry) };
  }
}
