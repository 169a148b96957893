"""IPv6 of a host: addresses that interfaces give themselves, neighbours, routers, ICMPv6, choice of the source."""
