// The application: views in tabs, the transport below, and "Why?" beside.

import { Component, Recording, fromBase64, h, say, store, timeText } from "viewer/store.js";
import "viewer/screen.js";
import "viewer/map.js";
import "viewer/timeline.js";
import "viewer/packets.js";
import "viewer/connections.js";
import "viewer/page.js";
import "viewer/why.js";
import "viewer/whatif.js";
import { connect } from "viewer/live.js";

const VIEWS = { journey: ["pe-screen", "pe-map", "pe-story"], timeline: ["pe-timeline"], packets: ["pe-packets"], connections: ["pe-connections"], page: ["pe-page"], whatif: ["pe-whatif"] };
const SPEEDS = [1, 2, 5, 10, 20, 50, 100, 200, 500, 1000];
const QUIET = 600;  // real milliseconds after which a stretch without events is passed over

class App extends Component {
  static watches = ["recording", "view", "lang", "theme", "live", "grown", "problem"];

  start() {
    this.header = h("header");
    this.tabs = h("div", { role: "tablist", class: "tabs" });
    this.panel = h("div", { id: "content", tabindex: -1, role: "tabpanel" });
    const main = h("main", {}, this.panel);
    this.side = h("aside", {}, document.createElement("pe-why"));
    this.skip = h("a", { class: "skip", href: "#content", onclick: (event) => { event.preventDefault(); this.panel.focus(); } });
    this.status = h("p", { class: "failed", role: "status" });
    this.replaceChildren(this.skip,
      this.header, this.tabs, h("div", { class: "columns" }, main, this.side), document.createElement("pe-transport"));
    readAddress();
    this.update(new Set(["recording", "view", "lang", "theme"]));
    open();
  }

  update(changed) {
    const { recording, view, lang, theme, live } = store.state;
    document.documentElement.lang = lang === "zh" ? "zh-CN" : "en";
    document.documentElement.dataset.theme = theme;
    this.#status();
    if (![...changed].some((key) => ["recording", "view", "lang", "theme", "live"].includes(key))) return;
    const focused = document.activeElement?.id;
    if (changed.has("recording") || changed.has("lang") || changed.has("live") || !this.header.firstChild) this.header.replaceChildren(
      h("h1", {}, h("span", { class: "mark", "aria-hidden": "true" }, "⏎ "), "pressenter", recording?.about.title ? h("small", {}, ` ${recording.about.address ?? ""} · ${recording.about.title}`) : null),
      live ? this.address ??= document.createElement("pe-address") : h("span"),
      h("div", { class: "tools" },
        h("button", { type: "button", id: "language", "aria-label": say("languageLabel"), onclick: () => store.set({ lang: store.state.lang === "en" ? "zh" : "en" }) }, say("language")),
        h("button", { type: "button", id: "theme", "aria-label": say("theme"), title: say("theme"), onclick: () => store.set({ theme: isDark() ? "light" : "dark" }) }, "◐")),
      this.status);
    this.skip.textContent = say("skip");
    this.tabs.setAttribute("aria-label", say("views"));
    this.tabs.replaceChildren(...Object.keys(VIEWS).map((key) => h("button", { type: "button", role: "tab", id: `tab-${key}`, "aria-selected": key === view, "aria-controls": "content", tabindex: key === view ? 0 : -1,
      onclick: () => store.set({ view: key }), onkeydown: (event) => this.#tabKey(event, key) }, say(key))));
    if (focused) document.getElementById(focused)?.focus();
    this.panel.setAttribute("aria-labelledby", `tab-${view}`);
    this.panel.className = `view-${view}`;
    if (!recording) { this.panel.replaceChildren(h("p", { class: "hint", role: "status" }, say("loading"))); return; }
    const wanted = VIEWS[view];
    if (changed.has("recording") || this.shown !== view) { this.shown = view; this.panel.replaceChildren(...wanted.map((tag) => document.createElement(tag))); }
  }

  /** What went wrong, if something did: in the world, or with what was asked of the studio. */
  #status() {
    const { recording, problem } = store.state, failure = recording?.about.failure;
    this.status.textContent = problem ? problem : failure ? say("failed", failure.message) : "";
  }

  #tabKey(event, key) {
    const keys = Object.keys(VIEWS), step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
    if (!step) return;
    event.preventDefault();
    store.set({ view: keys[(keys.indexOf(key) + step + keys.length) % keys.length] });
    this.tabs.querySelector("[aria-selected=true]").focus();
  }
}

function isDark() { const { theme } = store.state; return theme === "dark" || (theme === "auto" && matchMedia("(prefers-color-scheme: dark)").matches); }

class Transport extends Component {
  static watches = ["recording", "index", "time", "playing", "speed", "lang", "grown"];

  start() {
    const button = (key, sign, act) => { const b = h("button", { type: "button", onclick: act }, sign); b.dataset.key = key; return b; };
    this.play = button("play", "▶", () => store.set({ playing: !store.state.playing, ...(store.state.index >= store.state.recording.length - 1 ? { index: this.#first() } : {}) }));
    this.buttons = [button("first", "«", () => store.set({ index: this.#first(), playing: false })), button("back", "‹", () => step(-1)), this.play, button("forward", "›", () => step(1)),
      button("last", "»", () => store.set({ index: store.state.recording.length - 1, playing: false }))];
    this.speed = h("select", { onchange: () => store.set({ speed: Number(this.speed.value) }) });
    this.range = h("input", { type: "range", min: 0, max: 1000, step: "any", oninput: () => store.set({ time: this.#begin() + this.range.value / 1000 * (this.#end() - this.#begin()), playing: false }) });
    this.clock = h("span", { class: "clock" });
    this.place = h("span", { class: "hint" });
    this.now = h("p", { class: "now" });
    this.replaceChildren(h("div", { class: "tools" }, this.buttons, this.speed, this.clock, this.place), this.range, this.now);
    addEventListener("keydown", (event) => this.#key(event));
    this.update(new Set(["recording", "lang"]));
  }

  #first() { return store.state.recording.indices("keyboard.press")[0] ?? 0; }
  #begin() { const { recording } = store.state; return recording.at[this.#first()] ?? 0; }
  #end() {
    const { recording } = store.state, close = recording.indices("tab.close").at(-1) ?? -1;
    return Math.max(this.#begin() + 1, recording.at[close >= 0 ? Math.min(recording.length - 1, close + 200) : recording.length - 1] ?? 1);
  }

  update(changed) {
    const { recording, index, time, playing, speed, lang } = store.state;
    if (changed.has("lang") || changed.has("recording")) {
      this.buttons.forEach((b) => { b.setAttribute("aria-label", say(b.dataset.key)); b.title = say(b.dataset.key); });
      this.speed.replaceChildren(...SPEEDS.map((n) => h("option", { value: n, selected: n === speed }, n === 1 ? say("realTime") : say("slower", n))));
      this.speed.setAttribute("aria-label", say("speed")); this.range.setAttribute("aria-label", say("scrubber"));
    }
    if (!recording?.length) return;
    this.play.textContent = playing ? "❚❚" : "▶";
    this.play.setAttribute("aria-label", say(playing ? "pause" : "play"));
    this.clock.textContent = timeText(time);
    this.range.value = (time - this.#begin()) / (this.#end() - this.#begin()) * 1000;
    this.range.setAttribute("aria-valuetext", timeText(time));
    this.place.textContent = say("event", (index + 1).toLocaleString("en-US"), recording.length.toLocaleString("en-US"));
    this.now.textContent = `${recording.nodeOf(index)}: ${recording.sentence(index, lang)}`;
    if (changed.has("playing") && playing) this.#run();
  }

  #run() {
    let before = performance.now(), quiet = 0;
    const frame = (now) => {
      const { recording, time, speed, index, playing } = store.state;
      if (!playing) return;
      const passed = Math.min(100, now - before);
      before = now;
      let next = time + passed * 1e6 / speed;
      const upcoming = recording.at[index + 1];
      quiet = upcoming !== undefined && upcoming > next ? quiet + passed : 0;
      if (quiet > QUIET && upcoming - next > 300 * 1e6 / speed) { next = upcoming; quiet = 0; }
      if (index >= recording.length - 1 && !store.state.live) { store.set({ playing: false }); return; }
      store.set({ time: Math.min(next, Math.max(time, recording.at.at(-1))) });
      requestAnimationFrame(frame);
    };
    requestAnimationFrame(frame);
  }

  #key(event) {
    if (!store.state.recording || event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented) return;
    if (/^(INPUT|SELECT|TEXTAREA|CANVAS|BUTTON|SUMMARY)$/.test(event.target.tagName) || event.target.closest("[role=listbox], [role=tablist], [role=region], [role=tabpanel], [role=group], [role=button]")) return;
    const act = { " ": () => this.play.click(), ArrowRight: () => step(1), ArrowLeft: () => step(-1), Home: () => this.buttons[0].click(), End: () => this.buttons[4].click() }[event.key];
    if (act) { event.preventDefault(); act(); }
  }
}

/** A single event on or back; it is selected, so that its causes are seen. */
export function step(by) {
  const { recording, index } = store.state;
  if (recording?.length) store.select(Math.min(Math.max(0, index + by), recording.length - 1));
}

customElements.define("pe-transport", Transport);
customElements.define("pe-app", App);

// ---- the page's address holds what is looked at, so that it can be shared ----

function readAddress() {
  const wanted = new URLSearchParams(location.hash.slice(1)), changes = {};
  if (Object.hasOwn(VIEWS, wanted.get("view") ?? "")) changes.view = wanted.get("view");
  if (["en", "zh"].includes(wanted.get("lang"))) changes.lang = wanted.get("lang");
  if (["dark", "light"].includes(wanted.get("theme"))) changes.theme = wanted.get("theme");
  store.wanted = wanted;
  store.set(changes);
}

store.addEventListener("change", ({ detail }) => {
  if (!["view", "lang", "theme", "selected", "settings"].some((key) => detail.has(key))) return;
  const { view, lang, theme, selected } = store.state, parts = new URLSearchParams(location.hash.slice(1));
  const put = (key, value, usual) => value === usual || value === null ? parts.delete(key) : parts.set(key, value);
  put("view", view, "journey"); put("lang", lang, "en"); put("theme", theme, "auto"); put("event", selected === null ? null : selected + 1, null);
  history.replaceState(null, "", `#${parts}`);
});

/** Show a recording; the place that the address names, or the end. */
export function show(recording) {
  const wanted = Number(store.wanted?.get("event")) - 1;
  const named = wanted >= 0 && wanted < recording.length;
  const place = named ? wanted : recording.indices("display.scanout").at(-1) ?? recording.length - 1;
  if (recording.about.view && !store.wanted?.get("view")) store.set({ view: recording.about.view });
  store.set({ recording, index: Math.max(0, place), time: recording.at[Math.max(0, place)] ?? 0, selected: named ? place : null, ...(store.wanted?.get("lang") ? {} : { lang: recording.about.language ?? "en" }) });
  requestAnimationFrame(() => setTimeout(() => performance.mark("pressenter:shown")));  // the first picture is on the screen
}

async function open() {
  const packed = document.getElementById("recording");
  if (!packed) { connect(); return; }
  const stream = new Blob([fromBase64(packed.textContent)]).stream().pipeThrough(new DecompressionStream("gzip"));
  const text = await new Response(stream).text();
  packed.remove();
  show(new Recording(JSON.parse(text)));
}
