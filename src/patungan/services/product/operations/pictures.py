"""Pictures of products: leave to upload, taken in, put in order, given out."""

from __future__ import annotations

import hmac
from datetime import datetime, timedelta
from uuid import UUID

import msgspec

from patungan.contracts import product as contract
from patungan.kernel.errors import Conflict, ImageRefused, InvalidInput, NotFound, PayloadTooLarge
from patungan.kernel.identity import Caller
from patungan.kernel.service import Context
from patungan.providers.storage.keeping import examined
from patungan.providers.storage.pictures import (
    IMAGE_NAME,
    MAX_UPLOAD_BYTES,
    MEDIA_TYPES,
    Picture,
)
from patungan.providers.storage.stores import UPLOADS, FolderStore, ObjectStore, Upload
from patungan.services.product.operations.ownership import editable_product, locked
from patungan.services.product.queries import images as queries
from patungan.services.product.queries.images import ImageView, TicketRow
from patungan.services.product.rules import IMAGES_PER_PRODUCT, ProductStatus

TICKET_LASTS = timedelta(minutes=15)
OPEN_TICKETS = 20
"""How many pictures of a product may be on their way at once."""


class Ticket(msgspec.Struct, frozen=True):
    """Leave to upload a picture; when it is there, the ticket is completed."""

    ticket_id: UUID
    upload: Upload
    expires_at: datetime
    max_bytes: int


def _store(ctx: Context) -> ObjectStore:
    store: ObjectStore = ctx.local["images"]
    return store


async def add(ctx: Context, caller: Caller, product_id: UUID, content: bytes, *, primary: bool) -> ImageView:
    """Keep a picture and show it with the product; the first is the primary one. The same picture again changes nothing.

    Raises ImageRefused, ProductNotFound for another's, Conflict past ten.
    """
    await editable_product(ctx, caller, product_id)
    return await _show(ctx, product_id, await examined(content), primary=primary)


async def _show(
    ctx: Context, product_id: UUID, picture: Picture, *, primary: bool, ticket_id: UUID | None = None
) -> ImageView:
    # Kept before it is recorded: a file that nothing names does no harm, a name without its file would.
    for suffix, content in picture.thumbnails.items():
        await _store(ctx).put(f"{picture.digest}{suffix}", content)
    await _store(ctx).put(picture.name, picture.content)
    async with ctx.db.transaction() as tx:
        product = await locked(tx, product_id)
        shown = [each.name for each in product.images]
        if len(shown) >= IMAGES_PER_PRODUCT and picture.name not in shown:
            raise Conflict(f"A product has at most {IMAGES_PER_PRODUCT} pictures")
        await queries.insert_image(
            tx,
            product_id,
            picture.name,
            ctx.clock.now(),
            picture.width,
            picture.height,
            picture.widths,
            picture.types,
        )
        if primary:
            await queries.clear_primary_image(tx, product_id)
            await queries.set_primary_image(tx, product_id, picture.name)
        if ticket_id is not None:
            await queries.complete_ticket(tx, ticket_id, picture.name)
        images = (await locked(tx, product_id)).images
    return next(each for each in images if each.name == picture.name)


async def issue_ticket(ctx: Context, caller: Caller, product_id: UUID, content_type: str, size_bytes: int) -> Ticket:
    """Leave to upload a picture of that type and size straight to the store, for a quarter of an hour.

    Raises ProductNotFound for another's, Conflict where twenty are on their way.
    """
    await editable_product(ctx, caller, product_id)
    now, ticket_id = ctx.clock.now(), ctx.chance.new_id()
    async with ctx.db.transaction() as tx:
        await locked(tx, product_id)
        if await queries.count_open_tickets(tx, product_id, now) >= OPEN_TICKETS:
            raise Conflict("Complete the uploads that were begun, or wait until their tickets expire")
        await queries.insert_ticket(
            tx, ticket_id, product_id, caller.user_id, content_type, size_bytes, now + TICKET_LASTS, now
        )
    upload = await _store(ctx).upload(ticket_id, content_type, size_bytes, now, TICKET_LASTS)
    return Ticket(ticket_id, upload, now + TICKET_LASTS, size_bytes)


async def take_upload(
    ctx: Context, ticket_id: UUID, expires: int, signature: str, content_type: str, content: bytes
) -> None:
    """What S3 does with a presigned upload, for the folder: check the signature over everything it allows, then keep.

    Raises UploadRefused where the address was tampered with or has expired, or another type or size comes than allowed.
    """
    store = _store(ctx)
    ticket = await queries.find_ticket(ctx.db, ticket_id)
    if not isinstance(store, FolderStore) or ticket is None:
        raise contract.UploadRefused("There is no such upload")
    signed = store.signature(ticket_id, ticket.content_type, ticket.size_bytes, expires)
    if not hmac.compare_digest(signed.encode(), signature.encode()):
        raise contract.UploadRefused("The signature does not match")
    if ctx.clock.now().timestamp() > expires or ticket.image_name is not None:
        raise contract.UploadRefused("The ticket has expired")
    if content_type != ticket.content_type:
        raise contract.UploadRefused(f"The ticket is for {ticket.content_type}", field="Content-Type")
    if len(content) > ticket.size_bytes:
        raise PayloadTooLarge(f"The ticket is for {ticket.size_bytes} bytes")
    await store.put(f"{UPLOADS}{ticket_id}", content)


async def complete_ticket(
    ctx: Context, caller: Caller, product_id: UUID, ticket_id: UUID, *, primary: bool
) -> ImageView:
    """Look at what was uploaded and show it with the product; completing again answers the same.

    Raises TicketNotFound, UploadMissing, ImageRefused (also where the type is not the announced one), PayloadTooLarge.
    """
    product, _ = await editable_product(ctx, caller, product_id)
    ticket = await queries.find_ticket(ctx.db, ticket_id)
    if ticket is None or ticket.product_id != product_id:
        raise contract.TicketNotFound()
    if ticket.image_name is not None:
        known = next((each for each in product.images if each.name == ticket.image_name), None)
        if known is None:
            raise contract.TicketNotFound()
        return known
    picture = await _uploaded(ctx, ticket)
    shown = await _show(ctx, product_id, picture, primary=primary, ticket_id=ticket_id)
    await _store(ctx).delete(f"{UPLOADS}{ticket_id}")
    return shown


async def _uploaded(ctx: Context, ticket: TicketRow) -> Picture:
    """What was uploaded with a ticket, examined; what is refused is not kept."""
    store, key = _store(ctx), f"{UPLOADS}{ticket.id}"
    size = await store.size(key)
    if size is None:
        raise contract.UploadMissing()
    try:
        # S3 cannot bound the size of a presigned upload: it is bounded here, before anything is read.
        if size > min(ticket.size_bytes, MAX_UPLOAD_BYTES):
            raise PayloadTooLarge(f"The ticket is for {ticket.size_bytes} bytes")
        content = await store.get(key)
        if content is None:
            raise contract.UploadMissing()
        picture = await examined(content)
        if MEDIA_TYPES[picture.kind] != ticket.content_type:
            raise ImageRefused(f"Announced as {ticket.content_type}, but it is {MEDIA_TYPES[picture.kind]}")
    except (PayloadTooLarge, ImageRefused):
        await store.delete(key)
        raise
    return picture


async def make_primary(ctx: Context, caller: Caller, product_id: UUID, name: str) -> list[ImageView]:
    """Have lists show this picture of the product; raises ProductNotFound for another's, ImageNotFound."""
    await editable_product(ctx, caller, product_id)
    async with ctx.db.transaction() as tx:
        if name not in [each.name for each in (await locked(tx, product_id)).images]:
            raise contract.ImageNotFound()
        await queries.clear_primary_image(tx, product_id)
        await queries.set_primary_image(tx, product_id, name)
        return (await locked(tx, product_id)).images


async def reorder(ctx: Context, caller: Caller, product_id: UUID, names: list[str]) -> list[ImageView]:
    """Put all pictures of a product in this order, the primary one before them as ever.

    Raises ProductNotFound for another's, InvalidInput where a picture is left out or named twice.
    """
    await editable_product(ctx, caller, product_id)
    async with ctx.db.transaction() as tx:
        known = [each.name for each in (await locked(tx, product_id)).images]
        if sorted(known) != sorted(names):
            raise InvalidInput("Name every picture of the product once", field="names")
        await queries.order_images(tx, product_id, names)
        return (await locked(tx, product_id)).images


async def remove(ctx: Context, caller: Caller, product_id: UUID, name: str) -> None:
    """Show a picture no more. The file stays: orders of old show what was bought.

    Raises ProductNotFound for another's, ImageNotFound, Conflict for the last picture of a product on sale.
    """
    await editable_product(ctx, caller, product_id)
    async with ctx.db.transaction() as tx:
        product = await locked(tx, product_id)
        if name not in [each.name for each in product.images]:
            raise contract.ImageNotFound()
        if len(product.images) == 1 and product.status is ProductStatus.ACTIVE:
            raise Conflict("A product on sale keeps at least one picture; withdraw the product first")
        await queries.delete_image(tx, product_id, name)
        await queries.promote_first_image(tx, product_id)


async def forget_uploads(ctx: Context) -> int:
    """Delete what was uploaded with tickets that expired an hour ago, and the tickets; answers how many."""
    stale = await queries.find_stale_tickets(ctx.db, ctx.clock.now() - timedelta(hours=1))
    for ticket_id in stale:
        await _store(ctx).delete(f"{UPLOADS}{ticket_id}")
    await queries.delete_tickets(ctx.db, stale)
    return len(stale)


async def picture(ctx: Context, name: str) -> bytes:
    """A picture by its name; raises NotFound."""
    content = await _store(ctx).get(name) if IMAGE_NAME.fullmatch(name) else None
    if content is None:
        raise NotFound("There is no such picture")
    return content
