"""TCP: states, one connection, round-trip time, congestion control, buffers, and the layer."""
