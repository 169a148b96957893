// The names of headers, their fields and what these are for, in Chinese; in English they are as dissect.js has them.

import { store } from "viewer/store.js";

const CHINESE = {
  "Ethernet II": "以太网 II", "Address Resolution Protocol": "地址解析协议（ARP）", "Internet Protocol version 4": "网际协议第 4 版（IPv4）",
  "Internet Protocol version 6": "网际协议第 6 版（IPv6）", "Internet Control Message Protocol": "互联网控制消息协议（ICMP）",
  "Internet Control Message Protocol version 6": "互联网控制消息协议第 6 版（ICMPv6）", "User Datagram Protocol": "用户数据报协议（UDP）",
  "Transmission Control Protocol": "传输控制协议（TCP）", "Hypertext Transfer Protocol": "超文本传输协议（HTTP）",
  "Transport Layer Security record": "传输层安全（TLS）记录", "Domain Name System": "域名系统（DNS）", "DNS over TCP": "经 TCP 的 DNS",
  "Dynamic Host Configuration Protocol": "动态主机配置协议（DHCP）", "Padding to 64 bytes": "填充至 64 字节", Data: "数据", "The rest is cut short": "其余部分被截断",
  destination: "目的", source: "源", EtherType: "以太类型", length: "长度", "frame check sequence": "帧校验序列", VLAN: "虚拟局域网", priority: "优先级",
  "hardware type": "硬件类型", "protocol type": "协议类型", "hardware address length": "硬件地址长度", "protocol address length": "协议地址长度",
  operation: "操作", "sender MAC address": "发送方 MAC 地址", "sender IP address": "发送方 IP 地址", "target MAC address": "目标 MAC 地址", "target IP address": "目标 IP 地址",
  version: "版本", "header length": "首部长度", "differentiated services": "区分服务", ECN: "显式拥塞通知", "total length": "总长度", identification: "标识",
  flags: "标志", "fragment offset": "片偏移", "time to live": "生存时间", protocol: "协议", "header checksum": "首部校验和", options: "选项",
  "traffic class": "流量类别", "flow label": "流标签", "payload length": "载荷长度", "next header": "下一首部", "hop limit": "跳数限制", fragment: "分片",
  type: "类型", code: "代码", checksum: "校验和", identifier: "标识符", "sequence number": "序号", "rest of header": "首部其余部分", target: "目标",
  "source port": "源端口", "destination port": "目的端口", "acknowledgment number": "确认号", window: "窗口", "urgent pointer": "紧急指针",
  "end of options": "选项结束", "no operation": "空操作", "maximum segment size": "最大报文段长度", "window scale": "窗口扩大", timestamps: "时间戳",
  "selective acknowledgment permitted": "允许选择确认", "selective acknowledgment": "选择确认", "fast open": "快速打开",
  "status line": "状态行", "request line": "请求行", body: "内容", "content type": "内容类型", "message length": "消息长度",
  kind: "种类", authoritative: "权威", truncated: "截断", "recursion desired": "期望递归", "recursion available": "可递归", "response code": "响应码",
  questions: "问题数", answers: "回答数", "authority records": "授权记录数", "additional records": "附加记录数", question: "问题", answer: "回答", authority: "授权", additional: "附加",
  hops: "跳数", transaction: "事务", seconds: "秒数", "client address": "客户端地址", "your address": "你的地址", "next server": "下一服务器", relay: "中继",
  "client MAC address": "客户端 MAC 地址", "server name and file": "服务器名与文件", "magic cookie": "魔术字", padding: "填充", end: "结束", data: "数据",
  "subnet mask": "子网掩码", router: "路由器", "name server": "域名服务器", "host name": "主机名", "requested address": "请求的地址", "lease time": "租期",
  "message type": "消息类型", server: "服务器", "parameters wanted": "所需参数", "largest message": "最大消息", "renewal time": "续租时间", "rebinding time": "重新绑定时间", "client identifier": "客户端标识",
  "everybody (broadcast)": "所有主机（广播）", "a group": "一个组", "one card": "单个网卡", "what is inside": "内部承载的内容", "CRC-32 over the whole frame": "整个帧的 CRC-32",
  "unknown: that is the question": "未知：正是所问", "header and all that follows": "首部及其后全部内容", "routers that may still be passed": "还可经过的路由器数",
  "header and data": "首部与数据", "of the first byte of data": "第一个数据字节的序号", "the next byte that is expected": "期望的下一个字节", "not used": "未使用",
  "bytes that may be sent beyond the acknowledgment, before scaling": "确认号之后还可发送的字节数（扩大前）", "the answer has the same": "回答使用相同的值",
  "IEEE 802.3: bytes that follow": "IEEE 802.3：其后的字节数", encrypted: "已加密",
};

/** A name or a note of a header, in the language that is chosen. */
export function headerWord(text) { return store.state.lang === "zh" ? CHINESE[text] ?? text : text; }
