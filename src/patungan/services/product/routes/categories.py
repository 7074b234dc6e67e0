"""Categories: read by everybody, kept by administrators."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

import msgspec
from litestar.params import FromPath, FromQuery, JSONBody
from msgspec import UNSET, Meta, UnsetType

from patungan.contracts import product as contract
from patungan.kernel.http import Ctx, Input, get, patch, post, put
from patungan.kernel.identity import Audience
from patungan.services.product.operations import categories
from patungan.services.product.queries import categories as queries
from patungan.services.product.queries.categories import CategoryItem, CategoryRow
from patungan.services.product.routes.fields import Slug
from patungan.services.product.routes.owners import given

CategoryName = Annotated[str, Meta(min_length=2, max_length=100, pattern=r"^\S(.*\S)?$")]
Order = Annotated[int, Meta(ge=0, le=10_000)]


class CategoryInput(Input, frozen=True):
    slug: Slug
    name: CategoryName
    name_en: CategoryName
    parent_id: UUID | None = None
    display_order: Order = 0


class CategoryChange(Input, frozen=True):
    """A change of some fields; what is left out stays. The slug never changes: links name it."""

    name: CategoryName | UnsetType = UNSET
    name_en: CategoryName | UnsetType = UNSET
    parent_id: UUID | None | UnsetType = UNSET
    display_order: Order | UnsetType = UNSET
    is_active: bool | UnsetType = UNSET


class Categories(msgspec.Struct, frozen=True):
    """All categories in the order of the menu; the tree is in their ``parent_id``."""

    items: list[CategoryItem]


class CategoryRows(msgspec.Struct, frozen=True):
    """All categories, those that are not shown among them."""

    items: list[CategoryRow]


class CategoryOrder(Input, frozen=True):
    """All categories below one parent, None for the top, in the order that they shall have."""

    category_ids: Annotated[list[UUID], Meta(min_length=1, max_length=500)]
    parent_id: UUID | None = None


@get("/api/categories", audience=Audience.PUBLIC)
async def list_categories(ctx: Ctx, root: FromQuery[bool] = False) -> Categories:
    return Categories(await queries.find_categories(ctx.db, None, root))


@get("/api/categories/all", audience=Audience.ADMIN)
async def list_all_categories(ctx: Ctx) -> CategoryRows:
    return CategoryRows(await queries.find_all_categories(ctx.db))


@get("/api/categories/{category_id:uuid}", audience=Audience.PUBLIC)
async def one_category(ctx: Ctx, category_id: FromPath[UUID]) -> CategoryItem:
    found = await queries.find_categories(ctx.db, category_id, False)
    if not found:
        raise contract.CategoryNotFound()
    return found[0]


@put("/api/categories/order", audience=Audience.ADMIN, status=204)
async def order_categories(ctx: Ctx, data: JSONBody[CategoryOrder]) -> None:
    await categories.reorder(ctx, data.parent_id, data.category_ids)


@post("/api/categories", audience=Audience.ADMIN, status=201)
async def create_category(ctx: Ctx, data: JSONBody[CategoryInput]) -> CategoryRow:
    return await categories.create(ctx, data.slug, data.name, data.name_en, data.parent_id, data.display_order)


@patch("/api/categories/{category_id:uuid}", audience=Audience.ADMIN)
async def change_category(ctx: Ctx, category_id: FromPath[UUID], data: JSONBody[CategoryChange]) -> CategoryRow:
    return await categories.change(ctx, category_id, given(data))


category_routes = [
    list_categories,
    list_all_categories,
    one_category,
    order_categories,
    create_category,
    change_category,
]
