// Packets: the list, the tree of headers, and the bytes; a field lights its bytes, and a byte its field.

import { Component, h, say, store, timeText } from "viewer/store.js";
import { dissect } from "viewer/dissect.js";
import { headerWord } from "viewer/headers.js";

const ROW = 24, AROUND = 4, CELLS = 8;

/** What a frame is about, kept: the facts without the fields, for there may be very many. */
export function dissected(recording, frame) {
  const known = recording.dissections ??= new Map(), data = recording.frameData[frame];
  if (!known.has(data)) {
    const { layers, ...facts } = whole(recording, frame);
    known.set(data, { ...facts, names: layers.map((layer) => layer.name) });
  }
  return known.get(data);
}

function whole(recording, frame) { return dissect(recording.bytes(frame), { fcs: recording.about.fcs !== false }); }

/** Whether a packet is what the words ask for. */
function matches(recording, frame, text) {
  const d = dissected(recording, frame), port = /^port (\d+)$/.exec(text);
  if (port) return d.sourcePort === +port[1] || d.destinationPort === +port[1];
  if (d.names.includes(text)) return true;
  return `${d.protocol} ${d.source} ${d.destination} ${d.info} ${recording.ports[recording.framePort[frame]]}`.toLowerCase().includes(text);
}

class Packets extends Component {
  static watches = ["recording", "grown", "lang", "selected", "index"];

  start() {
    this.shown = []; this.rows = new Map(); this.frame = null; this.port = ""; this.filter = "";
    this.select = h("select", { "aria-label": say("atPort"), onchange: () => { this.port = this.select.value; this.#choose(); } });
    this.input = h("input", { type: "search", oninput: () => { this.filter = this.input.value.trim().toLowerCase(); clearTimeout(this.typing); this.typing = setTimeout(() => this.#choose(), 120); } });
    this.count = h("span", { class: "hint", role: "status" });
    this.body = h("div", { class: "rows", role: "listbox", tabindex: 0 });
    this.space = h("div", { class: "space" });
    this.body.append(this.space);
    this.heads = h("div", { class: "row heads", "aria-hidden": "true" });
    this.tree = h("div", { class: "headers" });
    this.hex = h("div", { class: "hex" });
    this.replaceChildren(h("h2", {}, say("packets")), h("div", { class: "tools" }, this.select, this.input, this.count),
      h("div", { class: "list" }, this.heads, this.body), h("div", { class: "packet-parts" }, this.tree, this.hex));
    this.body.addEventListener("scroll", () => this.#request());
    this.body.addEventListener("keydown", (event) => this.#key(event));
    this.observer = new ResizeObserver(() => this.#request());
    this.observer.observe(this.body);
    this.update(new Set(["recording", "lang", "selected"]));
  }

  stop() { this.observer.disconnect(); }

  update(changed) {
    const { recording, selected } = store.state;
    if (!recording) return;
    if (changed.has("recording") || changed.has("grown") || changed.has("lang")) {
      const person = recording.topology?.person, ports = [...recording.ports].sort();
      if (changed.has("recording")) this.port = ports.find((port) => port.startsWith(`${person}:`)) ?? "";
      this.select.replaceChildren(h("option", { value: "" }, say("allPorts")), ...ports.map((port) => h("option", { value: port, selected: port === this.port }, port)));
      this.select.value = this.port;
      this.input.placeholder = say("filterHelp"); this.input.setAttribute("aria-label", say("filter"));
      this.body.setAttribute("aria-label", say("packets"));
      this.querySelector("h2").textContent = say("packets");
      this.heads.replaceChildren(...["number", "time", "port", "source", "destination", "protocol", "length", "info"].map((key) => h("span", {}, say(key))));
      this.#choose();
    }
    if (changed.has("selected") && selected !== null) {
      const frames = recording.framesOfEvent.get(selected);
      if (frames?.length && !frames.includes(this.frame)) this.#show(frames.find((frame) => this.place?.has(frame)) ?? frames[0], true);
    }
    this.#request();
  }

  /** Which packets are listed. */
  #choose() {
    const { recording } = store.state, wanted = this.port ? recording.ports.indexOf(this.port) : -1, shown = [];
    for (let frame = 0; frame < recording.frameAt.length; frame++) {
      if (wanted >= 0 && recording.framePort[frame] !== wanted) continue;
      if (this.filter && !matches(recording, frame, this.filter)) continue;
      shown.push(frame);
    }
    this.shown = shown;
    this.place = new Map(shown.map((frame, i) => [frame, i]));
    this.count.textContent = say("packetCount", shown.length.toLocaleString("en-US"), recording.frameAt.length.toLocaleString("en-US"));
    this.space.style.height = `${shown.length * ROW}px`;
    // Rows stay where they are and are only filled anew: a click that has begun on one must end on it.
    for (const [i, row] of this.rows) if (i < shown.length) this.#fill(row, recording, i); else { row.remove(); this.rows.delete(i); }
    this.#request();
    this.#show(this.place.has(this.frame) ? this.frame : shown[0] ?? null, false);
  }

  #request() { if (!this.pending) this.pending = requestAnimationFrame(() => { this.pending = 0; this.#rows(); }); }

  /** Only rows that are seen exist. */
  #rows() {
    const { recording } = store.state;
    if (!recording || !this.isConnected) return;
    const first = Math.max(0, Math.floor(this.body.scrollTop / ROW) - AROUND);
    const last = Math.min(this.shown.length, Math.ceil((this.body.scrollTop + this.body.clientHeight) / ROW) + AROUND);
    const free = [];
    for (const [i, row] of this.rows) if (i < first || i >= last) { free.push(row); this.rows.delete(i); }
    for (let i = first; i < last; i++) if (!this.rows.has(i)) this.rows.set(i, this.#fill(free.pop() ?? this.#row(), recording, i));
    for (const row of free) row.remove();
    this.#mark();
  }

  /** A row that shows nothing yet; rows that go out of sight are used again for those that come. */
  #row() {
    const row = document.createElement("div");
    row.setAttribute("role", "option");
    for (let i = 0; i < CELLS; i++) row.append(document.createElement("span"));
    for (const cell of row.children) cell.append(document.createTextNode(""));
    row.addEventListener("click", () => this.#pick(row.frame));
    this.space.append(row);
    return row;
  }

  #fill(row, recording, i) {
    const frame = row.frame = this.shown[i], d = dissected(recording, frame), arrow = recording.frameOut[frame] ? "→" : "←";
    row.className = `row ${d.protocol.toLowerCase()}`; row.style.transform = `translateY(${i * ROW}px)`; row.id = `packet-${frame}`;
    row.setAttribute("aria-posinset", i + 1); row.setAttribute("aria-setsize", this.shown.length); row.setAttribute("aria-selected", frame === this.frame);
    const texts = [frame + 1, timeText(recording.frameAt[frame]), `${arrow} ${recording.ports[recording.framePort[frame]]}`, d.source, d.destination, d.protocol, recording.size(frame), d.info.slice(0, 300)];
    texts.forEach((text, n) => { row.children[n].firstChild.data = text; });
    return row;
  }

  #pick(frame) {
    const { recording } = store.state;
    this.#show(frame, false);
    if (recording.frameEvent[frame] >= 0) store.select(recording.frameEvent[frame]);
    else this.#mark();
  }

  #key(event) {
    const step = { ArrowDown: 1, ArrowUp: -1, PageDown: 20, PageUp: -20, Home: -1e9, End: 1e9 }[event.key];
    if (!step || !this.shown.length) return;
    event.preventDefault();
    const place = Math.min(Math.max(0, (this.place.get(this.frame) ?? 0) + step), this.shown.length - 1);
    this.#pick(this.shown[place]);
    this.#reveal(place);
  }

  #reveal(place) {
    const top = place * ROW, { scrollTop, clientHeight } = this.body;
    if (top < scrollTop) this.body.scrollTop = top;
    else if (top + ROW > scrollTop + clientHeight) this.body.scrollTop = top + ROW - clientHeight;
  }

  #mark() {
    for (const row of this.rows.values()) { const chosen = String(row.frame === this.frame); if (row.getAttribute("aria-selected") !== chosen) row.setAttribute("aria-selected", chosen); }
    if (this.frame !== null) this.body.setAttribute("aria-activedescendant", `packet-${this.frame}`);
  }

  #show(frame, reveal) {
    this.frame = frame;
    if (frame === null) { this.tree.replaceChildren(); this.hex.replaceChildren(); return; }
    const { recording } = store.state;
    showParts(this.tree, this.hex, recording.bytes(frame), whole(recording, frame));
    if (reveal && this.place?.has(frame)) this.#reveal(this.place.get(frame));
    this.#mark();
  }
}

/** Headers and bytes, each lighting the other. */
export function showParts(tree, hex, bytes, { layers }) {
  const cells = [...bytes].map((byte, i) => h("span", { class: "byte", "data-place": i }, byte.toString(16).padStart(2, "0")));
  const letters = [...bytes].map((byte, i) => h("span", { class: "byte", "data-place": i }, byte > 32 && byte < 127 ? String.fromCharCode(byte) : "·"));
  const fields = [];
  const light = (start, end, chosen) => {
    [cells, letters].forEach((row) => row.forEach((cell, i) => cell.classList.toggle("lit", i >= start && i < end)));
    fields.forEach(({ element }) => element.classList.toggle("lit", element === chosen));
    cells[start]?.scrollIntoView({ block: "nearest" });
  };
  tree.replaceChildren(h("h3", {}, say("headers")), ...layers.map((layer) => {
    const rows = layer.fields.map((field) => {
      const element = h("button", { type: "button", class: "header-field" }, h("b", {}, headerWord(field.name)), " ", field.value, field.note ? h("small", {}, ` ${headerWord(field.note)}`) : null);
      element.addEventListener("click", () => light(field.start, field.end, element));
      element.addEventListener("pointerenter", () => light(field.start, field.end, element));
      fields.push({ element, ...field });
      return h("li", {}, element);
    });
    return h("details", { open: true }, h("summary", {}, `${headerWord(layer.title)} (${layer.end - layer.start} ${say("bytes").toLowerCase()})`), h("ul", {}, rows));
  }));
  const lines = [];
  for (let i = 0; i < bytes.length; i += 16)
    lines.push(h("div", { class: "hex-line" }, h("span", { class: "offset" }, i.toString(16).padStart(4, "0")), h("span", { class: "codes" }, cells.slice(i, i + 16)), h("span", { class: "letters" }, letters.slice(i, i + 16))));
  const table = h("div", { class: "hex-lines", tabindex: 0, role: "group", "aria-label": say("hex") }, lines);
  table.addEventListener("click", ({ target }) => {
    const place = Number(target.dataset.place);
    const inner = fields.filter((f) => place >= f.start && place < f.end).sort((a, b) => (a.end - a.start) - (b.end - b.start))[0];
    if (inner) { light(inner.start, inner.end, inner.element); inner.element.scrollIntoView({ block: "nearest" }); }
  });
  hex.replaceChildren(h("h3", {}, say("hex")), table);
}

customElements.define("pe-packets", Packets);
