// What the bytes of a frame mean: a tree of headers, each field with its place.
//
// Every protocol is a function from a reader to the next protocol.  A field says its name, its value in
// words, where it stands (bytes from, to), and what it is for.

const ETHER = { 0x0800: "IPv4", 0x0806: "ARP", 0x86dd: "IPv6", 0x8100: "VLAN" };
const IP = { 1: "ICMP", 2: "IGMP", 6: "TCP", 17: "UDP", 58: "ICMPv6" };
const DNS_TYPE = { 1: "A", 2: "NS", 5: "CNAME", 6: "SOA", 12: "PTR", 15: "MX", 16: "TXT", 28: "AAAA", 41: "OPT", 65: "HTTPS" };
const RCODE = ["NOERROR", "FORMERR", "SERVFAIL", "NXDOMAIN", "NOTIMP", "REFUSED"];
const ICMP = { 0: "echo reply", 3: "destination unreachable", 4: "source quench", 5: "redirect", 8: "echo request", 11: "time exceeded", 12: "parameter problem" };
const ICMP6 = { 1: "destination unreachable", 2: "packet too big", 3: "time exceeded", 4: "parameter problem", 128: "echo request", 129: "echo reply",
  130: "multicast listener query", 131: "multicast listener report", 133: "router solicitation", 134: "router advertisement",
  135: "neighbour solicitation", 136: "neighbour advertisement", 137: "redirect", 143: "multicast listener report v2" };
const UNREACHABLE = ["network", "host", "protocol", "port", "fragmentation needed", "source route failed"];
const DHCP = { 1: "DISCOVER", 2: "OFFER", 3: "REQUEST", 4: "DECLINE", 5: "ACK", 6: "NAK", 7: "RELEASE", 8: "INFORM" };
const DHCP_OPTION = { 1: "subnet mask", 3: "router", 6: "name server", 12: "host name", 50: "requested address", 51: "lease time", 53: "message type", 54: "server", 55: "parameters wanted", 57: "largest message", 58: "renewal time", 59: "rebinding time", 61: "client identifier" };
const TLS_TYPE = { 20: "change cipher spec", 21: "alert", 22: "handshake", 23: "application data" };
const HANDSHAKE = { 1: "client hello", 2: "server hello", 4: "new session ticket", 8: "encrypted extensions", 11: "certificate", 15: "certificate verify", 20: "finished" };
const FLAGS = [[0x01, "FIN"], [0x02, "SYN"], [0x04, "RST"], [0x08, "PSH"], [0x10, "ACK"], [0x20, "URG"], [0x40, "ECE"], [0x80, "CWR"], [0x100, "AE"]];

class Reader {
  constructor(bytes, start = 0, end = bytes.length) {
    this.bytes = bytes; this.end = end; this.place = start;
    this.view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.layers = [];
    this.facts = { protocol: "", source: "", destination: "", info: "" };
  }
  get left() { return this.end - this.place; }
  need(count) { if (this.left < count) throw new RangeError("cut short"); }
  layer(name, title) { this.fields = []; this.layers.push({ name, title, start: this.place, end: this.end, fields: this.fields }); return this.layers.at(-1); }
  field(name, value, size, note = "") {
    this.fields.push({ name, value: String(value), start: this.place, end: this.place + size, note });
    this.place += size;
  }
  /** A part of the byte or word that starts here; the place stays. */
  bits(name, value, size, note = "") { this.fields.push({ name, value: String(value), start: this.place, end: this.place + size, note }); }
  u8(at = this.place) { return this.view.getUint8(at); }
  u16(at = this.place) { return this.view.getUint16(at); }
  u32(at = this.place) { return this.view.getUint32(at); }
  mac(at = this.place) { return [...this.bytes.subarray(at, at + 6)].map(hex).join(":"); }
  ipv4(at = this.place) { return [...this.bytes.subarray(at, at + 4)].join("."); }
  ipv6(at = this.place) { return ipv6Text(Array.from({ length: 8 }, (_, i) => this.u16(at + 2 * i))); }
  rest(size = this.left) { return this.bytes.subarray(this.place, this.place + size); }
}

const hex = (byte) => byte.toString(16).padStart(2, "0");
const hex4 = (value) => "0x" + value.toString(16).padStart(4, "0");

/** RFC 5952. */
function ipv6Text(groups) {
  let best = [-1, 1];
  for (let i = 0; i < 8; i++) {
    let n = 0;
    while (i + n < 8 && groups[i + n] === 0) n++;
    if (n > best[1]) best = [i, n];
  }
  const text = (part) => part.map((g) => g.toString(16)).join(":");
  return best[0] < 0 ? text(groups) : `${text(groups.slice(0, best[0]))}::${text(groups.slice(best[0] + best[1]))}`;
}

/** A frame as it is on the wire, its FCS at the end: headers with fields, and a line that sums them up. */
export function dissect(bytes, { fcs = true } = {}) {
  const reader = new Reader(bytes);
  try { ethernet(reader, fcs); } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    reader.layer("cut", "The rest is cut short");
  }
  return { layers: reader.layers, ...reader.facts };
}

function ethernet(r, fcs) {
  r.need(14);
  const layer = r.layer("ethernet", "Ethernet II");
  const destination = r.mac();
  r.facts.destination = destination; r.facts.source = r.mac(6); r.facts.protocol = "Ethernet";
  r.field("destination", destination, 6, destination === "ff:ff:ff:ff:ff:ff" ? "everybody (broadcast)" : r.u8(0) & 1 ? "a group" : "one card");
  r.field("source", r.mac(), 6);
  let type = r.u16();
  r.field(...(type < 0x0600 ? ["length", type, 2, "IEEE 802.3: bytes that follow"] : ["EtherType", `${hex4(type)} ${ETHER[type] ?? ""}`.trim(), 2, "what is inside"]));
  if (type === 0x8100 && r.left >= 4) {
    r.bits("priority", r.u8() >> 5, 1); r.field("VLAN", r.u16() & 0x0fff, 2);
    type = r.u16();
    r.field("EtherType", `${hex4(type)} ${ETHER[type] ?? ""}`.trim(), 2, "what is inside");
  }
  layer.end = r.place;
  if (fcs && r.left >= 4) {
    const at = r.end - 4;
    r.end = at;
    layer.fields.push({ name: "frame check sequence", value: [...r.bytes.subarray(at, at + 4)].map(hex).join(""), start: at, end: at + 4, note: "CRC-32 over the whole frame" });
  }
  if (type === 0x0806) arp(r); else if (type === 0x0800) ipv4(r); else if (type === 0x86dd) ipv6(r);
}

function arp(r) {
  r.need(28);
  const layer = r.layer("arp", "Address Resolution Protocol");
  const operation = r.u16(r.place + 6), sender = r.ipv4(r.place + 14), target = r.ipv4(r.place + 24);
  r.field("hardware type", r.u16() === 1 ? "1 Ethernet" : r.u16(), 2);
  r.field("protocol type", `${hex4(r.u16())} ${ETHER[r.u16()] ?? ""}`, 2);
  r.field("hardware address length", r.u8(), 1); r.field("protocol address length", r.u8(), 1);
  r.field("operation", operation === 1 ? "1 request" : operation === 2 ? "2 reply" : operation, 2);
  const mac = r.mac();
  r.field("sender MAC address", mac, 6); r.field("sender IP address", sender, 4);
  r.field("target MAC address", r.mac(), 6, operation === 1 ? "unknown: that is the question" : ""); r.field("target IP address", target, 4);
  layer.end = r.place;
  padding(r);
  Object.assign(r.facts, { protocol: "ARP" });
  r.facts.info = operation === 1 ? (sender === target ? `${sender} announces itself` : `who has ${target}? tell ${sender}`) : `${sender} is at ${mac}`;
}

function padding(r) {
  if (r.left > 0) { r.layer("padding", "Padding to 64 bytes"); r.field("padding", `${r.left} bytes`, r.left); }
}

function ipv4(r) {
  r.need(20);
  const start = r.place, layer = r.layer("ipv4", "Internet Protocol version 4");
  const length = (r.u8() & 15) * 4, total = r.u16(start + 2) || r.end - start;  // 0 where a card cuts segments (offload)
  r.need(length);
  r.bits("version", r.u8() >> 4, 1);
  r.field("header length", `${length} bytes`, 1);
  r.bits("differentiated services", r.u8() >> 2, 1); r.field("ECN", ["not ECN-capable", "ECT(1)", "ECT(0)", "congestion experienced"][r.u8() & 3], 1);
  r.field("total length", r.u16(), 2, "header and all that follows");
  r.field("identification", hex4(r.u16()), 2);
  const word = r.u16(), fragment = (word & 0x1fff) * 8;
  r.bits("flags", [word & 0x4000 ? "don't fragment" : "", word & 0x2000 ? "more fragments" : ""].filter(Boolean).join(", ") || "none", 2);
  r.field("fragment offset", fragment, 2);
  r.field("time to live", r.u8(), 1, "routers that may still be passed");
  const protocol = r.u8();
  r.field("protocol", `${protocol} ${IP[protocol] ?? ""}`.trim(), 1);
  r.field("header checksum", hex4(r.u16()), 2);
  r.facts.source = r.ipv4(); r.field("source", r.ipv4(), 4);
  r.facts.destination = r.ipv4(); r.field("destination", r.ipv4(), 4);
  if (length > 20) r.field("options", `${length - 20} bytes`, length - 20);
  layer.end = r.place;
  const end = Math.min(r.end, start + total), rest = [end, r.end];
  r.end = end;
  if (fragment) { r.facts.protocol = "IPv4"; r.facts.info = `fragment at ${fragment} of a packet of protocol ${IP[protocol] ?? protocol}`; data(r, "fragment"); } else transport(r, protocol);
  [r.place, r.end] = rest;
  padding(r);
}

function ipv6(r) {
  r.need(40);
  const layer = r.layer("ipv6", "Internet Protocol version 6"), first = r.u32(), start = r.place;
  r.bits("version", first >>> 28, 1); r.bits("traffic class", (first >>> 20) & 255, 2); r.field("flow label", "0x" + (first & 0xfffff).toString(16).padStart(5, "0"), 4);
  const length = r.u16();
  r.field("payload length", length, 2);
  let next = r.u8();
  r.field("next header", `${next} ${IP[next] ?? ""}`.trim(), 1);
  r.field("hop limit", r.u8(), 1, "routers that may still be passed");
  r.facts.source = r.ipv6(); r.field("source", r.ipv6(), 16);
  r.facts.destination = r.ipv6(); r.field("destination", r.ipv6(), 16);
  const end = Math.min(r.end, start + 40 + length);
  let fragment = 0;
  while ([0, 43, 44, 60].includes(next) && r.left >= 8) {
    const size = next === 44 ? 8 : (r.u8(r.place + 1) + 1) * 8, kind = next;
    if (kind === 44) fragment = r.u16(r.place + 2) & 0xfff8;
    next = r.u8();
    r.field(kind === 44 ? "fragment" : `extension header ${kind}`, kind === 44 ? `offset ${fragment}${r.u16(r.place + 2) & 1 ? ", more follow" : ""}, identification ${hex4(r.u16(r.place + 4))}${hex4(r.u16(r.place + 6)).slice(2)}` : `${size} bytes`, size);
  }
  layer.end = r.place;
  const rest = [end, r.end];
  r.end = end;
  if (fragment) { r.facts.protocol = "IPv6"; r.facts.info = `fragment at ${fragment} of a packet of protocol ${IP[next] ?? next}`; data(r, "fragment"); } else transport(r, next);
  [r.place, r.end] = rest;
  padding(r);
}

function transport(r, protocol) {
  if (protocol === 6) tcp(r); else if (protocol === 17) udp(r); else if (protocol === 1) icmp(r); else if (protocol === 58) icmpv6(r);
  else { r.facts.protocol = IP[protocol] ?? `IP ${protocol}`; data(r, "data"); }
}

function icmp(r) {
  r.need(8);
  const layer = r.layer("icmp", "Internet Control Message Protocol"), type = r.u8(), code = r.u8(r.place + 1);
  r.facts.protocol = "ICMP";
  r.facts.info = ICMP[type] ?? `type ${type}`;
  r.field("type", `${type} ${ICMP[type] ?? ""}`.trim(), 1);
  r.field("code", type === 3 ? `${code} ${UNREACHABLE[code] ?? ""}`.trim() : code, 1);
  r.field("checksum", hex4(r.u16()), 2);
  if (type === 0 || type === 8) {
    r.facts.info += `, id ${r.u16()}, seq ${r.u16(r.place + 2)}`;
    r.field("identifier", r.u16(), 2); r.field("sequence number", r.u16(), 2);
  } else { if (type === 3) r.facts.info += `: ${UNREACHABLE[code] ?? code}`; r.field("rest of header", hex4(r.u16()) + " " + hex4(r.u16(r.place + 2)), 4); }
  layer.end = r.place;
  data(r, "data");
}

function icmpv6(r) {
  r.need(4);
  const layer = r.layer("icmpv6", "Internet Control Message Protocol version 6"), type = r.u8();
  r.facts.protocol = "ICMPv6"; r.facts.info = ICMP6[type] ?? `type ${type}`;
  r.field("type", `${type} ${ICMP6[type] ?? ""}`.trim(), 1); r.field("code", r.u8(), 1); r.field("checksum", hex4(r.u16()), 2);
  if ((type === 135 || type === 136) && r.left >= 20) {
    r.field(type === 136 ? "flags" : "reserved", hex4(r.u16()), 4);
    r.facts.info += ` ${r.ipv6()}`;
    r.field("target", r.ipv6(), 16);
  }
  layer.end = r.place;
  data(r, "data");
}

function udp(r) {
  r.need(8);
  const layer = r.layer("udp", "User Datagram Protocol"), source = r.u16(), destination = r.u16(r.place + 2);
  Object.assign(r.facts, { protocol: "UDP", sourcePort: source, destinationPort: destination, info: `${source} → ${destination}` });
  r.field("source port", source, 2); r.field("destination port", destination, 2);
  r.field("length", r.u16(), 2, "header and data"); r.field("checksum", hex4(r.u16()), 2);
  layer.end = r.place;
  r.facts.info += `, ${r.left} bytes`;
  if (source === 53 || destination === 53) dns(r);
  else if ([67, 68].includes(destination)) dhcp(r);
  else data(r, "data");
}

function tcp(r) {
  r.need(20);
  const start = r.place, layer = r.layer("tcp", "Transmission Control Protocol");
  const source = r.u16(), destination = r.u16(start + 2), length = (r.u8(start + 12) >> 4) * 4, bits = r.u16(start + 12) & 0x1ff;
  r.need(length);
  const flags = FLAGS.filter(([bit]) => bits & bit).map(([, name]) => name);
  const sequence = r.u32(start + 4), acknowledgment = r.u32(start + 8), size = r.end - start - length;
  Object.assign(r.facts, { protocol: "TCP", sourcePort: source, destinationPort: destination, sequence, acknowledgment, flags: bits, payload: [start + length, r.end],
    info: `${source} → ${destination} [${flags.join(", ")}] seq ${sequence}${bits & 16 ? ` ack ${acknowledgment}` : ""} win ${r.u16(start + 14)} len ${size}` });
  r.field("source port", source, 2); r.field("destination port", destination, 2);
  r.field("sequence number", sequence, 4, "of the first byte of data"); r.field("acknowledgment number", acknowledgment, 4, bits & 16 ? "the next byte that is expected" : "not used");
  r.bits("header length", `${length} bytes`, 1); r.field("flags", flags.join(", ") || "none", 2);
  r.field("window", r.u16(), 2, "bytes that may be sent beyond the acknowledgment, before scaling");
  r.field("checksum", hex4(r.u16()), 2); r.field("urgent pointer", r.u16(), 2);
  tcpOptions(r, start + length);
  layer.end = r.place;
  if (r.left) application(r, source, destination);
}

function tcpOptions(r, end) {
  while (r.place < end) {
    const kind = r.u8();
    if (kind === 0) { r.field("end of options", "", end - r.place); break; }
    if (kind === 1) { r.field("no operation", "", 1); continue; }
    const size = Math.max(2, Math.min(r.u8(r.place + 1), end - r.place)), at = r.place + 2;
    const name = { 2: "maximum segment size", 3: "window scale", 4: "selective acknowledgment permitted", 5: "selective acknowledgment", 8: "timestamps", 34: "fast open" }[kind] ?? `option ${kind}`;
    let value = "";
    if (kind === 2) value = r.u16(at);
    else if (kind === 3) value = `${r.u8(at)} (times ${2 ** r.u8(at)})`;
    else if (kind === 8) value = `${r.u32(at)}, echo ${r.u32(at + 4)}`;
    else if (kind === 5) value = Array.from({ length: (size - 2) / 8 }, (_, i) => `${r.u32(at + 8 * i)}–${r.u32(at + 8 * i + 4)}`).join(", ");
    r.field(name, value, size);
  }
}

function application(r, source, destination) {
  const first = r.rest(8), text = new TextDecoder("latin1").decode(first);
  if (/^(GET |POST |HEAD |PUT |HTTP\/1|DELETE |OPTIONS|PATCH |CONNECT|TRACE )/.test(text)) http(r);
  else if (first[0] >= 20 && first[0] <= 23 && first[1] === 3) tls(r);
  else if ((source === 53 || destination === 53) && r.left > 14) { r.layer("dnstcp", "DNS over TCP"); r.field("message length", r.u16(), 2); dns(r); }
  else data(r, `${r.left} bytes of the stream`);
}

function http(r) {
  const text = new TextDecoder("latin1").decode(r.rest()), head = text.indexOf("\r\n\r\n");
  const layer = r.layer("http", "Hypertext Transfer Protocol"), lines = (head < 0 ? text : text.slice(0, head)).split("\r\n");
  lines.forEach((line, i) => {
    const [name, ...value] = i ? line.split(":") : [line.startsWith("HTTP/") ? "status line" : "request line", line];
    r.field(name, value.join(":").trim(), Math.min(r.left, line.length + 2));
  });
  if (head >= 0) r.place = Math.min(r.end, r.place + 2);
  layer.end = r.place;
  r.facts.protocol = "HTTP"; r.facts.info = lines[0];
  if (r.left) data(r, "body");
}

function tls(r) {
  const said = [];
  while (r.left >= 5) {
    const layer = r.layer("tls", "Transport Layer Security record"), type = r.u8(), size = r.u16(r.place + 3);
    const handshake = type === 22 && r.left > 5 ? HANDSHAKE[r.u8(r.place + 5)] : null;
    r.field("content type", `${type} ${TLS_TYPE[type] ?? ""}`, 1); r.field("version", hex4(r.u16()), 2); r.field("length", size, 2);
    const here = Math.min(size, r.left);
    if (here) r.field(type === 22 && handshake ? `handshake: ${handshake}` : TLS_TYPE[type] ?? "data", `${here} bytes${here < size ? ", goes on in the next segment" : ""}`, here, type === 23 ? "encrypted" : "");
    layer.end = r.place;
    said.push(handshake ?? TLS_TYPE[type] ?? "record");
  }
  r.facts.protocol = "TLS"; r.facts.info = said.join(", ");
  if (r.left) data(r, "data");
}

function dnsName(r, at, depth = 0) {
  const labels = [];
  let place = at, length = 0;
  for (;;) {
    const size = r.u8(place);
    if (size === 0) { length = length || place + 1 - at; break; }
    if (size >= 192) {
      length = length || place + 2 - at;
      if (depth > 16) throw new RangeError("names that point in a circle");
      const base = r.dnsStart + (r.u16(place) & 0x3fff);
      labels.push(dnsName(r, base, depth + 1)[0].replace(/\.$/, ""));
      break;
    }
    labels.push(new TextDecoder("latin1").decode(r.bytes.subarray(place + 1, place + 1 + size)));
    place += size + 1;
  }
  return [labels.filter(Boolean).join(".") + ".", length];
}

function dns(r) {
  r.need(12);
  r.dnsStart = r.place;
  const layer = r.layer("dns", "Domain Name System"), id = r.u16(), flags = r.u16(r.place + 2), counts = [4, 6, 8, 10].map((o) => r.u16(r.place + o));
  r.field("identifier", id, 2, "the answer has the same");
  r.bits("kind", flags & 0x8000 ? "response" : "query", 2); r.bits("authoritative", flags & 0x400 ? "yes" : "no", 2); r.bits("truncated", flags & 0x200 ? "yes" : "no", 2);
  r.bits("recursion desired", flags & 0x100 ? "yes" : "no", 2); r.bits("recursion available", flags & 0x80 ? "yes" : "no", 2);
  r.field("response code", RCODE[flags & 15] ?? flags & 15, 2);
  ["questions", "answers", "authority records", "additional records"].forEach((name, i) => r.field(name, counts[i], 2));
  const said = [];
  for (let i = 0; i < counts[0]; i++) {
    const [name, size] = dnsName(r, r.place), type = r.u16(r.place + size);
    r.field("question", `${name} ${DNS_TYPE[type] ?? type}`, size + 4);
    said.push(`${name} ${DNS_TYPE[type] ?? type}`);
  }
  ["answer", "authority", "additional"].forEach((section, s) => { for (let i = 0; i < counts[s + 1]; i++) record(r, section, said); });
  layer.end = r.place;
  r.facts.protocol = "DNS"; r.facts.info = `${flags & 0x8000 ? "response" : "query"} ${hex4(id)} ${said.join(", ")}${(flags & 15) ? ` ${RCODE[flags & 15] ?? ""}` : ""}`;
}

function record(r, section, said) {
  const [name, size] = dnsName(r, r.place), at = r.place + size, type = r.u16(at), ttl = r.u32(at + 4), length = r.u16(at + 8), place = at + 10;
  let value = `${length} bytes`;
  if (type === 1) value = r.ipv4(place); else if (type === 28) value = r.ipv6(place);
  else if ([2, 5, 12].includes(type)) value = dnsName(r, place)[0];
  else if (type === 6) value = dnsName(r, place)[0];
  if (section === "answer") said.push(`${DNS_TYPE[type] ?? type} ${value}`);
  r.field(section, type === 41 ? `EDNS, messages up to ${r.u16(at + 2)} bytes` : `${name} ${ttl} ${DNS_TYPE[type] ?? type} ${value}`, size + 10 + length);
}

function dhcp(r) {
  r.need(240);
  const layer = r.layer("dhcp", "Dynamic Host Configuration Protocol");
  r.field("operation", r.u8() === 1 ? "1 request" : "2 reply", 1); r.field("hardware type", r.u8(), 1); r.field("hardware address length", r.u8(), 1); r.field("hops", r.u8(), 1);
  r.field("transaction", "0x" + r.u32().toString(16).padStart(8, "0"), 4); r.field("seconds", r.u16(), 2); r.field("flags", r.u16() & 0x8000 ? "answer by broadcast" : "none", 2);
  for (const name of ["client address", "your address", "next server", "relay"]) r.field(name, r.ipv4(), 4);
  r.field("client MAC address", r.mac(), 16); r.field("server name and file", "", 192); r.field("magic cookie", "0x" + r.u32().toString(16), 4);
  let kind = "";
  while (r.left > 1 && r.u8() !== 255) {
    if (r.u8() === 0) { r.field("padding", "", 1); continue; }
    const option = r.u8(), size = r.u8(r.place + 1), at = r.place + 2;
    let value = `${size} bytes`;
    if (option === 53) value = kind = DHCP[r.u8(at)] ?? r.u8(at);
    else if ([1, 3, 6, 50, 54].includes(option)) value = r.ipv4(at);
    else if ([51, 58, 59].includes(option)) value = `${r.u32(at)} s`;
    else if (option === 12) value = new TextDecoder().decode(r.bytes.subarray(at, at + size));
    r.field(DHCP_OPTION[option] ?? `option ${option}`, value, 2 + size);
  }
  if (r.left) r.field("end", "", 1);
  layer.end = r.place;
  r.facts.protocol = "DHCP"; r.facts.info = kind;
  if (r.left) data(r, "padding");
}

function data(r, name) {
  if (r.left <= 0) return;
  r.layer("data", "Data");
  r.field(name, `${r.left} bytes`, r.left);
}
