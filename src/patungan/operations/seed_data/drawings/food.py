"""Food and spices."""

from __future__ import annotations

from .canvas import (
    BROWN,
    GLASS,
    GOLD,
    LEAF,
    LEAF_DARK,
    PAPER,
    RED,
    STEEL,
    Brush,
    Drawing,
    darker,
    lighter,
    mirrored,
)


def chili(b: Brush, x: float, y: float, size: float, angle: float, fill: str = RED) -> None:
    """A chilli with its green stalk."""
    with b.placed(x, y, angle, size / 100):
        b.form("M-50 -14 Q-20 -26 20 -6 Q50 10 74 -6 Q56 34 12 26 Q-34 20 -50 -14 Z", fill)
        b.line("M-50 -10 Q-66 -16 -74 -34", LEAF_DARK, 11)


def palm_sugar(b: Brush) -> None:
    b.form("M120 566 Q400 516 690 572 L640 644 Q400 664 170 644 Z", LEAF)
    b.line("M156 606 Q400 580 660 608", LEAF_DARK, 5, 0.7)
    for x, y in ((300, 494), (500, 500), (402, 398), (210, 532), (398, 546), (590, 538)):
        b.form(f"M{x - 92} {y} L{x - 80} {y + 92} Q{x} {y + 122} {x + 80} {y + 92} L{x + 92} {y} Z", b.base)
        b.disc(x, y, 92, 30, lighter(b.base, 0.3))
        b.disc(x, y + 2, 70, 20, lighter(b.base, 0.14))
        b.gloss(f"M{x - 68} {y + 32} L{x - 61} {y + 76}", 9, 0.22)
    b.form("M122 622 L170 606 L196 644 L130 650 Z", lighter(b.base, 0.1))
    b.form("M634 626 L684 616 L708 648 L644 652 Z", b.shade)


def pouch(b: Brush) -> None:
    b.form(
        "M236 190 L564 190 L560 300 Q592 480 578 618 Q574 644 540 644 L260 644 Q226 644 222 618 Q208 480 240 300 Z",
        b.base,
    )
    b.form("M230 150 L570 150 L568 206 L232 206 Z", b.shade)
    b.disc(400, 178, 22, 13, lighter(b.base, 0.7))
    b.line("M242 226 L558 226", darker(b.base, 0.5), 4, 0.4)
    b.form("M288 286 L512 286 L512 372 L288 372 Z", PAPER)
    b.leaf(320, 352, 92, -40)
    b.leaf(392, 352, 92, -40, LEAF_DARK)
    b.disc(400, 500, 116, 100, darker(b.base, 0.3))
    b.ball(400, 500, 102, 86, b.accent)
    for index in range(46):
        x = 400 + ((index * 37) % 150 - 75) * 1.05
        y = 500 + ((index * 53) % 120 - 60) * 0.95
        if ((x - 400) / 94) ** 2 + ((y - 500) / 78) ** 2 < 1:
            b.disc(x, y, 5, 4, (lighter(b.accent), darker(b.accent, 0.3))[index % 2])
    b.gloss("M254 330 Q234 460 240 580", 14, 0.3)


def sambal_jar(b: Brush) -> None:
    b.form(
        "M272 288 L528 288 Q576 306 576 356 L576 592 Q576 644 524 644 L276 644 Q224 644 224 592 L224 356 "
        "Q224 306 272 288 Z",
        GLASS,
    )
    b.form("M238 366 Q400 344 562 366 L562 588 Q562 630 520 630 L280 630 Q238 630 238 588 Z", b.base)
    for index in range(30):
        x, y = 256 + (index * 67) % 290, 384 + (index * 41) % 236
        b.disc(x, y, 7, 5, (GOLD, darker(b.base, 0.3), lighter(b.base))[index % 3], 0.8)
    b.box(258, 222, 284, 78, 18, b.accent)
    b.line("M262 280 L538 280", darker(b.accent, 0.4), 5, 0.4)
    b.form("M224 412 L576 412 L576 572 L224 572 Z", PAPER)
    b.line("M224 430 L576 430", b.accent, 6)
    b.line("M224 554 L576 554", b.accent, 6)
    chili(b, 366, 492, 96, -16)
    chili(b, 452, 506, 80, 24, darker(RED, 0.12))
    b.gloss("M250 372 L250 396", 13, 0.5)
    chili(b, 640, 620, 78, -8)
    chili(b, 164, 624, 68, 190)


def sauce_bottle(b: Brush) -> None:
    b.form(
        "M362 196 L438 196 L444 290 Q452 340 506 380 Q524 396 524 428 L524 608 Q524 644 488 644 L312 644 "
        "Q276 644 276 608 "
        "L276 428 Q276 396 294 380 Q348 340 356 290 Z",
        b.base,
    )
    b.box(352, 138, 96, 76, 14, b.accent)
    b.line("M362 200 L438 200", darker(b.accent, 0.4), 5, 0.5)
    b.form("M276 424 L524 424 L524 594 L276 594 Z", b.accent)
    b.disc(400, 508, 88, 66, PAPER)
    for x, y in ((370, 516), (404, 492), (434, 520), (396, 534)):
        b.ball(x, y, 24, 19, "#2F2A2C")
        b.disc(x - 7, y - 6, 6, 4, PAPER, 0.6)
    b.gloss("M376 234 Q376 300 352 344", 11, 0.3)
    b.gloss("M298 612 L298 622", 10, 0.3)


def sachet(b: Brush) -> None:
    for x, y, angle in ((470, 392, 13), (372, 412, -7)):
        with b.placed(x, y, angle):
            zigzag = " ".join(f"L{-150 + i * 20} {-224 if i % 2 else -236}" for i in range(1, 16))
            low = " ".join(f"L{150 - i * 20} {224 if i % 2 else 236}" for i in range(1, 16))
            b.form(f"M-150 -236 {zigzag} L150 236 {low} Z", b.base if angle < 0 else b.shade)
            b.line("M-146 -190 L146 -190", darker(b.base, 0.4), 4, 0.5)
            b.line("M-146 190 L146 190", darker(b.base, 0.4), 4, 0.5)
            b.flat("M-150 -30 Q0 -90 150 -30 L150 150 Q0 190 -150 150 Z", b.accent)
    with b.placed(372, 412, -7):
        b.ball(0, 64, 104, 46, PAPER)
        b.ball(0, 50, 84, 34, darker(b.base, 0.45))
        for x, y in ((-34, 46), (10, 34), (36, 54), (-4, 62)):
            b.ball(x, y, 28, 19, BROWN)
        b.leaf(-52, 30, 66, -24)
        chili(b, 46, 24, 50, -30)
        b.ball(0, -116, 88, 40, PAPER)
        b.line("M-46 -124 L46 -124", b.accent, 11)
        b.line("M-30 -102 L30 -102", b.base, 8)


def snack_bag(b: Brush) -> None:
    top = " ".join(f"L{236 + i * 20.5:g} {150 if i % 2 else 160}" for i in range(1, 16))
    b.form(
        f"M236 160 {top} L564 160 Q552 250 574 400 Q596 540 566 640 L234 640 Q204 540 226 400 Q248 250 236 160 Z",
        b.base,
    )
    b.line("M240 196 L560 196", darker(b.base, 0.4), 5, 0.4)
    b.line("M238 610 L562 610", darker(b.base, 0.4), 5, 0.4)
    b.flat("M228 392 Q400 270 572 392 Q590 480 582 560 Q400 620 218 560 Q210 480 228 392 Z", b.accent)
    b.form("M290 254 L510 254 L496 330 L304 330 Z", PAPER)
    b.line("M326 292 L474 292", b.base, 16)
    for x, y, angle in ((330, 460, -14), (462, 452, 18), (400, 520, 4), (312, 536, 24), (490, 534, -20)):
        with b.placed(x, y, angle):
            b.ball(0, 0, 62, 46, "#E9C27E")
            for dx, dy in ((-30, -8), (-8, 14), (14, -16), (32, 8), (0, -2)):
                b.disc(dx, dy, 12, 9, "#F7E6BF")
                b.disc(dx + 3, dy + 3, 5, 4, "#C99752")
    b.gloss("M252 250 Q246 330 238 380", 15, 0.35)


def cracker_tin(b: Brush) -> None:
    b.form("M220 236 L580 236 L580 640 L220 640 Z", b.base)
    b.box(206, 606, 388, 38, 10, b.shade)
    b.box(206, 224, 388, 40, 10, b.shade)
    b.box(300, 164, 200, 66, 16, lighter(b.base, 0.2))
    b.box(330, 144, 140, 30, 12, b.shade)
    b.ball(400, 436, 142, 142, STEEL)
    b.disc(400, 436, 122, 122, "#F6E7C8")
    for x, y in ((354, 386), (452, 400), (384, 476), (470, 490), (318, 452), (412, 334), (404, 540)):
        if ((x - 400) ** 2 + (y - 436) ** 2) < 12000:
            b.ball(x, y, 46, 40, "#F2CF93")
            b.line(f"M{x - 28} {y} Q{x - 14} {y - 22} {x} {y} Q{x + 14} {y + 22} {x + 28} {y}", "#D79F56", 7)
    b.gloss("M304 366 Q322 336 352 322", 14, 0.7)
    b.line("M244 288 L244 590", b.accent, 9)
    b.line("M556 288 L556 590", b.accent, 9)


def pastry_box(b: Brush) -> None:
    b.form("M170 452 L630 452 L606 642 L194 642 Z", b.base)
    b.form("M170 452 L206 268 Q210 254 226 254 L574 254 Q590 254 594 268 L630 452 Z", b.shade)
    b.flat("M196 440 L226 286 L574 286 L604 440 Z", lighter(b.base, 0.65))
    for row, y in enumerate((320, 378, 432)):
        for column in range(5):
            x = 400 + (column - 2) * (66 + row * 5)
            b.ball(x, y + 12, 32 + row * 2, 22 + row, "#F2D9A4")
            b.disc(x, y + 5, 22 + row * 2, 11 + row, "#D99C55")
    b.form("M170 452 L630 452 L626 486 L174 486 Z", lighter(b.base, 0.2))
    b.flat("M400 500 L462 552 L400 604 L338 552 Z", b.accent)
    b.flat("M400 524 L434 552 L400 580 L366 552 Z", PAPER)
    b.line("M216 552 L310 552", b.accent, 8)
    b.line("M490 552 L584 552", b.accent, 8)


def rice_sack(b: Brush) -> None:
    b.form(
        "M242 230 Q210 250 200 400 Q184 560 214 622 Q226 646 262 646 L538 646 Q574 646 586 622 Q616 560 600 400 "
        "Q590 250 558 230 Z",
        b.base,
    )
    b.form(
        "M248 168 Q270 150 300 164 Q340 144 380 162 Q420 142 460 162 Q500 146 552 168 L540 242 Q400 262 260 242 Z",
        lighter(b.base, 0.2),
    )
    b.line("M254 238 Q400 262 546 238", b.accent, 15)
    b.line("M508 246 Q530 290 514 322", b.accent, 9)
    b.form("M264 322 L536 322 L540 560 L260 560 Z", PAPER)
    b.flat("M262 500 Q330 452 400 486 Q470 452 538 500 L540 560 L260 560 Z", LEAF)
    for dx, angle in ((-40, -112), (0, -90), (40, -68)):
        with b.placed(400 + dx * 0.4, 500, angle):
            b.line("M0 0 L130 0", GOLD, 6)
            for step in range(6):
                for side in (-1, 1):
                    with b.placed(40 + step * 16, 0, side * 34):
                        b.disc(14, 0, 13, 6, GOLD)
    for x, y in ((160, 634), (188, 644), (640, 640), (662, 628), (620, 646)):
        b.disc(x, y, 9, 5, PAPER)
    b.line("M230 420 Q222 520 240 600", darker(b.base, 0.5), 6, 0.18)
    b.line("M570 420 Q578 520 560 600", darker(b.base, 0.5), 6, 0.18)


def oil_bottle(b: Brush) -> None:
    b.form(
        "M350 204 L450 204 L450 250 Q530 276 540 352 L540 604 Q540 644 500 644 L300 644 Q260 644 260 604 "
        "L260 352 Q270 276 350 250 Z",
        GLASS,
    )
    b.form("M274 372 L526 372 L526 600 Q526 632 496 632 L304 632 Q274 632 274 600 Z", b.base)
    b.disc(400, 372, 126, 13, lighter(b.base, 0.6))
    b.box(338, 152, 124, 62, 14, b.accent)
    b.form("M260 416 L540 416 L540 578 L260 578 Z", PAPER)
    b.ball(376, 508, 52, 50, BROWN)
    b.form("M428 470 Q486 478 480 520 Q474 556 426 552 Q404 510 428 470 Z", BROWN)
    b.flat("M428 480 Q468 490 464 520 Q458 546 430 542 Q416 510 428 480 Z", PAPER)
    b.leaf(372, 462, 76, -24)
    b.leaf(368, 462, 66, -152, LEAF_DARK)
    b.gloss("M286 300 Q300 282 322 272", 13, 0.7)
    b.gloss("M288 392 L288 402", 12, 0.6)
    b.line(mirrored("M288 590 L288 612"), "#FFFFFF", 10, 0.35)


DRAWINGS = {
    "palm_sugar": Drawing(palm_sugar, shadow=280, lift=60, scale=1.14),
    "pouch": Drawing(pouch, shadow=210),
    "sambal_jar": Drawing(sambal_jar, shadow=240, lift=30, scale=1.1),
    "sauce_bottle": Drawing(sauce_bottle, shadow=160),
    "sachet": Drawing(sachet, shadow=230),
    "snack_bag": Drawing(snack_bag, shadow=210),
    "cracker_tin": Drawing(cracker_tin, shadow=220),
    "pastry_box": Drawing(pastry_box, shadow=250, lift=60, scale=1.14),
    "rice_sack": Drawing(rice_sack, shadow=240),
    "oil_bottle": Drawing(oil_bottle, shadow=180),
}
