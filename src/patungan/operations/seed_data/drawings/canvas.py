"""The drawing surface of the catalogue's pictures: shapes on an 800 x 800 square, all lit from the upper left."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from enum import Enum

SHADOW_INK = "#2B2236"
WARM_WHITE = "#FFFAF0"

WOOD = "#C08A55"
WOOD_DARK = "#94623A"
PAPER = "#FCF7EC"
INK = "#3D3547"
STEEL = "#CBD3DA"
STEEL_DARK = "#8F9BA6"
GOLD = "#DDA94B"
LEAF = "#77A35F"
LEAF_DARK = "#4F7A45"
GLASS = "#E4F2F0"
CLAY = "#C4744A"
RED = "#D2584A"
BROWN = "#6B4630"


def mix(first: str, second: str, share: float) -> str:
    """The colour that lies `share` (0 to 1) of the way from the first #RRGGBB to the second."""
    pairs = zip(bytes.fromhex(first[1:]), bytes.fromhex(second[1:]), strict=True)
    return "#" + "".join(f"{round(a + (b - a) * share):02X}" for a, b in pairs)


def darker(colour: str, share: float = 0.2) -> str:
    """The colour in shade: mixed towards a violet ink, which keeps it richer than black would."""
    return mix(colour, SHADOW_INK, share)


def lighter(colour: str, share: float = 0.3) -> str:
    """The colour in light: mixed towards a warm white."""
    return mix(colour, WARM_WHITE, share)


def mirrored(path: str) -> str:
    """The path reflected in the vertical middle line (x = 400); it must use absolute M, L, Q, C and Z only."""
    turn = iter(range(len(path)))
    return re.sub(r"-?\d+(?:\.\d+)?", lambda m: m[0] if next(turn) % 2 else f"{800 - float(m[0]):g}", path)


class Brush:
    """Collects one picture's SVG shapes; `base` and `accent` are its colours, `motif` says whether its "
    "cloth is printed."""

    def __init__(self, key: str, base: str, accent: str, motif: bool) -> None:
        self.key = key
        self.base = base
        self.accent = accent
        self.motif = motif
        self.parts: list[str] = []

    @property
    def shade(self) -> str:
        """The base colour in shade."""
        return darker(self.base)

    @property
    def light(self) -> str:
        """The base colour in light."""
        return lighter(self.base)

    def flat(self, path: str, fill: str, opacity: float = 1) -> None:
        """A shape without volume."""
        self.parts.append(f'<path d="{path}" fill="{fill}"{_opacity(opacity)}/>')

    def form(self, path: str, fill: str) -> None:
        """A shape with volume: bright on its left, in shade on its right."""
        self.flat(path, fill)
        self.flat(path, f"url(#{self.key}-light)")

    def cloth(self, path: str, fill: str) -> None:
        """A shape of cloth: with volume, and printed with the motif where the product has one."""
        self.flat(path, fill)
        if self.motif:
            self.flat(path, f"url(#{self.key}-motif)")
        self.flat(path, f"url(#{self.key}-light)")

    def line(self, path: str, colour: str, width: float, opacity: float = 1, dash: str = "") -> None:
        """A stroke with round ends; `dash` gives the lengths of dashes and gaps, as for stitches."""
        dashes = f' stroke-dasharray="{dash}"' if dash else ""
        self.parts.append(
            f'<path d="{path}" fill="none" stroke="{colour}" stroke-width="{width:g}" stroke-linecap="round" '
            f'stroke-linejoin="round"{dashes}{_opacity(opacity)}/>'
        )

    def box(self, x: float, y: float, width: float, height: float, radius: float, fill: str) -> None:
        """A rectangle with round corners and volume."""
        self.form(rectangle(x, y, width, height, radius), fill)

    def panel(self, x: float, y: float, width: float, height: float, radius: float, fill: str, o: float = 1) -> None:
        """A rectangle with round corners, without volume; `o` is its opacity."""
        self.flat(rectangle(x, y, width, height, radius), fill, o)

    def disc(self, x: float, y: float, rx: float, ry: float, fill: str, opacity: float = 1) -> None:
        """An ellipse without volume."""
        self.parts.append(f'<ellipse cx="{x:g}" cy="{y:g}" rx="{rx:g}" ry="{ry:g}" fill="{fill}"{_opacity(opacity)}/>')

    def ball(self, x: float, y: float, rx: float, ry: float, fill: str) -> None:
        """An ellipse with volume."""
        self.disc(x, y, rx, ry, fill)
        self.disc(x, y, rx, ry, f"url(#{self.key}-light)")

    def gloss(self, path: str, width: float = 12, opacity: float = 0.45) -> None:
        """A soft white reflection along the path."""
        self.line(path, "#FFFFFF", width, opacity)

    def leaf(self, x: float, y: float, size: float, angle: float, colour: str = LEAF) -> None:
        """A leaf that starts at (x, y) and grows `size` units long in the direction of `angle` degrees."""
        with self.placed(x, y, angle, size / 100):
            self.flat("M0 0 Q40 -46 100 0 Q40 46 0 0 Z", colour)
            self.flat("M0 0 Q40 46 100 0 Z", darker(colour), 0.55)

    @contextmanager
    def placed(self, x: float, y: float, angle: float = 0, scale: float = 1) -> Iterator[None]:
        """Shapes drawn inside are moved to (x, y), then turned by `angle` degrees, then scaled."""
        self.parts.append(f'<g transform="translate({x:g} {y:g}) rotate({angle:g}) scale({scale:g})">')
        yield
        self.parts.append("</g>")


class Pose(Enum):
    """How the object lies in the picture: standing on the floor, lying seen from above, or hanging on the wall."""

    STAND = "stand"
    FLAT = "flat"
    HANG = "hang"


@dataclass(frozen=True)
class Drawing:
    """One kind of object: how to paint it and its pose; if it stands, also half the width of its shadow, the height at
    which it stands, how far the whole scene is lifted, and how much it is enlarged to fill the square."""

    paint: Callable[[Brush], None]
    pose: Pose = Pose.STAND
    shadow: int = 210
    ground: int = 640
    lift: int = 0
    scale: float = 1


def rectangle(x: float, y: float, width: float, height: float, radius: float) -> str:
    """The path of a rectangle with round corners."""
    r = min(radius, width / 2, height / 2)
    right, bottom = x + width, y + height
    return (
        f"M{x + r:g} {y:g} L{right - r:g} {y:g} Q{right:g} {y:g} {right:g} {y + r:g} L{right:g} {bottom - r:g} "
        f"Q{right:g} {bottom:g} {right - r:g} {bottom:g} L{x + r:g} {bottom:g} Q{x:g} {bottom:g} {x:g} {bottom - r:g} "
        f"L{x:g} {y + r:g} Q{x:g} {y:g} {x + r:g} {y:g} Z"
    )


def _opacity(value: float) -> str:
    return "" if value == 1 else f' opacity="{value:g}"'
