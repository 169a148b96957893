// What if?  Settings of the world, made from its schema; the journey run again with them, beside the one before.

import { Component, h, say, store, timeText } from "viewer/store.js";
import { ScreenPainter } from "viewer/screen.js";

class WhatIf extends Component {
  static watches = ["recording", "lang", "live", "compare", "grown"];

  start() {
    const wanted = new URLSearchParams(location.hash.slice(1));
    this.settings = wanted.getAll("set").map((text) => { const [path, ...value] = text.split("="); return [path, value.join("=")]; });
    this.update(new Set(["lang"]));
    if (this.settings.length && store.state.live && !store.state.compare && store.state.recording?.indices("page.loaded").length) this.#run();
  }

  update(changed) {
    if (changed.has("grown") && changed.size === 1 && this.built) return;
    const { live, compare } = store.state;
    if (!live) { this.replaceChildren(h("h2", {}, say("whatif")), h("p", { class: "hint" }, say("onlyStudio")), this.#comparison(compare)); return; }
    const knobs = live.knobs ?? [];
    this.built = knobs.length > 0;
    this.rows = h("div", { class: "knobs" }, this.settings.map(([path, value], i) => this.#knob(knobs, path, value, i)));
    const groups = new Map();
    for (const knob of knobs) { if (!groups.has(knob.group)) groups.set(knob.group, []); groups.get(knob.group).push(knob); }
    const add = h("select", { "aria-label": say("addKnob"), onchange: () => { if (!add.value) return; const knob = knobs.find(({ path }) => path === add.value); this.settings.push([knob.path, knob.value]); this.#keep(); this.update(new Set(["lang"])); this.rows.lastElementChild?.querySelector("input, select")?.focus(); } },
      h("option", { value: "" }, `${say("addKnob")}…`), [...groups].map(([group, list]) => h("optgroup", { label: group }, list.map((knob) => h("option", { value: knob.path }, `${knob.label}: ${knob.value}`)))));
    this.replaceChildren(h("h2", {}, say("whatif")), h("h3", {}, say("knobs")), this.rows,
      h("div", { class: "tools" }, add, h("button", { type: "button", class: "primary", disabled: !this.settings.length, onclick: () => this.#run() }, say("runAgain"))),
      h("p", { class: "hint" }, say("share")), this.#comparison(compare));
  }

  #knob(knobs, path, value, i) {
    const knob = knobs.find((each) => each.path === path) ?? { path, label: path, group: "", help: "", choices: [] };
    const change = (event) => { this.settings[i][1] = event.target.value; this.#keep(); };
    const input = knob.choices?.length
      ? h("select", { id: `knob-${i}`, onchange: change }, (knob.choices.includes(value) ? knob.choices : [value, ...knob.choices]).map((choice) => h("option", { value: choice, selected: choice === value }, choice || "–")))
      : h("input", { id: `knob-${i}`, value, oninput: change });
    return h("div", { class: "knob" }, h("label", { for: `knob-${i}` }, `${knob.group} ${knob.label}`), input, h("small", {}, knob.help ?? ""),
      h("button", { type: "button", "aria-label": `${say("close")} ${knob.label}`, onclick: () => { this.settings.splice(i, 1); this.#keep(); this.update(new Set(["lang"])); } }, "×"));
  }

  #keep() {
    const parts = new URLSearchParams(location.hash.slice(1));
    parts.delete("set");
    for (const [path, value] of this.settings) parts.append("set", `${path}=${value}`);
    history.replaceState(null, "", `#${parts}`);
    const button = this.querySelector("button.primary");
    if (button) button.disabled = !this.settings.length;
  }

  #run() {
    store.set({ compare: { running: true } });
    store.state.live.send({ do: "compare", settings: this.settings });
  }

  #comparison(compare) {
    if (!compare) return h("div");
    if (compare.running) return h("p", { role: "status" }, say("running"));
    if (compare.problem) return h("p", { role: "alert", class: "failed" }, compare.problem);
    const { steps, first } = compare.difference, pictures = [compare.before, compare.after];
    const canvases = pictures.map((recording, i) => {
      const canvas = h("canvas", { role: "img", "aria-label": `${say("screen")}, ${say(i ? "after" : "before")}` });
      new ScreenPainter(canvas).paint(recording, recording.length - 1);
      return h("figure", {}, h("figcaption", {}, say(i ? "after" : "before")), canvas);
    });
    return h("section", { class: "comparison" },
      h("h3", {}, say("firstDifference")),
      first ? h("ol", { class: "chain" }, first.map((line) => h("li", {}, line))) : h("p", {}, say("same")),
      h("div", { class: "pair" }, canvases),
      h("table", {}, h("thead", {}, h("tr", {}, [say("step"), say("before"), say("after"), say("difference")].map((head) => h("th", { scope: "col" }, head)))),
        h("tbody", {}, steps.map((row) => h("tr", { class: row.before_ns === row.after_ns && row.before_events === row.after_events ? "" : "differs" }, h("th", { scope: "row" }, `${row.step} ${store.state.recording.stepTitle(row.step, store.state.lang)}`),
          h("td", {}, cell(row.before_ns, row.before_events)), h("td", {}, cell(row.after_ns, row.after_events)), h("td", {}, row.before_ns === null || row.after_ns === null ? "–" : signed(row.after_ns - row.before_ns)))))));
  }
}

function cell(ns, events) { return ns === null ? "–" : `${timeText(ns)} · ${events}`; }
function signed(ns) { return ns === 0 ? "0" : `${ns > 0 ? "+" : "−"}${timeText(Math.abs(ns))}`; }

customElements.define("pe-whatif", WhatIf);
