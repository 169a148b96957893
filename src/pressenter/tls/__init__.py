"""TLS: the lab's certificate authority, and contexts for clients and servers."""
