"""Furniture, textiles and things for the house."""

from __future__ import annotations

from .canvas import (
    CLAY,
    GOLD,
    INK,
    LEAF,
    LEAF_DARK,
    PAPER,
    WOOD,
    WOOD_DARK,
    Brush,
    Drawing,
    Pose,
    darker,
    lighter,
    mirrored,
)


def chair(b: Brush) -> None:
    b.form("M506 450 L534 450 L546 600 L522 600 Z", darker(b.base, 0.36))
    b.form("M266 450 L294 450 L290 600 L262 600 Z", darker(b.base, 0.3))
    b.form("M252 136 L284 136 L292 450 L262 450 Z", b.base)
    b.form("M516 136 L548 136 L538 450 L508 450 Z", b.shade)
    b.form("M252 130 Q400 88 548 130 L546 196 Q400 160 254 196 Z", b.base)
    b.flat("M400 122 Q440 132 430 150 Q400 166 370 150 Q360 132 400 122 Z", darker(b.base, 0.3))
    for x in (336, 400, 464):
        b.form(f"M{x - 13} 176 L{x + 13} 176 L{x + 11} 408 L{x - 11} 408 Z", lighter(b.base, 0.1))
    b.form("M264 400 L536 400 L536 430 L264 430 Z", b.shade)
    b.form("M222 492 L578 492 L574 530 L226 530 Z", b.shade)
    b.form("M262 424 L538 424 L588 480 Q590 500 570 500 L230 500 Q210 500 212 480 Z", b.accent)
    b.line("M238 486 Q400 496 562 486", lighter(b.accent), 6, 0.5)
    b.form("M226 526 L264 526 L256 660 L228 660 Z", b.base)
    b.form("M536 526 L574 526 L572 660 L544 660 Z", b.shade)
    b.form("M252 580 L548 580 L548 600 L252 600 Z", darker(b.base, 0.1))


def table(b: Brush) -> None:
    b.form("M230 460 L258 460 L262 596 L240 596 Z", darker(b.base, 0.36))
    b.form("M542 460 L570 460 L560 596 L538 596 Z", darker(b.base, 0.36))
    b.form("M176 468 L218 468 L206 660 L182 660 Z", b.base)
    b.form("M582 468 L624 468 L618 660 L594 660 Z", b.shade)
    b.form("M190 560 L610 560 L606 588 L194 588 Z", darker(b.base, 0.14))
    b.form("M140 452 L660 452 L654 492 L146 492 Z", b.shade)
    b.form("M204 384 L596 384 L668 448 Q670 460 656 460 L144 460 Q130 460 132 448 Z", b.base)
    for path in ("M196 402 Q400 396 610 404", "M176 424 Q400 414 636 428", "M300 442 Q460 434 600 444"):
        b.line(path, darker(b.base, 0.4), 4, 0.35)
    b.form("M430 412 L520 412 L512 330 Q508 318 492 318 L458 318 Q442 318 438 330 Z", b.accent)
    b.leaf(474, 322, 96, -104)
    b.leaf(474, 322, 88, -60, LEAF_DARK)
    b.leaf(472, 324, 84, -140, LEAF)
    b.form("M262 400 L376 396 L388 418 L270 424 Z", PAPER)
    b.form("M272 386 L370 384 L378 402 L276 408 Z", "#C86D5A")


def bookshelf(b: Brush) -> None:
    b.form("M206 126 L594 126 L594 654 L206 654 Z", b.base)
    for y in (150, 316, 482):
        b.panel(232, y, 336, 146, 2, darker(b.base, 0.5))
        b.panel(232, y, 336, 20, 2, INK, 0.25)
    books = ("#D2705A", "#6E9AB8", "#E3B75C", "#7FA678", "#B48AB0", "#EFE3CC")
    for index in range(7):
        height = 88 + (index * 37) % 36
        b.box(240 + index * 27, 296 - height, 24, height, 3, books[index % 6])
    with b.placed(452, 296, 14):
        b.box(-12, -100, 24, 100, 3, books[2])
    b.form("M500 250 L556 250 L548 296 L508 296 Z", CLAY)
    for angle in (-130, -90, -52):
        b.leaf(528, 252, 60, angle)
    b.ball(300, 424, 46, 38, b.accent)
    b.form("M280 394 L320 394 L314 366 L286 366 Z", b.accent)
    for index in range(5):
        height = 84 + (index * 29) % 40
        b.box(404 + index * 30, 462 - height, 26, height, 3, books[(index + 3) % 6])
    for index, y in enumerate((600, 574, 548)):
        b.box(252 + index * 8, y, 130 - index * 12, 26, 3, books[(index + 1) % 6])
    b.form("M430 540 L552 540 L544 626 L438 626 Z", "#D9B98A")
    for y in (562, 584, 606):
        b.line(f"M436 {y} L546 {y}", WOOD_DARK, 4, 0.5)
    for y in (296, 462, 628):
        b.box(214, y, 372, 20, 3, lighter(b.base, 0.14))
    b.box(190, 108, 420, 30, 8, lighter(b.base, 0.14))


def lamp(b: Brush) -> None:
    b.line("M400 0 L400 206", INK, 8)
    b.box(366, 190, 68, 48, 14, INK)
    b.flat("M250 584 L550 584 L640 800 L160 800 Z", "#FFE9A8", 0.28)
    b.ball(400, 560, 60, 60, "#FFF0BC")
    shade = "M356 232 L444 232 C500 290 616 400 626 540 Q400 600 174 540 C184 400 300 290 356 232 Z"
    b.form(shade, b.base)
    for x in range(-5, 6):
        b.line(f"M{400 + x * 8} 234 Q{400 + x * 38} 360 {400 + x * 43} {566 - abs(x) * 4}", darker(b.base, 0.4), 6, 0.6)
    for y, half in ((290, 100), (346, 150), (402, 186), (458, 210), (510, 222)):
        b.line(f"M{400 - half} {y} Q400 {y + 38} {400 + half} {y}", lighter(b.base), 7, 0.85)
    b.line("M174 540 Q400 600 626 540", b.shade, 20)


def basket(b: Brush) -> None:
    b.line("M250 360 Q262 150 400 148 Q538 150 550 360", darker(b.base, 0.3), 30)
    b.line("M250 360 Q262 150 400 148 Q538 150 550 360", lighter(b.base), 9, 0.6, "4 22")
    b.form("M170 372 L630 372 L590 604 Q582 644 540 644 L260 644 Q218 644 210 604 Z", b.base)
    for row in range(7):
        y = 416 + row * 34
        inset = row * 6.4
        for column in range(10):
            step = (460 - 2 * inset) / 10
            x = 170 + inset + column * step
            if (row + column) % 2:
                b.panel(x + 3, y - 15, step - 6, 28, 11, lighter(b.base, 0.36))
            else:
                b.panel(x + 3, y - 15, step - 6, 28, 11, darker(b.base, 0.3), 0.55)
    b.box(154, 352, 492, 44, 22, b.shade)
    b.line("M170 374 L632 374", lighter(b.base), 20, 0.7, "3 30")
    b.form("M560 396 Q606 420 596 506 Q560 470 560 396 Z", b.accent)
    b.form("M540 396 Q520 440 536 490 Q574 460 560 396 Z", lighter(b.accent, 0.2))


def mirror(b: Brush) -> None:
    b.form(
        "M400 92 Q440 132 500 138 Q610 190 618 390 Q610 600 500 650 Q440 656 400 696 Q360 656 300 650 Q190 600 182 390 "
        "Q190 190 300 138 Q360 132 400 92 Z",
        b.base,
    )
    b.disc(400, 392, 168, 214, darker(b.base, 0.4))
    b.disc(400, 392, 156, 202, "#D9EBF0")
    b.flat("M290 440 L420 196 L486 222 L318 520 Z", "#FFFFFF", 0.5)
    b.flat("M340 548 L512 264 L530 296 L370 568 Z", "#FFFFFF", 0.35)
    for angle in range(0, 360, 20):
        with b.placed(400, 392, angle, 1):
            radius = -232 if angle % 180 in (0, 20, 160) else -206
            if angle % 180 == 0:
                radius = -252
            b.flat(f"M0 {radius - 16} Q18 {radius} 0 {radius + 16} Q-18 {radius} 0 {radius - 16} Z", b.accent)
    for path in ("M226 300 Q196 392 226 486", mirrored("M226 300 Q196 392 226 486")):
        b.line(path, lighter(b.base), 6, 0.55)
    b.ball(400, 128, 15, 15, b.accent)
    b.ball(400, 656, 15, 15, b.accent)


def towels(b: Brush) -> None:
    fills = (b.accent, b.base, lighter(b.base, 0.4))
    for index, y in enumerate((552, 464, 376)):
        fill = fills[index]
        b.form(
            f"M186 {y} L590 {y} Q640 {y} 640 {y + 44} Q640 {y + 88} 590 {y + 88} L186 {y + 88} Q164 {y + 44} 186 {y} Z",
            fill,
        )
        b.line(f"M190 {y + 44} L580 {y + 44} Q604 {y + 44} 604 {y + 30}", darker(fill, 0.4), 5, 0.4)
        for x in (226, 246):
            b.line(f"M{x} {y + 4} L{x} {y + 84}", lighter(fill, 0.6), 6, 0.7)
    b.ball(470, 298, 78, 78, b.accent)
    b.form("M224 220 L470 220 L470 376 L224 376 Q180 298 224 220 Z", b.accent)
    b.line(
        "M470 298 Q470 264 498 268 Q528 278 520 312 Q506 350 462 340 Q420 322 430 272 Q444 236 486 238",
        darker(b.accent, 0.4),
        6,
        0.6,
    )
    b.line("M262 224 L262 372", lighter(b.accent, 0.6), 6, 0.7)
    b.line("M284 224 L284 372", lighter(b.accent, 0.6), 6, 0.7)


def bed(b: Brush) -> None:
    b.form("M150 330 Q150 196 210 190 Q400 160 590 190 Q650 196 650 330 L650 520 L150 520 Z", WOOD)
    b.line("M186 320 Q186 226 226 220 Q400 194 574 220 Q614 226 614 320", WOOD_DARK, 7, 0.6)
    for x in (270, 530):
        b.form(
            f"M{x - 104} 330 Q{x} 284 {x + 104} 330 Q{x + 118} 376 {x + 104} 424 Q{x} 446 {x - 104} 424 "
            f"Q{x - 118} 376 {x - 104} 330 Z",
            lighter(b.base, 0.55),
        )
        b.line(f"M{x - 88} 344 Q{x} 308 {x + 88} 344", b.accent, 5)
    b.cloth("M132 432 Q400 386 668 432 L690 604 Q690 632 664 632 L136 632 Q110 632 110 604 Z", b.base)
    b.form("M130 432 Q400 386 670 432 L676 486 Q400 440 124 486 Z", b.accent)
    for path in ("M250 470 Q236 550 246 626", "M550 470 Q564 550 554 626", "M400 452 Q408 540 398 630"):
        b.line(path, darker(b.base, 0.5), 6, 0.2)
    b.box(128, 630, 40, 34, 6, WOOD_DARK)
    b.box(632, 630, 40, 34, 6, WOOD_DARK)


def broom(b: Brush) -> None:
    with b.placed(400, 400, 17):
        b.box(-13, -330, 26, 380, 12, WOOD)
        for y in (-300, -250):
            b.panel(-13, y, 26, 13, 0, b.accent)
        b.form("M-40 20 L40 20 L76 116 L-76 116 Z", b.shade)
        b.form("M-76 108 L76 108 Q150 210 168 300 Q84 276 0 302 Q-84 276 -168 300 Q-150 210 -76 108 Z", b.base)
        for step in range(-7, 8):
            b.line(f"M{step * 9} 116 Q{step * 18} 210 {step * 21} 288", (b.shade, lighter(b.base))[step % 2], 6, 0.75)
        for y in (52, 88, 118):
            half = 44 + (y - 20) * 0.36
            b.line(f"M{-half} {y} Q0 {y + 16} {half} {y}", b.accent, 12)
        b.line("M0 -330 Q34 -366 0 -366 Q-34 -366 0 -330", b.accent, 7)


def plant_pot(b: Brush) -> None:
    for angle, size in ((-90, 290), (-118, 260), (-62, 262), (-146, 210), (-36, 214), (-104, 200), (-76, 206)):
        b.leaf(400, 430, size, angle, LEAF if size % 20 else LEAF_DARK)
        with b.placed(400, 430, angle):
            b.line(f"M10 0 L{size - 30} 0", lighter(LEAF), 4, 0.5)
    b.form("M240 456 L560 456 L522 622 Q516 644 494 644 L306 644 Q284 644 278 622 Z", b.base)
    b.box(220, 408, 360, 66, 14, lighter(b.base, 0.12))
    b.flat("M224 456 L576 456 L572 474 L228 474 Z", darker(b.base, 0.5), 0.25)
    for x in range(292, 530, 36):
        b.flat(f"M{x} 518 L{x + 16} 546 L{x} 574 L{x - 16} 546 Z", b.accent)
    b.line("M262 500 L538 500", b.accent, 6)
    b.line("M276 592 L524 592", b.accent, 6)


def cushion(b: Brush) -> None:
    with b.placed(40, 8, 5):
        b.form("M180 190 Q400 236 620 170 Q580 400 634 620 Q400 580 170 640 Q222 400 180 190 Z", b.accent)
    b.cloth("M174 196 Q400 240 606 184 Q570 400 616 616 Q400 576 178 628 Q226 400 174 196 Z", b.base)
    b.line(
        "M192 212 Q400 254 590 202 Q556 400 598 600 Q400 560 196 612 Q240 400 192 212 Z",
        lighter(b.base, 0.4),
        4,
        0.7,
        "12 10",
    )
    for x, y in ((174, 196), (606, 184), (616, 616), (178, 628)):
        b.ball(x, y, 19, 19, GOLD)
        side = 1 if y > 400 else -1
        for dx in (-11, 0, 11):
            b.line(f"M{x} {y + 12 * side} L{x + dx} {y + 50 * side}", GOLD, 6)


DRAWINGS = {
    "chair": Drawing(chair, shadow=210, ground=656),
    "table": Drawing(table, shadow=270, ground=656, lift=60, scale=1.12),
    "bookshelf": Drawing(bookshelf, shadow=230, ground=652),
    "lamp": Drawing(lamp, Pose.HANG),
    "basket": Drawing(basket, shadow=230, lift=10, scale=1.08),
    "mirror": Drawing(mirror, Pose.HANG),
    "towels": Drawing(towels, shadow=260, lift=40, scale=1.12),
    "bed": Drawing(bed, shadow=300, ground=660, lift=50, scale=1.06),
    "broom": Drawing(broom, Pose.FLAT),
    "plant_pot": Drawing(plant_pot, shadow=160, lift=10, scale=1.06),
    "cushion": Drawing(cushion, Pose.FLAT),
}
