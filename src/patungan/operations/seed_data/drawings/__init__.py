"""Every kind of object that the catalogue's pictures can show, by name."""

from __future__ import annotations

from . import beauty, clothing, drinks, food, home, kitchen, muslim_wear, shoes_bags, stationery, toys
from .canvas import Brush, Drawing, Pose

DRAWINGS: dict[str, Drawing] = {
    **clothing.DRAWINGS,
    **muslim_wear.DRAWINGS,
    **shoes_bags.DRAWINGS,
    **drinks.DRAWINGS,
    **food.DRAWINGS,
    **kitchen.DRAWINGS,
    **home.DRAWINGS,
    **stationery.DRAWINGS,
    **beauty.DRAWINGS,
    **toys.DRAWINGS,
}

__all__ = ["DRAWINGS", "Brush", "Drawing", "Pose"]
