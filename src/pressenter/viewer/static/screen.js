// The computer's screen at the moment that is looked at, put together from the recorded changes.
//
// In a report a click asks why a pixel is there; in the studio the screen can be used as well.

import { Component, h, say, store } from "viewer/store.js";

/** Draws the screen as it was after an event; returns the number of the last picture, or -1. */
export class ScreenPainter {
  constructor(canvas) { this.canvas = canvas; this.drawn = -1; this.recording = null; }

  async paint(recording, index) {
    if (this.recording !== recording) { this.recording = recording; this.drawn = -1; }
    const last = lastPicture(recording, index);
    const [width, height] = recording.screen;
    if (this.canvas.width !== width || this.canvas.height !== height) { this.canvas.width = width; this.canvas.height = height; this.drawn = -1; }
    this.ticket = {};  // what is still being decoded is not wanted any more
    if (last === this.drawn) return last;
    const context = this.canvas.getContext("2d"), begin = last > this.drawn ? this.drawn + 1 : 0;
    if (begin === 0) context.clearRect(0, 0, width, height);
    const ticket = this.ticket = {};
    const images = await Promise.all(recording.pictures.slice(begin, last + 1).map(decoded));
    if (ticket !== this.ticket) return last;
    images.forEach((image, i) => { const p = recording.pictures[begin + i]; if (image) context.drawImage(image, p.x, p.y); });
    this.drawn = last;
    return last;
  }
}

export function lastPicture(recording, index) {
  let low = 0, high = recording.pictures.length;
  while (low < high) { const middle = (low + high) >> 1; if (recording.pictures[middle].event <= index) low = middle + 1; else high = middle; }
  return low - 1;
}

async function decoded(picture) {
  if (!picture.png) return null;
  if (!picture.image) {
    const image = new Image();
    image.src = `data:image/png;base64,${picture.png}`;
    await image.decode();
    picture.image = image;
  }
  return picture.image;
}

/** The event that last changed a pixel, at or before an index; -1 if none did. */
export function pixelEvent(recording, index, x, y) {
  for (let i = lastPicture(recording, index); i >= 0; i--) {
    const p = recording.pictures[i];
    if (x >= p.x && y >= p.y && x < p.x + p.width && y < p.y + p.height) return p.event;
  }
  return -1;
}

class Screen extends Component {
  static watches = ["recording", "index", "grown", "lang", "live"];

  start() {
    this.canvas = h("canvas", { tabindex: 0, role: "application" });
    this.note = h("p", { class: "hint" });
    this.keys = h("input", { type: "text", class: "keys", autocapitalize: "none", autocomplete: "off", spellcheck: "false", hidden: true });
    this.keys.addEventListener("beforeinput", (event) => this.#typed(event));
    this.keys.addEventListener("keydown", (event) => { if (event.key.length > 1 && event.key !== "Tab") this.#key(event); });
    this.replaceChildren(h("h2", {}, say("screen")), this.canvas, this.keys, this.note);
    this.painter = new ScreenPainter(this.canvas);
    this.canvas.addEventListener("pointerup", (event) => { this.touched = event.pointerType === "touch"; });
    this.canvas.addEventListener("click", (event) => this.#click(event));
    this.canvas.addEventListener("wheel", (event) => this.#wheel(event), { passive: false });
    this.canvas.addEventListener("keydown", (event) => this.#key(event));
    this.update();
  }

  update() {
    const { recording, index, live } = store.state;
    this.firstElementChild.textContent = say("screen");
    if (!recording) return;
    const last = lastPicture(recording, index);
    this.note.textContent = live && this.#isPresent() ? say("useScreen") : live ? say("past") : last < 0 ? say("noPicture") : say("whyPixel");
    this.canvas.setAttribute("aria-label", say("screen"));
    this.keys.hidden = !live || !this.#isPresent();
    this.keys.placeholder = say("typeHere"); this.keys.setAttribute("aria-label", say("typeHere"));
    this.painter.paint(recording, index);
  }

  #point(event) {
    const box = this.canvas.getBoundingClientRect();
    return [Math.floor((event.clientX - box.left) * this.canvas.width / box.width), Math.floor((event.clientY - box.top) * this.canvas.height / box.height)];
  }

  /** The past can be looked at, but only the present can be used. */
  #isPresent() { const { recording, index } = store.state; return index >= recording.length - 1; }

  #click(event) {
    const { recording, index, live } = store.state, [x, y] = this.#point(event);
    if (live && !event.altKey && this.#isPresent()) {
      // A finger on this screen is a finger on the world's; it cannot type there, but in the field below.
      if (!this.touched) this.canvas.focus();
      live.send({ do: this.touched ? "tap" : "click", x, y });
      return;
    }
    const found = recording ? pixelEvent(recording, index, x, y) : -1;
    if (found >= 0) store.set({ selected: found });
  }

  /** Characters of an on-screen keyboard go to the world's keyboard one by one. */
  #typed(event) {
    event.preventDefault();
    const { live } = store.state;
    if (event.inputType === "deleteContentBackward") live?.send({ do: "key", character: "\b" });
    for (const character of event.data ?? "") live?.send({ do: "key", character });
  }

  #wheel(event) {
    const { live } = store.state;
    if (!live || !this.#isPresent()) return;
    event.preventDefault();
    this.turned = (this.turned ?? 0) + event.deltaY;
    const steps = Math.trunc(this.turned / 100);
    if (steps) { this.turned -= steps * 100; live.send({ do: "wheel", steps: -steps, x: this.#point(event)[0], y: this.#point(event)[1] }); }
  }

  #key(event) {
    const { live } = store.state;
    if (!live || !this.#isPresent() || event.ctrlKey || event.metaKey || event.altKey) return;
    const named = { Enter: "\n", Backspace: "\b", ArrowUp: "\ue013", ArrowDown: "\ue015", ArrowLeft: "\ue012", ArrowRight: "\ue014",
      PageUp: "\ue00e", PageDown: "\ue00f", Home: "\ue011", End: "\ue010", Delete: "\ue017", Escape: "\x1b" };
    const character = event.key.length === 1 ? event.key : named[event.key];
    if (character === undefined) return;  // Tab leaves the canvas, as a keyboard user expects
    event.preventDefault();
    live.send({ do: "key", character });
  }
}

customElements.define("pe-screen", Screen);
