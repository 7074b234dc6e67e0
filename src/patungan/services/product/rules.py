"""Decisions of product: prices, names for machines, states, what publishing needs, what a query asks for. No I/O."""

from __future__ import annotations

import enum
import re
import unicodedata

from patungan.kernel.money import Rupiah


class ProductStatus(enum.StrEnum):
    DRAFT = "draft"
    ACTIVE = "active"
    INACTIVE = "inactive"
    OUT_OF_STOCK = "out_of_stock"


class Sort(enum.StrEnum):
    """Orders of a list; a leading minus is descending."""

    NEWEST = "newest"
    PRICE = "price"
    PRICE_DESCENDING = "-price"
    NAME = "name"
    POPULARITY = "popularity"
    ENDING_SOON = "ending_soon"
    RELEVANCE = "relevance"


STATUS_MOVES: dict[ProductStatus, frozenset[ProductStatus]] = {
    ProductStatus.DRAFT: frozenset({ProductStatus.ACTIVE, ProductStatus.INACTIVE}),
    ProductStatus.ACTIVE: frozenset({ProductStatus.INACTIVE, ProductStatus.OUT_OF_STOCK}),
    ProductStatus.INACTIVE: frozenset({ProductStatus.ACTIVE}),
    ProductStatus.OUT_OF_STOCK: frozenset({ProductStatus.ACTIVE, ProductStatus.INACTIVE}),
}
"""The only moves of a product's status (DOMAIN.md 2); deleting one is moving it to inactive."""

PUBLIC_STATUSES = frozenset({ProductStatus.ACTIVE, ProductStatus.OUT_OF_STOCK})
"""What a page of its own is shown for."""

RESERVED_SLUGS = frozenset(
    {"mine", "id", "products", "categories", "images", "suggestions", "uploads", "imports", "exports", "bulk-updates"}
)
"""Words that are paths of this service."""

IMAGES_PER_PRODUCT = 10
VARIANTS_PER_PRODUCT = 50
PRICE_BANDS = (25_000, 50_000, 100_000, 250_000, 500_000, 1_000_000)
"""Where one band of prices ends and the next begins, in rupiah; there is one band more than bounds."""


def band_of_prices(number: int) -> tuple[int | None, int | None]:
    """The least and the greatest price of a band, in whole rupiah; None where it is open."""
    least = PRICE_BANDS[number - 1] if number > 0 else None
    greatest = PRICE_BANDS[number] - 1 if number < len(PRICE_BANDS) else None
    return least, greatest


def prices_in_order(base: Rupiah, tier_25: Rupiah, tier_50: Rupiah, tier_75: Rupiah, tier_100: Rupiah) -> bool:
    """Whether prices do not rise with the number of buyers, and nothing is free."""
    return base >= tier_25 >= tier_50 >= tier_75 >= tier_100 > 0


def adjustment_fits(lowest_price: Rupiah, adjustment: int) -> bool:
    """Whether a variant still costs a rupiah where the product costs least."""
    return lowest_price + adjustment >= 1


def slug_of(name: str) -> str:
    """A name as it stands in an address: small ASCII letters and digits, joined by hyphens; empty if none are left."""
    plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode().lower()
    return re.sub(r"[^a-z0-9]+", "-", plain).strip("-")[:100].strip("-")


def what_publishing_lacks(
    *, images: int, has_variants: bool, active_variants: int, factory_may_sell: bool
) -> list[str]:
    """What keeps a product from being published; empty when nothing does."""
    lacks = []
    if images < 1:
        lacks.append("image")
    if has_variants and active_variants < 1:
        lacks.append("variant")
    if not factory_may_sell:
        lacks.append("factory")
    return lacks
