"""Writes every picture of the catalogue, and a page that shows them as a shop's grid, into a directory."""

from __future__ import annotations

import sys
from html import escape
from pathlib import Path

from . import factories, products
from .emblems import draw_licence, draw_logo
from .pictures import draw

_PAGE = """<!doctype html><meta charset="utf-8"><title>Patungan</title><style>
body{{margin:12px;font:14px sans-serif;display:grid;grid-template-columns:repeat(auto-fill,minmax(200px,1fr));gap:12px}}
img{{width:100%;border-radius:14px}}figure{{margin:0}}</style>{figures}"""


def write(directory: Path) -> int:
    """Writes the SVG files and `index.html`, creating the directory if needed; returns the number of pictures."""
    directory.mkdir(parents=True, exist_ok=True)
    pictures = {f"{product.slug}.svg": (product.name, draw(product)) for product in products()}
    for factory in factories():
        pictures[f"{factory.key}-logo.svg"] = (factory.name, draw_logo(factory))
        pictures[f"{factory.key}-licence.svg"] = (f"{factory.name} (NIB)", draw_licence(factory))
    figures = []
    for file, (name, svg) in pictures.items():
        (directory / file).write_text(svg, encoding="utf-8")
        figures.append(f'<figure><img src="{file}" alt=""><figcaption>{escape(name)}</figcaption></figure>')
    (directory / "index.html").write_text(_PAGE.format(figures="".join(figures)), encoding="utf-8")
    return len(pictures)


if __name__ == "__main__":
    write(Path(sys.argv[1]))
