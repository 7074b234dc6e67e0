"""Categories: read by everybody, kept by administrators."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

import msgspec
from litestar.params import FromPath, JSONBody
from msgspec import UNSET, Meta, UnsetType

from patungan.kernel.http import Ctx, Input, get, patch, post
from patungan.kernel.identity import Audience
from patungan.services.product import queries
from patungan.services.product.operations import categories
from patungan.services.product.queries import CategoryItem, CategoryRow
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


@get("/api/categories", audience=Audience.PUBLIC)
async def list_categories(ctx: Ctx) -> Categories:
    return Categories(await queries.find_categories(ctx.db))


@post("/api/categories", audience=Audience.ADMIN, status=201)
async def create_category(ctx: Ctx, data: JSONBody[CategoryInput]) -> CategoryRow:
    return await categories.create(ctx, data.slug, data.name, data.name_en, data.parent_id, data.display_order)


@patch("/api/categories/{category_id:uuid}", audience=Audience.ADMIN)
async def change_category(ctx: Ctx, category_id: FromPath[UUID], data: JSONBody[CategoryChange]) -> CategoryRow:
    return await categories.change(ctx, category_id, given(data))


category_routes = [list_categories, create_category, change_category]
