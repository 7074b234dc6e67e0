"""Kitchenware and pottery."""

from __future__ import annotations

from .canvas import (
    GOLD,
    INK,
    LEAF,
    RED,
    STEEL,
    STEEL_DARK,
    WOOD,
    WOOD_DARK,
    Brush,
    Drawing,
    Pose,
    darker,
    lighter,
    mirrored,
)


def mug(b: Brush) -> None:
    b.line("M560 356 Q694 350 688 452 Q680 548 546 550", b.shade, 42)
    b.line("M560 356 Q694 350 688 452 Q680 548 546 550", b.base, 32)
    b.form("M196 272 L584 272 L568 568 Q560 644 490 644 L290 644 Q220 644 212 568 Z", b.base)
    b.disc(390, 272, 194, 42, lighter(b.base, 0.3))
    b.disc(390, 276, 168, 31, darker(b.base, 0.4))
    b.flat(
        "M208 500 Q260 462 320 490 Q390 520 450 488 Q520 456 573 482 L568 568 Q560 644 490 644 L290 644 Q220 "
        "644 212 568 Z",
        b.accent,
    )
    b.line("M208 500 Q260 462 320 490 Q390 520 450 488 Q520 456 573 482", lighter(b.accent, 0.5), 7, 0.7)
    for x, y in ((270, 420), (350, 440), (440, 430), (510, 410), (300, 376), (400, 384), (482, 366)):
        b.disc(x, y, 5, 5, darker(b.base, 0.4), 0.35)
    b.gloss("M228 330 L240 460", 16, 0.4)


def plates(b: Brush) -> None:
    b.ball(400, 388, 252, 252, b.base)
    b.line("M400 146 A242 242 0 1 1 399 146", b.accent, 9)
    b.disc(404, 394, 184, 184, darker(b.base, 0.16))
    b.ball(400, 388, 180, 180, lighter(b.base, 0.3))
    for angle in range(0, 360, 30):
        with b.placed(400, 388, angle):
            b.flat("M0 -232 Q13 -214 0 -196 Q-13 -214 0 -232 Z", b.accent)
            b.disc(0, -188, 4, 4, b.accent)
    b.ball(474, 470, 132, 132, b.base)
    b.disc(476, 474, 96, 96, darker(b.base, 0.16))
    b.ball(474, 470, 93, 93, lighter(b.base, 0.3))
    b.line("M474 346 A124 124 0 1 1 473 346", b.accent, 7)
    with b.placed(474, 470):
        for angle in range(0, 360, 45):
            with b.placed(0, 0, angle):
                b.flat("M0 -12 Q18 -40 0 -62 Q-18 -40 0 -12 Z", b.accent)
        b.disc(0, 0, 11, 11, GOLD)


def teapot(b: Brush) -> None:
    b.line("M214 372 Q230 128 400 126 Q570 128 586 372", darker(b.accent, 0.1), 22)
    b.form("M560 420 Q640 420 664 320 L704 316 Q702 520 566 560 Z", b.base)
    b.form(
        "M400 300 C560 300 604 400 596 476 C588 590 500 640 400 640 C300 640 212 590 204 476 C196 400 240 "
        "300 400 300 Z",
        b.base,
    )
    b.form("M288 322 Q300 268 400 264 Q500 268 512 322 Q400 346 288 322 Z", b.shade)
    b.ball(400, 250, 32, 28, b.accent)
    b.line("M208 432 Q400 480 594 432", b.accent, 8)
    for index in range(9):
        x = 240 + index * 40
        y = 510 - ((x - 400) / 160) ** 2 * 14
        b.flat(f"M{x} {y - 26} L{x + 16} {y} L{x} {y + 26} L{x - 16} {y} Z", lighter(b.base, 0.34))
    b.line("M222 556 Q400 610 578 556", b.accent, 8)
    b.gloss("M246 400 Q226 460 246 524", 16, 0.25)


def mortar(b: Brush) -> None:
    with b.placed(478, 330, 38):
        b.form("M-34 -208 Q0 -232 34 -208 L44 96 Q0 120 -44 96 Z", lighter(b.accent, 0.1))
    b.form("M140 406 L660 406 Q650 560 520 606 L530 644 L270 644 L280 606 Q150 560 140 406 Z", b.base)
    b.disc(400, 406, 260, 66, lighter(b.base, 0.25))
    b.disc(400, 412, 222, 48, b.shade)
    b.flat("M236 424 Q400 372 564 424 Q500 460 400 460 Q300 460 236 424 Z", RED)
    for x, y in ((320, 424), (380, 412), (440, 436), (352, 442), (476, 418), (404, 438)):
        b.disc(x, y, 9, 6, GOLD)
    b.leaf(300, 416, 60, -20)
    with b.placed(478, 330, 38):
        b.form("M-37 -100 L37 -100 L44 96 Q0 120 -44 96 Z", b.accent)
    b.line("M160 470 Q400 530 640 470", darker(b.base, 0.4), 7, 0.35)
    b.line("M284 608 L516 608", darker(b.base, 0.5), 6, 0.4)


def wok(b: Brush) -> None:
    for path in ("M146 416 Q70 398 80 456 Q92 500 172 486", mirrored("M146 416 Q70 398 80 456 Q92 500 172 486")):
        b.line(path, INK, 24)
        b.line(path, STEEL_DARK, 6, 0.5)
    b.form("M126 410 L674 410 Q640 640 400 644 Q160 640 126 410 Z", b.base)
    b.disc(400, 410, 274, 74, lighter(b.base, 0.3))
    b.disc(400, 416, 250, 60, darker(b.base, 0.34))
    b.flat("M160 430 Q400 500 640 430 Q600 478 400 478 Q200 478 160 430 Z", lighter(b.base, 0.14))
    with b.placed(470, 330, 32):
        b.form("M-13 -214 L13 -214 L11 62 L-11 62 Z", WOOD)
        b.form("M-48 52 L48 52 L58 140 Q0 166 -58 140 Z", STEEL)
    for x, y, fill in (
        (300, 424, LEAF),
        (350, 444, RED),
        (390, 420, GOLD),
        (330, 456, GOLD),
        (270, 444, RED),
        (420, 452, LEAF),
    ):
        b.ball(x, y, 24, 13, fill)
    b.gloss("M166 470 Q210 570 300 612", 14, 0.25)


def pot(b: Brush) -> None:
    for path in ("M196 436 Q120 420 122 474 Q128 516 196 500", mirrored("M196 436 Q120 420 122 474 Q128 516 196 500")):
        b.line(path, INK, 22)
    b.form("M186 372 L614 372 L604 592 Q600 644 550 644 L250 644 Q200 644 196 592 Z", b.base)
    b.form("M176 352 Q180 256 400 250 Q620 256 624 352 Q400 396 176 352 Z", lighter(b.base, 0.3))
    b.box(168, 344, 464, 34, 16, b.shade)
    b.form("M352 250 L362 208 Q400 186 438 208 L448 250 Z", INK)
    b.disc(400, 206, 40, 15, b.accent)
    b.line("M200 560 Q400 590 600 560", b.accent, 12)
    b.line("M198 430 Q400 452 602 430", darker(b.base, 0.4), 4, 0.4)
    b.gloss("M226 410 L232 600", 22, 0.5)
    b.gloss("M262 414 L266 600", 8, 0.4)


def rantang(b: Brush) -> None:
    b.line("M222 340 L222 186 Q400 70 578 186 L578 340", STEEL_DARK, 20)
    b.box(330, 100, 140, 34, 16, WOOD)
    for index, y in enumerate((512, 388, 264)):
        fill = (b.base, lighter(b.base, 0.14), b.base)[index]
        b.form(
            f"M234 {y} L566 {y} L560 {y + 108} Q556 {y + 130} 532 {y + 130} L268 {y + 130} Q244 {y + 130} 240 "
            f"{y + 108} Z",
            fill,
        )
        b.box(222, y - 8, 356, 26, 12, lighter(fill, 0.3))
        for x in (300, 400, 500):
            with b.placed(x, y + 70):
                for angle in range(0, 360, 72):
                    with b.placed(0, 0, angle):
                        b.disc(0, -17, 11, 13, b.accent)
                b.disc(0, 0, 8, 8, GOLD)
    b.form("M230 256 Q240 202 400 196 Q560 202 570 256 Z", b.shade)
    b.ball(400, 192, 26, 17, b.accent)
    for x in (222, 578):
        b.line(f"M{x} 250 L{x} 632", STEEL_DARK, 15)
        b.line(f"M{x - 3} 250 L{x - 3} 626", STEEL, 4)
    b.gloss("M262 300 L266 370", 12, 0.4)


def kettle(b: Brush) -> None:
    b.line("M240 360 Q236 150 400 148 Q564 150 560 360", INK, 30)
    b.form("M566 452 L676 326 L708 352 L604 540 Z", b.base)
    b.form(
        "M290 306 Q400 270 510 306 Q600 400 616 574 Q618 644 560 644 L240 644 Q182 644 184 574 Q200 400 290 306 Z",
        b.base,
    )
    b.form("M306 306 Q318 270 400 266 Q482 270 494 306 Q400 330 306 306 Z", b.shade)
    b.ball(400, 256, 24, 20, b.accent)
    b.box(672, 312, 40, 40, 10, b.accent)
    b.line("M186 560 Q400 596 614 560", b.accent, 12)
    b.gloss("M262 386 Q226 460 222 540", 22, 0.5)
    b.gloss("M298 376 Q270 440 262 530", 8, 0.4)


def knife_board(b: Brush) -> None:
    with b.placed(400, 400, -8):
        b.form(
            "M-178 -250 L92 -250 Q126 -250 126 -216 L126 236 Q126 270 92 270 L-178 270 Q-212 270 -212 236 L-212 -216 "
            "Q-212 -250 -178 -250 Z",
            WOOD,
        )
        for x in (-150, -80, -10, 60):
            b.line(f"M{x} -230 Q{x + 22} -60 {x} 80 Q{x - 18} 180 {x + 6} 250", WOOD_DARK, 4, 0.35)
        b.disc(-164, -204, 20, 20, darker(WOOD_DARK, 0.3))
    with b.placed(500, 360, 14):
        b.form("M-42 -232 Q48 -160 52 70 L-42 70 Z", STEEL)
        b.flat("M-42 -232 Q0 -170 4 70 L-42 70 Z", "#FFFFFF", 0.4)
        b.form("M-46 66 L54 66 L50 246 Q46 266 4 266 Q-38 266 -42 246 Z", b.base)
        for y in (108, 160, 212):
            b.disc(4, y, 9, 9, b.accent)
    with b.placed(622, 430, 22):
        b.form("M-26 -160 Q28 -110 30 50 L-26 50 Z", STEEL)
        b.flat("M-26 -160 Q2 -110 4 50 L-26 50 Z", "#FFFFFF", 0.4)
        b.form("M-29 46 L32 46 L30 164 Q2 184 -26 164 Z", b.base)
        for y in (82, 128):
            b.disc(1, y, 7, 7, b.accent)
    for x, y in ((276, 430), (300, 500), (350, 460)):
        b.ball(x, y, 42, 38, RED)
        b.disc(x, y, 30, 27, lighter(RED, 0.3))
        b.disc(x - 10, y - 6, 6, 8, GOLD)
        b.disc(x + 10, y + 4, 6, 8, GOLD)


def rooster_bowl(b: Brush) -> None:
    b.form("M126 356 L674 356 Q656 560 500 610 L508 644 L292 644 L300 610 Q144 560 126 356 Z", b.base)
    b.disc(400, 356, 274, 62, lighter(b.base, 0.5))
    b.disc(400, 362, 248, 48, darker(b.base, 0.24))
    b.line("M134 404 Q400 470 666 404", b.accent, 7)
    b.line("M300 612 L500 612", b.accent, 8)
    with b.placed(392, 516, 0, 1.02):
        b.form("M-72 -10 C-120 -96 -150 -30 -136 34 C-110 -6 -96 10 -84 30 Z", INK)
        b.form("M-84 8 C-60 60 30 70 62 16 C78 -20 66 -66 96 -82 C52 -92 40 -52 20 -36 C-10 -16 -60 -30 -84 8 Z", RED)
        b.flat("M-62 16 C-40 44 6 40 20 10 C-6 -4 -40 -4 -62 16 Z", GOLD)
        b.flat("M72 -80 Q76 -106 88 -88 Q96 -108 104 -84 Q112 -92 108 -70 Z", RED)
        b.flat("M100 -74 L118 -66 L100 -60 Z", GOLD)
        b.disc(90, -70, 4, 4, INK)
        b.line("M-10 56 L-14 80 M22 54 L24 80", GOLD, 6)
    b.leaf(510, 560, 84, -38)
    b.leaf(516, 552, 62, 12)
    b.leaf(250, 540, 70, -130)
    b.gloss("M162 420 Q186 500 236 550", 15, 0.5)


def utensils(b: Brush) -> None:
    with b.placed(322, 420, -13):
        b.form("M-12 -70 L12 -70 L14 60 L-14 60 Z", WOOD)
        b.form("M0 -278 Q56 -272 50 -174 Q44 -90 12 -56 L-12 -56 Q-44 -90 -50 -174 Q-56 -272 0 -278 Z", WOOD)
        b.disc(-2, -182, 31, 64, darker(WOOD, 0.24))
    with b.placed(404, 420, 1):
        b.form(
            "M-52 -306 Q0 -324 52 -306 L40 -150 Q36 -118 13 -106 L13 60 L-13 60 L-13 -106 Q-36 -118 -40 -150 Z",
            WOOD_DARK,
        )
        for x in (-18, 0, 18):
            b.line(f"M{x} -274 L{x * 0.8:g} -174", darker(WOOD_DARK, 0.5), 9, 0.8)
    with b.placed(482, 420, 14):
        b.form(
            "M-44 -276 L44 -256 L44 -130 Q40 -96 13 -86 L13 60 L-13 60 L-13 -86 Q-40 -96 -44 -130 Z", lighter(WOOD, 0.2)
        )
        b.line("M-30 -252 L-30 -136", "#FFFFFF", 6, 0.3)
    b.form("M232 384 L568 384 L548 598 Q542 644 496 644 L304 644 Q258 644 252 598 Z", b.base)
    b.form("M222 366 L578 366 L574 410 L226 410 Z", lighter(b.base, 0.3))
    b.line("M240 466 Q400 490 560 466", b.accent, 11)
    for x in range(282, 540, 40):
        b.flat(f"M{x} 500 L{x + 14} 526 L{x} 552 L{x - 14} 526 Z", b.accent)
    b.line("M252 590 Q400 612 548 590", b.accent, 11)


def steamer(b: Brush) -> None:
    for x in (330, 400, 470):
        b.line(f"M{x} 196 Q{x - 22} 170 {x} 146 Q{x + 22} 122 {x} 98", "#FFFFFF", 10, 0.7)
    for path in ("M180 556 Q112 540 116 582 Q122 616 184 602", mirrored("M180 556 Q112 540 116 582 Q122 616 184 602")):
        b.line(path, STEEL_DARK, 18)
    b.form("M176 486 L624 486 L606 610 Q600 644 560 644 L240 644 Q200 644 194 610 Z", b.base)
    b.form("M190 344 L610 344 L610 490 L190 490 Z", lighter(b.base, 0.16))
    b.box(168, 474, 464, 28, 13, b.shade)
    for x in range(232, 590, 48):
        b.disc(x, 418, 10, 10, darker(b.base, 0.4), 0.6)
    b.form("M180 344 Q190 240 400 232 Q610 240 620 344 Z", b.base)
    b.box(170, 334, 460, 26, 12, b.shade)
    b.ball(400, 226, 38, 24, b.accent)
    b.gloss("M226 370 L226 460", 18, 0.5)
    b.gloss("M222 520 L232 606", 18, 0.5)
    b.gloss("M226 320 Q250 276 320 262", 13, 0.5)


DRAWINGS = {
    "mug": Drawing(mug, shadow=240, lift=50, scale=1.08),
    "plates": Drawing(plates, Pose.FLAT),
    "teapot": Drawing(teapot, shadow=220, lift=10, scale=1.04),
    "mortar": Drawing(mortar, shadow=230, lift=40, scale=1.1),
    "wok": Drawing(wok, shadow=220, lift=40, scale=1.06),
    "pot": Drawing(pot, shadow=250, lift=30, scale=1.1),
    "rantang": Drawing(rantang, shadow=210),
    "kettle": Drawing(kettle, shadow=250, lift=10, scale=1.06),
    "knife_board": Drawing(knife_board, Pose.FLAT),
    "rooster_bowl": Drawing(rooster_bowl, shadow=180, lift=70, scale=1.14),
    "utensils": Drawing(utensils, shadow=190, scale=1.06),
    "steamer": Drawing(steamer, shadow=250),
}
