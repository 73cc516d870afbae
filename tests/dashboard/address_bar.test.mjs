// The writer of the address, over a page of its own making: what it writes, when, and what it keeps.

import assert from "node:assert/strict";
import test from "node:test";

const at = (name) => new URL(`../../dashboard/address_bar/frontend/${name}.js`, import.meta.url);
const { merged } = await import(at("query"));

const published = []; // the app's elements, as in the page
const told = []; // times that the app was asked to read the address
let changed;
let click;

globalThis.location = { pathname: "/accuracy", search: "?image=test-1&view=s1~pven&embed=true&old=1", hash: "" };
globalThis.history = {
  state: {},
  replaceState: (_, __, address) => {
    location.search = address.includes("?") ? address.slice(address.indexOf("?")) : "";
  },
};
globalThis.window = { dispatchEvent: (event) => told.push(event.type) };
globalThis.PopStateEvent = class {
  constructor(type) {
    this.type = type;
  }
};
globalThis.MutationObserver = class {
  constructor(call) {
    changed = call;
  }
  observe() {}
  disconnect() {}
};
globalThis.requestAnimationFrame = (call) => void call();
globalThis.cancelAnimationFrame = () => {};
globalThis.document = {
  body: {},
  addEventListener: (type, call) => {
    if (type === "click") click = call;
  },
  querySelectorAll: (selector) => (selector === ".cs-address" ? published : []),
};

const publish = (address, turn, session = "a", drop = "") => {
  published.push({ dataset: { address, turn: String(turn), session, drop } });
  changed();
};

const { AddressBar } = await import(at("bar"));
const bar = new AddressBar();
bar.keep = ["view"];

test("what is published replaces all but the view and what embeds the page", () => {
  publish("image=test-2&roi=PPA~left", 10);
  assert.equal(location.search, "?image=test-2&roi=PPA~left&view=s1~pven&embed=true");
});

test("the newest counts, wherever it stands", () => {
  publish("image=test-4", 12);
  publish("image=test-3", 11);
  assert.equal(location.search, "?image=test-4&view=s1~pven&embed=true");
});

test("a view that could not be read goes", () => {
  publish("image=test-4", 13, "a", "view");
  assert.equal(location.search, "?image=test-4&embed=true");
});

test("a session that takes over reads the address before it writes one", () => {
  assert.deepEqual(told, []);
  publish("image=test-1", 14, "b"); // what the page began with: Streamlit told it no more
  assert.equal(location.search, "?image=test-4&embed=true");
  assert.deepEqual(told, ["popstate"]);
  publish("image=test-4&roi=V1v~left", 15, "b");
  assert.equal(location.search, "?image=test-4&roi=V1v~left&embed=true");
});

test("a link to a place on another page goes there once that page is drawn, and leaves no hash", () => {
  const pushed = [];
  let running = true;
  const place = { scrollIntoView: () => pushed.push("there"), focus: () => {} };
  globalThis.HTMLAnchorElement = class {
    dataset = {};
    href = "./data?roi=#opening";
    matches = () => true;
    getAttribute = () => this.href;
    setAttribute = (_, href) => (this.href = href);
  };
  globalThis.SVGAElement = class {};
  Object.assign(globalThis.location, { origin: "http://here", pathname: "/" });
  Object.assign(globalThis.document, {
    baseURI: "http://here/", getElementById: (name) => (name === "opening" && location.pathname === "/data" ? place : null),
    querySelector: () => (running ? {} : null),
  });
  globalThis.history.pushState = (_, __, address) => {
    pushed.push(address);
    location.pathname = new URL(address).pathname;
  };
  const link = new HTMLAnchorElement();
  click({ composedPath: () => [link], preventDefault: () => {} });
  changed();
  // Clicked by key, it carries the rest of the address all the same.
  assert.deepEqual(pushed, ["http://here/data?image=test-4&embed=true"]);
  running = false;
  changed();
  changed();
  assert.deepEqual(pushed, ["http://here/data?image=test-4&embed=true", "there"]);
});

test("of two queries the second counts, and what is empty goes", () => {
  assert.deepEqual(merged(["image=test-1", "search=a+b", "roi=V1~left"], ["image=test-2", "search="]), ["image=test-2", "roi=V1~left"]);
});
