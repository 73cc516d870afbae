// Puts what the app publishes into the address, in place: the history has one entry per page.

import { isOfEmbedding, merged, nameOf, parts } from "./query.js";

const PUBLISHED = ".cs-address";
const LINKS = "a.cs-go";
// Streamlit's own links to pages; their addresses name nothing but the page.
const PAGES = '[data-testid="stTopNavLink"], [data-testid="stSidebarNavLink"], [data-testid="stPageLink-NavLink"]';

const RUNNING = "data-test-script-state"; // Streamlit's; where it is missing nothing is waited for

// Whose address stands there. It outlives the element: a new session may mount it anew.
let session = null;

export class AddressBar {
  constructor() {
    this.keep = [];
    this.turn = -1;
    this.watching = new MutationObserver(() => this.#soon());
    this.watching.observe(document.body, { childList: true, subtree: true, attributes: true, attributeFilter: ["data-turn", RUNNING] });
    this.listening = new AbortController();
    const { signal } = this.listening;
    // Before the browser reads it, to follow it or to open it in a new tab.
    for (const type of ["pointerdown", "focusin"]) {
      document.addEventListener(type, (event) => complete(event, this.keep), { capture: true, signal });
    }
    document.addEventListener("click", (event) => this.#follow(event), { signal });
    this.#soon();
  }

  destroy() {
    this.watching.disconnect();
    this.listening.abort();
    cancelAnimationFrame(this.waiting);
    this.waiting = undefined;
  }

  #soon() {
    this.waiting ??= requestAnimationFrame(() => {
      this.waiting = undefined;
      this.#put();
      this.#seek();
      nameMessages();
    });
  }

  /** Go where a link leads without loading the app anew. */
  #follow(event) {
    const link = linkOf(event, LINKS);
    const elsewhere = event.button || event.metaKey || event.ctrlKey || event.shiftKey || event.altKey;
    if (!link || elsewhere || event.defaultPrevented) return;
    // Going by key from link to link within one component is not seen from outside.
    complete(event, this.keep);
    const address = addressOf(link);
    if (address.origin !== location.origin) return;
    event.preventDefault();
    const here = placeOf(link);
    if (here) {
      goTo(here);
      return;
    }
    // A place of a page is no address of its own: a hash would be an entry in the history.
    this.sought = address.hash.slice(1);
    address.hash = "";
    // Another image is no other page: "back" leaves the page with one press.
    if (address.pathname === location.pathname) history.replaceState(history.state, "", address.href);
    else history.pushState({}, "", address.href);
    tell();
    this.#soon();
  }

  /** Go to the place on another page that a link named, once that page is drawn. */
  #seek() {
    const place = this.sought && document.getElementById(this.sought);
    if (!place || document.querySelector(`[${RUNNING}="running"]`)) return;
    this.sought = null;
    goTo(place);
  }

  #put() {
    const found = [...document.querySelectorAll(PUBLISHED)].map((element) => element.dataset);
    const newest = found.reduce((best, one) => (best && best.turn - one.turn >= 0 ? best : one), null);
    if (!newest || (newest.session === session && newest.turn - this.turn <= 0)) return;
    const before = session;
    session = newest.session;
    this.turn = Number(newest.turn);
    if (before !== null && before !== session) {
      // Streamlit told the new session an address that is no longer there.
      tell();
      return;
    }
    const kept = parts(location.search).filter(
      (part) => isOfEmbedding(part) || (this.keep.includes(nameOf(part)) && nameOf(part) !== newest.drop),
    );
    replace([...parts(newest.address), ...kept]);
  }
}

/** Streamlit's messages are dialogs without a name, which screen readers ask for. */
function nameMessages() {
  for (const message of document.querySelectorAll('[data-testid="stToast"]:not([aria-label])')) {
    message.setAttribute("aria-label", "Message");
  }
}

function replace(all) {
  const search = all.length ? `?${all.join("&")}` : "";
  if (search === location.search) return;
  try {
    history.replaceState(history.state, "", `${location.pathname}${search}${location.hash}`);
  } catch {
    // A sandboxed frame has no address to write.
  }
}

/** Have the app read the address, as after "back". */
function tell() {
  window.dispatchEvent(new PopStateEvent("popstate", { state: history.state }));
}

function linkOf(event, selector) {
  const own = event.composedPath().find((node) => node instanceof HTMLAnchorElement || node instanceof SVGAElement);
  return own?.matches(selector) ? own : null;
}

/** Where a link leads; one within a drawing has no parts of its address by name. */
function addressOf(link) {
  return new URL(link.getAttribute("href"), document.baseURI);
}

/** Let a link's address carry all that the page's does, but for what the link changes. */
function complete(event, keep) {
  const link = linkOf(event, `${LINKS}, ${PAGES}`);
  if (!link) return;
  const address = addressOf(link);
  if (address.origin !== location.origin || placeOf(link)) return;
  // What a link was given is kept: its address is completed anew each time.
  link.dataset.given ??= link.matches(LINKS) ? address.search : "";
  const here = address.pathname === location.pathname;
  const carried = parts(location.search).filter((part) => here || !keep.includes(nameOf(part)));
  const all = merged(carried, parts(link.dataset.given));
  address.search = all.length ? `?${all.join("&")}` : "";
  link.setAttribute("href", address.href);
}

/** The element of this page that a link like `#name` leads to. */
function placeOf(link) {
  const name = link.getAttribute("href");
  return name.startsWith("#") ? document.getElementById(name.slice(1)) : null;
}

function goTo(place) {
  place.scrollIntoView({ block: "start" });
  place.focus({ preventScroll: true });
}
