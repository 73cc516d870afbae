// What numeric browser tests may ask, as `root.__cortex`.

import { composePicture } from "./draw/picture.js";
import { makeFilm } from "./film.js";
import { isVisible } from "./pure/picking.js";
import { positionsOf } from "./pure/region.js";
import { State } from "./pure/state.js";

/** Whether no triangle of a vertex turns away: on a silhouette a pixel may show what lies behind. */
function allRound(projection, side, vertex) {
  const { faces, nFlat, nFaces } = projection.geometry[side];
  const { xyz } = projection.sides[side];
  const end = (projection.flat ? nFlat : nFaces) * 3;
  for (let f = 0; f < end; f += 3) {
    if (faces[f] !== vertex && faces[f + 1] !== vertex && faces[f + 2] !== vertex) continue;
    const [a, b, c] = [faces[f] * 3, faces[f + 1] * 3, faces[f + 2] * 3];
    const area = (xyz[b] - xyz[a]) * (xyz[c + 1] - xyz[a + 1]) - (xyz[c] - xyz[a]) * (xyz[b + 1] - xyz[a + 1]);
    if (area < 0.02) return false;
  }
  return true;
}

export function testHook(viewer) {
  const sight = (view) => viewer.sights()[view];
  const seen = (view, side, vertex) => {
    const { projection } = sight(view);
    return isVisible(projection, side, vertex, 0.02) && allRound(projection, side, vertex);
  };
  return {
    /** The viewer itself, for benchmarks. */
    _viewer: viewer,
    camera: (view = 0) => {
      const { rotation, zoom, pan, preset, surface, framing } = viewer.state.cameraOf(view);
      return { ...viewer.currentView(), rotation: [...rotation], zoom, pan: [...pan], preset, surface, framing };
    },
    setView: (view) => {
      viewer.state.applyView(view);
      viewer.refresh();
      viewer.stage.draw();
    },
    /** Everything as at first. */
    restart: () => {
      viewer.motion.stop();
      viewer.state = new State();
      viewer.state.shownGroups = new Set(viewer.model.groups.initial);
      viewer.state.applyView(viewer.givenView || {});
      viewer.pointing.picks = [];
      viewer.pointing.lit = [];
      viewer.pointing.setCrosshair(false);
      viewer.brush.turn(false);
      viewer.brush.region = null;
      viewer.brush.untold = false;
      viewer.pointing.hover(null);
      viewer.refresh();
      viewer.stage.draw();
    },
    setThreshold: (value) => {
      viewer.state.threshold = value;
      viewer.refresh();
    },
    setLocked: (view, locked) => viewer.navigation.setLocked(view, locked),
    isVisible: (side, vertex, view = 0) => seen(view, side, vertex),
    /** Of many vertices [[side, vertex], ...]: the numbers of those that are seen. */
    visible: (vertices, view = 0) =>
      vertices.flatMap(([side, vertex], i) => (seen(view, side, vertex) ? [i] : [])),
    /** Stage pixels [x, y] of a vertex in a view. */
    screenPosition: (view, side, vertex) => sight(view).toScreen(side, vertex),
    /** Page pixels of the stage's corner. */
    origin: () => {
      const box = viewer.stage.canvas.getBoundingClientRect();
      return [box.left, box.top];
    },
    pick: (x, y) => viewer.pickAtScreen(x, y),
    facts: (side, vertex) => viewer.model.facts({ side, vertex }),
    valueAt: (view, side, vertex) => {
      const { covered, values } = viewer.model.facts({ side, vertex });
      return covered ? values[view] : null;
    },
    roisAt: (side, vertex) => viewer.model.facts({ side, vertex }).rois,
    cells: () => viewer.sights().map(({ cell }) => cell),
    state: () => viewer.currentView(),
    /** What is marked: {hovered, picks, lit, glowing, region: positions, active}. */
    marks: () => {
      const { hovered, picks, lit, glowing } = viewer.pointing;
      const { region } = viewer.brush;
      return { hovered, picks, lit, glowing, region: region ? positionsOf(region) : [], active: viewer.state.active };
    },
    /** Names of the keys that do something. */
    keys: () => Object.keys(viewer.keyboard.actions),
    /** View millimetres of a vertex, as projected. */
    projected: (view, side, vertex) => [...sight(view).projection.sides[side].xyz.subarray(vertex * 3, vertex * 3 + 3)],
    /** Brain millimetres of a vertex at this moment of the morph, and of the three surfaces. */
    position: (view, side, vertex) => {
      const { projection } = sight(view);
      const { positions } = projection.geometry[side];
      const at = (s) => [...positions[s].subarray(vertex * 3, vertex * 3 + 3)];
      const [a, b] = [at(projection.from), at(projection.from + 1)];
      return { now: a.map((value, k) => value + (b[k] - value) * projection.share), surfaces: [0, 1, 2].map(at) };
    },
    /** Pixels [left, top, right, bottom] that both hemispheres take in a view. */
    extent: (view) => {
      const { projection, scale, x, y } = sight(view);
      const [w, h] = [(projection.width / 2) * scale, (projection.height / 2) * scale];
      return [x - w, y - h, x + w, y + h];
    },
    /**
     * The colour of one vertex, [r, g, b] as drawn, with light, sulci and lines off unless
     * `plain` is false. Looks from so near that the pixel holds this vertex only; the camera is
     * put back.
     */
    colourAt: (view, side, vertex, { plain = true } = {}) => {
      const { stage } = viewer;
      const camera = viewer.state.cameraOf(view);
      const before = { zoom: camera.zoom, pan: camera.pan };
      viewer.plain = plain;
      Object.assign(camera, { zoom: 60, pan: [0, 0] });
      const { cell: { body } } = sight(view);
      const [x, y] = sight(view).toScreen(side, vertex);
      const ratio = stage.canvas.width / stage.width;
      // Onto a pixel's middle, well inside the view.
      const tx = (Math.floor((body.x + body.w / 2) * ratio) + 0.5) / ratio;
      const ty = (Math.floor((body.y + body.h / 2) * ratio) + 0.5) / ratio;
      camera.pan = [(tx - x) / body.w, (ty - y) / body.w];
      const probe = { view, x: Math.floor(tx * ratio), y: stage.canvas.height - 1 - Math.floor(ty * ratio) };
      stage.renderer.draw({ ...viewer.now().scene(stage.width, stage.height, ratio), probe });
      const rgb = stage.renderer.readPixel(probe.x, probe.y).slice(0, 3);
      Object.assign(camera, before);
      viewer.plain = false;
      stage.redraw();
      return rgb;
    },
    /** A short film as an address that a <video> plays. */
    film: async (name, seconds, exact = true) => URL.createObjectURL(await makeFilm(viewer, name, { seconds, ratio: 1, exact })),
    /** Bytes of the picture to save, at a ratio. */
    png: async (ratio) => [...new Uint8Array(await (await composePicture(viewer, { ratio, trim: false })).arrayBuffer())],
    stageSize: () => [viewer.stage.width, viewer.stage.height],
    /** [background, text, accent], each [r, g, b] 0..255. */
    theme: () => ["background", "text", "accent"].map((name) => viewer.theme.rgb[name].map((v) => Math.round(v * 255))),
    grey: () => viewer.theme.grey.map((value) => Math.round(value * 255)),
  };
}
