// The timeline: every event in a lane for its step, and below it the requests with their phases.

import { BEGIN, Component, END, h, say, store, timeText, upperBound } from "viewer/store.js";

const MOST_REQUESTS = 1000;  // a canvas has an end
const LANE = 22, ROW = 22, LABEL = 150, TOP = 22;
const PHASES = [["blocked", "assigned", "#9aa"], ["dns", "name_resolved", "#0a9396"], ["connect", "connected", "#ee9b00"], ["ssl", "secured", "#ca6702"],
  ["send", "sent", "#7b61c4"], ["wait", "first_byte", "#5a9e4b"], ["receive", "finished", "#3a78c3"]];
/** Steps of several parts, each with a lane of its own, by the layers of their events. */
const DIVIDED = { 13: [["http"], ["tls"]], 15: [["html", "page", "image", "font"], ["css"], ["layout"], ["paint"]] };
const MOMENTS = { "page.first_contentful_paint": "fcp", "page.largest_contentful_paint": "lcp", "page.dom_content_loaded": "dcl", "page.loaded": "load" };

class Timeline extends Component {
  static watches = ["recording", "grown", "index", "time", "lang", "theme", "selected"];

  start() {
    this.canvas = h("canvas", { tabindex: 0, role: "application" });
    this.summary = h("p", { class: "hint" });
    const button = (key, sign, act) => h("button", { type: "button", "aria-label": say(key), title: say(key), onclick: act }, sign);
    this.legend = h("ul", { class: "legend" });
    this.replaceChildren(h("h2", {}, say("timeline")), this.summary,
      h("div", { class: "tools" }, button("zoomIn", "+", () => this.#zoom(0.5)), button("zoomOut", "−", () => this.#zoom(2)), button("zoomAll", "⤢", () => this.#all())),
      h("div", { class: "timeline-frame" }, this.canvas), this.legend);
    const c = this.canvas;
    c.addEventListener("wheel", (event) => { event.preventDefault(); this.#zoom(event.deltaY > 0 ? 1.25 : 0.8, this.#timeAt(event)); }, { passive: false });
    c.addEventListener("pointerdown", (event) => { this.drag = { x: event.clientX, from: this.from, moved: false }; c.setPointerCapture(event.pointerId); });
    c.addEventListener("pointermove", (event) => this.#move(event));
    c.addEventListener("pointerup", (event) => { if (this.drag && !this.drag.moved) this.#choose(event); this.drag = null; });
    c.addEventListener("keydown", (event) => this.#key(event));
    this.observer = new ResizeObserver(() => this.#request());
    this.observer.observe(this);
    this.#all();
    this.update(new Set(["recording"]));
  }

  stop() { this.observer.disconnect(); }

  update(changed) {
    const { recording } = store.state;
    if (!recording) return;
    if (changed.has("recording") || changed.has("grown")) { this.#index(recording); if (changed.has("recording")) this.#all(); }
    if (changed.has("lang") || changed.has("recording")) {
      this.firstElementChild.textContent = say("timeline");
      this.summary.textContent = say("timelineHelp");
      this.canvas.setAttribute("aria-label", `${say("timeline")}. ${say("timelineHelp")}`);
      this.legend.replaceChildren(...PHASES.map(([key, , color]) => h("li", {}, h("span", { class: "swatch", style: `background:${color}` }), say(key))));
    }
    const { time } = store.state;
    if (changed.has("index") && this.from !== undefined && (time < this.from || time > this.to)) {
      const half = (this.to - this.from) / 2;
      [this.from, this.to] = [time - half, time + half];
    }
    this.#request();
  }

  /** Events by lane, so that a lane's visible part is found by halving. */
  #index(recording) {
    const lane_ = (step, layers) => ({ step, layers, at: [], index: [], bars: [] });
    this.lanes = recording.steps.flatMap(({ number }) => (DIVIDED[number] ?? [null]).map((layers) => lane_(number, layers)));
    const home = recording.names.map((name) => {
      const step = recording.catalogue[name]?.step, layer = name.split(".")[0];
      return this.lanes.find((lane) => lane.step === step && lane.layers?.includes(layer)) ?? this.lanes.find((lane) => lane.step === step);
    });
    for (let i = 0; i < recording.length; i++) {
      const lane = home[recording.name[i]];
      if (!lane || recording.phase[i] === END) continue;
      if (recording.phase[i] === BEGIN && recording.endOf.has(i)) lane.bars.push(i);
      lane.at.push(recording.at[i]); lane.index.push(i);
    }
    this.requests = recording.indices("http.exchange").map((i) => ({ index: i, ...recording.fields[i] })).sort((a, b) => a.timings.started - b.timings.started);
  }

  #all() {
    const { recording } = store.state;
    if (!recording?.length) return;
    const first = recording.indices("keyboard.press")[0] ?? recording.indices("http.exchange")[0] ?? 0;
    const last = Math.max(recording.indices("tab.close").at(-1) ?? -1, recording.indices("display.scanout").at(-1) ?? -1);
    const begin = recording.at[first], end = recording.at[last >= 0 ? last : recording.length - 1];
    const room = Math.max(1000, (end - begin) * 0.03);
    [this.from, this.to] = [begin - room, end + room];
    this.#request();
  }

  #zoom(factor, around = (this.from + this.to) / 2) {
    const size = Math.min(1e13, Math.max(200, (this.to - this.from) * factor)), share = (around - this.from) / (this.to - this.from);
    this.from = around - size * share; this.to = this.from + size;
    this.#request();
  }

  #x(time) { return LABEL + (time - this.from) / (this.to - this.from) * (this.width - LABEL); }
  #timeAt(event) { const x = event.clientX - this.canvas.getBoundingClientRect().left; return this.from + Math.max(0, x - LABEL) / (this.width - LABEL) * (this.to - this.from); }

  #move(event) {
    if (!this.drag || !event.buttons) return;
    const by = (event.clientX - this.drag.x) / (this.width - LABEL) * (this.to - this.from);
    if (Math.abs(event.clientX - this.drag.x) > 3) this.drag.moved = true;
    const size = this.to - this.from;
    this.from = this.drag.from - by; this.to = this.from + size;
    this.#request();
  }

  #choose(event) {
    const { recording } = store.state, y = event.clientY - this.canvas.getBoundingClientRect().top, time = this.#timeAt(event);
    const row = Math.floor((y - TOP) / LANE);
    const lane = this.lanes[row], request = this.requests[Math.floor((y - TOP - this.lanes.length * LANE - 12) / ROW)];
    if (lane?.at.length) {
      const after = upperBound(lane.at, time), near = [after - 1, after].filter((i) => i >= 0 && i < lane.at.length);
      near.sort((a, b) => Math.abs(lane.at[a] - time) - Math.abs(lane.at[b] - time));
      store.select(lane.index[near[0]]);
    } else if (request) store.select(request.index);
    else store.set({ time: Math.min(Math.max(0, time), recording.at.at(-1)), playing: false });
  }

  #key(event) {
    const { recording, index } = store.state;
    const act = { "+": () => this.#zoom(0.5), "=": () => this.#zoom(0.5), "-": () => this.#zoom(2), 0: () => this.#all(),
      ArrowRight: () => store.select(Math.min(recording.length - 1, index + 1)), ArrowLeft: () => store.select(Math.max(0, index - 1)) }[event.key];
    if (act) { event.preventDefault(); act(); }
  }

  #request() {
    if (this.pending) return;
    this.pending = requestAnimationFrame(() => { this.pending = 0; this.#draw(); });
  }

  #draw() {
    const { recording, time, selected, lang } = store.state;
    if (!recording || !this.lanes || !this.isConnected) return;
    const style = getComputedStyle(this), ratio = devicePixelRatio || 1;
    const width = this.width = Math.max(300, this.canvas.parentElement.clientWidth), height = TOP + this.lanes.length * LANE + 12 + Math.min(this.requests.length, MOST_REQUESTS) * ROW + 8;
    if (this.canvas.width !== Math.round(width * ratio) || this.canvas.height !== Math.round(height * ratio)) {
      this.canvas.width = Math.round(width * ratio); this.canvas.height = Math.round(height * ratio);
      this.canvas.style.width = `${width}px`; this.canvas.style.height = `${height}px`;
    }
    const g = this.canvas.getContext("2d");
    g.setTransform(ratio, 0, 0, ratio, 0, 0);
    const ink = style.getPropertyValue("--ink"), faint = style.getPropertyValue("--line"), accent = style.getPropertyValue("--accent");
    g.fillStyle = style.getPropertyValue("--paper"); g.fillRect(0, 0, width, height);
    g.font = "12px system-ui, sans-serif"; g.textBaseline = "middle";
    this.#axis(g, width, height, ink, faint);
    this.lanes.forEach((lane, i) => this.#lane(g, lane, i, recording, width, lang, ink, faint));
    this.#waterfall(g, width, ink);
    this.#moments(g, recording, height);
    for (const [at, color] of [[time, accent], selected !== null ? [recording.at[selected], "#d1495b"] : []].filter((pair) => pair.length)) {
      const x = this.#x(at);
      if (x >= LABEL) { g.fillStyle = color; g.fillRect(Math.round(x), 0, 1.5, height); }
    }
  }

  #axis(g, width, height, ink, faint) {
    const span = this.to - this.from, step = 10 ** Math.floor(Math.log10(span / 4)), nice = [1, 2, 5, 10].map((m) => m * step).find((v) => span / v < 8);
    for (let t = Math.ceil(this.from / nice) * nice; t < this.to; t += nice) {
      const x = Math.round(this.#x(t));
      g.fillStyle = faint; g.fillRect(x, TOP, 1, height);
      g.fillStyle = ink; g.fillText(`${(t / 1e6).toFixed(Math.max(0, 6 - Math.floor(Math.log10(nice))))} ms`, x + 3, 10);
    }
  }

  #lane(g, lane, i, recording, width, lang, ink, faint) {
    const top = TOP + i * LANE, hue = (lane.step * 47) % 360;
    g.fillStyle = faint; g.fillRect(0, top, width, 1);
    g.fillStyle = ink; g.fillText(`${lane.step} ${lane.layers ? lane.layers.map((layer) => say(`lane_${layer}`)).join(", ") : recording.stepTitle(lane.step, lang)}`, 6, top + LANE / 2, LABEL - 12);
    g.fillStyle = `hsl(${hue} 55% 50% / .45)`;
    for (const bar of lane.bars) {
      const x = this.#x(recording.at[bar]), end = this.#x(recording.at[recording.endOf.get(bar)]);
      if (end >= LABEL && x <= width) g.fillRect(Math.max(LABEL, x), top + 4, Math.max(1, end - Math.max(LABEL, x)), LANE - 8);
    }
    g.fillStyle = `hsl(${hue} 60% 45%)`;
    let painted = -1;  // one tick for each column of pixels, however many events fall into it
    for (let k = upperBound(lane.at, this.from - 1); k < lane.at.length && lane.at[k] <= this.to;) {
      const x = Math.floor(this.#x(lane.at[k]));
      if (x > painted) { g.fillRect(x, top + 5, 1.5, LANE - 10); painted = x; }
      const next = this.from + (x + 1 - LABEL) / (width - LABEL) * (this.to - this.from);
      k = Math.max(k + 1, lane.at.length - k > 64 ? upperBound(lane.at, next) : k + 1);
    }
  }

  #waterfall(g, width, ink) {
    this.requests.slice(0, MOST_REQUESTS).forEach((request, i) => {
      const top = TOP + this.lanes.length * LANE + 12 + i * ROW, marks = request.timings;
      g.fillStyle = ink; g.fillText(request.url.replace(/^https?:\/\//, ""), 6, top + ROW / 2, LABEL - 12);
      let last = marks.started;
      for (const [, mark, color] of PHASES) {
        if (marks[mark] === null || marks[mark] === undefined) continue;
        const x = Math.max(LABEL, this.#x(last)), end = Math.min(width, this.#x(marks[mark]));
        if (end > LABEL && x < width) { g.fillStyle = color; g.fillRect(x, top + 4, Math.max(1, end - x), ROW - 8); }
        last = marks[mark];
      }
      const label = this.#x(last) + 4;
      if (label > LABEL && label < width) { g.fillStyle = ink; g.fillText(`${request.status} ${((last - marks.started) / 1e6).toFixed(1)} ms`, label, top + ROW / 2); }
    });
  }

  #moments(g, recording, height) {
    for (const [name, key] of Object.entries(MOMENTS)) for (const i of recording.indices(name)) {
      const x = this.#x(recording.at[i]);
      if (x < LABEL) continue;
      g.fillStyle = "#c1121f"; g.fillRect(Math.round(x), TOP, 1, height);
      if (i === recording.indices(name).at(-1)) g.fillText(say(key), x + 4, TOP + 14 * (1 + Object.keys(MOMENTS).indexOf(name)));
    }
  }
}

customElements.define("pe-timeline", Timeline);
