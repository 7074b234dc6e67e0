"""Clothes and cloth: batik, uniforms, sportswear."""

from __future__ import annotations

from .canvas import GOLD, INK, PAPER, RED, Brush, Drawing, Pose, darker, lighter, mirrored

_BODY = "M312 192 Q400 250 488 192 L562 226 Q552 330 550 400 L558 626 Q400 644 242 626 L250 400 Q248 330 238 226 Z"
_SHORT_SLEEVE = "M250 220 Q186 246 164 300 L120 396 L212 440 L262 356 Z"
_LONG_SLEEVE = "M250 220 Q192 242 174 312 L116 566 L196 592 L264 380 Z"


def _pair(b: Brush, path: str, fill: str) -> None:
    b.cloth(path, fill)
    b.cloth(mirrored(path), fill)


def _creases(b: Brush) -> None:
    for path in ("M262 356 Q280 440 270 560", "M330 560 Q338 600 330 626", "M500 470 Q488 540 496 620"):
        b.line(path, darker(b.base, 0.5), 5, 0.16)
    b.line("M538 356 Q520 440 530 560", darker(b.base, 0.5), 5, 0.16)


def collar(b: Brush, fill: str) -> None:
    """A turned-down shirt collar around an open neck."""
    b.flat("M314 190 Q400 166 486 190 L400 268 Z", darker(b.base, 0.45))
    b.form("M316 184 L398 266 L340 296 L298 206 Z", fill)
    b.form(mirrored("M316 184 L398 266 L340 296 L298 206 Z"), fill)


def placket(b: Brush, fill: str, button: str, bottom: int = 632) -> None:
    """The buttoned strip down the front of a shirt."""
    b.panel(382, 264, 36, bottom - 264, 4, fill, 0.55)
    b.line(f"M418 268 L418 {bottom}", darker(b.base, 0.4), 3, 0.4)
    for y in range(310, bottom - 20, 74):
        b.disc(400, y, 8, 8, button)


def pocket(b: Brush, x: int, y: int, fill: str) -> None:
    """A breast pocket with a stitched edge."""
    b.panel(x, y, 82, 90, 12, fill)
    b.line(f"M{x} {y + 20} L{x + 82} {y + 20}", darker(fill, 0.4), 3, 0.6, "8 7")


def _shirt(b: Brush, sleeve: str) -> None:
    _pair(b, sleeve, darker(b.base, 0.1))
    b.cloth(_BODY, b.base)
    _creases(b)
    placket(b, b.shade, lighter(b.accent, 0.5))
    collar(b, lighter(b.base, 0.12))


def shirt(b: Brush) -> None:
    _shirt(b, _SHORT_SLEEVE)
    b.line("M128 388 L216 430", lighter(b.accent), 7, 0.7)
    b.line(mirrored("M128 388 L216 430"), lighter(b.accent), 7, 0.7)


def long_shirt(b: Brush) -> None:
    _shirt(b, _LONG_SLEEVE)
    _pair(b, "M124 528 L208 554 L196 594 L114 568 Z", darker(b.base, 0.3))


def work_shirt(b: Brush) -> None:
    _pair(b, _LONG_SLEEVE, darker(b.base, 0.12))
    b.form("M152 420 L236 446 L226 482 L142 456 Z", b.accent)
    b.form(mirrored("M152 420 L236 446 L226 482 L142 456 Z"), b.accent)
    b.cloth(_BODY, b.base)
    _creases(b)
    b.panel(250, 452, 300, 34, 0, b.accent)
    b.panel(250, 463, 300, 11, 0, "#F4F1E4")
    placket(b, b.shade, GOLD)
    pocket(b, 276, 326, b.shade)
    pocket(b, 442, 326, b.shade)
    collar(b, b.shade)


def tshirt(b: Brush) -> None:
    _pair(b, _SHORT_SLEEVE, darker(b.base, 0.08))
    b.cloth(_BODY, b.base)
    _creases(b)
    b.flat("M312 192 Q400 166 488 192 Q400 250 312 192 Z", darker(b.base, 0.45))
    b.line("M310 192 Q400 258 490 192", b.shade, 16)
    b.line("M132 374 L222 416", b.shade, 5, 0.7, "9 8")
    b.line(mirrored("M132 374 L222 416"), b.shade, 5, 0.7, "9 8")


def polo(b: Brush) -> None:
    _pair(b, _SHORT_SLEEVE, darker(b.base, 0.08))
    _pair(b, "M128 378 L222 420 L212 440 L118 396 Z", b.accent)
    b.cloth(_BODY, b.base)
    _creases(b)
    placket(b, b.shade, PAPER, 410)
    collar(b, b.accent)
    b.disc(492, 334, 17, 17, b.accent)
    b.disc(492, 334, 8, 8, lighter(b.base, 0.6))


def hoodie(b: Brush) -> None:
    _pair(b, _LONG_SLEEVE, darker(b.base, 0.12))
    _pair(b, "M122 538 L206 562 L196 596 L112 570 Z", darker(b.base, 0.3))
    b.form("M272 214 Q262 118 400 108 Q538 118 528 214 Q470 286 400 290 Q330 286 272 214 Z", darker(b.base, 0.14))
    b.cloth(_BODY, b.base)
    b.panel(242, 596, 316, 40, 14, darker(b.base, 0.24))
    b.form("M318 176 Q400 150 482 176 Q474 262 400 282 Q326 262 318 176 Z", darker(b.base, 0.42))
    b.line("M312 176 Q322 276 400 296 Q478 276 488 176", lighter(b.base, 0.14), 22)
    b.form("M306 452 L494 452 L538 562 L538 588 L262 588 L262 562 Z", darker(b.base, 0.1))
    b.line("M306 452 L262 562", lighter(b.base), 4, 0.6, "9 8")
    b.line("M494 452 L538 562", lighter(b.base), 4, 0.6, "9 8")
    for path in ("M374 294 Q366 340 374 396", "M426 294 Q434 340 424 384"):
        b.line(path, b.accent, 9)


def dress(b: Brush) -> None:
    _pair(b, "M262 220 Q200 240 176 312 L152 376 L246 408 L284 340 Z", darker(b.base, 0.08))
    b.cloth(
        "M314 190 Q400 290 486 190 L546 222 Q532 300 524 352 L616 642 Q400 676 184 642 L276 352 Q268 300 254 222 Z",
        b.base,
    )
    b.flat("M314 190 Q400 160 486 190 Q400 290 314 190 Z", darker(b.base, 0.45))
    b.line("M314 192 Q400 294 486 192", b.accent, 14)
    b.line("M276 352 Q400 384 524 352", b.accent, 16)
    b.line("M190 622 Q400 656 610 622", b.accent, 13)
    for path in ("M330 384 L286 640", "M400 392 L400 652", "M470 384 L514 640"):
        b.line(path, darker(b.base, 0.5), 6, 0.16)


def trousers(b: Brush) -> None:
    b.cloth(
        "M262 176 L538 176 Q556 300 566 420 L578 656 L446 660 L412 350 L388 350 L354 660 L222 656 L234 420 Z", b.base
    )
    b.flat("M388 350 L412 350 L446 660 L420 660 L400 400 L380 660 L354 660 Z", darker(b.base, 0.5), 0.16)
    b.box(256, 150, 288, 50, 10, b.shade)
    for x in (290, 350, 442, 500):
        b.panel(x, 144, 14, 62, 5, darker(b.base, 0.34))
    b.disc(400, 175, 11, 11, GOLD)
    b.line("M400 200 L400 340", darker(b.base, 0.4), 4, 0.5)
    b.line("M276 204 Q300 260 256 290", darker(b.base, 0.4), 5, 0.6)
    b.line(mirrored("M276 204 Q300 260 256 290"), darker(b.base, 0.4), 5, 0.6)
    b.line("M300 330 L288 640", lighter(b.base), 4, 0.4)
    b.line("M500 330 L512 640", lighter(b.base), 4, 0.4)


def uniform(b: Brush) -> None:
    with b.placed(0, 18):
        b.form("M262 452 L538 452 L574 650 L424 662 L400 560 L376 662 L226 650 Z", b.accent)
        b.line("M400 500 L400 560", darker(b.accent, 0.5), 5, 0.5)
        b.line("M318 500 L296 654", lighter(b.accent), 4, 0.5)
        b.line("M482 500 L504 654", lighter(b.accent), 4, 0.5)
    with b.placed(52, -18, 0, 0.87):
        _pair(b, _SHORT_SLEEVE, darker(b.base, 0.06))
        b.form(_BODY, b.base)
        _creases(b)
        placket(b, darker(b.base, 0.08), STEEL_BUTTON)
        pocket(b, 282, 336, darker(b.base, 0.08))
        b.panel(306, 366, 34, 34, 6, RED)
        collar(b, lighter(b.base, 0.5))
        b.form("M376 262 L424 262 L416 296 L440 470 L400 516 L360 470 L384 296 Z", b.accent)
        b.line("M384 296 L416 296", darker(b.accent, 0.4), 5, 0.6)


def folded_cloth(b: Brush) -> None:
    for index, y in enumerate((566, 498, 430)):
        shift = index * 8
        fill = (b.base, lighter(b.base, 0.1), b.base)[index]
        b.cloth(
            f"M{168 + shift} {y} L{618 - shift} {y} Q{650 - shift} {y + 36} {618 - shift} {y + 72} "
            f"L{168 + shift} {y + 72} Z",
            fill,
        )
        b.line(f"M{176 + shift} {y + 36} L{600 - shift} {y + 36}", darker(b.base, 0.5), 4, 0.22)
    b.cloth("M184 430 L252 262 Q256 252 268 252 L566 252 Q580 252 584 264 L618 430 Z", lighter(b.base, 0.1))
    b.flat("M184 430 L192 410 L614 410 L618 430 Z", darker(b.base, 0.5), 0.16)
    b.form("M352 252 L420 252 L436 430 L436 640 L344 640 L344 430 Z", PAPER)
    b.form("M390 470 L414 510 L390 550 L366 510 Z", b.accent)
    b.line("M344 430 L436 430", INK, 3, 0.15)


def sarong(b: Brush) -> None:
    b.cloth("M226 168 Q400 156 574 168 L578 636 Q400 648 222 636 Z", b.base)
    b.flat("M500 163 L574 168 L578 636 L506 641 Z", darker(b.base, 0.4), 0.28)
    b.line("M300 166 L298 638", darker(b.base, 0.5), 5, 0.24)
    b.line("M400 162 L400 642", darker(b.base, 0.5), 5, 0.14)
    b.form("M214 356 L586 356 L588 474 L212 474 Z", PAPER)
    b.line("M214 374 L586 374", b.accent, 6)
    b.line("M213 456 L587 456", b.accent, 6)
    b.form("M400 382 L436 415 L400 448 L364 415 Z", b.accent)
    b.form("M400 398 L418 415 L400 432 L382 415 Z", GOLD)


STEEL_BUTTON = "#B8B4BE"

DRAWINGS = {
    "shirt": Drawing(shirt, Pose.FLAT),
    "long_shirt": Drawing(long_shirt, Pose.FLAT),
    "work_shirt": Drawing(work_shirt, Pose.FLAT),
    "tshirt": Drawing(tshirt, Pose.FLAT),
    "polo": Drawing(polo, Pose.FLAT),
    "hoodie": Drawing(hoodie, Pose.FLAT),
    "dress": Drawing(dress, Pose.FLAT),
    "trousers": Drawing(trousers, Pose.FLAT),
    "uniform": Drawing(uniform, Pose.FLAT),
    "folded_cloth": Drawing(folded_cloth, shadow=260, lift=50, scale=1.12),
    "sarong": Drawing(sarong, Pose.FLAT),
}
