// The page's inside: source, tree, style, boxes and layers, each lighting the same thing in the others and in the picture.

import { Component, END, h, say, store } from "viewer/store.js";
import { ScreenPainter } from "viewer/screen.js";

const TABS = ["htmlSource", "dom", "styles", "boxes", "layers", "stages"];
const STAGES = ["html.parse", "css.parse", "css.cascade", "layout.box_tree", "layout.fragments", "paint.display_list", "paint.raster"];
const MOST = 3000;  // nodes that are listed

class PageInside extends Component {
  static watches = ["recording", "grown", "lang"];

  start() {
    this.tab = "dom"; this.node = null;
    this.canvas = h("canvas", { role: "img", tabindex: -1 });
    this.light = h("div", { class: "light" });
    this.picture = h("div", { class: "page-picture" }, this.canvas, this.light);
    this.tabs = h("div", { role: "tablist", class: "tabs small" });
    this.panel = h("div", { role: "tabpanel", class: "page-panel", tabindex: 0 });
    this.heading = h("h2");
    this.hint = h("p", { class: "hint" });
    this.replaceChildren(this.heading, this.hint, h("div", { class: "page-parts" }, this.picture, h("div", {}, this.tabs, this.panel)));
    this.painter = new ScreenPainter(this.canvas);
    this.picture.addEventListener("pointermove", (event) => this.#under(event));
    this.picture.addEventListener("click", (event) => this.#under(event, true));
    this.update();
  }

  update() {
    const { recording } = store.state, page = this.page = recording?.pages.at(-1);
    this.heading.textContent = page ? `${say("page")}: ${page.title}` : say("page");
    this.hint.textContent = page ? say("chooseElement") : say("noPage");
    if (!page) return;
    this.canvas.setAttribute("aria-label", `${say("screen")}: ${page.title}`);
    this.painter.paint(recording, recording.length - 1);
    this.children_ = page.nodes.map(() => []);
    page.nodes.forEach((node, i) => { if (node.parent >= 0) this.children_[node.parent].push(i); });
    this.tabs.replaceChildren(...TABS.map((key) => {
      const tab = h("button", { type: "button", role: "tab", "aria-selected": key === this.tab, id: `page-tab-${key}`, tabindex: key === this.tab ? 0 : -1, onclick: () => { this.tab = key; this.update(); this.#chosen(); } }, say(key));
      tab.addEventListener("keydown", ({ key: pressed }) => {
        const step = { ArrowRight: 1, ArrowLeft: -1 }[pressed];
        if (step) { this.tab = TABS[(TABS.indexOf(key) + step + TABS.length) % TABS.length]; this.update(); this.tabs.querySelector("[aria-selected=true]").focus(); }
      });
      return tab;
    }));
    this.panel.setAttribute("aria-labelledby", `page-tab-${this.tab}`);
    this.panel.replaceChildren(...this[`_${this.tab}`](page, recording));
    this.#chosen();
  }

  // ---- what each tab shows ----

  _htmlSource(page) {
    const starts = page.nodes.map((node, i) => ({ i, source: node.source })).filter(({ source }) => source).sort((a, b) => a.source[0] - b.source[0]);
    const parts = [];
    let place = 0;
    for (const { i, source: [begin, end] } of starts.slice(0, MOST)) {
      if (begin < place) continue;
      parts.push(page.source.slice(place, begin), this.#target(h("span", { class: "tag" }, page.source.slice(begin, end)), i));
      place = end;
    }
    parts.push(page.source.slice(place, place + 200_000));
    return [h("pre", { class: "code" }, parts)];
  }

  _dom(page) {
    const rows = [], depth = [];
    page.nodes.slice(0, MOST).forEach((node, i) => {
      depth[i] = node.parent >= 0 ? depth[node.parent] + 1 : 0;
      const text = nodeText(node);
      if (text) rows.push(this.#target(h("button", { type: "button", class: `tree-row ${node.kind}`, style: `padding-left:${8 + depth[i] * 14}px` }, text), i));
    });
    return rows;
  }

  _styles(page) {
    const node = page.nodes[this.node ?? page.nodes.findIndex((each) => each.name === "body")];
    const style = page.styles[node?.style];
    if (!style) return [h("p", { class: "hint" }, say("chooseElement"))];
    return [h("table", {}, h("caption", {}, nodeText(node)), h("thead", {}, h("tr", {}, h("th", { scope: "col" }, say("field")), h("th", { scope: "col" }, say("value")))),
      h("tbody", {}, Object.entries(style).map(([name, value]) => h("tr", {}, h("th", { scope: "row" }, name), h("td", {}, value)))))];
  }

  _boxes(page) {
    const depth = [];
    return page.boxes.slice(0, MOST).map((box, i) => {
      depth[i] = box.parent >= 0 ? depth[box.parent] + 1 : 0;
      const name = box.node >= 0 ? ` <${page.nodes[box.node].name}>` : box.text === undefined ? " (anonymous)" : "";
      const row = h("button", { type: "button", class: "tree-row", style: `padding-left:${8 + depth[i] * 14}px` }, `${box.kind}${name}${box.text ? ` “${box.text.trim().slice(0, 60)}”` : ""}`);
      return this.#target(row, box.node >= 0 ? box.node : page.boxes[box.parent]?.node ?? -1);
    });
  }

  _layers(page) {
    return page.layers.map((layer, i) => h("details", { open: i === 0, "data-layer": i }, h("summary", {}, say(layer.fixed ? "fixedLayer" : "layer", i + 1, layer.items)),
      h("div", { class: "layer-nodes" }, layer.nodes.slice(0, MOST).map((node) => this.#target(h("button", { type: "button", class: "tree-row inline" }, `<${page.nodes[node].name}>`), node))),
      h("pre", { class: "code" }, layer.display_list)));
  }

  _stages(page, recording) {
    const rows = STAGES.flatMap((name) => recording.indices(name).filter((i) => recording.phase[i] === END).map((i) => [i, recording.fields[i].begin - 1]));
    rows.sort((a, b) => a[1] - b[1]);
    return [h("table", {}, h("thead", {}, h("tr", {}, [say("time"), say("length"), say("what")].map((head) => h("th", { scope: "col" }, head)))),
      h("tbody", {}, rows.slice(-200).map(([end, begin]) => h("tr", {}, h("td", {}, (recording.at[begin] / 1e6).toFixed(3)), h("td", {}, `${((recording.at[end] - recording.at[begin]) / 1e6).toFixed(3)} ms`),
        h("td", {}, h("button", { type: "button", class: "link", onclick: () => store.select(end) }, recording.sentence(end, store.state.lang)))))))];
  }

  // ---- choosing and lighting ----

  #target(element, node) {
    element.dataset.node = node;
    element.addEventListener("pointerenter", () => this.#lightUp(node));
    element.addEventListener("focus", () => this.#lightUp(node));
    element.addEventListener("click", () => { this.node = node; this.#chosen(); });
    return element;
  }

  #chosen() {
    for (const element of this.panel.querySelectorAll("[data-node]")) element.classList.toggle("chosen", Number(element.dataset.node) === this.node);
    for (const layer of this.panel.querySelectorAll("[data-layer]")) layer.classList.toggle("holds", this.page.layers[layer.dataset.layer].nodes.includes(this.node));
    if (this.node !== null) { this.#lightUp(this.node); this.panel.querySelector(".chosen")?.scrollIntoView({ block: "nearest" }); }
  }

  #lightUp(node) {
    const { page } = this, boxes = page.rectangles.filter(([n]) => n === node);
    for (const element of this.panel.querySelectorAll("[data-node]")) element.classList.toggle("lit", Number(element.dataset.node) === node);
    if (!boxes.length) { this.light.style.display = "none"; return; }
    const left = Math.min(...boxes.map(([, x]) => x)), top = Math.min(...boxes.map(([, , y]) => y));
    const right = Math.max(...boxes.map(([, x, , w]) => x + w)), bottom = Math.max(...boxes.map(([, , y, , h_]) => y + h_));
    const [width, height] = store.state.recording.screen, [dx, dy] = page.view ?? [0, 0];
    Object.assign(this.light.style, { display: "block", left: `${(left + dx) / width * 100}%`, top: `${(top + dy) / height * 100}%`, width: `${(right - left) / width * 100}%`, height: `${(bottom - top) / height * 100}%` });
  }

  /** The innermost element under the pointer. */
  #under(event, choose = false) {
    const { page } = this;
    if (!page) return;
    const box = this.canvas.getBoundingClientRect(), [width, height] = store.state.recording.screen, [dx, dy] = page.view ?? [0, 0];
    const x = (event.clientX - box.left) / box.width * width - dx, y = (event.clientY - box.top) / box.height * height - dy;
    const hit = page.rectangles.filter(([, left, top, w, tall]) => x >= left && y >= top && x < left + w && y < top + tall).sort((a, b) => a[3] * a[4] - b[3] * b[4])[0];
    if (!hit) return;
    if (choose) { this.node = hit[0]; if (this.tab === "styles") this.update(); else this.#chosen(); } else this.#lightUp(hit[0]);
  }
}

function nodeText(node) {
  if (!node) return "";
  if (node.kind === "element") return `<${node.name}${node.attributes.map(([name, value]) => ` ${name}="${value.length > 40 ? value.slice(0, 40) + "…" : value}"`).join("")}>`;
  if (node.kind === "doctype") return `<!doctype ${node.name}>`;
  const text = node.text.trim();
  return text && (node.kind === "comment" ? `<!-- ${text.slice(0, 80)} -->` : `“${text.slice(0, 100)}”`);
}

customElements.define("pe-page", PageInside);
