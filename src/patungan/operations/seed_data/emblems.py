"""Draws what a factory must show to be verified: a logo (a rosette of its own) and a specimen licence."""

from __future__ import annotations

import zlib
from xml.sax.saxutils import escape

from . import SeedFactory
from .drawings import Brush
from .drawings.canvas import GOLD, INK, PAPER, SHADOW_INK, darker, lighter

_COLOURS = (
    "#2F4A7D",
    "#B5493F",
    "#2F6B58",
    "#8A5630",
    "#7C4F86",
    "#2E7F86",
    "#C4744A",
    "#4C7FA8",
    "#9C3E46",
    "#5E6B4C",
)


def draw_logo(factory: SeedFactory) -> str:
    """The factory's logo as SVG text, 400 x 400: a rosette whose petals and colours follow from the factory's key."""
    brush = _brush(factory)
    brush.panel(0, 0, 400, 400, 0, lighter(brush.base, 0.86))
    with brush.placed(200, 200):
        _rosette(brush, factory, 168)
    return _svg(brush, factory, 400, 400)


def draw_licence(factory: SeedFactory) -> str:
    """A specimen licence as SVG text, 600 x 800, with the NIB's digits drawn as bars; it imitates no real document."""
    brush = _brush(factory)
    brush.panel(0, 0, 600, 800, 0, "#E6E1D6")
    brush.panel(52, 48, 508, 716, 8, SHADOW_INK, 0.14)
    brush.panel(44, 36, 508, 716, 8, PAPER)
    brush.line("M68 60 L528 60 L528 728 L68 728 Z", brush.base, 4, 0.7)
    with brush.placed(298, 158):
        _rosette(brush, factory, 66)
    brush.panel(168, 252, 260, 20, 10, brush.base)
    brush.panel(208, 286, 180, 12, 6, brush.base, 0.6)
    for row in range(7):
        brush.panel(108, 340 + row * 34, 120, 12, 6, INK, 0.35)
        brush.panel(250, 340 + row * 34, 150 + (row * 67) % 100, 12, 6, INK, 0.6)
    for place, digit in enumerate(factory.nib):
        brush.panel(108 + place * 16, 620, 3 + int(digit) * 1.2, 64, 0, INK, 0.85)
    with brush.placed(452, 652, -12):
        brush.disc(0, 0, 52, 52, GOLD, 0.85)
        _rosette(brush, factory, 40)
    return _svg(brush, factory, 600, 800)


def _brush(factory: SeedFactory) -> Brush:
    seed = zlib.crc32(factory.key.encode())
    base = _COLOURS[seed % len(_COLOURS)]
    return Brush(f"f-{factory.key}", base, _COLOURS[(seed // 10 + 3) % len(_COLOURS)], motif=False)


def _rosette(brush: Brush, factory: SeedFactory, radius: float) -> None:
    """A flower of two rings of petals around the middle of the current place."""
    seed = zlib.crc32(factory.nib.encode())
    outer, inner, width = 6 + seed % 5, 4 + seed // 5 % 5, 18 + seed // 25 % 16
    brush.disc(0, 0, radius, radius, brush.base)
    for count, length, fill in ((outer, 92, lighter(brush.base, 0.75)), (inner, 60, GOLD)):
        for turn in range(count):
            with brush.placed(0, 0, 360 / count * turn, radius / 100):
                brush.flat(f"M0 -10 Q{width} {-length * 0.55:g} 0 {-length} Q{-width} {-length * 0.55:g} 0 -10 Z", fill)
    brush.disc(0, 0, radius * 0.2, radius * 0.2, darker(brush.base))
    brush.disc(0, 0, radius * 0.1, radius * 0.1, PAPER)


def _svg(brush: Brush, factory: SeedFactory, width: int, height: int) -> str:
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" width="{width}" height="{height}" '
        f'role="img"><title>{escape(factory.name)}</title>{"".join(brush.parts)}</svg>'
    )
