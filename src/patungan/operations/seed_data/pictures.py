"""Draws the catalogue's pictures: one square SVG for each product, in the colours of its category."""

from __future__ import annotations

import zlib
from xml.sax.saxutils import escape

from . import SeedProduct
from .drawings import DRAWINGS, Brush, Drawing, Pose
from .drawings.canvas import SHADOW_INK, darker, lighter
from .drawings.motifs import pattern

_GROUNDS = {
    "busana-batik": ("#E6EAF4", "#CFD8EA"),
    "busana-muslim": ("#E4F0E8", "#CBE1D3"),
    "sepatu-tas": ("#F5E6DF", "#EACFC3"),
    "kopi-minuman": ("#F3E9DB", "#E5D3BC"),
    "makanan-bumbu": ("#FCEFCF", "#F7DDA4"),
    "dapur-keramik": ("#E0F0F1", "#C3E0E3"),
    "rumah-mebel": ("#EEECDD", "#DCD8C1"),
    "alat-tulis": ("#E9E6F6", "#D3CDEC"),
    "kecantikan": ("#FCE8EB", "#F6D0D7"),
    "mainan-edukasi": ("#E1F1FA", "#C0E1F3"),
}


def draw(product: SeedProduct) -> str:
    """The product's picture as SVG text; KeyError if its category, drawing or motif is unknown."""
    picture = product.picture
    drawing = DRAWINGS[picture.drawing]
    key = f"p-{product.sku.lower()}"
    brush = Brush(key, picture.colour, picture.accent, picture.motif is not None)
    drawing.paint(brush)
    motif = pattern(picture.motif, f"{key}-motif", picture.accent, picture.colour) if picture.motif else ""
    backdrop = _backdrop(drawing, *_GROUNDS[product.category], zlib.crc32(product.sku.encode()))
    return (
        '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 800 800" width="800" height="800" role="img">'
        f"<title>{escape(product.name)}</title><defs>{_light(key)}{motif}{_soft_shadow(key, drawing.pose)}</defs>"
        f'{backdrop}<g filter="url(#{key}-shadow)"{_stage(drawing)}>{"".join(brush.parts)}</g></svg>'
    )


def _stage(drawing: Drawing) -> str:
    if drawing.scale == 1 and drawing.lift == 0:
        return ""
    y, scale = drawing.ground, drawing.scale
    return f' transform="translate({400 - 400 * scale:g} {y - drawing.lift - y * scale:g}) scale({scale:g})"'


def _light(key: str) -> str:
    return (
        f'<linearGradient id="{key}-light" x1="0" y1="0" x2="1" y2=".3">'
        '<stop offset="0" stop-color="#FFFAF0" stop-opacity=".3"/><stop offset=".42" stop-color="#FFFAF0" '
        'stop-opacity="0"/>'
        f'<stop offset=".58" stop-color="{SHADOW_INK}" stop-opacity="0"/>'
        f'<stop offset="1" stop-color="{SHADOW_INK}" stop-opacity=".2"/></linearGradient>'
    )


def _soft_shadow(key: str, pose: Pose) -> str:
    dx, dy, blur, strength = {
        Pose.STAND: (10, 6, 8, 0.16),
        Pose.FLAT: (12, 18, 12, 0.26),
        Pose.HANG: (16, 26, 16, 0.2),
    }[pose]
    return (
        f'<filter id="{key}-shadow" x="-10%" y="-10%" width="125%" height="125%"><feDropShadow dx="{dx}" dy="{dy}" '
        f'stdDeviation="{blur}" flood-color="{SHADOW_INK}" flood-opacity="{strength}"/></filter>'
    )


def _backdrop(drawing: Drawing, wall: str, deep: str, seed: int) -> str:
    """Two tones behind the object: a wall with a floor and a disc of light, or a diagonal cloth for flat things."""
    parts = [f'<path d="M0 0 L800 0 L800 800 L0 800 Z" fill="{wall}"/>']
    if drawing.pose is Pose.STAND:
        parts.append(f'<circle cx="400" cy="368" r="296" fill="{lighter(wall, 0.55)}"/>')
        floor, y, half = 566 - drawing.lift, drawing.ground - drawing.lift, drawing.shadow * drawing.scale
        parts.append(f'<path d="M0 {floor} Q400 {floor - 26} 800 {floor} L800 800 L0 800 Z" fill="{deep}"/>')
        for grow, strength in ((1.22, 0.1), (1.06, 0.16)):
            parts.append(
                f'<ellipse cx="{414 + half * 0.06:g}" cy="{y + 2}" rx="{half * grow:g}" '
                f'ry="{16 + half * 0.09 * grow:g}" '
                f'fill="{darker(deep, 0.6)}" opacity="{strength}"/>'
            )
    elif drawing.pose is Pose.HANG:
        parts.append(f'<circle cx="400" cy="400" r="318" fill="{lighter(wall, 0.55)}"/>')
        parts.append(f'<path d="M0 700 L800 700 L800 800 L0 800 Z" fill="{deep}"/>')
    else:
        left, right = (610, 190) if seed % 2 else (190, 610)
        parts.append(
            f'<path d="M0 {left} Q400 {400 + (left - 400) // 3} 800 {right} L800 800 L0 800 Z" fill="{deep}"/>'
        )
        parts.append(f'<circle cx="400" cy="400" r="308" fill="{lighter(wall, 0.55)}" opacity=".85"/>')
    return "".join(parts)
