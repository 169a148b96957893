"""A shell on a host of the world: the commands by which people look at a network, printing as the real ones do."""
