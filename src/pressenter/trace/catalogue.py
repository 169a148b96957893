"""The catalogue of events: for each name its step, its sentence in two languages, its clause.

The command line, the report and the studio take their words from here.  A
sentence is a format string over the event's ``fields``.

``told`` says how often the story on the terminal mentions an event in one visit:
``always``, ``first`` (only the first of its kind), ``node`` (the first at each node) or
``never`` (it is in the files).
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, Literal, NamedTuple

__all__ = ["CATALOGUE", "Meaning", "sentence"]

Told = Literal["always", "first", "node", "never"]


class Meaning(NamedTuple):
    """What an event name means.  ``layer`` is the part of the name before the dot."""

    name: str
    step: int
    en: str
    zh: str
    clause: str
    told: Told
    layer: str


_ENTRIES: dict[str, Meaning] = {}


def _event(name: str, step: int, en: str, zh: str, clause: str = "", told: Told = "never") -> None:
    _ENTRIES[name] = Meaning(name, step, en, zh, clause, told, name.partition(".")[0])


# fmt: off
# 1 Key press
_event("keyboard.press", 1, "the key for {character!r} goes {direction}",
       "字符 {character!r} 的键{direction_zh}", "", "first")
_event("mouse.move", 1, "the mouse is moved by ({x}, {y})",
       "鼠标移动 ({x}, {y})", "", "first")
_event("mouse.button", 1, "the mouse's button goes {direction}",
       "鼠标键{direction_zh}", "", "always")
_event("mouse.wheel", 1, "the mouse's wheel turns by {steps}",
       "鼠标滚轮转动 {steps}", "", "first")
_event("touch.contact", 1, "a finger at ({x}, {y}): {state}",
       "手指在 ({x}, {y})：{state_zh}", "", "first")
_event("i2c.read", 1, "the driver reads {packet} from {device} over I²C",
       "驱动经 I²C 从 {device} 读出 {packet}", "UM10204 §3.1", "first")
_event("usb.report", 1, "{device} answers the poll with the report {report}",
       "{device} 以报告 {report} 应答轮询", "USB HID 1.11, appendix B", "first")
_event("irq.raise", 1, "{device} raises interrupt {irq} on CPU{cpu} (count {count})",
       "{device} 在 CPU{cpu} 上触发中断 {irq}（计数 {count}）", "", "first")
_event("irq.top_half", 1, "the top half takes the report from the controller and queues it",
       "中断上半部取走报告并排队", "", "first")
_event("irq.bottom_half", 1, "the bottom half calls the keyboard driver",
       "中断下半部调用键盘驱动", "", "first")
_event("input.event", 1, "{line}",
       "{line}", "Linux input event codes", "first")
_event("input.wake", 1, "{reader}, blocked in read(), wakes with {events} events",
       "阻塞在 read() 的 {reader} 被唤醒，读到 {events} 个事件", "", "first")
_event("window.key", 1, "the window system gives {key!r} to the focused {window}",
       "窗口系统把 {key!r} 交给获得焦点的 {window}", "", "first")
_event("window.pointer", 1, "the window system tells {window} that the pointer is at ({x}, {y})",
       "窗口系统告知 {window}：指针位于 ({x}, {y})", "", "first")
_event("window.button", 1, "the window system tells {window} that the button went {direction} at ({x}, {y})",
       "窗口系统告知 {window}：({x}, {y}) 处按键 {direction}", "", "first")
_event("window.wheel", 1, "the window system tells {window} that the wheel turned by {steps}",
       "窗口系统告知 {window}：滚轮转动 {steps}", "", "first")
_event("window.touch", 1, "the window system gives the touch at ({x}, {y}) to {window} ({contact})",
       "窗口系统把 ({x}, {y}) 处的触摸交给 {window}（{contact}）", "", "first")
# 2 Address bar
_event("address_bar.edit", 2, "the address bar shows {text!r}",
       "地址栏显示 {text!r}")
_event("address_bar.suggest", 2, "history suggests {url} ({share} of such visits)",
       "历史记录建议 {url}（占此类访问的 {share}）", "", "first")
_event("address_bar.enter", 2, "Enter: {text!r} is {kind}; going to {url}",
       "回车：{text!r} 是{kind_zh}；前往 {url}", "URL Standard §4.4", "always")
# 3 Browser checks
_event("check.blocklist", 3, "blocklist: {host} is {verdict}",
       "黑名单：{host} {verdict_zh}", "", "first")
_event("check.hsts", 3, "HSTS: {host} is not known to want https",
       "HSTS：没有 {host} 的记录", "RFC 6797 §8.3", "first")
_event("check.upgrade", 3, "HSTS: {host} wants https, so http is not even tried",
       "HSTS：{host} 要求 https，不再尝试 http", "RFC 6797 §8.3", "always")
_event("cache.lookup", 3, "HTTP cache: {url}: {verdict}",
       "HTTP 缓存：{url}：{verdict_zh}", "RFC 9111 §4", "always")
_event("navigate.start", 3, "navigation to {url}",
       "开始导航到 {url}", "HTML Standard §7.4.2", "always")
# 4 Name
_event("dns.cache", 4, "{cache} for {name}: {verdict}",
       "{cache_zh} 查找 {name}：{verdict_zh}", "", "always")
_event("dns.hosts", 4, "/etc/hosts has {name}: {address}",
       "/etc/hosts 中有 {name}：{address}", "", "always")
_event("dns.query", 4, "asks {server} for {name} {type}",
       "向 {server} 查询 {name} {type}", "RFC 1035 §4.1", "always")
_event("dns.answer", 4, "{server} answers: {summary}",
       "{server} 回答：{summary}", "RFC 1034 §4.3.2", "always")
_event("dns.serve", 4, "answers {client}: {name} {type}: {summary}",
       "回答 {client}：{name} {type}：{summary}", "RFC 1034 §4.3.2")
_event("dns.keep", 4, "keeps for {seconds} s: {name} {type} is {data}",
       "缓存 {seconds} 秒：{name} {type} 为 {data}", "RFC 1034 §4.3.4")
_event("dns.timeout", 4, "{server} does not answer for {name} (attempt {attempt})",
       "{server} 未回答 {name}（第 {attempt} 次）", "RFC 1035 §4.2.1", "always")
_event("dns.reject", 4, "a reply from {source} is not believed: {reason}",
       "不采信来自 {source} 的应答：{reason}", "RFC 5452 §4", "always")
_event("dns.resolved", 4, "{name} is {addresses}",
       "{name} 的地址是 {addresses}", "", "always")
_event("dns.failed", 4, "{name}: {reason}",
       "{name}：{reason}", "", "always")
# 5 TCP
_event("tcp.state", 5, "{connection}: {before} to {after} ({input})",
       "{connection}：{before} 变为 {after}（{input}）", "RFC 9293 §3.3.2", "always")
_event("tcp.send", 5, "{connection} sends {flags} seq {sequence} ack {acknowledgment} length {length}",
       "{connection} 发送 {flags} seq {sequence} ack {acknowledgment} 长度 {length}", "RFC 9293 §3.1")
_event("tcp.receive", 5, "{connection} receives {flags} seq {sequence} ack {acknowledgment} length {length}",
       "{connection} 收到 {flags} seq {sequence} ack {acknowledgment} 长度 {length}", "RFC 9293 §3.10.7")
_event("tcp.retransmit", 5, "{connection} sends byte {sequence} again: {reason}",
       "{connection} 重传第 {sequence} 字节：{reason}", "RFC 6298 §5, RFC 5681 §3.2", "always")
_event("tcp.window", 5, "{connection}: congestion window {window}, threshold {threshold}: {reason}",
       "{connection}：拥塞窗口 {window}，阈值 {threshold}：{reason}", "RFC 5681 §3", "always")
_event("tcp.backlog_full", 5, "port {port}: {backlog} connections wait already; the SYN is dropped",
       "端口 {port}：已有 {backlog} 个连接在等待，丢弃 SYN", "", "always")
_event("tcp.syn_cookie", 5, "port {port}: the queue is full; the SYN is answered with a cookie, and nothing is kept",
       "端口 {port}：队列已满，用 SYN cookie 应答，不保存状态", "RFC 4987 §3.6", "first")
_event("udp.send", 5, "UDP {source} to {destination}, {length} bytes",
       "UDP {source} 到 {destination}，{length} 字节", "RFC 768")
_event("udp.receive", 5, "UDP {source} to {destination}, {length} bytes, arrives",
       "UDP {source} 到 {destination}，{length} 字节，到达", "RFC 768")
_event("udp.no_port", 5, "nobody listens on UDP port {port}",
       "没有程序监听 UDP 端口 {port}", "RFC 1122 §4.1.3.1", "always")
# 6 IP
_event("ip.route", 6, "to {destination} the row {route} matches longest: source {source}",
       "到 {destination} 最长匹配 {route}：源地址 {source}", "RFC 1122 §3.3.1", "first")
_event("ip.forward", 6, "{source} to {destination}: {route}, TTL {ttl}",
       "{source} 到 {destination}：{route}，TTL {ttl}", "RFC 1812 §5.2.1", "node")
_event("ip.drop", 6, "a packet is dropped: {reason}",
       "丢弃一个分组：{reason}", "RFC 1812 §5.2", "always")
_event("ip.fragment", 6, "{length} bytes are cut into {pieces} fragments",
       "{length} 字节切成 {pieces} 个分片", "RFC 791 §3.2", "always")
_event("ip.reassemble", 6, "{length} bytes from {source} are whole again",
       "来自 {source} 的 {length} 字节重组完成", "RFC 791 §3.2", "always")
_event("icmp.send", 6, "tells {peer}: {message}",
       "告知 {peer}：{message}", "RFC 792", "always")
_event("icmp.receive", 6, "hears from {peer}: {message}",
       "收到 {peer} 的消息：{message}", "RFC 792", "always")
_event("ipv6.tentative", 6, "takes {address} for now, and asks whether somebody has it",
       "暂用 {address}，并询问是否已被占用", "RFC 4862 §5.4", "first")
_event("ipv6.address", 6, "nobody objects: {address} is its address",
       "无人反对：{address} 成为其地址", "RFC 4862 §5.4")
_event("ipv6.duplicate", 6, "{address} belongs to somebody else",
       "{address} 已属于别的主机", "RFC 4862 §5.4.5", "always")
_event("ipv6.router", 6, "{router} is a router, for {lifetime} s",
       "{router} 是路由器，有效 {lifetime} 秒", "RFC 4861 §6.3.4")
# 7 Ethernet and ARP
_event("dhcp.discover", 7, "asks everybody for an address, from {mac}",
       "以 {mac} 向所有主机请求地址", "RFC 2131 §4.4.1")
_event("dhcp.offer", 7, "offers {address} to {mac}",
       "向 {mac} 提供 {address}", "RFC 2131 §4.3.1")
_event("dhcp.offered", 7, "is offered {address} by {server}",
       "{server} 提供 {address}", "RFC 2131 §4.4.1")
_event("dhcp.request", 7, "asks for the address that it was offered, from {mac}",
       "以 {mac} 请求所提供的地址", "RFC 2131 §4.3.2")
_event("dhcp.grant", 7, "grants {address} to {mac} for {seconds} s",
       "把 {address} 租给 {mac}，{seconds} 秒", "RFC 2131 §4.3.1")
_event("dhcp.bound", 7, "has the address {address} from {server} for {seconds} s",
       "从 {server} 获得地址 {address}，{seconds} 秒", "RFC 2131 §4.4.1", "always")
_event("dhcp.renew", 7, "asks {server} to keep {address}",
       "向 {server} 续租 {address}", "RFC 2131 §4.4.5")
_event("dhcp.refused", 7, "{server} refuses the address",
       "{server} 拒绝该地址", "RFC 2131 §4.3.2", "always")
_event("dhcp.lost", 7, "the lease of {address} is over",
       "{address} 的租约到期", "RFC 2131 §4.4.5", "always")
_event("dhcp.exhausted", 7, "no address is left for {mac}",
       "没有可分配给 {mac} 的地址", "RFC 2131 §4.3.1", "always")
_event("arp.announce", 7, "announces that {address} is at {mac}",
       "宣告 {address} 位于 {mac}", "RFC 5227 §2.3")
_event("arp.request", 7, "asks everybody: who has {address}?",
       "广播询问：谁是 {address}？", "RFC 826", "first")
_event("arp.reply", 7, "answers {asker} alone: {address} is at {mac}",
       "单播回答 {asker}：{address} 位于 {mac}", "RFC 826", "first")
_event("arp.learn", 7, "keeps: {address} is at {mac}",
       "记下：{address} 位于 {mac}", "RFC 826")
_event("arp.expire", 7, "forgets the address of {address}",
       "忘记 {address} 的地址", "RFC 1122 §2.3.2.1")
_event("arp.fail", 7, "nobody answers for {address} after {requests} requests",
       "{requests} 次请求后无人应答 {address}", "RFC 1122 §2.3.2", "always")
_event("nd.solicit", 7, "asks the group of {address}: who has it?",
       "向 {address} 的组播组询问：谁拥有它？", "RFC 4861 §7.2.2", "first")
_event("nd.advertise", 7, "answers: {address} is at {mac}",
       "回答：{address} 位于 {mac}", "RFC 4861 §7.2.4", "first")
_event("nd.learn", 7, "keeps: {address} is at {mac}",
       "记下：{address} 位于 {mac}", "RFC 4861 §7.2.5")
_event("nd.fail", 7, "nobody answers for {address} after {solicitations} solicitations",
       "{solicitations} 次询问后无人应答 {address}", "RFC 4861 §7.2.2", "always")
# 8 Network card
_event("nic.transmit", 8, "{port} copies {length} bytes from the ring by DMA and sends them",
       "{port} 由 DMA 从环形缓冲取出 {length} 字节并发送", "", "first")
_event("nic.interrupt", 8, "{device} raises interrupt {irq} on CPU{cpu} (count {count})",
       "{device} 在 CPU{cpu} 上触发中断 {irq}（计数 {count}）", "", "first")
_event("nic.dma", 8, "{port} copies {length} bytes into the receive ring by DMA",
       "{port} 由 DMA 把 {length} 字节写入接收环", "", "first")
_event("nic.drop", 8, "{port} drops a frame: {reason}",
       "{port} 丢弃一帧：{reason}", "IEEE 802.3 §4.2.9", "always")
_event("link.transmit", 8, "{source} sends {length} bytes to {target}",
       "{source} 向 {target} 发送 {length} 字节")
_event("link.arrive", 8, "{length} bytes arrive at {target}",
       "{length} 字节到达 {target}")
_event("link.drop", 8, "{source}: {length} bytes dropped: {reason} ({waiting} bytes wait)",
       "{source}：丢弃 {length} 字节：{reason}（排队 {waiting} 字节）", "", "always")
_event("link.lose", 8, "{length} bytes to {target} are lost",
       "发往 {target} 的 {length} 字节丢失", "", "always")
_event("link.cut", 8, "the cable is cut",
       "线缆被切断", "", "always")
_event("link.repair", 8, "the cable is whole again",
       "线缆已修复", "", "always")
_event("link.corrupt", 8, "bit {bit} of a frame to {target} is flipped",
       "发往 {target} 的帧第 {bit} 位翻转", "", "always")
_event("link.hold_back", 8, "a frame to {target} is held back for {by_ns} ns",
       "发往 {target} 的帧被延迟 {by_ns} 纳秒", "", "always")
_event("link.duplicate", 8, "a frame to {target} is doubled",
       "发往 {target} 的帧被复制", "", "always")
# 9 Switch
_event("switch.learn", 9, "learns that {mac} is behind {port}",
       "学到 {mac} 在端口 {port}", "IEEE 802.1D §7.8", "first")
_event("switch.flood", 9, "{mac} is everybody or unknown: out of the other {ports} ports",
       "{mac} 为广播或未知：从其余 {ports} 个端口发出", "IEEE 802.1D §7.7", "first")
_event("switch.discard", 9, "a damaged frame of {length} bytes ends at {port}",
       "{length} 字节的损坏帧止于端口 {port}", "IEEE 802.1D §7.5", "always")
# 10 Home router
_event("nat.map", 10, "translates {inside} to {outside}",
       "地址转换：{inside} 变为 {outside}", "RFC 3022 §2.2", "always")
_event("nat.forget", 10, "forgets the unused mapping of {inside}",
       "删除 {inside} 的闲置映射", "RFC 4787 §4.3")
_event("nat.drop", 10, "cannot translate a packet: {reason}",
       "无法转换分组：{reason}", "RFC 3022", "always")
_event("home.forward", 10, "sends on from {source} to {destination}: {route}, TTL {ttl}",
       "转发 {source} 到 {destination}：{route}，TTL {ttl}", "RFC 1812 §5.2.1", "node")
# 11 Provider and backbone
_event("backbone.forward", 11, "sends on from {source} to {destination}: {route}, TTL {ttl}",
       "转发 {source} 到 {destination}：{route}，TTL {ttl}", "RFC 1812 §5.2.1", "node")
# 12 Data centre and server
_event("centre.forward", 12, "sends on from {source} to {destination}: {route}, TTL {ttl}",
       "转发 {source} 到 {destination}：{route}，TTL {ttl}", "RFC 1812 §5.2.1", "node")
_event("server.request", 12, "serves {method} {target}: {status} {reason}, {length} bytes",
       "处理 {method} {target}：{status} {reason}，{length} 字节", "RFC 9110 §9", "always")
_event("host.crash", 12, "the power fails: programs, connections and caches are gone",
       "断电：程序、连接与缓存全部丢失", "", "always")
_event("host.boot", 12, "comes up again, as new",
       "重新启动，一切如新", "", "always")
_event("host.exception", 12, "a program failed: {message}: {error}",
       "程序出错：{message}：{error}", "", "always")
# 13 HTTP and TLS
_event("http.connect", 13, "connects to {host} port {port} (connection {number} of at most {limit})",
       "连接 {host} 端口 {port}（第 {number} 条，至多 {limit} 条）", "RFC 9112 §9.4", "always")
_event("http.reuse", 13, "takes the idle connection {connection} to {host} again",
       "复用到 {host} 的空闲连接 {connection}", "RFC 9112 §9.3", "first")
_event("tls.handshake", 13, "{version} with {host}, {cipher}, certificate for {subject} by {issuer}",
       "与 {host} 建立 {version}，{cipher}，{issuer} 签发给 {subject} 的证书", "RFC 8446 §2", "always")
_event("tls.failed", 13, "TLS with {host} failed: {reason}",
       "与 {host} 的 TLS 失败：{reason}", "RFC 8446 §6", "always")
_event("http.request", 13, "{method} {url}",
       "{method} {url}", "RFC 9112 §3", "always")
_event("http.response", 13, "{status} {reason} for {url}, {type}",
       "{url} 返回 {status} {reason}，{type}", "RFC 9112 §4", "always")
_event("http.body", 13, "the body of {url} is whole: {length} bytes",
       "{url} 的内容已完整：{length} 字节", "RFC 9112 §6")
_event("http.exchange", 13, "{method} {url}: {status}, {body_length} bytes",
       "{method} {url}：{status}，{body_length} 字节", "RFC 9110 §3")
_event("http.failed", 13, "{url}: {reason}",
       "{url}：{reason}", "", "always")
# 14 Response
_event("response.redirect", 14, "{status}: on to {url}",
       "{status}：转到 {url}", "RFC 9110 §15.4", "always")
_event("response.decode", 14, "{encoding}: {encoded} bytes become {decoded}",
       "{encoding} 解码：{encoded} 字节变为 {decoded}", "RFC 9110 §8.4", "always")
_event("response.store", 14, "cached for {seconds} s: {url}",
       "缓存 {seconds} 秒：{url}", "RFC 9111 §3", "always")
_event("response.type", 14, "{url} is {type}: {treatment}",
       "{url} 的类型是 {type}：{treatment_zh}", "MIME Sniffing Standard §7", "always")
_event("response.not_modified", 14, "304: the stored {url} is still good",
       "304：已存的 {url} 仍有效", "RFC 9111 §4.3.3", "always")
# 15 Page
_event("html.parse", 15, "HTML: {bytes} bytes of {encoding} become {nodes} nodes",
       "HTML：{bytes} 字节（{encoding}）解析成 {nodes} 个节点", "HTML Standard §13.2", "always")
_event("html.subresource", 15, "the page asks for {url} ({kind})",
       "页面需要 {url}（{kind}）", "", "always")
_event("html.preload", 15, "the preload scanner sees that {url} will be needed ({kind})",
       "预加载扫描器发现将需要 {url}（{kind}）", "HTML Standard §13.2.6.4.8", "always")
_event("css.parse", 15, "CSS of {source}: {rules} rules",
       "{source} 的 CSS：{rules} 条规则", "CSS Syntax Level 3", "always")
_event("css.cascade", 15, "styles for {elements} elements from {rules} rules",
       "由 {rules} 条规则计算 {elements} 个元素的样式", "CSS Cascade Level 4 §6", "always")
_event("image.decode", 15, "{url} is a picture of {width} by {height}",
       "{url} 是 {width}×{height} 的图片", "", "always")
_event("image.broken", 15, "{url} is no picture: {reason}",
       "{url} 不是图片：{reason}", "", "always")
_event("page.frame", 15, "a frame of {width} by {height} pixels shows {url}",
       "{width}×{height} 像素的框架显示 {url}", "HTML Standard §4.8.5", "always")
_event("page.without", 15, "the page goes on without {url}: {reason}",
       "页面缺少 {url}：{reason}", "", "always")
_event("font.broken", 15, "the font {family} cannot be read: {reason}",
       "字体 {family} 无法读取：{reason}", "CSS Fonts 4 §4.3", "always")
_event("layout.box_tree", 15, "box tree: {boxes} boxes",
       "盒树：{boxes} 个盒", "CSS Display Level 3", "always")
_event("layout.fragments", 15, "layout: {fragments} fragments, {lines} lines, {height} px high",
       "布局：{fragments} 个片段，{lines} 行，高 {height} 像素", "CSS 2.2 §9, §10", "always")
_event("layout.limit", 15, "{what} beyond {limit} are left out",
       "超过 {limit} 的{what}被略去", "", "always")
_event("paint.display_list", 15, "display list: {items} items",
       "显示列表：{items} 项", "CSS 2.2 appendix E", "always")
_event("paint.raster", 15, "raster: {rastered} of {tiles} tiles in {layers} layers, {pixels} pixels",
       "光栅化：{layers} 个图层，{tiles} 个图块中的 {rastered} 个，{pixels} 像素", "", "always")
_event("paint.unavailable", 15, "no picture: {reason}",
       "无法生成图片：{reason}", "", "always")
_event("page.error", 15, "the error page says: {message}",
       "错误页显示：{message}", "", "always")
_event("page.dom_content_loaded", 15, "DOMContentLoaded: the document is parsed",
       "DOMContentLoaded：文档解析完毕", "HTML Standard §13.2.7", "always")
_event("page.loaded", 15, "load: {resources} resources, {bytes} bytes",
       "load：{resources} 个资源，{bytes} 字节", "HTML Standard §8.5", "always")
_event("page.download", 14, "{url} is offered as a download: {filename}, {length} bytes",
       "提供下载 {url}：{filename}，{length} 字节", "", "always")
# 16 Screen
_event("window.composite", 16, "the window is composited: {title}",
       "窗口合成：{title}", "", "always")
_event("display.scanout", 16, "frame {frame} is on the screen",
       "第 {frame} 帧显示在屏幕上", "", "always")
_event("page.first_paint", 16, "first paint, {after_ms} ms after the navigation began",
       "首次绘制，导航开始后 {after_ms} 毫秒", "Paint Timing 1 §2", "always")
_event("page.first_contentful_paint", 16, "first contentful paint, {after_ms} ms after the navigation began",
       "首次内容绘制，导航开始后 {after_ms} 毫秒", "Paint Timing 1 §2", "always")
_event("page.largest_contentful_paint", 16, "largest contentful paint so far, after {after_ms} ms: <{element}>, {area} px²",
       "目前最大内容绘制，{after_ms} 毫秒后：<{element}>，{area} 平方像素", "Largest Contentful Paint 1 §2", "always")
# 17 After
_event("pointer.over", 17, "at ({x}, {y}) of the page is <{element}>",
       "页面 ({x}, {y}) 处是 <{element}>", "CSSOM View 1 §5", "first")
_event("page.click", 17, "a click on <{element}>",
       "点击 <{element}>", "UI Events §3.3", "always")
_event("page.focus", 17, "<{element}> has the focus",
       "<{element}> 获得焦点", "HTML Standard §6.6.4", "always")
_event("page.edit", 17, "{key!r} is typed into <{element}>",
       "在 <{element}> 中键入 {key!r}", "", "first")
_event("page.check", 17, "<{element}> is checked: {checked}",
       "<{element}> 选中：{checked}", "HTML Standard §4.10.5.1.15", "always")
_event("page.open_list", 17, "<{element}> opens its list of {options}",
       "<{element}> 打开包含 {options} 项的列表", "HTML Standard §4.10.7", "always")
_event("page.select", 17, "of <{element}> the option {option!r} is chosen",
       "<{element}> 选择了 {option!r}", "HTML Standard §4.10.7", "always")
_event("page.scroll", 17, "the page is scrolled to ({x}, {y})",
       "页面滚动到 ({x}, {y})", "CSSOM View 1 §4", "first")
_event("page.scroll_box", 17, "what is in <{element}> is scrolled to ({x}, {y})",
       "<{element}> 的内容滚动到 ({x}, {y})", "CSSOM View 1 §6", "first")
_event("page.follow", 17, "the link leads to {url}",
       "链接指向 {url}", "HTML Standard §4.6.5", "always")
_event("page.no_link", 17, "the link to {reference} is not followed: {reason}",
       "不跟随链接 {reference}：{reason}", "HTML Standard §4.6.5", "always")
_event("form.submit", 17, "the form is sent to {url} with {method}",
       "以 {method} 提交表单到 {url}", "HTML Standard §4.10.22.3", "always")
_event("form.no_address", 17, "the form's action {action} is no URL",
       "表单的 action {action} 不是网址", "HTML Standard §4.10.22.3", "always")
_event("person.failed", 17, "the person cannot do that: {message}",
       "无法完成操作：{message}", "", "always")
_event("history.traverse", 17, "{steps} step in the session history: {url}",
       "会话历史中 {steps} 步：{url}", "HTML Standard §7.4.3", "always")
_event("tab.close", 17, "the tab closes: {connections} connections are closed",
       "标签页关闭：关闭 {connections} 条连接", "", "always")
# fmt: on

#: Every event name, and what it means.
CATALOGUE: Mapping[str, Meaning] = MappingProxyType(_ENTRIES)


def sentence(name: str, fields: Mapping[str, Any], language: str = "en") -> str:
    """The event in words.  A field that is missing stands as its name in braces."""
    meaning = CATALOGUE[name]
    if language != "zh":
        return meaning.en.format_map(_Lenient(fields))
    chinese = {
        key: _CHINESE_FACTS.get(value, value) if isinstance(value, str) else value for key, value in fields.items()
    }
    return meaning.zh.format_map(_Lenient(chinese))


#: Facts that are words of ours, not the peers' or the user's.
_CHINESE_FACTS = {
    "passive OPEN": "被动打开", "active OPEN": "主动打开", "SYN arrives": "收到 SYN",
    "SYN+ACK of our SYN arrives": "收到对己方 SYN 的 SYN+ACK", "our SYN is acknowledged": "己方 SYN 已被确认",
    "FIN arrives": "收到 FIN", "our FIN is acknowledged": "己方 FIN 已被确认", "CLOSE": "关闭",
    "ABORT, RST or too many retransmissions": "中止、RST 或重传过多", "2 MSL have passed": "已过 2 MSL",
    "timeout": "超时", "three duplicate acknowledgments": "三个重复确认", "partial acknowledgment": "部分确认",
    "recovered": "恢复完成", "smaller path MTU": "路径 MTU 变小", "queue full": "队列已满", "link down": "链路断开",
    "wrong FCS": "FCS 错误", "a runt": "过短的帧", "TTL has run out": "TTL 耗尽",
    "echo request": "回显请求", "echo reply": "回显应答", "network unreachable": "网络不可达",
    "host unreachable": "主机不可达", "port unreachable": "端口不可达", "fragmentation needed": "需要分片",
    "time to live exceeded": "TTL 超时", "the name does not exist (NXDOMAIN)": "域名不存在（NXDOMAIN）",
    "Connection refused": "连接被拒绝", "style": "样式表", "image": "图片", "document": "文档", "no type": "无类型",
}  # fmt: skip


class _Lenient(dict[str, Any]):
    """Fields for a sentence; the end of a span may lack those of its begin."""

    def __missing__(self, key: str) -> str:
        return f"{{{key}}}"
