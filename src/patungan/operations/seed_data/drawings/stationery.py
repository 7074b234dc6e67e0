"""Paper, pens and things for school and office."""

from __future__ import annotations

from .canvas import GOLD, INK, PAPER, RED, STEEL, STEEL_DARK, WOOD, WOOD_DARK, Brush, Drawing, Pose, darker, lighter

RAINBOW = ("#D9574C", "#EE8A4A", "#F3C14E", "#7DB36A", "#4FA6A0", "#4F86C2", "#7C6BB5", "#C76BA0")


def notebooks(b: Brush) -> None:
    with b.placed(470, 410, 14):
        b.box(-150, -230, 316, 452, 14, b.accent)
        b.panel(-134, -214, 300, 424, 8, PAPER)
    with b.placed(386, 404, -6):
        b.box(-170, -238, 340, 480, 16, PAPER)
        b.box(-176, -244, 340, 478, 16, b.base)
        b.panel(-176, -244, 54, 478, 12, darker(b.base, 0.34))
        b.box(-84, -170, 212, 128, 10, PAPER)
        for y in (-134, -104, -74):
            b.line(f"M-62 {y} L106 {y}", b.accent, 6, 0.7)
        b.flat("M-122 96 Q-60 30 10 90 Q70 130 164 60 L164 220 Q164 234 150 234 L-122 234 Z", b.accent)
        b.flat(
            "M-122 156 Q-40 110 40 156 Q100 180 164 140 L164 220 Q164 234 150 234 L-122 234 Z", lighter(b.accent, 0.4)
        )
        b.gloss("M140 -220 L140 -60", 8, 0.25)


def pencils(b: Brush) -> None:
    for index, angle in enumerate((-24, -12, 0, 12, 24)):
        with b.placed(400 + (index - 2) * 34, 450, angle):
            fill = (b.base, b.accent)[index % 2]
            b.box(-21, -190, 42, 260, 3, fill)
            b.flat("M-7 -190 L7 -190 L7 70 L-7 70 Z", lighter(fill), 0.45)
            b.flat("M-21 -188 Q-14 -198 -7 -188 Q0 -198 7 -188 Q14 -198 21 -188 L6 -252 L-6 -252 Z", "#F0D3A4")
            b.flat("M-9 -232 L9 -232 L0 -268 Z", INK)
    b.form("M250 410 L550 410 L566 644 L234 644 Z", b.base)
    b.flat("M250 410 L550 410 L556 486 L244 486 Z", b.accent)
    b.form("M300 530 L500 530 L504 598 L296 598 Z", PAPER)
    b.line("M330 564 L470 564", b.base, 15)
    b.flat("M350 410 Q400 470 450 410 Z", darker(b.base, 0.5), 0.5)


def binder(b: Brush) -> None:
    b.form("M296 190 L610 214 L610 636 L296 644 Z", b.shade)
    b.form("M304 206 L594 228 L594 620 L304 628 Z", PAPER)
    for index, y in enumerate((262, 322, 382, 442, 502)):
        b.box(584, y, 40, 42, 8, RAINBOW[(index * 2) % 8])
    b.form("M186 178 Q190 156 214 158 L300 168 L300 648 L214 644 Q190 644 186 622 Z", darker(b.base, 0.16))
    b.form("M300 168 L556 158 Q572 158 572 174 L572 632 Q572 648 556 648 L300 648 Z", b.base)
    b.box(214, 214, 60, 170, 8, PAPER)
    b.line("M230 250 L258 250 M230 280 L258 280 M230 310 L250 310", b.accent, 7)
    b.line("M243 470 A28 28 0 1 1 242 470", STEEL, 11)
    b.box(360, 226, 156, 96, 10, PAPER)
    b.line("M384 258 L492 258 M384 288 L456 288", b.accent, 8)
    b.panel(300, 168, 20, 480, 2, darker(b.base, 0.5), 0.3)


def paper_ream(b: Brush) -> None:
    b.form("M130 420 L520 420 L520 640 L130 640 Z", b.base)
    b.form("M520 420 L664 344 L664 556 L520 640 Z", darker(b.base, 0.34))
    b.flat("M130 500 Q230 440 330 490 Q430 540 520 470 L520 640 L130 640 Z", b.accent)
    b.flat("M520 470 Q600 420 664 404 L664 556 L520 640 Z", darker(b.accent, 0.34))
    b.box(176, 452, 150, 58, 10, PAPER)
    b.line("M204 481 L298 481", b.base, 16)
    for index in range(6):
        y = 410 - index * 9
        b.form(f"M130 {y} L520 {y} L520 {y + 10} L130 {y + 10} Z", (PAPER, darker(PAPER, 0.1))[index % 2])
        b.flat(f"M520 {y} L664 {y - 76} L664 {y - 66} L520 {y + 10} Z", darker(PAPER, (0.18, 0.28)[index % 2]))
    b.flat("M130 366 L274 290 L664 290 L520 366 Z", "#FFFFFF")
    with b.placed(402, 318, -3):
        b.flat("M-148 26 L-40 -36 L176 -40 L72 26 Z", darker(PAPER, 0.16), 0.6)
        b.flat("M-152 16 L-44 -46 L172 -50 L68 16 Z", "#FFFFFF")
        for step in range(3):
            b.line(f"M{-70 + step * 30} {-2 - step * 14} L{50 + step * 26} {-4 - step * 14}", b.base, 5, 0.4)


def crayons(b: Brush) -> None:
    for index, fill in enumerate(RAINBOW):
        x = 198 + index * 51
        top = 226 + (index * 29) % 44
        b.form(f"M{x + 8} {top} Q{x + 23} {top - 34} {x + 38} {top} L{x + 46} {top + 26} L{x} {top + 26} Z", fill)
        b.box(x, top + 22, 47, 240, 4, fill)
        b.panel(x, top + 44, 47, 9, 0, darker(fill, 0.4), 0.6)
        b.panel(x, top + 60, 47, 5, 0, darker(fill, 0.4), 0.6)
    b.form("M176 392 L624 392 L624 642 L176 642 Z", b.base)
    b.flat("M176 392 Q400 470 624 392 L624 440 Q400 520 176 440 Z", b.accent)
    b.ball(400, 546, 66, 58, PAPER)
    for index, (dx, dy) in enumerate(((-26, -12), (0, -28), (26, -12), (18, 18), (-18, 18))):
        b.disc(400 + dx, 548 + dy, 15, 15, RAINBOW[index])
    b.gloss("M200 460 L200 610", 10, 0.4)


def pencil_pouch(b: Brush) -> None:
    for x, angle, fill in ((330, -16, RAINBOW[0]), (392, 2, RAINBOW[5]), (452, 14, RAINBOW[3])):
        with b.placed(x, 340, angle):
            b.box(-17, -150, 34, 220, 3, fill)
            b.flat("M-17 -148 L17 -148 L0 -206 Z", "#F0D3A4")
            b.flat("M-7 -182 L7 -182 L0 -206 Z", INK)
    with b.placed(522, 340, 22):
        b.box(-24, -128, 48, 220, 4, GOLD)
        for y in range(-112, 90, 20):
            b.line(f"M-24 {y} L{-8 if y % 40 else 0} {y}", INK, 3, 0.7)
    b.cloth(
        "M140 400 Q136 364 176 362 L624 362 Q664 364 660 400 L660 590 Q660 640 610 640 L190 640 Q140 640 140 590 Z",
        b.base,
    )
    b.line("M156 398 L644 398", darker(b.base, 0.5), 15)
    b.line("M156 398 L644 398", STEEL, 5, 0.95, "8 7")
    b.box(584, 386, 54, 24, 8, b.accent)
    b.form("M616 396 L638 396 L648 470 L606 470 Z", b.accent)
    b.box(214, 474, 150, 92, 12, b.accent)
    b.line("M238 506 L340 506 M238 536 L306 536", PAPER, 8)


def pens(b: Brush) -> None:
    for index, fill in enumerate((b.base, INK, b.accent)):
        with b.placed(270 + index * 130, 400, 24):
            b.form("M-9 196 L9 196 L3 268 L-3 268 Z", STEEL_DARK)
            b.form("M-24 -120 L24 -120 L24 150 L12 200 L-12 200 L-24 150 Z", "#EEF2F4")
            b.panel(-10, -110, 20, 290, 8, fill, 0.85)
            b.box(-25, 60, 50, 100, 8, fill)
            for y in range(76, 150, 15):
                b.line(f"M-18 {y} L18 {y}", darker(fill, 0.4), 4, 0.5)
            b.box(-26, -250, 52, 150, 12, fill)
            b.box(16, -236, 19, 148, 8, lighter(fill, 0.3))
            b.gloss("M-14 -232 L-14 -120", 7, 0.5)


def blackboard(b: Brush) -> None:
    b.form("M234 560 L270 560 L214 664 L182 664 Z", WOOD_DARK)
    b.form("M530 560 L566 560 L618 664 L586 664 Z", WOOD_DARK)
    b.box(150, 160, 500, 424, 14, WOOD)
    b.panel(184, 194, 432, 344, 4, b.base)
    b.line(
        "M222 282 L238 270 L238 332 M266 302 L298 302 M282 286 L282 318 M326 282 L342 270 L342 332 M370 292 "
        "L402 292 M370 314 L402 314",
        PAPER,
        8,
    )
    b.line("M430 282 Q450 256 472 276 Q480 294 432 332 L480 332", b.accent, 9)
    b.line("M230 470 L230 410 L280 372 L330 410 L330 470 Z M266 470 L266 436 L294 436 L294 470", PAPER, 7)
    b.line("M470 396 A32 32 0 1 1 469 396", GOLD, 8)
    for dx, dy in ((60, 34), (-60, 34), (0, -24), (0, 92)):
        b.line(f"M{470 + dx * 0.82:g} {428 + (dy - 34) * 0.82:g} L{470 + dx:g} {428 + (dy - 34):g}", GOLD, 7)
    b.box(180, 548, 440, 30, 6, WOOD_DARK)
    b.box(300, 538, 60, 15, 6, PAPER)
    b.box(380, 538, 46, 15, 6, RED)
    b.box(470, 522, 96, 30, 8, b.accent)


DRAWINGS = {
    "notebooks": Drawing(notebooks, Pose.FLAT),
    "pencils": Drawing(pencils, shadow=220, lift=10, scale=1.06),
    "binder": Drawing(binder, shadow=240),
    "paper_ream": Drawing(paper_ream, shadow=280, lift=70, scale=1.12),
    "crayons": Drawing(crayons, shadow=240, lift=20, scale=1.08),
    "pencil_pouch": Drawing(pencil_pouch, shadow=270, lift=30, scale=1.06),
    "pens": Drawing(pens, Pose.FLAT),
    "blackboard": Drawing(blackboard, shadow=240, ground=660, lift=20, scale=1.06),
}
