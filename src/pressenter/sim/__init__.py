"""The clock, the agenda and the randomness of a world.  Knows nothing of networks."""

from pressenter.sim.agenda import Agenda, Entry
from pressenter.sim.errors import NothingLeftToHappen
from pressenter.sim.randomness import Randomness

__all__ = ["Agenda", "Entry", "NothingLeftToHappen", "Randomness"]
