"""The limits of what clients send to product, and how a product is shown."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated
from uuid import UUID

import msgspec
from litestar.params import QueryParameter
from msgspec import Meta

from patungan.kernel.money import Rupiah
from patungan.services.product.operations.searching import Facets
from patungan.services.product.queries.images import ImageView
from patungan.services.product.queries.products import CategoryRef, ProductItem, ProductRow, VariantRow
from patungan.services.product.rules import ProductStatus

Price = Annotated[Rupiah, Meta(ge=1, le=1_000_000_000)]
Sku = Annotated[str, Meta(pattern=r"^[A-Za-z0-9-]{3,50}$")]
Slug = Annotated[str, Meta(pattern=r"^[a-z0-9]+(-[a-z0-9]+)*$", min_length=3, max_length=120)]
Name = Annotated[str, Meta(min_length=3, max_length=200, pattern=r"^\S(.*\S)?$")]
NameEn = Annotated[str, Meta(max_length=200)]
Text = Annotated[str, Meta(max_length=10_000)]
Quantity = Annotated[int, Meta(ge=2, le=1_000_000)]
Hours = Annotated[int, Meta(ge=1, le=720)]
Grams = Annotated[int, Meta(ge=1, le=1_000_000)]
Centimetres = Annotated[int, Meta(ge=1, le=1_000)]
Query = Annotated[str | None, QueryParameter(max_length=200)]


class FactoryRef(msgspec.Struct, frozen=True):
    """Who makes a product."""

    id: UUID
    name: str
    city: str
    province: str


class ProductPage(msgspec.Struct, frozen=True):
    """A page of a list. ``next_cursor`` leads on from its last product however the list changes meanwhile;
    ``corrected`` is the query as it was understood, where words were taken for misspelt."""

    items: list[ProductItem]
    page: int
    limit: int
    total: int
    next_cursor: str | None = None
    corrected: str | None = None
    facets: Facets | None = None


class ProductDetail(msgspec.Struct, frozen=True):
    """A product as its page shows it; ``factory`` is None while the factory service does not answer."""

    id: UUID
    slug: str
    name: str
    name_en: str
    sku: str
    category: CategoryRef
    factory_id: UUID
    base_price: Rupiah
    price_tier_25: Rupiah
    price_tier_50: Rupiah
    price_tier_75: Rupiah
    price_tier_100: Rupiah
    min_order_quantity: int
    group_duration_hours: int
    image_url: str | None
    description: str
    description_en: str
    weight_grams: int
    length_cm: int
    width_cm: int
    height_cm: int
    images: list[ImageView]
    variants: list[VariantRow]
    factory: FactoryRef | None
    status: ProductStatus
    renews: bool
    rating: float | None
    review_count: int


class OwnProduct(msgspec.Struct, frozen=True):
    """A product as its owner sees it; ``cost_price`` is nobody else's business."""

    id: UUID
    slug: str
    name: str
    name_en: str
    sku: str
    category_id: UUID
    category: CategoryRef
    factory_id: UUID
    base_price: Rupiah
    price_tier_25: Rupiah
    price_tier_50: Rupiah
    price_tier_75: Rupiah
    price_tier_100: Rupiah
    cost_price: Rupiah | None
    min_order_quantity: int
    group_duration_hours: int
    image_url: str | None
    description: str
    description_en: str
    weight_grams: int
    length_cm: int
    width_cm: int
    height_cm: int
    images: list[ImageView]
    variants: list[VariantRow]
    has_variants: bool
    status: ProductStatus
    renews: bool
    created_at: datetime
    published_at: datetime | None


def _primary(row: ProductRow) -> str | None:
    return next((image.url for image in row.images if image.is_primary), None)


def detail(row: ProductRow, factory: FactoryRef | None) -> ProductDetail:
    """A product for its page."""
    shared = {name: getattr(row, name) for name in ProductDetail.__struct_fields__ if hasattr(row, name)}
    return ProductDetail(**shared, image_url=_primary(row), factory=factory)


def own(row: ProductRow) -> OwnProduct:
    """A product for its owner."""
    shared = {name: getattr(row, name) for name in OwnProduct.__struct_fields__ if hasattr(row, name)}
    return OwnProduct(**shared, image_url=_primary(row))
