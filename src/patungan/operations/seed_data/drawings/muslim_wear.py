"""Muslim wear: prayer robe, headscarves, koko shirt, long dress, prayer mat, cap."""

from __future__ import annotations

from .canvas import GOLD, INK, PAPER, Brush, Drawing, Pose, darker, lighter, mirrored


def mukena(b: Brush) -> None:
    b.form("M292 470 L508 470 L566 650 Q400 674 234 650 Z", darker(b.base, 0.16))
    for fold in (300, 366, 434, 500):
        b.line(f"M{fold} 560 L{400 + (fold - 400) * 1.35:g} 652", darker(b.base, 0.5), 5, 0.2)
    b.cloth("M400 118 C500 118 532 200 548 300 L638 560 Q400 616 162 560 L252 300 C268 200 300 118 400 118 Z", b.base)
    b.form("M400 168 C452 168 474 208 472 258 Q462 318 400 330 Q338 318 328 258 C326 208 348 168 400 168 Z", INK)
    b.line(
        "M400 156 C460 156 488 204 484 260 Q474 330 400 344 Q326 330 316 260 C312 204 340 156 400 156 Z", b.accent, 9
    )
    b.line("M170 540 Q400 594 630 540", b.accent, 9)
    for step in range(13):
        x = 186 + step * 35.6
        y = 576 - ((x - 400) / 236) ** 2 * 28
        b.disc(x, y, 16, 15, lighter(b.base, 0.35))
        b.disc(x, y, 6, 6, b.accent)
    for path in ("M330 352 Q280 450 262 560", "M470 352 Q520 450 538 560", "M400 352 L400 574"):
        b.line(path, darker(b.base, 0.5), 6, 0.16)
    for x, y in ((340, 440), (400, 462), (460, 440)):
        _blossom(b, x, y, 22)


def _blossom(b: Brush, x: float, y: float, size: float) -> None:
    for dx, dy in ((0, -1), (0.95, -0.3), (0.6, 0.8), (-0.6, 0.8), (-0.95, -0.3)):
        b.disc(x + dx * size * 0.6, y + dy * size * 0.6, size * 0.42, size * 0.42, b.accent)
    b.disc(x, y, size * 0.32, size * 0.32, GOLD)


def headscarf(b: Brush) -> None:
    b.form("M346 590 L454 590 L470 636 L330 636 Z", "#B98A62")
    b.form("M286 634 L514 634 Q526 634 526 650 L274 650 Q274 634 286 634 Z", "#94623A")
    b.cloth(
        "M400 130 C506 130 548 214 540 318 C538 392 590 470 592 566 Q400 640 208 566 C210 470 262 392 260 318 "
        "C252 214 294 130 400 130 Z",
        b.base,
    )
    b.form(
        "M400 190 C462 190 490 238 484 300 C478 366 440 402 400 404 C360 402 322 366 316 300 C310 238 338 "
        "190 400 190 Z",
        "#F1D9C2",
    )
    b.flat("M316 300 C310 238 338 190 400 190 C462 190 490 238 484 300 Q470 226 400 224 Q330 226 316 300 Z", b.shade)
    b.cloth(
        "M312 330 Q330 410 400 420 Q476 410 490 330 Q560 420 430 560 Q330 540 272 470 Q262 400 312 330 Z",
        lighter(b.base, 0.14),
    )
    b.line("M330 400 Q400 470 486 396", darker(b.base, 0.5), 6, 0.22)
    b.line("M296 440 Q380 530 500 460", darker(b.base, 0.5), 6, 0.18)
    b.line("M238 540 Q300 580 430 566", darker(b.base, 0.5), 6, 0.16)
    b.disc(478, 404, 13, 13, GOLD)
    b.disc(475, 400, 5, 5, PAPER)


def koko(b: Brush) -> None:
    body = "M318 196 Q400 236 482 196 L562 226 Q552 330 550 400 L560 634 Q400 650 240 634 L250 400 Q248 330 238 226 Z"
    sleeve = "M250 220 Q190 244 172 306 L128 444 L214 474 L264 372 Z"
    for path in (sleeve, mirrored(sleeve)):
        b.cloth(path, darker(b.base, 0.08))
    for path in ("M136 420 L222 450 L214 474 L128 444 Z", mirrored("M136 420 L222 450 L214 474 L128 444 Z")):
        b.form(path, b.accent)
    b.cloth(body, b.base)
    b.flat("M318 194 Q400 166 482 194 Q400 236 318 194 Z", darker(b.base, 0.5))
    b.form("M304 198 Q318 168 330 170 Q344 222 396 238 L392 268 Q324 250 304 198 Z", b.accent)
    b.form(mirrored("M304 198 Q318 168 330 170 Q344 222 396 238 L392 268 Q324 250 304 198 Z"), b.accent)
    b.form("M362 250 L438 250 L438 470 L400 500 L362 470 Z", lighter(b.base, 0.24))
    b.line("M362 252 L362 470 L400 500 L438 470 L438 252", b.accent, 7)
    for y in range(286, 460, 44):
        b.flat(f"M400 {y - 15} L414 {y} L400 {y + 15} L386 {y} Z", b.accent)
        b.disc(400, y, 5, 5, PAPER)
    for path in ("M276 400 Q286 500 270 612", "M524 400 Q514 500 530 612", "M400 506 L400 638"):
        b.line(path, darker(b.base, 0.5), 5, 0.18)


def long_dress(b: Brush) -> None:
    sleeve = "M306 164 Q262 180 246 236 L184 436 L256 460 L308 310 Z"
    for path in (sleeve, mirrored(sleeve)):
        b.cloth(path, darker(b.base, 0.12))
    for path in ("M194 410 L266 434 L256 462 L182 438 Z", mirrored("M194 410 L266 434 L256 462 L182 438 Z")):
        b.form(path, b.accent)
    b.cloth(
        "M350 136 Q400 162 450 136 L498 162 Q490 240 482 290 L592 690 Q400 722 208 690 L318 290 Q310 240 302 162 Z",
        b.base,
    )
    b.flat("M350 134 Q400 116 450 134 Q400 170 350 134 Z", darker(b.base, 0.5))
    b.line("M348 136 Q400 174 452 136", b.accent, 11)
    b.line("M318 292 Q400 312 482 292", b.accent, 11)
    b.line("M214 672 Q400 702 586 672", b.accent, 7)
    b.line("M400 170 L400 298", darker(b.base, 0.5), 4, 0.5)
    for y in (200, 236, 272):
        b.disc(400, y, 7, 7, lighter(b.accent, 0.4))
    for path in ("M358 316 L306 690", "M400 320 L400 704", "M442 316 L494 690"):
        b.line(path, darker(b.base, 0.5), 7, 0.2)


def prayer_mat(b: Brush) -> None:
    for x in range(238, 570, 17):
        b.line(f"M{x} 150 L{x - 2} 128", b.light, 5)
        b.line(f"M{x} 660 L{x + 2} 682", b.light, 5)
    b.form("M226 148 L574 148 L574 662 L226 662 Z", b.base)
    b.line("M246 168 L554 168 L554 642 L246 642 Z", b.accent, 9)
    b.line("M262 184 L538 184 L538 626 L262 626 Z", lighter(b.accent, 0.4), 4)
    b.flat(
        "M284 606 L284 366 Q284 300 336 268 Q382 240 400 206 Q418 240 464 268 Q516 300 516 366 L516 606 Z",
        darker(b.base, 0.34),
    )
    b.line(
        "M284 606 L284 366 Q284 300 336 268 Q382 240 400 206 Q418 240 464 268 Q516 300 516 366 L516 606 Z", b.accent, 7
    )
    b.flat("M340 606 L340 470 Q340 400 400 380 Q460 400 460 470 L460 606 Z", lighter(b.base, 0.12))
    b.line("M400 250 L400 300", GOLD, 4)
    b.form("M376 300 L424 300 L434 344 Q400 366 366 344 Z", GOLD)
    for x in (300, 500):
        for y in (212, 236):
            b.disc(x, y, 9, 9, b.accent)
    for x in (372, 400, 428):
        b.flat(f"M{x} 560 L{x + 12} 576 L{x} 592 L{x - 12} 576 Z", b.accent)


def cap(b: Brush) -> None:
    b.form("M186 614 L206 392 Q210 366 240 360 Q400 330 560 360 Q590 366 594 392 L614 614 Q400 660 186 614 Z", b.base)
    b.flat("M206 392 Q210 366 240 360 Q400 330 560 360 Q590 366 594 392 Q400 352 206 392 Z", lighter(b.base, 0.26))
    b.flat("M232 366 Q400 338 568 366 Q400 396 232 366 Z", darker(b.base, 0.3))
    b.line("M190 584 Q400 630 610 584", b.accent, 9)
    b.line("M192 562 Q400 608 608 562", b.accent, 3)
    b.flat("M400 440 L428 486 L400 532 L372 486 Z", b.accent)
    b.flat("M400 458 L417 486 L400 514 L383 486 Z", b.base)
    for x in (336, 464):
        b.flat(f"M{x} 464 L{x + 15} 488 L{x} 512 L{x - 15} 488 Z", b.accent)
    b.gloss("M232 420 Q226 500 220 566", 16, 0.16)


DRAWINGS = {
    "mukena": Drawing(mukena, Pose.FLAT),
    "headscarf": Drawing(headscarf, shadow=170),
    "koko": Drawing(koko, Pose.FLAT),
    "long_dress": Drawing(long_dress, Pose.FLAT),
    "prayer_mat": Drawing(prayer_mat, Pose.FLAT),
    "cap": Drawing(cap, shadow=240, lift=80, scale=1.2),
}
