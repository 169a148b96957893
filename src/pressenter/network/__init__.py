"""What lies between hosts: links, switches, routers, NAT, shortest paths."""
