"""Grid layout: named lines and areas, placement of items, sizes of tracks, alignment (CSS Grid 2)."""
