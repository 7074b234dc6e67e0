"""What a factory's owner does to products: making, changing, publishing and withdrawing them."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

import msgspec
from litestar.params import FromPath, FromQuery, JSONBody
from msgspec import UNSET, Meta, UnsetType

from patungan.kernel.errors import InvalidInput
from patungan.kernel.http import Ctx, Input, PageLimit, PageNumber, SignedIn, delete, get, patch, post
from patungan.kernel.identity import Audience
from patungan.services.product.operations import bulk, ownership, products
from patungan.services.product.operations.bulk import BulkOutcome
from patungan.services.product.operations.products import ProductFields
from patungan.services.product.queries import products as queries
from patungan.services.product.routes.fields import (
    Centimetres,
    Grams,
    Hours,
    Name,
    NameEn,
    OwnProduct,
    Price,
    ProductPage,
    Quantity,
    Query,
    Sku,
    Slug,
    Text,
    own,
)
from patungan.services.product.rules import ProductStatus

EDITORS = (Audience.FACTORY_OWNER, Audience.ADMIN)


class ProductInput(Input, frozen=True):
    """A new product. Without ``slug`` one is made of its name; ``has_variants`` promises variants before it is published."""

    factory_id: UUID
    sku: Sku
    category_id: UUID
    name: Name
    base_price: Price
    price_tier_25: Price
    price_tier_50: Price
    price_tier_75: Price
    price_tier_100: Price
    slug: Slug | None = None
    name_en: NameEn = ""
    description: Text = ""
    description_en: Text = ""
    cost_price: Price | None = None
    min_order_quantity: Quantity = 50
    group_duration_hours: Hours = 48
    weight_grams: Grams = 500
    length_cm: Centimetres = 10
    width_cm: Centimetres = 10
    height_cm: Centimetres = 10
    renews: bool = True
    has_variants: bool = False


class ProductChange(Input, frozen=True):
    """A change of some fields; what is left out stays. SKU and slug never change: orders and links name them."""

    category_id: UUID | UnsetType = UNSET
    name: Name | UnsetType = UNSET
    name_en: NameEn | UnsetType = UNSET
    description: Text | UnsetType = UNSET
    description_en: Text | UnsetType = UNSET
    base_price: Price | UnsetType = UNSET
    price_tier_25: Price | UnsetType = UNSET
    price_tier_50: Price | UnsetType = UNSET
    price_tier_75: Price | UnsetType = UNSET
    price_tier_100: Price | UnsetType = UNSET
    cost_price: Price | None | UnsetType = UNSET
    min_order_quantity: Quantity | UnsetType = UNSET
    group_duration_hours: Hours | UnsetType = UNSET
    weight_grams: Grams | UnsetType = UNSET
    length_cm: Centimetres | UnsetType = UNSET
    width_cm: Centimetres | UnsetType = UNSET
    height_cm: Centimetres | UnsetType = UNSET
    renews: bool | UnsetType = UNSET


def given(change: msgspec.Struct) -> dict[str, object]:
    """The fields of a change that the client sent."""
    return {
        name: value for name in change.__struct_fields__ if not isinstance(value := getattr(change, name), UnsetType)
    }


@get("/api/products/mine", audience=Audience.FACTORY_OWNER)
async def my_products(
    ctx: Ctx,
    caller: SignedIn,
    q: Query = None,
    status: FromQuery[ProductStatus | None] = None,
    page: PageNumber = 1,
    limit: PageLimit = 20,
) -> ProductPage:
    factories = [each.id for each in await ownership.factories_of(ctx, caller)]
    wanted = (factories, status, q or None)
    total = await queries.count_own_products(ctx.db, *wanted)
    items = await queries.find_own_products(ctx.db, *wanted, limit, (page - 1) * limit)
    return ProductPage(items, page, limit, total)


@get("/api/products/mine/{product_id:uuid}", audience=EDITORS)
async def my_product(ctx: Ctx, caller: SignedIn, product_id: FromPath[UUID]) -> OwnProduct:
    product, _ = await ownership.editable_product(ctx, caller, product_id)
    return own(product)


@post("/api/products", audience=EDITORS, status=201)
async def create_product(ctx: Ctx, caller: SignedIn, data: JSONBody[ProductInput]) -> OwnProduct:
    fields = ProductFields(**{name: getattr(data, name) for name in ProductFields.__struct_fields__})
    product = await products.create(
        ctx, caller, data.factory_id, data.sku, data.slug, fields, has_variants=data.has_variants
    )
    return own(product)


@patch("/api/products/id/{product_id:uuid}", audience=EDITORS)
async def change_product(
    ctx: Ctx, caller: SignedIn, product_id: FromPath[UUID], data: JSONBody[ProductChange]
) -> OwnProduct:
    return own(await products.change(ctx, caller, product_id, given(data)))


@post("/api/products/id/{product_id:uuid}/publish", audience=EDITORS)
async def publish_product(ctx: Ctx, caller: SignedIn, product_id: FromPath[UUID]) -> OwnProduct:
    return own(await products.publish(ctx, caller, product_id))


@post("/api/products/id/{product_id:uuid}/out-of-stock", audience=EDITORS)
async def mark_out_of_stock(ctx: Ctx, caller: SignedIn, product_id: FromPath[UUID]) -> OwnProduct:
    return own(await products.mark_out_of_stock(ctx, caller, product_id))


@delete("/api/products/id/{product_id:uuid}", audience=EDITORS)
async def withdraw_product(ctx: Ctx, caller: SignedIn, product_id: FromPath[UUID]) -> None:
    await products.withdraw(ctx, caller, product_id)


class BulkInput(Input, frozen=True):
    """One change of up to two hundred products; ``status`` is active, inactive or out_of_stock."""

    product_ids: Annotated[list[UUID], Meta(min_length=1, max_length=200)]
    category_id: UUID | UnsetType = UNSET
    group_duration_hours: Hours | UnsetType = UNSET
    min_order_quantity: Quantity | UnsetType = UNSET
    renews: bool | UnsetType = UNSET
    status: ProductStatus | None = None


class BulkReport(msgspec.Struct, frozen=True):
    items: list[BulkOutcome]


@post("/api/products/bulk-updates", audience=Audience.ADMIN)
async def update_products(ctx: Ctx, caller: SignedIn, data: JSONBody[BulkInput]) -> BulkReport:
    changes = {name: value for name, value in given(data).items() if name not in ("product_ids", "status")}
    if data.status is ProductStatus.DRAFT:
        raise InvalidInput("Nothing becomes a draft again", field="status")
    return BulkReport(await bulk.update(ctx, caller, data.product_ids, changes, data.status))


owner_routes = [
    update_products,
    my_products,
    my_product,
    create_product,
    change_product,
    publish_product,
    mark_out_of_stock,
    withdraw_product,
]
