"""Wooden and educational toys."""

from __future__ import annotations

from .canvas import GOLD, INK, PAPER, RED, STEEL, WOOD, WOOD_DARK, Brush, Drawing, Pose, darker, lighter
from .stationery import RAINBOW


def wheel(b: Brush, x: float, y: float, radius: float, hub: str) -> None:
    """A wooden wheel with a coloured hub."""
    b.ball(x, y, radius, radius, WOOD_DARK)
    b.disc(x, y, radius * 0.72, radius * 0.72, WOOD)
    b.ball(x, y, radius * 0.3, radius * 0.3, hub)


def train(b: Brush) -> None:
    b.line("M340 548 L440 548", INK, 11)
    b.box(96, 430, 250, 130, 14, b.accent)
    b.panel(96, 430, 250, 28, 10, darker(b.accent, 0.3), 0.5)
    for x, fill in ((130, RAINBOW[2]), (196, RAINBOW[0]), (262, RAINBOW[3])):
        b.ball(x + 24, 408, 30, 30, fill)
    b.box(110, 430, 222, 34, 8, lighter(b.accent, 0.2))
    b.box(430, 520, 270, 50, 12, WOOD)
    b.box(430, 330, 128, 200, 14, b.base)
    b.box(452, 366, 84, 74, 10, "#DDEFF3")
    b.box(414, 306, 160, 36, 14, b.accent)
    b.form("M558 420 L668 420 Q706 426 706 476 Q706 526 668 530 L558 530 Z", b.base)
    b.panel(590, 420, 22, 110, 2, GOLD)
    b.form("M610 352 L664 352 L656 422 L618 422 Z", INK)
    b.box(602, 332, 70, 28, 8, RED)
    b.ball(702, 476, 17, 26, GOLD)
    for x, y, r in ((640, 286, 26), (608, 240, 34), (650, 190, 22)):
        b.ball(x, y, r, r * 0.9, PAPER)
    for x, r in ((158, 52), (288, 52), (490, 60), (640, 52)):
        wheel(b, x, 642 - r, r, GOLD)


def blocks(b: Brush) -> None:
    rows = ((150, 486, 158, 0), (318, 486, 158, 2), (486, 486, 158, 4), (232, 328, 158, 5), (404, 328, 158, 3))
    for x, y, size, colour in rows:
        fill = RAINBOW[colour]
        b.box(x, y, size, size, 14, fill)
        b.panel(x + 20, y + 20, size - 40, size - 40, 8, lighter(fill, 0.72))
        with b.placed(x + size / 2, y + size / 2):
            _emblem(b, colour, darker(fill, 0.1))
    b.form("M232 328 L311 206 L390 328 Z", RAINBOW[0])
    b.form("M408 328 Q412 250 483 248 Q554 250 558 328 L520 328 Q516 288 483 288 Q450 288 446 328 Z", RAINBOW[6])
    b.ball(660, 606, 36, 36, b.accent)


def _emblem(b: Brush, index: int, fill: str) -> None:
    if index == 0:
        b.flat("M0 -42 L12 -13 L42 -13 L18 6 L28 38 L0 19 L-28 38 L-18 6 L-42 -13 L-12 -13 Z", fill)
    elif index == 2:
        b.flat("M-40 26 Q-50 -26 0 -36 Q50 -26 40 26 Q0 44 -40 26 Z", fill)
        b.disc(-15, -4, 6, 7, PAPER)
        b.disc(15, -4, 6, 7, PAPER)
    elif index == 4:
        b.flat("M-36 0 Q0 -46 30 -4 L48 -24 L48 26 L30 6 Q0 46 -36 0 Z", fill)
        b.disc(-14, -5, 5, 5, PAPER)
    elif index == 5:
        b.flat("M0 36 C-74 -12 -30 -60 0 -22 C30 -60 74 -12 0 36 Z", fill)
    else:
        b.leaf(-34, 30, 92, -44, fill)


def puzzle(b: Brush) -> None:
    b.box(140, 190, 520, 420, 16, WOOD)
    b.panel(164, 214, 472, 372, 6, lighter(b.base, 0.5))
    fills = (
        b.base,
        b.accent,
        lighter(b.accent, 0.3),
        lighter(b.base, 0.2),
        RAINBOW[2],
        b.base,
        b.accent,
        RAINBOW[3],
        b.accent,
        RAINBOW[2],
        b.base,
        lighter(b.accent, 0.3),
    )
    for index in range(12):
        column, row = index % 4, index // 4
        if index == 7:
            continue
        b.panel(166 + column * 118, 216 + row * 124, 114, 120, 5, fills[index])
    for index in range(12):
        column, row = index % 4, index // 4
        x, y = 166 + column * 118, 216 + row * 124
        if column < 3 and index not in (6, 7):
            b.disc(x + 122, y + 60, 21, 21, fills[index])
        if row < 2 and index not in (3, 7):
            b.disc(x + 57, y + 128, 21, 21, fills[index])
    b.line("M220 480 Q280 380 350 440 Q420 500 470 400 Q520 300 590 300", PAPER, 10, 0.75, "22 20")
    b.disc(220, 480, 19, 19, RED)
    b.disc(590, 300, 19, 19, RED)
    with b.placed(604, 500, 16):
        b.panel(-57, -60, 114, 120, 5, fills[7])
        b.disc(-61, 0, 21, 21, fills[7])
        b.disc(0, -64, 21, 21, fills[7])


def congklak(b: Brush) -> None:
    with b.placed(400, 410, -14):
        b.form(
            "M-290 0 C-300 -110 -200 -120 -120 -106 L120 -106 C200 -120 300 -110 290 0 C300 110 200 120 120 106 "
            "L-120 106 "
            "C-200 120 -300 110 -290 0 Z",
            b.base,
        )
        b.line(
            "M-262 0 C-270 -90 -190 -96 -116 -84 L116 -84 C190 -96 270 -90 262 0 C270 90 190 96 116 84 L-116 84 "
            "C-190 96 -270 90 -262 0 Z",
            b.accent,
            5,
        )
        for x in (-216, 216):
            b.disc(x, 0, 38, 56, darker(b.base, 0.45))
            for index in range(7):
                b.ball(x + (index * 17) % 44 - 22, (index * 31) % 74 - 36, 13, 10, PAPER)
        for column in range(5):
            for row in (-42, 42):
                x = (column - 2) * 66
                b.disc(x, row, 28, 28, darker(b.base, 0.45))
                for index in range(3 + (column + (row > 0)) % 3):
                    b.ball(
                        x + (index * 15) % 26 - 12, row + (index * 11) % 24 - 10, 9, 7, (PAPER, "#F3DDB8")[index % 2]
                    )
    for x, y, angle in ((240, 622, 10), (300, 640, -20), (596, 230, 24), (546, 214, -14)):
        with b.placed(x, y, angle):
            b.ball(0, 0, 24, 17, PAPER)
            b.line("M-16 0 L16 0", darker(PAPER, 0.4), 4, 0.6)


def ring_stacker(b: Brush) -> None:
    b.box(386, 170, 28, 460, 12, WOOD)
    b.ball(400, 168, 40, 40, RAINBOW[0])
    for index, (half, y) in enumerate(((96, 250), (124, 324), (152, 398), (180, 472), (208, 546))):
        fill = (RAINBOW[6], RAINBOW[5], RAINBOW[3], RAINBOW[2], RAINBOW[1])[index]
        b.box(400 - half, y - 37, half * 2, 74, 37, fill)
        b.gloss(f"M{400 - half + 34} {y - 16} L{400 - half + 96} {y - 16}", 10, 0.4)
    b.form("M180 584 L620 584 L650 628 Q652 644 636 644 L164 644 Q148 644 150 628 Z", b.base)
    b.line("M176 616 L624 616", b.accent, 6)


def rocking_horse(b: Brush) -> None:
    b.line("M120 560 Q400 742 680 560", WOOD_DARK, 32)
    for x, tilt in ((250, -24), (330, -8), (476, 10), (556, 26)):
        b.form(
            f"M{x - 26} 440 L{x + 26} 440 L{x + tilt + 20} 624 L{x + tilt - 20} 624 Z",
            b.shade if x in (330, 476) else b.base,
        )
    b.line("M206 400 Q116 410 130 530", b.accent, 30)
    b.form(
        "M196 396 Q204 344 300 344 Q400 356 470 330 L500 230 Q520 150 590 160 L604 118 L628 166 Q700 220 706 282 "
        "Q696 322 640 306 Q600 300 590 340 Q590 430 560 470 Q400 510 240 470 Q192 450 196 396 Z",
        b.base,
    )
    b.form("M520 214 Q508 150 590 158 L560 190 Q520 250 490 350 L450 340 Q486 290 520 214 Z", b.accent)
    b.disc(636, 220, 10, 10, INK)
    b.line("M662 300 L572 250 L560 350", RED, 11)
    b.form("M300 340 Q390 372 440 332 L458 438 Q380 462 306 440 Z", RED)
    b.line("M312 424 Q380 444 450 422", GOLD, 7)
    b.disc(380, 392, 17, 17, GOLD)
    for x in (300, 510):
        b.box(x - 24, 606, 48, 40, 10, b.accent)


def abacus(b: Brush) -> None:
    b.box(150, 170, 500, 470, 22, b.base)
    b.panel(188, 208, 424, 394, 6, lighter(b.accent, 0.72))
    for row in range(7):
        y = 236 + row * 56
        b.line(f"M188 {y} L612 {y}", STEEL, 7)
        fill = RAINBOW[row]
        left = (7, 4, 6, 3, 5, 8, 2)[row]
        for bead in range(10):
            x = 212 + bead * 30 if bead < left else 588 - (9 - bead) * 30
            b.ball(x, y, 14, 24, fill)
    b.line("M168 186 L168 620", lighter(b.base), 5, 0.5)


def truck(b: Brush) -> None:
    b.box(120, 520, 560, 50, 14, WOOD)
    b.form("M116 314 L456 314 L436 524 L136 524 Z", b.base)
    b.box(106, 300, 360, 32, 10, b.shade)
    for x in (206, 286, 366):
        b.line(f"M{x} 340 L{x + (286 - x) * 0.05:g} 516", darker(b.base, 0.4), 7, 0.4)
    for x, y, r in ((180, 286, 44), (262, 268, 54), (350, 276, 48), (414, 292, 30)):
        b.ball(x, y, r, r * 0.8, "#C9A06B")
    b.box(106, 300, 360, 28, 10, lighter(b.base, 0.1))
    b.form("M480 336 L588 336 Q606 336 614 354 L650 446 Q684 452 684 490 L684 526 L480 526 Z", b.accent)
    b.form("M510 366 L578 366 L608 444 L510 444 Z", "#DDEFF3")
    b.box(656, 470, 28, 34, 8, GOLD)
    for x in (220, 350, 590):
        wheel(b, x, 582, 60, RED)


def xylophone(b: Brush) -> None:
    b.form("M120 236 L680 320 L680 362 L120 284 Z", WOOD)
    b.form("M120 566 L680 488 L680 446 L120 518 Z", WOOD)
    for index in range(8):
        x, half = 144 + index * 65, 208 - index * 15
        b.box(x, 402 - half, 54, half * 2, 12, RAINBOW[index])
        b.gloss(f"M{x + 13} {402 - half + 62} L{x + 13} {402 + half - 62}", 6, 0.35)
        for y in (402 - half + 32, 402 + half - 32):
            b.disc(x + 27, y, 9, 9, STEEL)
            b.disc(x + 27, y, 4, 4, INK)
    for x, y, angle in ((330, 396, -58), (548, 330, -24)):
        with b.placed(x, y, angle):
            b.line("M0 0 L0 270", b.accent, 15)
            b.ball(0, 0, 38, 38, b.base)


DRAWINGS = {
    "train": Drawing(train, shadow=300, lift=40, scale=1.02),
    "blocks": Drawing(blocks, shadow=280, lift=20, scale=1.04),
    "puzzle": Drawing(puzzle, Pose.FLAT),
    "congklak": Drawing(congklak, Pose.FLAT),
    "ring_stacker": Drawing(ring_stacker, shadow=260),
    "rocking_horse": Drawing(rocking_horse, shadow=240, ground=664),
    "abacus": Drawing(abacus, shadow=260, lift=10, scale=1.04),
    "truck": Drawing(truck, shadow=290, lift=60, scale=1.06),
    "xylophone": Drawing(xylophone, Pose.FLAT),
}
