"""Printed and woven cloth motifs of Indonesia as repeating tiles: kawung, parang, mega mendung, lurik and others."""

from __future__ import annotations

from collections.abc import Callable

from .canvas import darker, lighter, mix


def _kawung(accent: str, base: str) -> str:
    petals = "".join(
        f'<g transform="rotate({angle} 40 40)"><path d="M40 36 Q56 22 40 4 Q24 22 40 36 Z" fill="{accent}"/>'
        f'<path d="M40 30 L40 14" stroke="{darker(base, 0.3)}" stroke-width="3" stroke-linecap="round"/></g>'
        for angle in (45, 135, 225, 315)
    )
    dots = "".join(
        f'<circle cx="{x}" cy="{y}" r="5" fill="{lighter(accent)}"/>' for x, y in ((40, 40), (0, 40), (40, 0))
    )
    return _tile(80, 80, petals + dots, 0)


def _parang(accent: str, base: str) -> str:
    blade = f'<path d="M4 6 C34 -2 46 28 24 60 C26 40 2 38 4 6 Z" fill="{accent}"/>'
    vein = f'<path d="M12 12 C30 14 34 32 27 48" stroke="{darker(base, 0.2)}" stroke-width="4" fill="none"/>'
    seam = (
        f'<path d="M0 70 L40 70 M0 86 L40 86" stroke="{lighter(accent)}" stroke-width="3"/>'
        f'<path d="M20 72 L30 78 L20 84 L10 78 Z" fill="{lighter(accent)}"/>'
    )
    return _tile(40, 92, blade + vein + seam, -45)


def _mega_mendung(accent: str, base: str) -> str:
    tones = (
        (1.0, lighter(base, 0.85)),
        (0.84, accent),
        (0.68, mix(accent, base, 0.5)),
        (0.5, base),
        (0.3, darker(base, 0.4)),
    )
    cloud = "".join(
        f'<path transform="scale({scale})" d="M-76 18 Q-62 -6 -40 -4 Q-44 -34 -12 -34 Q4 -54 26 -34 Q52 -34 48 -4 '
        f'Q70 -4 80 18 Q54 8 38 24 Q16 12 2 28 Q-14 12 -34 24 Q-50 8 -76 18 Z" fill="{tone}"/>'
        for scale, tone in tones
    )
    return _tile(
        172,
        132,
        f'<g transform="translate(46 38)">{cloud}</g><g transform="translate(132 104) scale(-1 1)">{cloud}</g>'
        f'<g transform="translate(218 38)">{cloud}</g><g transform="translate(-40 104) scale(-1 1)">{cloud}</g>',
        0,
    )


def _flowers(accent: str, base: str) -> str:
    def bloom(x: int, y: int, size: float) -> str:
        petals = "".join(
            f'<ellipse transform="translate({x} {y}) rotate({angle})" cy="{-size}" rx="{size * 0.62:g}" '
            f'ry="{size * 0.8:g}" '
            f'fill="{accent}"/>'
            for angle in range(0, 360, 72)
        )
        return petals + f'<circle cx="{x}" cy="{y}" r="{size * 0.5:g}" fill="{lighter(accent, 0.7)}"/>'

    leaves = (
        f'<path d="M18 84 Q40 64 60 84 Q40 100 18 84 Z M92 22 Q108 4 122 24 Q106 40 92 22 Z" '
        f'fill="{lighter(base, 0.4)}"/>'
        f'<path d="M4 36 Q-2 60 22 84 M92 22 Q70 40 84 76" stroke="{lighter(base, 0.4)}" stroke-width="4" fill="none"/>'
    )
    return _tile(124, 116, leaves + bloom(34, 30, 14) + bloom(88, 82, 17), 0)


def _plaid(accent: str, base: str) -> str:
    bars = (
        f'<path d="M0 14 L110 14 M14 0 L14 110" stroke="{accent}" stroke-width="22" opacity=".75"/>'
        f'<path d="M0 62 L110 62 M62 0 L62 110" stroke="{darker(base, 0.4)}" stroke-width="14" opacity=".5"/>'
        f'<path d="M0 38 L110 38 M38 0 L38 110 M0 86 L110 86 M86 0 L86 110" stroke="{lighter(accent, 0.6)}" '
        f'stroke-width="4" opacity=".8"/>'
    )
    return _tile(110, 110, bars, 0)


def _lurik(accent: str, base: str) -> str:
    lines = "".join(
        f'<path d="M{x} 0 L{x} 60" stroke="{colour}" stroke-width="{width}"/>'
        for x, colour, width in (
            (8, accent, 10),
            (22, darker(base, 0.4), 5),
            (32, lighter(base, 0.5), 3),
            (42, darker(base, 0.4), 5),
            (52, lighter(accent), 4),
        )
    )
    return _tile(60, 60, lines, 0)


def _woven(accent: str, base: str) -> str:
    body = (
        f'<path d="M45 6 L72 33 L45 60 L18 33 Z" fill="{accent}"/>'
        f'<path d="M45 20 L58 33 L45 46 L32 33 Z" fill="{lighter(base, 0.6)}"/>'
        f'<path d="M0 20 L13 33 L0 46 Z M90 20 L77 33 L90 46 Z" fill="{accent}"/>'
        f'<path d="M0 74 L90 74" stroke="{lighter(accent, 0.5)}" stroke-width="7"/>'
        f'<path d="M0 90 L15 82 L30 90 L45 82 L60 90 L75 82 L90 90" stroke="{darker(base, 0.4)}" '
        f'stroke-width="5" fill="none"/>'
    )
    return _tile(90, 100, body, 0)


def _tile(width: int, height: int, body: str, angle: int) -> str:
    turn = f' patternTransform="rotate({angle})"' if angle else ""
    return f'width="{width}" height="{height}" patternUnits="userSpaceOnUse"{turn}>{body}'


MOTIFS: dict[str, Callable[[str, str], str]] = {
    "kawung": _kawung,
    "parang": _parang,
    "mega_mendung": _mega_mendung,
    "flowers": _flowers,
    "plaid": _plaid,
    "lurik": _lurik,
    "woven": _woven,
}


def pattern(name: str, identifier: str, accent: str, base: str) -> str:
    """The SVG pattern element of the named motif in the product's two colours; KeyError for an unknown name."""
    return f'<pattern id="{identifier}" {MOTIFS[name](accent, base)}</pattern>'
