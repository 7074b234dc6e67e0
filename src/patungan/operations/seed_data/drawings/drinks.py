"""Coffee, tea and other drinks, mostly in their packages."""

from __future__ import annotations

from .canvas import BROWN, GLASS, GOLD, INK, LEAF, LEAF_DARK, PAPER, RED, WOOD, Brush, Drawing, darker, lighter


def bean(b: Brush, x: float, y: float, size: float, angle: float, fill: str = BROWN) -> None:
    """A roasted coffee bean with its furrow."""
    with b.placed(x, y, angle, size / 50):
        b.ball(0, 0, 50, 34, fill)
        b.line("M-46 -4 Q-16 -20 0 0 Q16 20 46 4", darker(fill, 0.5), 6)


def coffee_pouch(b: Brush) -> None:
    b.form("M232 208 L568 208 L586 610 Q588 642 556 642 L244 642 Q212 642 214 610 Z", b.base)
    b.flat("M232 208 L292 208 L276 642 L244 642 Q212 642 214 610 Z", lighter(b.base), 0.35)
    b.form("M226 158 L574 158 L574 216 L226 216 Z", b.shade)
    b.line("M240 176 L560 176", lighter(b.base), 3, 0.4, "7 6")
    b.line("M236 214 L564 214", darker(b.base, 0.5), 5, 0.4)
    b.ball(400, 270, 17, 17, darker(b.base, 0.3))
    b.disc(400, 270, 5, 5, INK)
    b.form("M282 326 L518 326 L518 574 L282 574 Z", PAPER)
    b.flat("M282 500 Q330 440 372 482 Q420 410 470 470 Q500 450 518 480 L518 574 L282 574 Z", b.accent)
    b.flat("M282 540 Q350 490 420 530 Q470 510 518 536 L518 574 L282 574 Z", darker(b.accent, 0.24))
    b.disc(462, 376, 22, 22, GOLD)
    bean(b, 362, 400, 46, -34)
    bean(b, 160, 620, 34, 20)
    bean(b, 664, 612, 30, -40)
    bean(b, 630, 636, 34, 12)


def kraft_bag(b: Brush) -> None:
    b.form("M246 236 L554 236 L570 642 L230 642 Z", b.base)
    b.flat("M246 236 L296 236 L286 642 L230 642 Z", darker(b.base, 0.3), 0.3)
    b.flat("M554 236 L504 236 L514 642 L570 642 Z", darker(b.base, 0.3), 0.3)
    b.form("M240 172 L560 172 L560 240 L240 240 Z", lighter(b.base, 0.16))
    b.box(220, 206, 360, 24, 12, INK)
    b.ball(400, 430, 100, 100, b.accent)
    b.line("M400 342 A88 88 0 1 1 399 342", lighter(b.accent, 0.6), 5, 0.9)
    with b.placed(400, 430):
        b.form("M-46 -12 L46 -12 Q46 48 0 52 Q-46 48 -46 -12 Z", PAPER)
        b.line("M46 0 Q74 2 66 24 Q58 40 36 36", PAPER, 9)
        for x in (-18, 0, 18):
            b.line(f"M{x} -28 Q{x - 8} -38 {x} -48 Q{x + 8} -56 {x} -66", PAPER, 5)
    b.line("M310 572 L490 572", darker(b.base, 0.5), 8, 0.5)
    b.line("M340 598 L460 598", darker(b.base, 0.5), 6, 0.4)
    bean(b, 628, 622, 34, -25)
    bean(b, 176, 626, 28, 30)


def drip_box(b: Brush) -> None:
    b.form("M182 322 L470 322 L470 642 L182 642 Z", b.base)
    b.form("M470 322 L546 284 L546 604 L470 642 Z", darker(b.base, 0.34))
    b.flat("M182 322 L258 284 L546 284 L470 322 Z", lighter(b.base, 0.4))
    b.panel(182, 400, 288, 120, 0, PAPER)
    b.flat("M236 500 Q290 410 344 460 Q380 430 420 500 Z", b.accent)
    bean(b, 326, 440, 34, -30)
    b.line("M220 566 L430 566", PAPER, 8, 0.7)
    b.line("M220 594 L370 594", PAPER, 6, 0.5)
    b.form("M476 500 L652 500 L636 628 Q632 642 616 642 L512 642 Q496 642 492 628 Z", lighter(b.accent, 0.75))
    b.line("M650 524 Q704 526 694 572 Q684 606 640 602", lighter(b.accent, 0.75), 17)
    b.form("M488 430 L640 430 L610 540 L518 540 Z", PAPER)
    b.flat("M488 430 L640 430 L632 460 L496 460 Z", BROWN)
    b.form("M462 456 L506 448 L524 512 L484 510 Z", lighter(b.base, 0.4))
    b.form("M666 456 L622 448 L604 512 L644 510 Z", lighter(b.base, 0.2))


def tea_tin(b: Brush) -> None:
    b.form("M234 288 L566 288 L566 618 Q400 676 234 618 Z", b.base)
    b.form("M224 206 L576 206 L576 298 Q400 340 224 298 Z", b.shade)
    b.disc(400, 206, 176, 42, lighter(b.base, 0.3))
    b.disc(400, 202, 132, 28, b.base)
    b.ball(400, 186, 30, 20, GOLD)
    b.line("M234 330 Q400 376 566 330", GOLD, 7)
    b.line("M234 600 Q400 652 566 600", GOLD, 7)
    b.disc(400, 486, 92, 104, PAPER)
    b.line("M400 388 C492 388 486 586 400 586 C314 586 308 388 400 388 Z", GOLD, 4)
    b.leaf(400, 556, 130, -90)
    b.leaf(398, 540, 92, -146, LEAF_DARK)
    b.leaf(402, 540, 92, -34, LEAF_DARK)
    b.gloss("M262 350 L262 590", 17, 0.3)


def honey_jar(b: Brush) -> None:
    b.form(
        "M262 262 L538 262 Q590 290 590 350 L590 590 Q590 644 536 644 L264 644 Q210 644 210 590 L210 350 "
        "Q210 290 262 262 Z",
        GLASS,
    )
    b.form("M226 360 Q300 344 400 360 Q500 376 574 356 L574 584 Q574 630 530 630 L270 630 Q226 630 226 584 Z", b.base)
    b.flat(
        "M226 360 Q300 344 400 360 Q500 376 574 356 L574 376 Q500 396 400 380 Q300 364 226 380 Z", lighter(b.base, 0.5)
    )
    b.box(248, 186, 304, 84, 20, b.accent)
    for x in range(276, 540, 30):
        b.line(f"M{x} 206 L{x} 252", darker(b.accent, 0.4), 5, 0.35)
    b.form("M276 424 L524 424 L524 584 L276 584 Z", PAPER)
    for x, y in ((362, 486), (438, 486), (400, 552)):
        with b.placed(x, y, 0, 0.9):
            b.form("M0 -40 L35 -20 L35 20 L0 40 L-35 20 L-35 -20 Z", GOLD)
            b.flat("M0 -22 L19 -11 L19 11 L0 22 L-19 11 L-19 -11 Z", lighter(GOLD, 0.5))
    b.gloss("M242 402 L242 580", 15, 0.5)


def tea_box(b: Brush) -> None:
    b.form("M160 344 L452 344 L452 642 L160 642 Z", b.base)
    b.form("M452 344 L524 304 L524 602 L452 642 Z", darker(b.base, 0.32))
    b.flat("M160 344 L232 304 L524 304 L452 344 Z", lighter(b.base, 0.35))
    b.ball(306, 484, 92, 92, PAPER)
    b.disc(306, 500, 36, 34, RED)
    b.disc(282, 466, 26, 25, darker(RED, 0.2))
    b.disc(336, 464, 26, 25, darker(RED, 0.1))
    b.leaf(306, 446, 64, -40, LEAF)
    b.leaf(304, 446, 58, -146, LEAF_DARK)
    b.line("M206 608 L406 608", PAPER, 7, 0.7)
    b.line("M600 480 Q640 400 566 356 Q530 336 560 308", PAPER, 4)
    b.form("M556 500 L600 470 L648 500 L660 642 L544 642 Z", lighter(b.accent, 0.72))
    b.flat("M552 556 L656 556 L660 642 L544 642 Z", b.accent, 0.6)
    b.form("M534 270 L590 270 L590 326 L534 326 Z", b.base)
    b.disc(562, 298, 13, 13, PAPER)


def syrup_bottle(b: Brush) -> None:
    b.form(
        "M356 172 L444 172 L446 274 Q448 312 492 344 Q520 366 520 404 L520 600 Q520 644 476 644 L324 644 "
        "Q280 644 280 600 "
        "L280 404 Q280 366 308 344 Q352 312 354 274 Z",
        lighter(b.base, 0.3),
    )
    b.flat(
        "M352 290 Q400 300 448 290 Q456 318 492 344 Q520 366 520 404 L520 600 Q520 644 476 644 L324 644 Q280 "
        "644 280 600 "
        "L280 404 Q280 366 308 344 Q346 318 352 290 Z",
        b.base,
        0.75,
    )
    b.box(344, 122, 112, 66, 14, b.accent)
    for x in range(360, 450, 16):
        b.line(f"M{x} 134 L{x} 176", darker(b.accent, 0.4), 4, 0.4)
    b.form("M280 420 L520 420 L520 586 L280 586 Z", PAPER)
    b.ball(376, 506, 54, 54, b.accent)
    b.ball(440, 520, 42, 42, b.base)
    b.disc(440, 520, 28, 28, lighter(b.base, 0.5))
    for dx, dy in ((0, -22), (19, 11), (-19, 11)):
        b.line(f"M440 520 L{440 + dx} {520 + dy}", b.base, 4)
    b.leaf(384, 458, 62, -30)
    b.gloss("M306 404 L306 412", 14, 0.5)
    b.gloss("M374 210 L374 270", 10, 0.5)
    b.gloss("M306 600 L306 614", 12, 0.5)


def hot_glass(b: Brush) -> None:
    for x in (340, 400, 460):
        b.line(f"M{x} 236 Q{x - 26} 206 {x} 176 Q{x + 26} 146 {x} 118", "#FFFFFF", 11, 0.75)
    b.line("M540 380 Q650 372 640 470 Q630 540 526 536", GLASS, 26)
    b.form("M254 284 L546 284 L522 608 Q518 644 482 644 L318 644 Q282 644 278 608 Z", GLASS)
    b.form("M264 334 Q400 350 536 334 L514 596 Q510 628 478 628 L322 628 Q290 628 286 596 Z", b.base)
    b.disc(400, 336, 135, 20, lighter(b.base, 0.25))
    b.line("M336 316 L420 590", WOOD, 24)
    b.line("M330 316 L412 586", lighter(WOOD), 6, 0.6)
    b.leaf(430, 330, 92, -18, b.accent)
    b.leaf(350, 512, 84, -66, darker(b.accent, 0.1))
    for x, y in ((466, 452), (450, 546), (322, 430)):
        with b.placed(x, y, x, 0.36):
            for angle in range(0, 360, 60):
                with b.placed(0, 0, angle):
                    b.flat("M0 0 Q18 -34 0 -66 Q-18 -34 0 0 Z", BROWN)
    b.gloss("M286 360 L304 580", 15, 0.5)
    b.box(228, 636, 344, 20, 10, WOOD)


DRAWINGS = {
    "coffee_pouch": Drawing(coffee_pouch, shadow=250),
    "kraft_bag": Drawing(kraft_bag, shadow=230),
    "drip_box": Drawing(drip_box, shadow=280, lift=60, scale=1.1),
    "tea_tin": Drawing(tea_tin, shadow=210),
    "honey_jar": Drawing(honey_jar, shadow=220, lift=10, scale=1.06),
    "tea_box": Drawing(tea_box, shadow=280, lift=50, scale=1.08),
    "syrup_bottle": Drawing(syrup_bottle, shadow=160),
    "hot_glass": Drawing(hot_glass, shadow=210, ground=652),
}
