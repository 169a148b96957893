"""How long a computer in the world takes for its work, in virtual time.

A small published model: nanoseconds for each unit of work.  The numbers are of
the order that a laptop of the 2020s shows; they come from no measurement of the
computer that runs the simulation, so every run agrees on them.  A world file may
set each of them in its ``[costs]`` table.
"""

from __future__ import annotations

import msgspec

__all__ = ["Costs"]


class Costs(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Nanoseconds of virtual time.  ``..._each`` are for one byte, element, glyph and so on."""

    #: From an interrupt line going up to the first instruction of its handler.
    interrupt: int = 2_000
    #: From the top half to the bottom half (softirq or tasklet).
    bottom_half: int = 3_000
    #: From waking a blocked process to its return from the system call.
    wake_up: int = 8_000
    #: DMA over PCI Express.
    dma_byte: float = 0.25
    #: Network stack, for each packet.
    packet: int = 1_500
    #: A name server's or web server's thinking time for each request.
    request: int = 150_000
    #: Browser: HTML, for each byte decoded and tokenized, and each node made.
    html_byte: float = 8.0
    #: Browser: CSS, for each byte parsed.
    css_byte: float = 10.0
    #: Browser: matching and cascading, for each element.
    style_element: float = 3_000.0
    #: Browser: layout, for each box, and shaping for each glyph.
    layout_box: float = 2_500.0
    layout_glyph: float = 120.0
    #: Browser: painting, for each display item, and raster for each pixel.
    paint_item: float = 800.0
    raster_pixel: float = 0.8
    #: Decoding an image, for each pixel.
    image_pixel: float = 4.0

    def of(self, kind: str, amount: float = 1) -> int:
        """The cost of ``amount`` units of ``kind``, in nanoseconds."""
        cost: float = getattr(self, kind)
        return round(cost * amount)
