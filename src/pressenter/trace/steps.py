"""The seventeen steps of the journey, in the order in which a first visit takes them."""

from __future__ import annotations

from typing import NamedTuple

__all__ = ["STEPS", "Step"]


class Step(NamedTuple):
    """One step: its number and its title in English and Chinese."""

    number: int
    en: str
    zh: str


STEPS: tuple[Step, ...] = (
    Step(1, "Key press", "按键"),
    Step(2, "Address bar", "地址栏"),
    Step(3, "Browser checks", "浏览器检查"),
    Step(4, "Name", "域名解析"),
    Step(5, "TCP", "TCP"),
    Step(6, "IP", "IP"),
    Step(7, "Ethernet and ARP", "以太网与 ARP"),
    Step(8, "Network card", "网卡"),
    Step(9, "Switch", "交换机"),
    Step(10, "Home router", "家用路由器"),
    Step(11, "Provider and backbone", "运营商与骨干网"),
    Step(12, "Data centre and server", "数据中心与服务器"),
    Step(13, "HTTP and TLS", "HTTP 与 TLS"),
    Step(14, "Response", "响应"),
    Step(15, "Page", "页面"),
    Step(16, "Screen", "屏幕"),
    Step(17, "After", "之后"),
)
