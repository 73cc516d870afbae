// What can be taken away: pictures, the flat map as vectors, a file that turns, a film.

import { composePicture } from "../draw/picture.js";
import { composeSvg } from "../draw/svg.js";
import { icon, make } from "../element.js";
import { canFilm, makeFilm } from "../film.js";
import { composeHtml } from "../standalone.js";

const SAVE = "M8 2v8m0 0L4.8 6.8M8 10l3.2-3.2M2.5 11v2.5h11V11";

const FILM_OF = { turntable: "turntable", unfolding: "morph" };

export class SaveMenu {
  constructor(viewer) {
    this.viewer = viewer;
    this.size = make("select", { "aria-label": "Resolution of the PNG" },
      ...[1, 2, 3, 4].map((ratio) => make("option", { value: ratio }, `${ratio} ×`)));
    this.size.value = "3";
    this.clear = make("input", { type: "checkbox" });
    this.caption = make("input", { type: "text", "aria-label": "Caption of the PNG", placeholder: "caption" });
    this.said = make("div.hint", { role: "status" });
    this.progress = make("progress", { max: 1, value: 0, "aria-label": "Making the film" });
    this.filming = make("div.filming", { hidden: "" }, this.progress,
      make("button.cancel", { type: "button", onclick: () => this.ending?.abort() }, "cancel"));
    const film = (text, name) =>
      canFilm() ? item(text, `cortex-${name}.webm`, () => this.#film(FILM_OF[name])) : "";
    const item = (text, name, compose) =>
      make("button.item", { type: "button", onclick: () => this.#save(name, compose) }, text);
    const picture = () =>
      composePicture(viewer, { ratio: Number(this.size.value), transparent: this.clear.checked, caption: this.caption.value });
    this.element = make("details.menu.right", {},
      make("summary.icon", { "aria-label": "Save", title: "Save" }, icon(SAVE)),
      make("div.menu-list.save-menu", {},
        make("div.line", {}, item("Picture, PNG", "cortex.png", picture), this.size),
        make("label.choice", {}, this.clear, "transparent background"),
        this.caption,
        make("hr"),
        item("Flat map, SVG", "cortex-flat.svg", () => composeSvg(viewer)),
        viewer.offline ? "" : item("Viewer in one file, HTML", "cortex.html", () => composeHtml(viewer)),
        film("Turntable, WebM", "turntable"),
        film("Unfolding, WebM", "unfolding"),
        this.filming,
        this.said,
      ),
    );
  }

  /** Make it; one film at a time. */
  async #film(name) {
    this.ending?.abort();
    const ending = (this.ending = new AbortController());
    this.filming.hidden = false;
    try {
      return await makeFilm(this.viewer, name, {
        signal: ending.signal, progress: (share) => (this.progress.value = share),
      });
    } finally {
      if (this.ending === ending) this.filming.hidden = true;
    }
  }

  async #save(name, compose) {
    this.said.textContent = "making the file";
    try {
      const blob = await compose();
      if (!blob) {
        this.said.textContent = `${name} was cancelled`;
        return;
      }
      const link = make("a", { href: URL.createObjectURL(blob), download: name });
      link.click();
      setTimeout(() => URL.revokeObjectURL(link.href), 10000);
      this.said.textContent = `${name}, ${formatSize(blob.size)}`;
    } catch (error) {
      this.said.textContent = `${name} could not be made: ${error.message}`;
      throw error;
    }
  }
}

const formatSize = (bytes) => (bytes < 1e6 ? `${Math.ceil(bytes / 1000)} kB` : `${(bytes / 1e6).toFixed(1)} MB`);
