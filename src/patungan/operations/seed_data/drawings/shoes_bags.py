"""Shoes, bags and leather goods."""

from __future__ import annotations

from .canvas import GOLD, INK, PAPER, STEEL, STEEL_DARK, Brush, Drawing, Pose, darker, lighter

_SOLE = "#F3EBDD"


def loafer(b: Brush) -> None:
    with b.placed(26, -92, 0, 0.94):
        _loafer_side(b, darker(b.base, 0.16))
    with b.placed(-16, 0):
        _loafer_side(b, b.base)


def _loafer_side(b: Brush, fill: str) -> None:
    b.form(
        "M166 452 Q196 436 226 452 Q290 486 350 470 Q380 462 402 476 Q470 516 560 534 Q646 552 650 610 L160 610 "
        "Q146 520 166 452 Z",
        fill,
    )
    b.flat(
        "M172 448 Q196 436 226 452 Q290 486 350 470 Q366 466 378 468 Q300 520 226 492 Q186 476 172 448 Z",
        darker(fill, 0.5),
    )
    b.line("M352 476 Q340 530 388 566", darker(fill, 0.5), 6, 0.5)
    b.form("M330 486 Q380 462 414 484 Q436 506 420 534 Q366 560 318 528 Z", darker(fill, 0.22))
    b.box(346, 496, 56, 24, 8, GOLD)
    b.line("M430 504 Q500 532 560 546 Q600 556 620 586", lighter(fill), 6, 0.55, "12 9")
    b.line("M176 470 Q190 540 186 600", darker(fill, 0.5), 5, 0.4)
    b.form("M156 606 L654 606 Q660 632 640 640 L280 640 L276 624 L256 624 L252 644 L158 644 Z", INK)
    b.gloss("M484 548 Q552 556 592 580", 13, 0.35)


def sneaker(b: Brush) -> None:
    b.form(
        "M160 416 Q186 398 214 414 Q240 452 300 440 Q352 424 380 388 Q400 376 416 396 Q464 474 560 508 Q646 "
        "530 652 584 "
        "L156 584 Q142 490 160 416 Z",
        b.base,
    )
    b.flat("M156 584 Q146 520 152 468 Q220 500 246 584 Z", b.accent)
    b.flat("M560 508 Q646 530 652 584 L520 584 Q520 540 560 508 Z", lighter(b.base, 0.6))
    b.flat("M252 584 L330 470 L378 486 L314 584 Z", b.accent)
    b.form("M366 402 Q388 372 416 396 L470 462 L420 506 Q370 470 366 402 Z", lighter(b.base, 0.28))
    for x, y in ((392, 436), (414, 462), (438, 486)):
        b.line(f"M{x - 26} {y + 16} L{x + 30} {y - 20}", PAPER, 13)
        b.line(f"M{x - 26} {y + 20} L{x + 30} {y - 16}", INK, 3, 0.14)
    b.form("M148 574 L654 574 Q668 606 648 640 Q400 652 160 640 Q140 610 148 574 Z", _SOLE)
    b.line("M152 600 Q400 610 656 600", b.accent, 9)
    for x in range(180, 640, 28):
        b.line(f"M{x} 620 L{x} 638", darker(_SOLE, 0.3), 4, 0.5)
    b.line("M180 436 Q200 480 196 560", darker(b.base, 0.4), 4, 0.5, "9 8")
    b.line("M472 470 Q520 510 520 566", darker(b.base, 0.4), 4, 0.5, "9 8")


def sandal(b: Brush) -> None:
    for x, angle in ((276, -9), (524, 9)):
        with b.placed(x, 400, angle):
            side = 1 if x < 400 else -1
            b.form(
                "M0 -232 C90 -232 112 -150 100 -70 C90 0 72 40 76 110 C80 190 50 236 0 236 C-50 236 -80 190 -76 110 "
                "C-72 40 -90 0 -100 -70 C-112 -150 -90 -232 0 -232 Z",
                darker(b.base, 0.36),
            )
            b.form(
                "M0 -214 C76 -214 96 -142 85 -66 C76 0 58 42 62 110 C66 178 42 216 0 216 C-42 216 -66 178 -62 110 "
                "C-58 42 -76 0 -85 -66 C-96 -142 -76 -214 0 -214 Z",
                b.accent,
            )
            b.line(
                "M0 -192 C60 -192 78 -136 68 -64 C60 0 44 42 48 110 C50 164 32 196 0 196",
                lighter(b.accent),
                4,
                0.5,
                "10 8",
            )
            b.form("M-112 -96 Q0 -170 112 -96 L104 -22 Q0 -92 -104 -22 Z", b.base)
            b.form("M-84 42 Q0 -20 84 42 L80 96 Q0 40 -80 96 Z", b.base)
            b.line("M-104 -42 Q0 -110 104 -42", lighter(b.base), 4, 0.6, "10 8")
            b.box(side * 62 - 17, -82, 34, 34, 8, GOLD)
            b.panel(side * 62 - 8, -73, 16, 16, 3, b.base)


def boot(b: Brush) -> None:
    b.form(
        "M238 186 Q330 166 424 186 Q430 300 444 380 Q470 440 560 470 Q640 496 644 580 L226 580 Q252 380 238 186 Z",
        b.base,
    )
    b.form("M230 176 Q330 152 432 176 L432 226 Q330 206 234 226 Z", darker(b.base, 0.3))
    b.form("M522 458 Q640 490 644 582 L500 582 Q486 516 522 458 Z", b.shade)
    b.flat("M226 580 Q240 500 246 430 Q320 470 320 580 Z", b.shade)
    for x, y in ((410, 268), (418, 316), (430, 364), (456, 408)):
        b.line(f"M{x - 66} {y + 24} L{x + 6} {y}", b.accent, 12)
        b.disc(x - 68, y + 24, 9, 9, GOLD)
    b.line("M338 236 Q348 380 330 460 Q320 520 322 570", lighter(b.base), 4, 0.5, "11 9")
    b.form(
        "M216 572 L652 572 Q664 604 652 644 L560 644 L552 628 L532 628 L524 644 L470 644 L462 628 L442 628 L434 644 "
        "L360 644 L352 624 L322 624 L316 644 L218 644 Z",
        INK,
    )
    b.panel(220, 572, 432, 17, 6, GOLD)
    b.gloss("M566 500 Q612 522 620 552", 14, 0.3)


def flat_shoe(b: Brush) -> None:
    for x, y, scale in ((66, -34, 0.94), (-20, 0, 1)):
        with b.placed(x, y, 0, scale):
            b.form(
                "M162 520 Q170 490 206 492 Q260 560 380 564 Q440 562 470 544 Q560 530 640 574 Q672 604 640 626 L176 "
                "630 "
                "Q152 580 162 520 Z",
                b.base,
            )
            b.flat(
                "M172 508 Q184 490 206 492 Q260 560 380 564 Q440 562 470 544 Q492 540 510 542 Q470 596 330 594 Q210 "
                "590 172 508 Z",
                darker(b.accent, 0.1),
            )
            b.line("M206 494 Q260 562 380 566 Q440 564 474 546", b.shade, 9)
            b.flat("M166 620 L652 616 Q650 640 626 642 L176 642 Z", darker(b.base, 0.45))
            b.form("M506 550 Q470 516 486 506 Q512 504 530 546 Z", b.accent)
            b.form("M534 548 Q566 508 586 516 Q592 538 552 558 Z", b.accent)
            b.ball(532, 550, 15, 13, darker(b.accent, 0.2))
            b.gloss("M580 584 Q614 588 632 602", 12, 0.4)


def backpack(b: Brush) -> None:
    b.line("M340 196 Q340 134 400 134 Q460 134 460 196", b.shade, 22)
    b.form("M176 330 Q140 440 176 590 L236 600 L246 330 Z", b.shade)
    b.form("M624 330 Q660 440 624 590 L564 600 L554 330 Z", darker(b.base, 0.3))
    b.form("M216 320 Q220 168 400 168 Q580 168 584 320 L600 590 Q600 644 540 646 L260 646 Q200 644 200 590 Z", b.base)
    b.line("M258 390 Q240 230 400 222 Q560 230 542 390", darker(b.base, 0.4), 9)
    b.line("M258 390 Q240 230 400 222 Q560 230 542 390", b.accent, 3, 0.9, "6 6")
    b.form(
        "M248 418 Q250 396 276 396 L524 396 Q550 396 552 418 L560 596 Q560 622 532 622 L268 622 Q240 622 240 596 Z",
        lighter(b.base, 0.14),
    )
    b.line("M252 450 L550 450", darker(b.base, 0.4), 9)
    b.line("M252 450 L550 450", b.accent, 3, 0.9, "6 6")
    b.box(492, 442, 15, 56, 6, b.accent)
    b.box(346, 300, 108, 54, 12, b.accent)
    b.line("M364 327 L436 327", PAPER, 7, 0.8)
    b.gloss("M232 330 Q236 240 290 210", 15, 0.22)


def tote(b: Brush) -> None:
    b.line("M304 350 Q296 132 400 132 Q504 132 496 350", darker(b.accent, 0.3), 24)
    b.cloth("M196 306 L604 306 L630 618 Q632 646 604 646 L196 646 Q168 646 170 618 Z", b.base)
    b.line("M310 372 Q290 166 400 160 Q510 166 490 372", b.accent, 24)
    for x in (310, 490):
        b.box(x - 23, 356, 46, 62, 8, b.accent)
        b.line(f"M{x - 13} 366 L{x + 13} 408 M{x + 13} 366 L{x - 13} 408", lighter(b.accent), 4, 0.8)
    b.panel(193, 306, 414, 24, 4, darker(b.base, 0.4), 0.14)
    b.ball(400, 536, 66, 66, b.accent)
    b.leaf(370, 560, 86, -52, lighter(b.base, 0.2))
    b.line("M214 420 Q206 520 204 620", darker(b.base, 0.5), 5, 0.16)
    b.line("M590 420 Q596 520 598 620", darker(b.base, 0.5), 5, 0.16)


def sling_bag(b: Brush) -> None:
    b.line("M206 420 Q150 150 400 142 Q650 150 594 420", b.shade, 18)
    for x in (206, 594):
        b.line(
            f"M{x - 15} 420 Q{x - 15} 396 {x} 396 Q{x + 15} 396 {x + 15} 420 Q{x + 15} 444 {x} 444 Q{x - 15} 444 "
            f"{x - 15} 420 Z",
            GOLD,
            8,
        )
    b.form(
        "M196 396 Q196 380 214 380 L586 380 Q604 380 604 396 L622 600 Q624 644 580 644 L220 644 Q176 644 178 600 Z",
        b.base,
    )
    b.form(
        "M186 386 Q188 364 212 364 L588 364 Q612 364 614 386 L602 470 Q580 540 400 548 Q220 540 198 470 Z",
        lighter(b.base, 0.16),
    )
    b.line("M206 398 L212 466 Q238 522 400 530 Q562 522 588 466 L594 398", darker(b.base, 0.4), 4, 0.7, "11 9")
    b.box(366, 512, 68, 60, 12, GOLD)
    b.panel(384, 528, 32, 30, 5, darker(GOLD, 0.4))
    b.gloss("M222 392 Q320 386 430 386", 10, 0.3)


def duffel(b: Brush) -> None:
    b.line("M280 420 Q286 206 400 206 Q514 206 520 420", darker(b.accent, 0.26), 22)
    b.form(
        "M146 470 Q146 352 250 344 L550 344 Q654 352 654 470 L646 600 Q642 640 600 642 L200 642 Q158 640 154 600 Z",
        b.base,
    )
    b.line("M196 366 L604 366", darker(b.base, 0.4), 10)
    b.line("M196 366 L604 366", STEEL, 3, 0.9, "6 6")
    b.form("M146 470 Q146 400 196 366 Q226 500 210 642 L200 642 Q158 640 154 600 Z", b.accent)
    b.form("M654 470 Q654 400 604 366 Q574 500 590 642 L600 642 Q642 640 646 600 Z", darker(b.accent, 0.14))
    b.panel(266, 346, 32, 296, 2, b.accent)
    b.panel(502, 346, 32, 296, 2, b.accent)
    b.line("M282 430 Q286 250 400 248 Q514 250 518 430", b.accent, 22)
    b.box(352, 230, 96, 34, 12, darker(b.accent, 0.3))
    b.form(
        "M326 444 Q328 430 342 430 L458 430 Q472 430 474 444 L478 578 Q478 596 460 596 L340 596 Q322 596 322 578 Z",
        lighter(b.base, 0.16),
    )
    b.line("M330 470 L470 470", darker(b.base, 0.4), 7)
    b.line("M330 470 L470 470", STEEL, 3, 0.9, "6 6")
    b.gloss("M238 400 Q224 480 226 560", 13, 0.2)


def wallet(b: Brush) -> None:
    b.form("M214 300 L560 262 L574 388 L228 420 Z", "#8FB99A")
    b.form("M236 330 L586 306 L592 420 L244 430 Z", "#B5D0A8")
    b.disc(414, 372, 34, 30, "#8FB99A")
    b.form(
        "M160 380 Q158 356 184 354 L616 354 Q642 356 640 380 L640 600 Q640 640 600 640 L200 640 Q160 640 160 600 Z",
        b.base,
    )
    b.flat("M160 380 Q158 356 184 354 L616 354 Q642 356 640 380 L640 402 L160 402 Z", darker(b.base, 0.3))
    b.line("M178 418 L622 418 L622 604 Q622 622 604 622 L196 622 Q178 622 178 604 Z", lighter(b.base), 4, 0.6, "12 9")
    b.form("M520 462 L640 462 L640 560 L520 560 Q488 556 488 511 Q488 466 520 462 Z", b.shade)
    b.ball(532, 511, 21, 21, GOLD)
    b.gloss("M196 450 L196 560", 12, 0.22)


def belt(b: Brush) -> None:
    spiral = (
        "M380 206 C250 214 178 292 178 402 C178 520 264 612 400 612 C534 612 614 524 612 414 C610 330 540 286 452 288 "
        "C350 290 282 342 284 414 C286 482 338 522 402 520 C466 518 512 472 508 420 C504 378 470 360 436 364"
    )
    b.line(spiral, darker(b.base, 0.4), 68)
    b.line(spiral, b.base, 60)
    b.line(spiral, lighter(b.base, 0.2), 44, 0.35)
    b.line(spiral, b.accent, 3, 0.75, "13 10")
    b.box(392, 190, 34, 34, 6, darker(b.base, 0.4))
    b.box(380, 146, 150, 118, 22, STEEL)
    b.panel(410, 174, 92, 62, 10, lighter("#EACFC3", 0.2))
    b.box(396, 194, 128, 20, 9, STEEL_DARK)
    b.box(330, 166, 30, 80, 8, darker(b.base, 0.2))


DRAWINGS = {
    "loafer": Drawing(loafer, shadow=280, lift=50, scale=1.12),
    "sneaker": Drawing(sneaker, shadow=280, lift=80, scale=1.14),
    "sandal": Drawing(sandal, Pose.FLAT),
    "boot": Drawing(boot, shadow=260, lift=20),
    "flat_shoe": Drawing(flat_shoe, shadow=280, lift=70, scale=1.12),
    "backpack": Drawing(backpack, shadow=240),
    "tote": Drawing(tote, shadow=250),
    "sling_bag": Drawing(sling_bag, shadow=250, scale=1.04),
    "duffel": Drawing(duffel, shadow=270, lift=30, scale=1.08),
    "wallet": Drawing(wallet, shadow=260, lift=50, scale=1.12),
    "belt": Drawing(belt, Pose.FLAT),
}
