// The studio's side of the viewer: a world that runs behind a WebSocket.

import { Component, Recording, h, say, store } from "viewer/store.js";

class Live {
  constructor(socket) { this.socket = socket; }
  send(message) { if (this.socket.readyState === WebSocket.OPEN) this.socket.send(JSON.stringify(message)); }
}

/** Begin a world, and show what happens in it as it happens. */
export function connect() {
  const token = new URLSearchParams(location.search).get("token") ?? "";
  const address = new URL("world", location.href);
  address.protocol = address.protocol.replace("http", "ws");
  address.search = `?token=${encodeURIComponent(token)}`;
  const socket = new WebSocket(address), live = new Live(socket);
  let recording = null;
  socket.addEventListener("message", ({ data }) => {
    const message = JSON.parse(data);
    if (message.kind === "recording") {
      recording = new Recording(message.recording);
      store.set({ live, recording, index: Math.max(0, recording.length - 1), selected: null });
      live.knobs = message.knobs;
      store.grown();
      const wanted = store.wanted?.get("go");
      if (wanted) { recording.about.address = wanted; live.send({ do: "visit", address: wanted }); }
    } else if (message.kind === "more") {
      store.set({ problem: null });
      const follows = store.state.index >= recording.length - 2;
      recording.append(message.part);
      if (message.about) Object.assign(recording.about, message.about);
      store.grown();
      if (follows && !store.state.playing) store.set({ index: recording.length - 1 });
    } else if (message.kind === "comparison") {
      store.set({ compare: { ...message, before: new Recording(message.before), after: new Recording(message.after) } });
    } else if (message.kind === "problem") store.set({ problem: message.text, ...(store.state.compare?.running ? { compare: null } : {}) });
    else if (message.kind === "idle") store.set({ busy: false });
  });
  socket.addEventListener("close", () => store.set({ live: null, problem: store.state.problem ?? say("lost") }));
  return live;
}

class Address extends Component {
  static watches = ["lang"];

  start() {
    this.input = h("input", { type: "text", value: store.state.recording?.about.address || "www.example.com", spellcheck: "false", autocapitalize: "none" });
    this.go = h("button", { type: "submit" });
    this.form = h("form", { class: "address", onsubmit: (event) => { event.preventDefault(); this.#visit(); } }, this.input, this.go,
      ...[["back", "←"], ["forward", "→"], ["reload", "↻"]].map(([name, sign]) => h("button", { type: "button", "aria-label": name, onclick: () => store.state.live?.send({ do: name }) }, sign)));
    this.replaceChildren(this.form);
    this.update();
  }

  update() { this.input.setAttribute("aria-label", say("addressLabel")); this.input.title = say("liveHelp"); this.go.textContent = say("go"); }

  #visit() {
    const address = this.input.value.trim();
    if (!address) return;
    store.state.recording.about.address = address;
    const parts = new URLSearchParams(location.hash.slice(1));
    parts.set("go", address);  // whoever opens this address sees the same journey
    history.replaceState(null, "", `#${parts}`);
    store.state.live?.send({ do: "visit", address });
  }
}

customElements.define("pe-address", Address);
