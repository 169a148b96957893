// What is shown, and what of it is looked at: the recording, a place in it, a selection, a language.
// Components subscribe; nothing else is shared between them.

import { words } from "viewer/words.js";

export const BEGIN = 1, END = 2;

/** A recording: events and frames as columns (see viewer/recording.py).  It may grow while a world runs. */
export class Recording {
  constructor(document) {
    if (document.version !== 1) throw new Error(`a recording of version ${document.version}; this viewer reads version 1`);
    this.about = document.about;
    this.steps = document.steps;
    this.catalogue = document.catalogue;
    this.topology = document.topology;
    this.pages = document.pages;
    this.screen = document.screen;
    this.nodes = []; this.names = [];
    this.at = []; this.node = []; this.name = []; this.phase = []; this.cause = []; this.fields = [];
    this.byNode = new Map(); this.byName = new Map();
    this.endOf = new Map();
    this.ports = [];
    this.frameAt = []; this.framePort = []; this.frameOut = []; this.frameEvent = []; this.frameData = [];
    this.forms = []; this.bodies = []; this.whole = new Map();
    this.framesOfEvent = new Map();
    this.pictures = [];
    this.append(document);
  }

  get length() { return this.at.length; }

  /** Take more events, frames and pictures. */
  append(part) {
    const { events, frames } = part;
    if (events) this.#appendEvents(events);
    if (frames) this.#appendFrames(frames);
    for (const [event, x, y, width, height, png] of part.pictures || [])
      this.pictures.push({ event: event - 1, x, y, width, height, png, image: null });
    if (part.pages?.length) this.pages = part.pages;
  }

  #appendEvents(events) {
    const number = (list, name) => { let n = list.indexOf(name); if (n < 0) { n = list.length; list.push(name); } return n; };
    const nodes = events.nodes.map((name) => number(this.nodes, name));
    const names = events.names.map((name) => number(this.names, name));
    for (let i = 0; i < events.at.length; i++) {
      const index = this.at.length, node = nodes[events.node[i]], name = names[events.name[i]];
      this.at.push(events.at[i]); this.node.push(node); this.name.push(name);
      this.phase.push(events.phase[i]); this.cause.push(events.cause[i] - 1); this.fields.push(events.fields[i]);
      push(this.byNode, this.nodes[node], index);
      push(this.byName, this.names[name], index);
      if (events.phase[i] === END) this.endOf.set(events.fields[i].begin - 1, index);
    }
  }

  #appendFrames(frames) {
    const own = fromBase64(frames.bytes), shared = fromBase64(frames.body_bytes);
    const first = this.forms.length, firstBody = this.bodies.length, firstFrame = this.frameAt.length;
    let offset = 0;
    for (const length of frames.bodies) { this.bodies.push(shared.subarray(offset, offset + length)); offset += length; }
    offset = 0;
    for (const [length, body] of frames.forms) {
      this.forms.push([own.subarray(offset, offset + length), body < 0 ? -1 : firstBody + body]);
      offset += length;
    }
    const ports = frames.ports.map((port) => {
      if (!this.ports.includes(port)) this.ports.push(port);
      return this.ports.indexOf(port);
    });
    for (let i = 0; i < frames.at.length; i++) {
      this.frameAt.push(frames.at[i]); this.framePort.push(ports[frames.port[i]]); this.frameOut.push(frames.out[i]);
      this.frameEvent.push(frames.event[i] - 1); this.frameData.push(first + frames.data[i]);
      push(this.framesOfEvent, frames.event[i] - 1, firstFrame + i);
    }
  }

  /** The bytes of a frame: headers, what it carries, and the frame check sequence. */
  bytes(frame) {
    const form = this.frameData[frame], [own, number] = this.forms[form];
    if (number < 0) return own;
    if (!this.whole.has(form)) {
      const body = this.bodies[number], bytes = new Uint8Array(own.length + body.length), begin = own.length - 4;
      bytes.set(own.subarray(0, begin)); bytes.set(body, begin); bytes.set(own.subarray(begin), begin + body.length);
      if (this.whole.size > 20000) this.whole.clear();
      this.whole.set(form, bytes);
    }
    return this.whole.get(form);
  }

  /** How long a frame is. */
  size(frame) {
    const [own, number] = this.forms[this.frameData[frame]];
    return own.length + (number < 0 ? 0 : this.bodies[number].length);
  }

  nodeOf(index) { return this.nodes[this.node[index]]; }
  nameOf(index) { return this.names[this.name[index]]; }
  stepOf(index) { return this.catalogue[this.nameOf(index)]?.step ?? 0; }
  indices(name) { return this.byName.get(name) ?? []; }

  /** The last event at or before a time; -1 if there is none. */
  indexAt(time) { return upperBound(this.at, time) - 1; }

  /** An event, its cause, that one's cause, … */
  chain(index) {
    const found = [];
    for (let i = index; i >= 0; i = this.cause[i]) found.push(i);
    return found;
  }

  /** The sentence for an event. */
  sentence(index, lang) {
    const meaning = this.catalogue[this.nameOf(index)];
    const fields = this.phase[index] === BEGIN && this.endOf.has(index) ? this.fields[this.endOf.get(index)] : this.fields[index];
    return meaning ? format(meaning[lang], fields) : this.nameOf(index);
  }

  stepTitle(step, lang) { return this.steps[step - 1]?.[lang] ?? ""; }
}

function push(map, key, value) {
  const known = map.get(key);
  if (known) known.push(value); else map.set(key, [value]);
}

/** How many of the sorted values are at most this one. */
export function upperBound(values, value) {
  let low = 0, high = values.length;
  while (low < high) { const middle = (low + high) >> 1; if (values[middle] <= value) low = middle + 1; else high = middle; }
  return low;
}

function format(template, fields) {
  return template.replace(/\{(\w+)(!r)?(?::[^}]*)?\}/g, (whole, name, quoted) => {
    const value = fields[name];
    if (value === undefined) return whole;
    return quoted ? `“${value}”` : Array.isArray(value) ? value.join(", ") : String(value);
  });
}

export function fromBase64(text) {
  const binary = atob(text), bytes = new Uint8Array(binary.length);
  for (let i = 0; i < binary.length; i++) bytes[i] = binary.charCodeAt(i);
  return bytes;
}

/** The state of the viewer. */
class Store extends EventTarget {
  constructor() {
    super();
    this.state = {
      recording: null, index: 0, time: 0, playing: false, speed: 50, view: "journey", lang: "en", theme: "auto",
      selected: null, device: null, connection: null, live: null, compare: null, everything: false, problem: null,
    };
  }

  /** Change something; subscribers hear of what is another now. */
  set(changes) {
    const changed = new Set(), recording = changes.recording ?? this.state.recording;
    if (recording && changes.index !== undefined && changes.time === undefined)
      changes = { ...changes, time: recording.at[changes.index] ?? 0 };
    else if (recording && changes.time !== undefined && changes.index === undefined)
      changes = { ...changes, index: Math.max(0, recording.indexAt(changes.time)) };
    for (const [key, value] of Object.entries(changes))
      if (this.state[key] !== value) { this.state[key] = value; changed.add(key); }
    if (changed.size) this.dispatchEvent(new CustomEvent("change", { detail: changed }));
  }

  /** Select an event and go there. */
  select(index) { this.set({ selected: index, index, playing: false }); }

  /** Something in the recording has been added; told once a frame at most, however often it is. */
  grown() {
    if (this.growing) return;
    this.growing = requestAnimationFrame(() => { this.growing = 0; this.dispatchEvent(new CustomEvent("change", { detail: new Set(["grown"]) })); });
  }
}

export const store = new Store();

/** A word of the viewer's own, in the language that is chosen. */
export function say(key, ...values) {
  const text = words[key]?.[store.state.lang] ?? key;
  return values.reduce((result, value, i) => result.replace(`{${i}}`, value), text);
}

/** Milliseconds of virtual time, to the microsecond. */
export function timeText(ns) { return `${MILLISECONDS.format(ns / 1e6)} ms`; }

const MILLISECONDS = new Intl.NumberFormat("en-US", { minimumFractionDigits: 3, maximumFractionDigits: 3 });

/** An element: tag, attributes (on… are listeners), children. */
export function h(tag, attributes = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (name.startsWith("aria-")) { if (value !== null && value !== undefined) element.setAttribute(name, String(value)); continue; }
    if (value === null || value === undefined || value === false) continue;
    if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
    else element.setAttribute(name, value === true ? "" : value);
  }
  element.append(...children.flat().filter((child) => child !== null && child !== undefined && child !== false));
  return element;
}

/** A custom element that is drawn again when something of the state that it watches is another. */
export class Component extends HTMLElement {
  /** Keys of the state. */
  static watches = [];

  connectedCallback() {
    this.onChange = ({ detail }) => {
      if (this.isConnected && this.constructor.watches.some((key) => detail.has(key))) this.update(detail);
    };
    store.addEventListener("change", this.onChange);
    this.start();
  }

  disconnectedCallback() { store.removeEventListener("change", this.onChange); this.stop?.(); }

  start() { this.update(new Set(this.constructor.watches)); }
  update() {}
}
