// The map: devices in their groups, links, and packets that move along them in virtual time.

import { Component, h, say, store, timeText, upperBound } from "viewer/store.js";
import { tablesAt } from "viewer/tables.js";

const SVG = "http://www.w3.org/2000/svg";
const COLUMN = 118, ROW = 74, PAD = 26, SHOWN = 400;  // a packet is seen for at least so many real milliseconds
const DROPS = ["link.drop", "link.lose", "ip.drop", "nic.drop", "switch.discard", "nat.drop"];
const SHAPES = { host: "▣", server: "▤", router: "◈", switch: "⇄" };

const s = (tag, attributes = {}, ...children) => {
  const element = document.createElementNS(SVG, tag);
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
  element.append(...children);
  return element;
};

/** Places of nodes, and rectangles of groups: groups in columns by their distance from the person. */
export function layOut(topology) {
  const groups = new Map();
  for (const node of topology.nodes) {
    const name = node.group || "network";
    if (!groups.has(name)) groups.set(name, []);
    groups.get(name).push(node);
  }
  const ordered = [...groups].map(([name, nodes]) => ({ name, nodes, depth: Math.min(...nodes.map((n) => n.depth)) }));
  ordered.sort((a, b) => a.depth - b.depth || a.nodes.length - b.nodes.length);
  const places = new Map(), boxes = [];
  const beside = new Map();
  for (const { ends } of topology.links) {
    const [a, b] = ends.map((end) => end.split(":")[0]);
    for (const [one, other] of [[a, b], [b, a]]) { if (!beside.has(one)) beside.set(one, []); beside.get(one).push(other); }
  }
  // Where the neighbours stand that have a place already: nodes in this order cross few links.
  const middle = (name) => {
    const known = (beside.get(name) ?? []).filter((other) => places.has(other)).map((other) => places.get(other).y);
    return known.length ? known.reduce((sum, y) => sum + y, 0) / known.length : 0;
  };
  let x = PAD, below = [];
  ordered.forEach((group, i) => {
    const columns = new Map();
    for (const node of group.nodes) { if (!columns.has(node.depth)) columns.set(node.depth, []); columns.get(node.depth).push(node); }
    const depths = [...columns.keys()].sort((a, b) => a - b);
    // A group that hangs on the one before (the name servers on the backbone) stands below it.
    const hangs = i > 0 && i < ordered.length - 1 && group.nodes.every((n) => n.kind === "server") && boxes.length > 1;
    if (hangs) {
      depths.splice(0, depths.length, 0, 1);
      columns.set(0, group.nodes.filter((_, n) => n % 2 === 0)).set(1, group.nodes.filter((_, n) => n % 2));
    }
    const rows = Math.max(...depths.map((depth) => columns.get(depth).length));
    const width = depths.length * COLUMN, height = rows * ROW + 22;
    const above = boxes.at(-1), left = hangs ? above.x + COLUMN / 2 : x, top = hangs ? above.y + above.height + 18 : PAD;
    depths.forEach((depth, c) => columns.get(depth).sort((a, b) => middle(a.name) - middle(b.name)).forEach((node, r) => {
      const offset = (rows - columns.get(depth).length) * ROW / 2;
      places.set(node.name, { x: left + c * COLUMN + COLUMN / 2, y: top + 34 + r * ROW + offset });
    }));
    boxes.push({ name: group.name, x: left, y: top, width, height });
    x = Math.max(x, left + width + 34);
    below.push(top + height);
  });
  return { places, boxes, width: x, height: Math.max(...below) + PAD };
}

class NetworkMap extends Component {
  static watches = ["recording", "index", "time", "grown", "lang", "device", "playing"];

  start() { this.drops = []; this.update(new Set(["recording"])); }

  stop() { cancelAnimationFrame(this.pending); }

  update(changed) {
    const { recording } = store.state;
    if (!recording?.topology) { this.hidden = true; return; }
    this.hidden = false;
    if (changed.has("recording") || changed.has("lang")) this.#build(recording);
    if (changed.has("recording") || changed.has("grown")) this.#collect(recording);
    this.#draw();
  }

  #build(recording) {
    const { topology } = recording, { places, boxes, width, height } = layOut(topology);
    this.places = places;
    this.svg = s("svg", { viewBox: `0 0 ${width} ${height}`, class: "map", role: "group", "aria-label": say("map") });
    for (const box of boxes) {
      this.svg.append(s("rect", { x: box.x, y: box.y, width: box.width, height: box.height, rx: 10, class: "group" }));
      this.svg.append(Object.assign(s("text", { x: box.x + 10, y: box.y + 15, class: "group-name" }), { textContent: box.name }));
    }
    this.linkIndex = new Map();
    topology.links.forEach((link, i) => {
      const [a, b] = link.ends.map((end) => places.get(end.split(":")[0]));
      const line = s("line", { x1: a.x, y1: a.y, x2: b.x, y2: b.y, class: "link" });
      line.append(Object.assign(s("title"), { textContent: `${link.name}\n${rate(link.rate_bps)}, ${timeText(link.delay_ns)}` }));
      this.svg.append(line);
      this.linkIndex.set(link.name, { ...link, line, a, b, ends: link.ends.map((end) => end) });
    });
    this.nodes = new Map();
    for (const node of topology.nodes) this.#node(node, places.get(node.name));
    // Packets and crosses are made anew at every frame: what is pressed may be gone when it is released.
    const pick = (event) => { const found = event.target.closest("[data-event]"); if (found) store.select(Number(found.dataset.event)); };
    this.svg.addEventListener("pointerdown", pick);
    this.svg.addEventListener("keydown", (event) => { if (event.key === "Enter" || event.key === " ") pick(event); });
    this.moving = s("g", { class: "moving" });
    this.crosses = s("g", { class: "crosses" });
    this.svg.append(this.moving, this.crosses);
    this.panel = h("section", { class: "tables", "aria-live": "off" });
    this.replaceChildren(h("h2", {}, say("map")), h("p", { class: "hint" }, say("mapHelp")), h("div", { class: "map-frame", tabindex: 0, role: "region", "aria-label": say("map") }, this.svg), this.panel);
  }

  #node(node, place) {
    const choose = () => store.set({ device: store.state.device === node.name ? null : node.name });
    const group = s("g", { class: `node ${node.kind}`, transform: `translate(${place.x} ${place.y})`, tabindex: 0, role: "button", "aria-label": `${node.kind} ${node.name}` },
      s("circle", { r: 15 }), Object.assign(s("text", { y: 5, class: "glyph" }), { textContent: SHAPES[node.kind] }),
      Object.assign(s("text", { y: 31, class: "name" }), { textContent: node.name }));
    group.addEventListener("click", choose);
    group.addEventListener("keydown", (event) => { if (event.key === "Enter" || event.key === " ") { event.preventDefault(); choose(); } });
    this.svg.append(group);
    this.nodes.set(node.name, group);
  }

  /** Flights of frames along links, and the places where frames died, in the order of time. */
  #collect(recording) {
    this.flights = { start: [], end: [], link: [], forward: [], kind: [], event: [] };
    this.longest = 0;
    const rows = [];
    for (const i of recording.indices("link.transmit")) {
      const link = this.linkIndex.get(recording.nodeOf(i));
      if (!link) continue;
      const f = recording.fields[i], sent = recording.framesOfEvent.get(i)?.[0];
      const start = sent === undefined ? recording.at[i] + f.queued_ns : recording.frameAt[sent], end = start + f.serialization_ns + link.delay_ns;
      rows.push([start, end, link, f.source === link.ends[0], kindOf(recording, i), i]);
    }
    rows.sort((a, b) => a[0] - b[0]);
    for (const [start, end, link, forward, kind, event] of rows) {
      this.flights.start.push(start); this.flights.end.push(end); this.flights.link.push(link); this.flights.forward.push(forward);
      this.flights.kind.push(kind); this.flights.event.push(event);
      this.longest = Math.max(this.longest, end - start);
    }
    this.drops = DROPS.flatMap((name) => recording.indices(name)).sort((a, b) => a - b);
  }

  #draw() {
    const { recording, index, time, speed, playing, device } = store.state;
    const linger = SHOWN * 1e6 / speed, { flights } = this;
    this.moving.replaceChildren();
    for (const { line } of this.linkIndex.values()) line.classList.remove("busy");
    let shown = 0;
    const first = upperBound(flights.start, time - Math.max(this.longest, linger) - 1);
    for (let i = first; i < flights.start.length && flights.start[i] <= time && shown < 400; i++) {
      const took = Math.max(flights.end[i] - flights.start[i], playing ? linger : 0);
      if (time > flights.start[i] + took) continue;
      const share = took ? Math.min(1, (time - flights.start[i]) / took) : 0, { a, b, line } = flights.link[i];
      const t = flights.forward[i] ? share : 1 - share;
      line.classList.add("busy");
      this.moving.append(s("circle", { cx: a.x + (b.x - a.x) * t, cy: a.y + (b.y - a.y) * t, r: 5, class: `packet ${flights.kind[i]}`, "data-event": flights.event[i] }));
      shown++;
    }
    this.#atHand(recording, index);
    this.#crosses(recording, index, time, linger);
    const at = recording.nodeOf(index);
    for (const [name, group] of this.nodes) { group.classList.toggle("here", name === at); group.classList.toggle("chosen", name === device); group.setAttribute("aria-pressed", name === device); }
    this.#tables(recording, device, index);
  }

  /** The frame that the event at hand sends, or that arrives with it. */
  #atHand(recording, index) {
    const name = recording.nameOf(index), link = this.linkIndex.get(recording.nodeOf(index));
    if (!link || (name !== "link.transmit" && name !== "link.arrive")) return;
    const port = recording.fields[index][name === "link.transmit" ? "source" : "target"], [from, to] = port === link.ends[0] ? [link.a, link.b] : [link.b, link.a];
    link.line.classList.add("busy");
    this.moving.append(s("circle", { cx: from.x + (to.x - from.x) * 0.3, cy: from.y + (to.y - from.y) * 0.3, r: 7, class: `packet ${kindOf(recording, index)}`, "data-event": index }));
  }

  #crosses(recording, index, time, linger) {
    this.crosses.replaceChildren();
    for (const i of this.drops) {
      if (i > index) break;
      if (i !== index && time - recording.at[i] > Math.max(linger * 4, 2e6)) continue;
      const link = this.linkIndex.get(recording.nodeOf(i)), node = this.places.get(recording.nodeOf(i));
      const place = link ? { x: (link.a.x + link.b.x) / 2, y: (link.a.y + link.b.y) / 2 } : node;
      if (!place) continue;
      const f = recording.fields[i], reason = f.reason ?? (recording.nameOf(i) === "link.lose" ? "lost on the link" : "FCS");
      const cross = s("g", { transform: `translate(${place.x} ${place.y})`, class: "cross", tabindex: 0, role: "button", "aria-label": say("died", reason), "data-event": i },
        s("path", { d: "M-7 -7 7 7 M7 -7 -7 7" }), Object.assign(s("text", { y: -12 }), { textContent: reason }));
      this.crosses.append(cross);
    }
  }

  #tables(recording, device, index) {
    const key = `${device} ${index} ${recording.length} ${store.state.lang}`;
    if (this.tabled === key) return;
    this.tabled = key;
    if (!device) { this.panel.replaceChildren(); return; }
    this.close ??= h("button", { type: "button", onclick: () => store.set({ device: null }) });
    this.close.textContent = say("close");
    this.caption ??= h("h3");
    const head = `${device} ${say("atMoment", timeText(recording.at[index] ?? 0))} `;
    if (this.panel.firstChild !== this.caption) { this.caption.replaceChildren(head, this.close); this.panel.replaceChildren(this.caption); } else this.caption.firstChild.data = head;
    while (this.panel.children.length > 1) this.panel.lastChild.remove();
    this.panel.append(
      ...tablesAt(recording, device, index).map(({ title, heads, rows }) => h("div", { class: "table" }, h("table", {},
        h("caption", {}, title), h("thead", {}, h("tr", {}, heads.map((head) => h("th", { scope: "col" }, head)))),
        h("tbody", {}, rows.length ? rows.map((row) => h("tr", {}, row.map((cell) => h("td", {}, String(cell))))) : h("tr", {}, h("td", { colspan: heads.length }, say("empty"))))))),
    );
  }
}

function rate(bps) { return bps >= 1e9 ? `${bps / 1e9} Gbit/s` : bps >= 1e6 ? `${bps / 1e6} Mbit/s` : `${bps / 1e3} kbit/s`; }

/** What a frame carries, for its colour. */
function kindOf(recording, event) {
  const frame = recording.framesOfEvent.get(event)?.[0];
  if (frame === undefined) return "other";
  const [bytes] = recording.forms[recording.frameData[frame]];
  if (bytes[12] === 8 && bytes[13] === 6) return "arp";
  if (bytes[12] === 0x86 && bytes[13] === 0xdd) return { 6: "tcp", 17: "udp", 58: "icmp" }[bytes[20]] ?? "other";
  if (bytes[12] !== 8 || bytes[13] !== 0) return "other";
  return { 6: "tcp", 17: "udp", 1: "icmp" }[bytes[23]] ?? "other";
}

customElements.define("pe-map", NetworkMap);
