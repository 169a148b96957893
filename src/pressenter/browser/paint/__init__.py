"""Paint: fragments to a display list in stacking order, display list to pixels."""
