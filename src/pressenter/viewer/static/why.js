// Why?  The event that is selected, its facts, and the chain of causes back to the key press.

import { BEGIN, Component, h, say, store, timeText } from "viewer/store.js";

const MOST_TOLD = 5000;

class Why extends Component {
  static watches = ["recording", "selected", "lang", "everything"];

  update() {
    const { recording, selected, lang, everything } = store.state;
    if (!recording || selected === null || selected < 0 || selected >= recording.length) {
      this.replaceChildren(h("h2", {}, say("details")), h("p", { class: "hint" }, say("nothingSelected")));
      return;
    }
    const name = recording.nameOf(selected), meaning = recording.catalogue[name], frames = recording.framesOfEvent.get(selected);
    const connection = recording.fields[selected].connection;
    const isTcp = typeof connection === "string" && name.startsWith("tcp.");
    this.replaceChildren(...[
      h("h2", {}, say("details")),
      h("p", { class: "sentence" }, h("b", {}, `${recording.nodeOf(selected)}: `), recording.sentence(selected, lang)),
      h("p", { class: "hint" }, `${timeText(recording.at[selected])} · ${meaning?.step ?? ""} ${recording.stepTitle(meaning?.step ?? 0, lang)} · ${name}`),
      meaning?.clause ? h("p", { class: "hint" }, `${say("clause")}: ${meaning.clause}`) : null,
      h("div", { class: "tools" },
        frames?.length ? h("button", { type: "button", onclick: () => store.set({ view: "packets" }) }, say("seePacket")) : null,
        isTcp ? h("button", { type: "button", onclick: () => store.set({ view: "connections", connection: `${recording.nodeOf(selected)} ${connection}` }) }, say("seeConnection")) : null),
      this.#facts(recording, selected),
      h("h3", {}, say("chain")),
      h("label", { class: "check" }, h("input", { type: "checkbox", checked: everything, onchange: (event) => store.set({ everything: event.target.checked }) }), ` ${say("everyEvent")}`),
      this.#chain(recording, selected, lang, everything),
    ].filter(Boolean));
  }

  #facts(recording, index) {
    const rows = Object.entries(recording.fields[index]).filter(([key]) => !key.endsWith("_zh"));
    if (!rows.length) return null;
    return h("details", { open: rows.length < 8 }, h("summary", {}, say("fields")), h("table", {}, h("tbody", {}, rows.map(([key, value]) => h("tr", {}, h("th", { scope: "row" }, key), h("td", {}, inWords(value)))))));
  }

  #chain(recording, index, lang, everything) {
    const chain = recording.chain(index), told = chain.filter((i, n) => everything || n === 0 || recording.cause[i] < 0 || recording.catalogue[recording.nameOf(i)]?.told === "always");
    return h("ol", { class: "chain" }, told.map((i) => h("li", {}, h("button", { type: "button", class: "link", onclick: () => store.select(i) },
      h("span", { class: "when" }, timeText(recording.at[i])), ` ${recording.nodeOf(i)}: ${recording.sentence(i, lang)}`))));
  }
}

/** A fact as text: a list of names and values a line each. */
function inWords(value) {
  if (Array.isArray(value)) return value.map((item) => Array.isArray(item) ? item.join(": ") : inWords(item)).join(value.some(Array.isArray) ? "\n" : ", ");
  return typeof value === "object" && value !== null ? Object.entries(value).map(([name, item]) => `${name}: ${item}`).join("\n") : String(value);
}

customElements.define("pe-why", Why);

/** The story: events that tell something, the one that is looked at lit. */
class Story extends Component {
  static watches = ["recording", "grown", "index", "lang", "everything"];

  start() {
    this.list = h("ol", { class: "story", tabindex: 0, role: "listbox" });
    this.list.addEventListener("keydown", (event) => this.#key(event));
    this.replaceChildren(h("h2", {}, say("story")), this.list);
    this.update(new Set(["recording"]));
  }

  #key(event) {
    const step = { ArrowDown: 1, ArrowUp: -1, PageDown: 10, PageUp: -10, Home: -1e9, End: 1e9 }[event.key];
    if (!step || !this.told.length) return;
    event.preventDefault();
    const here = this.told.indexOf(Number(this.lit?.dataset.event));
    store.select(this.told[Math.min(Math.max(0, here + step), this.told.length - 1)]);
  }

  update(changed) {
    const { recording, index, lang } = store.state;
    if (!recording) return;
    if (changed.has("recording") || changed.has("lang")) { this.told = []; this.seen = 0; this.list.replaceChildren(); }
    if (changed.has("recording") || changed.has("grown") || changed.has("lang")) {
      this.querySelector("h2").textContent = say("story");
      this.list.setAttribute("aria-label", say("story"));
      const fresh = [];
      for (; this.seen < recording.length && this.told.length < MOST_TOLD; this.seen++) {
        const i = this.seen, meaning = recording.catalogue[recording.nameOf(i)];
        if (meaning?.told === "always" && recording.phase[i] !== BEGIN) { this.told.push(i); fresh.push(i); }
      }
      this.list.append(...fresh.map((i) => h("li", { role: "option", id: `told-${i}`, "data-event": i, "aria-selected": "false", onclick: () => store.select(i) },
        h("span", { class: "when" }, (recording.at[i] / 1e6).toFixed(3)), h("span", { class: `step step-${recording.stepOf(i)}` }, `${recording.stepOf(i)}`), ` ${recording.nodeOf(i)}: ${recording.sentence(i, lang)}`)));
    }
    let low = 0, high = this.told.length;
    while (low < high) { const middle = (low + high) >> 1; if (this.told[middle] <= index) low = middle + 1; else high = middle; }
    const row = this.list.children[low - 1];
    if (row !== this.lit) {
      this.lit?.setAttribute("aria-selected", "false");
      row?.setAttribute("aria-selected", "true");
      if (row) this.list.setAttribute("aria-activedescendant", row.id);
      if (row) { const { offsetTop, offsetHeight } = row; if (offsetTop < this.list.scrollTop || offsetTop + offsetHeight > this.list.scrollTop + this.list.clientHeight) this.list.scrollTop = offsetTop - this.list.clientHeight / 2; }
      this.lit = row;
    }
  }
}

customElements.define("pe-story", Story);
