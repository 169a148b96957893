"""A host: interfaces, neighbours, routes, IP, ICMP, UDP, TCP, sockets, and an event loop."""
