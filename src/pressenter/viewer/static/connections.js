// Connections: the segments between two ends, the states at both, what was said, and how the sender fared.

import { Component, h, say, store, timeText } from "viewer/store.js";
import { dissected } from "viewer/packets.js";

const SVG = "http://www.w3.org/2000/svg";
const MOST_ARROWS = 400, MOST_TEXT = 200_000, MOST_WAITING = 64;

const s = (tag, attributes = {}, text) => {
  const element = document.createElementNS(SVG, tag);
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
  if (text !== undefined) element.textContent = text;
  return element;
};

/** The connections that some end opened, with the events of both ends. */
export function connectionsOf(recording) {
  const ends = new Map();
  for (const name of ["tcp.state", "tcp.send", "tcp.receive"])
    for (const i of recording.indices(name)) {
      const key = `${recording.nodeOf(i)} ${recording.fields[i].connection}`;
      if (!ends.has(key)) ends.set(key, { node: recording.nodeOf(i), connection: recording.fields[i].connection, events: [], opened: false });
      const end = ends.get(key);
      end.events.push(i);
      if (recording.fields[i].input === "active OPEN") end.opened = true;
    }
  for (const end of ends.values()) end.events.sort((a, b) => a - b);
  const peers = new Map();
  // What one end receives was sent by the other: the chain of causes leads there, through address translation too.
  for (const end of ends.values()) for (const i of end.events) {
    if (recording.nameOf(i) !== "tcp.receive") continue;
    const sent = sentBefore(recording, i);
    if (sent >= 0) peers.set(`${recording.nodeOf(sent)} ${recording.fields[sent].connection}`, peers.get(`${recording.nodeOf(sent)} ${recording.fields[sent].connection}`) ?? `${end.node} ${end.connection}`);
  }
  return [...ends].filter(([, end]) => end.opened).map(([key, client]) => ({ key, client, server: ends.get(peers.get(key)) ?? null }));
}

/** The event at which a received segment was sent; -1 if the recording does not say. */
function sentBefore(recording, index) {
  const { sequence, acknowledgment, length } = recording.fields[index];
  for (let i = recording.cause[index], steps = 0; i >= 0 && steps < 400; i = recording.cause[i], steps++)
    if (recording.nameOf(i) === "tcp.send" && recording.fields[i].sequence === sequence && recording.fields[i].acknowledgment === acknowledgment && recording.fields[i].length === length) return i;
  return -1;
}

/** Streams of a foreign capture: found in the packets themselves. */
export function streamsOf(recording) {
  const found = new Map();
  for (let frame = 0; frame < recording.frameAt.length; frame++) {
    const d = dissected(recording, frame);
    if (d.sequence === undefined) continue;
    const a = endText(d.source, d.sourcePort), b = endText(d.destination, d.destinationPort), key = [a, b].sort().join(" – ");
    if (!found.has(key)) found.set(key, { key, client: a, frames: [] });
    found.get(key).frames.push(frame);
  }
  return [...found.values()];
}

class Connections extends Component {
  static watches = ["recording", "grown", "lang", "connection", "selected"];

  start() {
    this.select = h("select", { onchange: () => store.set({ connection: this.select.value }) });
    this.heading = h("h2"); this.empty = h("p", { class: "hint" });
    this.sequence = h("div", { class: "sequence", tabindex: 0, role: "region" });
    this.plot = h("div", { class: "plot" });
    this.stream = h("div", { class: "stream", tabindex: 0, role: "region" });
    this.replaceChildren(this.heading, h("div", { class: "tools" }, this.select), this.empty,
      h("div", { class: "connection-parts" }, this.sequence, h("div", {}, this.plot, this.stream)));
    this.update(new Set(["recording"]));
  }

  update(changed) {
    const { recording } = store.state;
    if (!recording) return;
    if (changed.has("recording") || changed.has("grown")) this.known = recording.indices("tcp.state").length ? connectionsOf(recording) : streamsOf(recording);
    this.heading.textContent = say("connections");
    this.select.setAttribute("aria-label", say("connection"));
    this.sequence.setAttribute("aria-label", say("sequence")); this.stream.setAttribute("aria-label", say("stream"));
    this.empty.textContent = this.known.length ? "" : say("noConnection");
    let { connection } = store.state;
    // Either end may be asked for; the connection is known by the one that opened it.
    connection = this.known.find(({ key, server }) => key === connection || (server && `${server.node} ${server.connection}` === connection))?.key ?? this.known[0]?.key ?? null;
    if (changed.has("selected") && !changed.has("recording") && !changed.has("connection") && !changed.has("lang")) { this.#light(); return; }
    this.select.replaceChildren(...this.known.map(({ key }) => h("option", { value: key, selected: key === connection }, key)));
    const chosen = this.known.find(({ key }) => key === connection);
    this.sequence.replaceChildren(); this.plot.replaceChildren(); this.stream.replaceChildren();
    if (!chosen) return;
    if (chosen.frames) { this.#stream(recording, chosen.frames, chosen.client); return; }
    this.#sequence(recording, chosen);
    this.#plot(recording, chosen);
    this.#stream(recording, clientFrames(recording, chosen.client), null, chosen.client);
  }

  #light() { for (const row of this.sequence.querySelectorAll("[data-event]")) row.classList.toggle("lit", Number(row.dataset.event) === store.state.selected); }

  /** Two lines of life, a row for each segment or change of state, in the order of time. */
  #sequence(recording, { client, server }) {
    const rows = [];
    const stateRows = (end, side) => end?.events.filter((i) => recording.nameOf(i) === "tcp.state").forEach((i) => rows.push({ at: recording.at[i], kind: "state", side, event: i }));
    stateRows(client, 0); stateRows(server, 1);
    const arrivals = new Map();
    [[client, 1], [server, 0]].forEach(([end]) => end?.events.filter((i) => recording.nameOf(i) === "tcp.receive").forEach((i) => { const sent = sentBefore(recording, i); if (sent >= 0 && !arrivals.has(sent)) arrivals.set(sent, i); }));
    [[client, 0], [server, 1]].forEach(([end, side]) => end?.events.filter((i) => recording.nameOf(i) === "tcp.send").forEach((i) => rows.push({ at: recording.at[i], kind: "segment", side, event: i, arrival: arrivals.get(i) })));
    rows.sort((a, b) => a.at - b.at || a.event - b.event);
    const seen = rows.slice(0, MOST_ARROWS), left = 170, right = 560, height = 46 + seen.length * 26;
    const svg = s("svg", { viewBox: `0 0 730 ${height}`, class: "arrows", role: "group", "aria-label": say("sequence") });
    for (const [x, end] of [[left, client], [right, server]]) {
      svg.append(s("line", { x1: x, y1: 26, x2: x, y2: height, class: "life" }), s("text", { x, y: 16, class: "end" }, end?.node ?? "?"));
    }
    const base = { 0: null, 1: null };
    seen.forEach((row, n) => svg.append(this.#row(recording, row, 44 + n * 26, left, right, base)));
    this.sequence.replaceChildren(h("h3", {}, say("sequence")), svg, rows.length > seen.length ? h("p", { class: "hint" }, `… ${rows.length - seen.length}`) : "");
    this.#light();
  }

  #row(recording, { at, kind, side, event, arrival }, y, left, right, base) {
    const f = recording.fields[event], x = side ? right : left;
    const group = s("g", { class: kind === "state" ? "state" : `segment${arrival === undefined ? " died" : ""}`, "data-event": event, tabindex: 0, role: "button" });
    group.append(s("text", { x: side ? 724 : 6, y, class: `when ${side ? "after" : "before"}` }, (at / 1e6).toFixed(3)));
    if (kind === "state") group.append(s("rect", { x: x - 62, y: y - 13, width: 124, height: 18, rx: 9 }), s("text", { x, y, class: "state-name" }, f.after));
    else {
      if (base[side] === null) base[side] = f.sequence;
      const from = side ? right - 4 : left + 4, far = side ? left + 4 : right - 4, end = arrival === undefined ? (from + far) / 2 : far;
      group.append(s("line", { x1: from, y1: y + 2, x2: end, y2: y + 8 }), s("path", { d: arrival === undefined ? `M${end - 5} ${y + 3} l10 10 m0 -10 l-10 10` : `M${end} ${y + 8} l${side ? 8 : -8} -5 v8 z` }));
      const other = base[1 - side], ack = f.flags.includes("ACK") && other !== null ? ` ack ${(f.acknowledgment - other) >>> 0}` : "";
      group.append(s("text", { x: (left + right) / 2, y: y - 1, class: "what" }, `${f.flags} seq ${(f.sequence - base[side]) >>> 0}${ack}${f.length ? ` · ${f.length} B` : ""}`));
    }
    const choose = () => store.select(event);
    group.addEventListener("click", choose);
    group.addEventListener("keydown", (event) => { if (event.key === "Enter" || event.key === " ") { event.preventDefault(); choose(); } });
    group.setAttribute("aria-label", recording.sentence(event, store.state.lang));
    return group;
  }

  /** The side that sent more data. */
  #plot(recording, { client, server }) {
    const sent = (end) => end ? end.events.filter((i) => recording.nameOf(i) === "tcp.send" && recording.fields[i].congestion_window !== undefined) : [];
    const bytes = (list) => list.reduce((sum, i) => sum + recording.fields[i].length, 0);
    const end = [client, server].sort((a, b) => bytes(sent(b)) - bytes(sent(a)))[0], events = sent(end);
    if (events.length < 2) return;
    const width = 520, height = 150, from = recording.at[events[0]], to = recording.at[events.at(-1)] || from + 1;
    const series = [["window", "congestion_window", "#ee9b00", "B"], ["flight", "in_flight", "#0a9396", "B"], ["rtt", "rtt_ns", "#7b61c4", "ms"]];
    let most = 1, slowest = 1;
    for (const i of events) {
      const f = recording.fields[i];
      most = Math.max(most, f.congestion_window, f.in_flight); slowest = Math.max(slowest, f.rtt_ns ?? 0);
    }
    const svg = s("svg", { viewBox: `0 0 ${width} ${height + 20}`, role: "img", "aria-label": `${say("plot")}: ${end.node}` });
    svg.append(s("line", { x1: 0, y1: height, x2: width, y2: height, class: "life" }));
    for (const [, field, color, unit] of series) {
      const points = events.filter((i) => recording.fields[i][field] !== undefined).map((i) => {
        const x = (recording.at[i] - from) / Math.max(1, to - from) * (width - 10) + 5, share = recording.fields[i][field] / (unit === "B" ? most : slowest);
        return `${x.toFixed(1)},${(height - share * (height - 12)).toFixed(1)}`;
      });
      svg.append(s("polyline", { points: points.join(" "), fill: "none", stroke: color, "stroke-width": 2 }));
    }
    svg.append(s("text", { x: 4, y: height + 15, class: "axis" }, timeText(from)), s("text", { x: width - 4, y: height + 15, class: "axis after" }, timeText(to)));
    const peak = { window: `${most.toLocaleString("en-US")} B`, flight: "", rtt: timeText(slowest) };
    this.plot.replaceChildren(h("h3", {}, `${say("plot")}: ${end.node}`), svg,
      h("ul", { class: "legend" }, series.map(([key, , color]) => h("li", {}, h("span", { class: "swatch", style: `background:${color}` }), `${say(key)}${peak[key] ? ` ≤ ${peak[key]}` : ""}`))));
  }

  /** Both directions put together from the segments at one port. */
  #stream(recording, frames, client) {
    const spans = reassembled(recording, frames, client);
    this.stream.replaceChildren(h("h3", {}, say("stream")), ...(spans.length ? spans.map(({ mine, text }) => h("pre", { class: mine ? "asked" : "answered" }, text)) : [h("p", { class: "hint" }, say("noText"))]));
  }
}

/** The packets of a connection at its opener's own port. */
function clientFrames(recording, client) {
  const [mine, theirs] = client.connection.split(" > ");
  const found = [];
  for (let frame = 0; frame < recording.frameAt.length; frame++) {
    if (!recording.ports[recording.framePort[frame]].startsWith(`${client.node}:`)) continue;
    const d = dissected(recording, frame);
    if (d.sequence === undefined) continue;
    const ends = [endText(d.source, d.sourcePort), endText(d.destination, d.destinationPort)];
    if (ends.includes(mine) && ends.includes(theirs)) found.push(frame);
  }
  return found;
}

/** An end of a connection as the stack writes it. */
function endText(address, port) { return address.includes(":") ? `[${address}]:${port}` : `${address}:${port}`; }

/** Data in the order of the stream, a span for each turn; bytes that are sent again count once. */
function reassembled(recording, frames, client) {
  const next = {}, waiting = {}, spans = [];
  let first = client, size = 0;
  for (const frame of frames) {
    const d = dissected(recording, frame), who = endText(d.source, d.sourcePort), bytes = recording.bytes(frame);
    first ??= who;
    const begin = d.flags & 2 ? (d.sequence + 1) >>> 0 : d.sequence;  // a SYN counts as one; data may follow it (RFC 7413)
    if (d.flags & 2) next[who] = begin;
    const data = bytes.subarray(...d.payload);
    if (!data.length) continue;
    next[who] ??= begin;
    (waiting[who] ??= new Map()).set(begin, data);
    if (waiting[who].size > MOST_WAITING) {  // what is missing is not in the capture
      next[who] = [...waiting[who].keys()].sort((a, b) => ((a - next[who]) >>> 0) - ((b - next[who]) >>> 0))[0];
      spans.push({ mine: who === first, text: "[…]" });
    }
    for (let progress = true; progress;) {
      progress = false;
      for (const [sequence, part] of waiting[who]) {
        const skip = (next[who] - sequence) | 0;
        if (skip < 0) continue;
        waiting[who].delete(sequence);
        if (skip >= part.length) continue;
        const fresh = part.subarray(skip);
        next[who] = (next[who] + fresh.length) >>> 0;
        if (size < MOST_TEXT) {
          const text = new TextDecoder("latin1").decode(fresh).replace(/[^\n\r\t\x20-\x7e]/g, "·"), mine = who === first;
          if (spans.at(-1)?.mine === mine) spans.at(-1).text += text; else spans.push({ mine, text });
          size += text.length;
        }
        progress = true;
      }
    }
  }
  return spans;
}

customElements.define("pe-connections", Connections);
