// Drawing: one WebGL2 context, two programs, all views by viewport and scissor.

import { cornersOf, splitFaces } from "../pure/faces.js";
import { SIDES } from "../pure/space.js";
import { BORDER_FRAGMENT, BORDER_VERTEX, INNER_FRAGMENT, INNER_VERTEX } from "./shaders.js";

const CATEGORICAL = 1;
const CYCLIC = 2;
const FAR = 3e38;
const WIDTH = 256; // of every per-vertex texture: vertex i is texel (i % 256, i / 256)

/** Return a context, or null where WebGL2 is missing. */
export function createContext(canvas) {
  return canvas.getContext("webgl2", {
    alpha: true,
    premultipliedAlpha: true,
    // Multisampling doubles the time of a software renderer, which automated browsers use.
    antialias: !navigator.webdriver,
    powerPreference: "high-performance",
  });
}

export class Renderer {
  constructor(gl) {
    this.gl = gl;
    this.inner = link(gl, INNER_VERTEX, INNER_FRAGMENT);
    this.border = link(gl, BORDER_VERTEX, BORDER_FRAGMENT);
    this.meshes = {};
    this.masks = {};
    this.values = []; // per view: side -> texture
    this.tables = new Map();
  }

  setGeometry(geometry) {
    const { gl } = this;
    for (const side of SIDES) {
      const mesh = geometry[side];
      const rows = Math.ceil(mesh.n / WIDTH);
      this.meshes[side] = {
        mesh,
        rows,
        positions: this.#layers(
          gl.RGBA32F, gl.RGBA, gl.FLOAT, rows,
          mesh.positions.map((p) => padded(p, mesh.n, rows)),
        ),
        normals: this.#layers(
          gl.RGBA8_SNORM, gl.RGBA, gl.BYTE, rows,
          mesh.normals.map((n) => packNormals(n, mesh, rows)),
        ),
      };
    }
  }

  /** ROIs and marks (markBits) of every vertex: two numbers of ROI bits, one of marks. */
  setSpace(space, marks) {
    const { gl } = this;
    for (const side of SIDES) {
      const { rows } = this.meshes[side];
      const { masks } = space.sides[side];
      this.#split(this.meshes[side], masks, marks[side]);
      const data = new Uint32Array(WIDTH * rows * 4);
      for (let v = 0; v < marks[side].length; v++) {
        data[v * 4] = masks[v * 2];
        data[v * 4 + 1] = masks[v * 2 + 1];
        data[v * 4 + 2] = marks[side][v];
      }
      this.masks[side] = this.#texture(this.masks[side], gl.RGBA32UI, gl.RGBA_INTEGER, gl.UNSIGNED_INT, WIDTH, rows, data);
    }
  }

  /** Triangles that no border crosses, and those that one does; also of the coarser mesh. */
  #split(part, masks, marks) {
    const { gl } = this;
    this.#freeFaces(part);
    const same = (a, b) =>
      masks[a * 2] === masks[b * 2] && masks[a * 2 + 1] === masks[b * 2 + 1] && marks[a] === marks[b];
    part.levels = [part.mesh, part.mesh.coarse].filter(Boolean).map((mesh) => {
      const { inner, innerFlat, border, borderFlat } = splitFaces(mesh, same);
      const counts = { all: inner.length, flat: innerFlat * 3 };
      return {
        inner: { ...this.#array(gl.ELEMENT_ARRAY_BUFFER, inner, counts), type: indexType(gl, inner) },
        border: this.#cornerArray(border, borderFlat),
        // Categories and angles only: most maps never need it.
        corners: null,
        makeCorners: () => this.#cornerArray(inner, innerFlat),
      };
    });
  }

  #cornerArray(faces, flat) {
    const { gl } = this;
    const made = this.#array(gl.ARRAY_BUFFER, cornersOf(faces), { all: faces.length, flat: flat * 3 });
    gl.bindVertexArray(made.array);
    gl.enableVertexAttribArray(0);
    gl.vertexAttribIPointer(0, 4, indexType(gl, faces), 0, 0);
    gl.bindVertexArray(null);
    return made;
  }

  #array(target, data, counts) {
    const { gl } = this;
    const made = { array: gl.createVertexArray(), buffer: gl.createBuffer(), counts };
    gl.bindVertexArray(made.array);
    gl.bindBuffer(target, made.buffer);
    gl.bufferData(target, data, gl.STATIC_DRAW);
    if (target === gl.ELEMENT_ARRAY_BUFFER) gl.bindVertexArray(null);
    return made;
  }

  #freeFaces(part) {
    for (const { inner, border, corners } of part.levels || []) {
      for (const made of [inner, border, corners]) {
        if (!made) continue;
        this.gl.deleteVertexArray(made.array);
        this.gl.deleteBuffer(made.buffer);
      }
    }
    part.levels = [];
  }

  /**
   * Spread one map over the template's vertices: value, 1 where it is a number, reliability.
   * @param reliability 0..1 per value, or null where all are equally reliable
   */
  setValues(view, values, reliability, space) {
    const { gl } = this;
    const textures = (this.values[view] ||= {});
    for (const side of SIDES) {
      const { rows } = this.meshes[side];
      const { position } = space.sides[side];
      const data = new Float32Array(WIDTH * rows * 4);
      for (let v = 0; v < position.length; v++) {
        const value = position[v] < 0 ? NaN : values[position[v]];
        if (Number.isFinite(value)) {
          data[v * 4] = value;
          data[v * 4 + 1] = 1;
          data[v * 4 + 2] = reliability ? reliability[position[v]] || 0 : 1;
        }
      }
      textures[side] = this.#texture(textures[side], gl.RGBA32F, gl.RGBA, gl.FLOAT, WIDTH, rows, data);
    }
  }

  /** Drop the textures of views that are no longer there. */
  keepViews(count) {
    for (const textures of this.values.splice(count)) {
      for (const side of SIDES) this.gl.deleteTexture(textures[side]);
    }
  }

  /** Give back what the graphics card holds. */
  free() {
    const { gl } = this;
    for (const part of Object.values(this.meshes)) {
      this.#freeFaces(part);
      gl.deleteTexture(part.positions);
      gl.deleteTexture(part.normals);
    }
    this.keepViews(0);
    for (const texture of [...Object.values(this.masks), ...this.tables.values()]) gl.deleteTexture(texture);
    gl.deleteProgram(this.inner.program);
    gl.deleteProgram(this.border.program);
  }

  setTable(key, rgb) {
    if (this.tables.has(key)) return;
    const { gl } = this;
    const data = new Uint8Array(256 * 4).fill(255);
    for (let i = 0; i < 256; i++) data.set(rgb.subarray(i * 3, i * 3 + 3), i * 4);
    this.tables.set(key, this.#texture(null, gl.RGBA8, gl.RGBA, gl.UNSIGNED_BYTE, 256, 1, data));
  }

  /**
   * Draw all views.
   * With `probe` {view, x, y}, only that device pixel of that view; with `coarse`, fewer triangles.
   * scene: {sights, ratio, height, look, views: [{table, range, hidden, kind, opacity, reliability}]}
   */
  draw(scene) {
    const { gl } = this;
    gl.bindFramebuffer(gl.FRAMEBUFFER, null);
    gl.disable(gl.SCISSOR_TEST);
    gl.clearColor(0, 0, 0, 0);
    gl.clear(gl.COLOR_BUFFER_BIT | gl.DEPTH_BUFFER_BIT);
    gl.enable(gl.DEPTH_TEST);
    gl.enable(gl.SCISSOR_TEST);
    for (const way of [this.inner, this.border]) {
      gl.useProgram(way.program);
      this.#setLook(way.uniforms, scene);
      scene.sights.forEach((sight, i) => {
        if (!scene.probe || scene.probe.view === i) this.#drawView(way, scene, sight, i);
      });
    }
    gl.bindVertexArray(null);
  }

  /** What is the same in all views; a uniform that a program lacks is passed over by WebGL. */
  #setLook(u, { ratio, look }) {
    const { gl } = this;
    gl.uniform1i(u.positions, 0);
    gl.uniform1i(u.normals, 1);
    gl.uniform1i(u.values, 2);
    gl.uniform1i(u.masks, 3);
    gl.uniform1i(u.table, 4);
    gl.uniform1i(u.plain, look.plain ? 1 : 0);
    gl.uniform3fv(u.gyri, look.gyri);
    gl.uniform3fv(u.sulci, look.sulci);
    gl.uniform3fv(u.grey, look.grey);
    gl.uniform3fv(u.halo, look.halo);
    gl.uniform3fv(u.ink, look.ink);
    gl.uniform3fv(u.accent, look.accent);
    gl.uniform1f(u.pixel, ratio);
    gl.uniform3fv(u["roiColours[0]"], look.roiColours);
  }

  #drawView(way, scene, sight, index) {
    const { gl } = this;
    const u = way.uniforms;
    const { ratio, look } = scene;
    const { projection } = sight;
    const view = scene.views[index];
    const kind = { categorical: CATEGORICAL, cyclic: CYCLIC }[view.kind] || 0;
    if (way === this.inner && kind) return;
    const { window } = sight;
    // A closed brain hides its inside; while it is cut open for flattening the inside may show.
    if (projection.flat) gl.disable(gl.CULL_FACE);
    else gl.enable(gl.CULL_FACE);
    gl.uniform1i(u.surface, projection.from);
    gl.uniform1f(u.share, projection.share);
    const x = Math.round(window.x * ratio);
    const w = Math.round((window.x + window.w) * ratio) - x;
    const h = Math.round((window.y + window.h) * ratio) - Math.round(window.y * ratio);
    const y = Math.round(scene.height * ratio) - Math.round(window.y * ratio) - h;
    gl.viewport(x, y, w, h);
    // Whoever asks for one pixel need not wait for the others.
    if (scene.probe) gl.scissor(scene.probe.x, scene.probe.y, 1, 1);
    else gl.scissor(x, y, w, h);
    // Clip units per CSS pixel, and the frame's centre measured from the viewport's.
    const perX = (2 * ratio) / w;
    const perY = (2 * ratio) / h;
    const middleX = (x + w / 2) / ratio;
    const middleY = scene.height - (y + h / 2) / ratio;
    gl.uniform2f(u.scale, sight.scale * perX, sight.scale * perY);
    gl.uniform2f(u.offset, (sight.x - middleX) * perX, -(sight.y - middleY) * perY);
    gl.uniform2f(u.range, view.range[0], view.range[1]);
    // Nothing lies strictly between two equal numbers.
    const [from, to] = view.hidden || [0, 0];
    gl.uniform2f(u.hidden, Math.max(from, -FAR), Math.min(to, FAR));
    gl.uniform1i(u.kind, kind);
    gl.uniform1f(u.opacity, look.plain ? 1 : view.opacity);
    const [solidFrom, solidTo] = view.reliability || [-1, 0];
    gl.uniform2f(u.reliable, solidFrom, Math.max(solidTo, solidFrom + 1e-6));
    bind(gl, 4, gl.TEXTURE_2D, this.tables.get(view.table));
    for (const side of SIDES) {
      const part = this.meshes[side];
      const { matrix, centre, anchorX } = projection.sides[side];
      gl.uniform2ui(u.shown, look.shown[0], look.shown[1]);
      gl.uniform2ui(u.raised, look.raised[side][0], look.raised[side][1]);
      gl.uniform1i(u.focused, look.raised.any ? 1 : 0);
      gl.uniform3fv(u.centre, centre);
      gl.uniformMatrix3fv(u.rotation, true, matrix);
      gl.uniform2f(u.anchor, anchorX, projection.anchorY);
      bind(gl, 0, gl.TEXTURE_2D_ARRAY, part.positions);
      bind(gl, 1, gl.TEXTURE_2D_ARRAY, part.normals);
      bind(gl, 2, gl.TEXTURE_2D, this.values[index][side]);
      bind(gl, 3, gl.TEXTURE_2D, this.masks[side]);
      const count = projection.flat ? "flat" : "all";
      const level = part.levels.at(scene.coarse ? -1 : 0);
      if (way === this.inner) {
        gl.bindVertexArray(level.inner.array);
        gl.drawElements(gl.TRIANGLES, level.inner.counts[count], level.inner.type, 0);
        continue;
      }
      for (const faces of kind ? [level.border, (level.corners ||= level.makeCorners())] : [level.border]) {
        gl.bindVertexArray(faces.array);
        gl.drawArrays(gl.TRIANGLES, 0, faces.counts[count]);
      }
    }
  }

  /** [r, g, b, a] 0..255 of a device pixel, right after draw(). */
  readPixel(x, y) {
    const out = new Uint8Array(4);
    this.gl.readPixels(x, y, 1, 1, this.gl.RGBA, this.gl.UNSIGNED_BYTE, out);
    return [...out];
  }

  #texture(texture, internal, format, type, width, height, data) {
    const { gl } = this;
    const fresh = !texture;
    const target = texture || gl.createTexture();
    gl.activeTexture(gl.TEXTURE7);
    gl.bindTexture(gl.TEXTURE_2D, target);
    if (fresh) {
      gl.texStorage2D(gl.TEXTURE_2D, 1, internal, width, height);
      nearest(gl, gl.TEXTURE_2D);
    }
    gl.texSubImage2D(gl.TEXTURE_2D, 0, 0, 0, width, height, format, type, data);
    return target;
  }

  #layers(internal, format, type, rows, layers) {
    const { gl } = this;
    const texture = gl.createTexture();
    gl.activeTexture(gl.TEXTURE7);
    gl.bindTexture(gl.TEXTURE_2D_ARRAY, texture);
    gl.texStorage3D(gl.TEXTURE_2D_ARRAY, 1, internal, WIDTH, rows, layers.length);
    nearest(gl, gl.TEXTURE_2D_ARRAY);
    layers.forEach((data, i) =>
      gl.texSubImage3D(gl.TEXTURE_2D_ARRAY, 0, 0, 0, i, WIDTH, rows, 1, format, type, data),
    );
    return texture;
  }
}

const indexType = (gl, faces) => (faces.BYTES_PER_ELEMENT === 4 ? gl.UNSIGNED_INT : gl.UNSIGNED_SHORT);

function padded(positions, n, rows) {
  const out = new Float32Array(WIDTH * rows * 4);
  for (let v = 0; v < n; v++) out.set(positions.subarray(v * 3, v * 3 + 3), v * 4);
  return out;
}

function packNormals(normals, mesh, rows) {
  const out = new Int8Array(WIDTH * rows * 4);
  for (let v = 0; v < mesh.n; v++) {
    for (let k = 0; k < 3; k++) out[v * 4 + k] = Math.round(normals[v * 3 + k] * 127);
    out[v * 4 + 3] = mesh.depth[v] >> 1;
  }
  return out;
}

function bind(gl, unit, target, texture) {
  gl.activeTexture(gl.TEXTURE0 + unit);
  gl.bindTexture(target, texture);
}

function nearest(gl, target) {
  gl.texParameteri(target, gl.TEXTURE_MIN_FILTER, gl.NEAREST);
  gl.texParameteri(target, gl.TEXTURE_MAG_FILTER, gl.NEAREST);
  gl.texParameteri(target, gl.TEXTURE_WRAP_S, gl.CLAMP_TO_EDGE);
  gl.texParameteri(target, gl.TEXTURE_WRAP_T, gl.CLAMP_TO_EDGE);
}

/** A program with its uniforms by name. */
function link(gl, vertex, fragment) {
  const program = gl.createProgram();
  for (const [type, source] of [[gl.VERTEX_SHADER, vertex], [gl.FRAGMENT_SHADER, fragment]]) {
    const shader = gl.createShader(type);
    gl.shaderSource(shader, source);
    gl.compileShader(shader);
    if (!gl.getShaderParameter(shader, gl.COMPILE_STATUS) && !gl.isContextLost()) {
      throw new Error(`Shader: ${gl.getShaderInfoLog(shader)}`);
    }
    gl.attachShader(program, shader);
  }
  gl.bindAttribLocation(program, 0, "corner");
  gl.linkProgram(program);
  if (!gl.getProgramParameter(program, gl.LINK_STATUS) && !gl.isContextLost()) {
    throw new Error(`Shader program: ${gl.getProgramInfoLog(program)}`);
  }
  return { program, uniforms: uniformsOf(gl, program) };
}

function uniformsOf(gl, program) {
  const out = {};
  const count = gl.getProgramParameter(program, gl.ACTIVE_UNIFORMS);
  for (let i = 0; i < count; i++) {
    const { name } = gl.getActiveUniform(program, i);
    out[name] = gl.getUniformLocation(program, name);
  }
  return out;
}
