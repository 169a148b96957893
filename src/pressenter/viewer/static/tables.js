// The tables of a device at a moment, worked out from the events up to it: what was learnt, what was forgotten.

import { say, timeText } from "viewer/store.js";

/** Sections (title, heads of columns, rows) of a node's tables after the event at an index. */
export function tablesAt(recording, node, index) {
  const state = { arp: new Map(), mac: new Map(), nat: new Map(), tcp: new Map(), dns: new Map(), irq: new Map(), rings: new Map(), counts: new Map(), dhcp: null };
  for (const i of recording.byNode.get(node) ?? []) {
    if (i > index) break;
    const fold = folds[recording.nameOf(i)];
    if (fold) fold(state, recording.fields[i], recording.at[i], i);
  }
  return sections(recording, node, state, recording.at[index] ?? 0);
}

const count = (state, what, by = 1) => state.counts.set(what, (state.counts.get(what) ?? 0) + by);

const folds = {
  "arp.learn": (s, f, at) => s.arp.set(f.address, [f.address, f.mac, f.interface, at]),
  "nd.learn": (s, f, at) => s.arp.set(f.address, [f.address, f.mac, f.interface, at]),
  "arp.expire": (s, f) => s.arp.delete(f.address),
  "nd.fail": (s, f) => s.arp.delete(f.address),
  "switch.learn": (s, f, at) => s.mac.set(f.mac, [f.mac, f.port, at]),
  "switch.flood": (s) => count(s, "flooded"),
  "switch.discard": (s) => count(s, "damaged"),
  "nat.map": (s, f, at) => s.nat.set(`${f.protocol} ${f.inside}`, [{ 6: "TCP", 17: "UDP", 1: "ICMP" }[f.protocol] ?? f.protocol, f.inside, f.outside, at]),
  "nat.forget": (s, f) => { for (const [key, row] of s.nat) if (row[1] === f.inside && (f.protocol === undefined || key.startsWith(`${f.protocol} `))) s.nat.delete(key); },
  "tcp.state": (s, f, at) => f.after === "CLOSED" ? s.tcp.delete(f.connection) : s.tcp.set(f.connection, [f.connection, f.after, at]),
  "dns.keep": (s, f, at) => s.dns.set(`${f.name} ${f.type}`, [f.name, f.type, f.data, at + f.seconds * 1e9]),
  "nic.interrupt": (s, f) => s.irq.set(f.irq, [f.irq, f.device, f.count]),
  "irq.raise": (s, f) => s.irq.set(f.irq, [f.irq, f.device, f.count]),
  "nic.transmit": (s, f) => { s.rings.set(`${f.port} tx`, [f.port, "→", f.ring]); count(s, "sent"); },
  "nic.dma": (s, f) => { s.rings.set(`${f.port} rx`, [f.port, "←", f.ring]); count(s, "received"); },
  "nic.drop": (s) => count(s, "dropped by the card"),
  "ip.drop": (s) => count(s, "packets dropped"),
  "nat.drop": (s) => count(s, "packets not translated"),
  "ip.forward": (s) => count(s, "packets sent on"),
  "home.forward": (s) => count(s, "packets sent on"),
  "backbone.forward": (s) => count(s, "packets sent on"),
  "centre.forward": (s) => count(s, "packets sent on"),
  "dhcp.bound": (s, f, at) => { s.dhcp = [f.address, f.server, at + f.seconds * 1e9]; },
};

function sections(recording, node, state, now) {
  const info = recording.topology?.nodes.find((each) => each.name === node), found = [];
  const add = (title, heads, rows, always = false) => { if (rows.length || always) found.push({ title: say(title), heads: heads.map((head) => say(head)), rows }); };
  const timed = (map) => [...map.values()].map((row) => [...row.slice(0, -1), timeText(row.at(-1))]);
  const isSwitch = info?.kind === "switch";
  if (info?.interfaces.length)
    add("interfaceTable", ["interface", "address", "mac"], info.interfaces.map((i) => [i.name, [i.address, ...i.ipv6].join(" "), i.mac]));
  if (isSwitch) add("macTable", ["mac", "port", "since"], timed(state.mac), true);
  else add("arpTable", ["address", "mac", "interface", "since"], timed(state.arp), true);
  if (info?.translates) add("natTable", ["protocol", "inside", "outside", "since"], timed(state.nat), true);
  add("socketTable", ["connection", "state", "since"], [...timed(state.tcp), ...(info?.listening ?? []).map((port) => [`*:${port}`, "LISTEN", ""])]);
  add("dnsTable", ["name", "type", "data", "until"], timed(new Map([...state.dns].filter(([, row]) => row.at(-1) > now))));
  add("routeTable", ["route"], (info?.routes ?? []).map((route) => [route]));
  add("interruptTable", ["number", "device", "count"], [...state.irq.values()]);
  add("ringTable", ["interface", "direction", "waiting"], [...state.rings.values()]);
  if (state.dhcp) add("leaseTable", ["address", "server", "until"], [[...state.dhcp.slice(0, 2), timeText(state.dhcp[2])]]);
  add("counterTable", ["what", "count"], [...state.counts]);
  return found;
}
