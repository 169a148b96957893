"""How a host gets its address (RFC 2131): the client that asks for a lease, and the server that grants it."""
