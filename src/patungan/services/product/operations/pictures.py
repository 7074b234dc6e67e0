"""Pictures of products: taken in, kept and given out."""

from __future__ import annotations

import asyncio
from pathlib import Path
from uuid import UUID

from patungan.contracts import product as contract
from patungan.kernel.errors import Conflict, NotFound
from patungan.kernel.identity import Caller
from patungan.kernel.service import Context
from patungan.services.product import queries
from patungan.services.product.images import (
    IMAGE_NAME,
    FolderStore,
    ImageStore,
    UnknownPicture,
    image_name,
    recognised,
)
from patungan.services.product.operations.ownership import editable_product, locked
from patungan.services.product.queries import ImageView
from patungan.services.product.rules import IMAGES_PER_PRODUCT
from patungan.services.product.svg import SvgRefused


def open_store(ctx: Context) -> ImageStore:
    """The store that the settings name."""
    folder = ctx.settings.image_folder or Path(ctx.settings.patungan_data) / "images"
    return FolderStore(Path(folder))


def _store(ctx: Context) -> ImageStore:
    store: ImageStore = ctx.local["images"]
    return store


async def add(ctx: Context, caller: Caller, product_id: UUID, content: bytes, *, primary: bool) -> ImageView:
    """Keep a picture and show it with the product; the first is the primary one. The same picture again changes nothing.

    Raises ImageRefused, ProductNotFound for another's, Conflict past ten.
    """
    await editable_product(ctx, caller, product_id)
    try:
        kind, kept = await asyncio.to_thread(recognised, content)
    except UnknownPicture:
        raise contract.ImageRefused("A picture is an SVG, PNG, JPEG or WebP") from None
    except SvgRefused as refusal:
        raise contract.ImageRefused(f"This SVG is refused: {refusal}") from None
    name = image_name(kind, kept)
    # Kept before it is recorded: a file that nothing names does no harm, a name without its file would.
    await _store(ctx).put(name, kept)
    async with ctx.db.transaction() as tx:
        product = await locked(tx, product_id)
        url = f"/api/images/{name}"
        if len(product.images) >= IMAGES_PER_PRODUCT and url not in [each.url for each in product.images]:
            raise Conflict(f"A product has at most {IMAGES_PER_PRODUCT} pictures")
        await queries.insert_image(tx, product_id, name, ctx.clock.now())
        if primary:
            await queries.clear_primary_image(tx, product_id)
            await queries.set_primary_image(tx, product_id, name)
        images = (await locked(tx, product_id)).images
    return next(each for each in images if each.url == url)


async def picture(ctx: Context, name: str) -> bytes:
    """A picture by its name; raises NotFound."""
    content = await _store(ctx).get(name) if IMAGE_NAME.fullmatch(name) else None
    if content is None:
        raise NotFound("There is no such picture")
    return content
