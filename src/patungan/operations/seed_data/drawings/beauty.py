"""Cosmetics and body care."""

from __future__ import annotations

from .canvas import GOLD, LEAF, LEAF_DARK, PAPER, WOOD, WOOD_DARK, Brush, Drawing, darker, lighter


def flower(b: Brush, x: float, y: float, size: float, petals: str, heart: str = GOLD) -> None:
    """A five-petalled flower, as of frangipani."""
    for angle in range(0, 360, 72):
        with b.placed(x, y, angle, size / 100):
            b.flat("M0 0 C-52 -34 -34 -100 10 -100 C54 -84 34 -30 0 0 Z", petals)
            b.flat("M0 0 C-20 -20 -14 -56 6 -60 C26 -48 16 -18 0 0 Z", heart, 0.7)


def cream_tub(b: Brush) -> None:
    b.form("M170 430 L600 430 L600 588 Q600 642 546 642 L224 642 Q170 642 170 588 Z", b.base)
    b.disc(385, 430, 215, 50, lighter(b.base, 0.3))
    b.disc(385, 428, 190, 38, darker(b.base, 0.14))
    b.form("M214 430 Q260 372 330 400 Q370 342 430 390 Q500 372 556 428 Q480 470 385 468 Q280 466 214 430 Z", PAPER)
    b.line("M300 420 Q370 384 440 420", darker(PAPER, 0.3), 6, 0.4)
    b.box(222, 500, 326, 104, 12, PAPER)
    b.line("M330 536 L506 536 M330 568 L450 568", b.accent, 9, 0.8)
    b.leaf(244, 574, 74, -48)
    with b.placed(556, 512, -22, 0.94):
        b.ball(0, 0, 150, 128, b.accent)
        b.disc(-10, -8, 126, 106, lighter(b.accent, 0.3))
        b.line("M-80 -30 Q-10 -80 70 -40", "#FFFFFF", 9, 0.5)
    flower(b, 196, 636, 54, "#FFFFFF")


def soap(b: Brush) -> None:
    b.form("M130 566 L670 566 L640 642 L160 642 Z", WOOD)
    for x in (210, 330, 450, 570):
        b.line(f"M{x} 574 L{x - (x - 400) * 0.05:g} 634", WOOD_DARK, 7, 0.6)
    b.form(
        "M190 470 Q190 430 232 430 L566 430 Q608 430 608 470 L608 530 Q608 570 566 570 L232 570 Q190 570 190 530 Z",
        b.shade,
    )
    b.form("M196 452 Q200 404 246 400 L556 400 Q600 404 604 452 Q604 500 560 504 L240 504 Q196 500 196 452 Z", b.base)
    b.disc(400, 452, 120, 34, b.shade)
    b.leaf(352, 468, 80, -24, lighter(b.base, 0.4))
    b.leaf(448, 440, 74, 160, lighter(b.base, 0.4))
    with b.placed(460, 316, -9):
        b.form(
            "M-150 -70 Q-150 -86 -130 -86 L130 -86 Q150 -86 150 -70 L150 70 Q150 86 130 86 L-130 86 Q-150 86 -150 70 Z",
            b.accent,
        )
        b.panel(-52, -86, 104, 172, 0, PAPER)
        b.leaf(-30, 32, 78, -46)
    for x, y, r in ((232, 340, 34), (280, 290, 22), (206, 276, 17), (250, 236, 12), (640, 400, 18)):
        b.ball(x, y, r, r, "#E9F4F6")
        b.disc(x - r * 0.3, y - r * 0.35, r * 0.26, r * 0.22, "#FFFFFF")


def dropper(b: Brush) -> None:
    b.form("M362 92 Q400 68 438 92 L442 200 L358 200 Z", darker(b.accent, 0.5))
    b.box(334, 196, 132, 84, 12, GOLD)
    for x in range(352, 460, 18):
        b.line(f"M{x} 208 L{x} 268", darker(GOLD, 0.4), 4, 0.5)
    b.form(
        "M344 280 L456 280 L458 306 Q536 326 536 400 L536 590 Q536 644 482 644 L318 644 Q264 644 264 590 L264 400 "
        "Q264 326 342 306 Z",
        b.base,
    )
    b.flat("M284 416 L516 416 L516 586 Q516 626 478 626 L322 626 Q284 626 284 586 Z", b.shade, 0.6)
    b.box(302, 410, 196, 178, 8, PAPER)
    flower(b, 400, 478, 44, b.accent)
    b.line("M346 546 L454 546", b.base, 9)
    b.gloss("M290 400 Q290 360 322 344", 14, 0.5)
    b.form("M600 520 Q650 592 600 622 Q550 592 600 520 Z", b.base)
    b.gloss("M584 590 Q586 578 592 568", 7, 0.6)


def tube(b: Brush) -> None:
    b.form("M268 140 L532 140 L506 540 L294 540 Z", b.base)
    b.box(256, 118, 288, 42, 6, b.shade)
    for x in range(270, 540, 14):
        b.line(f"M{x} 124 L{x} 154", darker(b.base, 0.4), 3, 0.4)
    b.form("M296 536 L504 536 L512 628 Q512 644 496 644 L304 644 Q288 644 288 628 Z", b.accent)
    for x in range(310, 500, 22):
        b.line(f"M{x} 552 L{x} 632", darker(b.accent, 0.4), 4, 0.4)
    b.ball(400, 296, 72, 72, GOLD)
    for angle in range(0, 360, 30):
        with b.placed(400, 296, angle):
            b.line("M0 -86 L0 -104", GOLD, 9)
    b.flat("M288 430 Q344 396 400 430 Q456 464 512 430 L506 520 L294 520 Z", b.accent, 0.85)
    b.flat("M291 466 Q344 436 400 466 Q456 496 509 466 L506 520 L294 520 Z", lighter(b.accent, 0.5), 0.9)
    b.gloss("M290 190 L304 500", 15, 0.4)


def pump_bottle(b: Brush) -> None:
    b.line("M400 210 L400 148 L286 148 Q268 150 266 176", b.accent, 28)
    b.box(372, 184, 56, 70, 8, b.accent)
    b.box(340, 238, 120, 54, 12, darker(b.accent, 0.16))
    b.form(
        "M334 288 L466 288 Q550 304 552 388 L552 590 Q552 644 498 644 L302 644 Q248 644 248 590 L248 388 "
        "Q250 304 334 288 Z",
        b.base,
    )
    b.box(284, 384, 232, 208, 14, PAPER)
    for angle, size in ((-90, 120), (-116, 104), (-64, 104), (-142, 82), (-38, 82)):
        b.leaf(400, 546, size, angle, LEAF if size > 100 else LEAF_DARK)
    b.line("M340 568 L460 568", b.base, 9)
    b.gloss("M272 400 Q272 340 320 318", 15, 0.5)
    b.gloss("M270 440 L270 590", 9, 0.35)


def lipstick(b: Brush) -> None:
    for x, fill, top in ((300, b.base, 190), (500, b.accent, 250)):
        b.form(
            f"M{x - 50} {top + 90} L{x - 50} {top + 40} Q{x - 30} {top - 40} {x + 50} {top - 30} L{x + 50} {top + 150} "
            f"L{x - 50} {top + 150} Z",
            fill,
        )
        b.flat(
            f"M{x - 50} {top + 46} Q{x - 28} {top - 40} {x + 50} {top - 30} Q{x + 10} {top + 60} {x - 50} {top + 46} Z",
            lighter(fill),
            0.55,
        )
        b.box(x - 58, top + 130, 116, 130, 8, GOLD)
        b.box(x - 72, top + 246, 144, 644 - top - 246, 12, darker(fill, 0.5))
        b.panel(x - 72, 560, 144, 14, 0, GOLD)
        b.gloss(f"M{x - 36} {top + 150} L{x - 36} {top + 236}", 12, 0.6)
        b.gloss(f"M{x - 50} {top + 280} L{x - 50} 620", 12, 0.25)
    flower(b, 640, 620, 44, "#FFFFFF")


def perfume(b: Brush) -> None:
    b.box(350, 128, 100, 108, 12, b.accent)
    b.box(366, 228, 68, 50, 6, GOLD)
    b.form(
        "M296 272 L504 272 Q566 278 572 340 L590 574 Q592 642 526 642 L274 642 Q208 642 210 574 L228 340 "
        "Q234 278 296 272 Z",
        lighter(b.base, 0.6),
    )
    b.form("M246 400 Q400 372 554 400 L568 568 Q570 618 520 618 L280 618 Q230 618 232 568 Z", b.base)
    b.line("M400 300 L400 560", "#FFFFFF", 5, 0.5)
    b.ball(400, 500, 78, 78, PAPER)
    flower(b, 400, 502, 58, "#FFFFFF")
    b.gloss("M258 350 L244 570", 15, 0.6)
    for x, y in ((250, 150), (222, 180), (256, 196), (206, 146), (190, 212), (228, 116)):
        b.disc(x, y, 8, 8, lighter(b.base, 0.3), 0.8)


def compact(b: Brush) -> None:
    b.ball(400, 300, 190, 178, b.base)
    b.disc(400, 300, 158, 147, "#DCEEF2")
    b.flat("M300 360 L420 180 L470 196 L330 410 Z", "#FFFFFF", 0.55)
    b.box(330, 460, 140, 26, 8, GOLD)
    b.disc(400, 570, 236, 76, darker(b.base, 0.34))
    b.ball(400, 552, 236, 76, b.base)
    b.disc(400, 548, 200, 58, darker(b.base, 0.3))
    b.disc(400, 550, 188, 50, b.accent)
    b.flat("M230 540 Q320 506 430 520 Q360 560 260 572 Z", lighter(b.accent, 0.4), 0.8)
    b.ball(500, 536, 80, 34, lighter(b.accent, 0.6))
    b.line("M436 528 Q500 504 566 528", b.base, 9)


DRAWINGS = {
    "cream_tub": Drawing(cream_tub, shadow=280, lift=90, scale=1.12),
    "soap": Drawing(soap, shadow=280, lift=40, scale=1.1),
    "dropper": Drawing(dropper, shadow=190),
    "tube": Drawing(tube, shadow=150),
    "pump_bottle": Drawing(pump_bottle, shadow=190),
    "lipstick": Drawing(lipstick, shadow=220),
    "perfume": Drawing(perfume, shadow=230),
    "compact": Drawing(compact, shadow=250, lift=20, scale=1.04),
}
