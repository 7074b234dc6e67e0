"""Photos as evidence: made anew from their pixels, small enough to keep beside the complaint, open to few."""

from __future__ import annotations

import asyncio
import io
from datetime import timedelta
from uuid import UUID

from PIL import Image, ImageOps, UnidentifiedImageError

from patungan.contracts import order as contract
from patungan.kernel.errors import Conflict
from patungan.kernel.identity import Caller
from patungan.kernel.service import Context
from patungan.services.order.operations.access import is_staff
from patungan.services.order.queries import direct as queries

MAX_PIXELS = 40_000_000
LONGEST_SIDE = 1600
PHOTOS_A_DAY = 30


def made_anew(content: bytes) -> tuple[bytes, int, int]:
    """A photo as WebP of at most 1,600 pixels a side, upright and without metadata, with its size; raises PhotoRefused."""
    try:
        with Image.open(io.BytesIO(content), formats=("JPEG", "PNG", "WEBP")) as opened:
            if opened.width * opened.height > MAX_PIXELS:
                raise contract.PhotoRefused("The photo has too many pixels")
            pixels = ImageOps.exif_transpose(opened).convert("RGB")
    except (UnidentifiedImageError, Image.DecompressionBombError, OSError, SyntaxError, ValueError) as error:
        raise contract.PhotoRefused("A photo is a whole JPEG, PNG or WebP") from error
    pixels.thumbnail((LONGEST_SIDE, LONGEST_SIDE))
    pixels.info = {}
    written = io.BytesIO()
    pixels.save(written, "WEBP", quality=75, method=4)
    return written.getvalue(), pixels.width, pixels.height


async def keep(ctx: Context, caller: Caller, content: bytes) -> UUID:
    """Keep a photo of this person; raises PhotoRefused, Conflict past thirty a day."""
    now = ctx.clock.now()
    if await queries.photos_since(ctx.db, caller.user_id, now - timedelta(days=1)) >= PHOTOS_A_DAY:
        raise Conflict(f"At most {PHOTOS_A_DAY} photos a day")
    small, width, height = await asyncio.to_thread(made_anew, content)
    photo_id = ctx.chance.new_id()
    await queries.insert_photo(ctx.db, photo_id, caller.user_id, small, width, height, now)
    return photo_id


async def show(ctx: Context, caller: Caller, photo_id: UUID) -> bytes:
    """A photo for its owner and for staff; raises PhotoNotFound for everybody else."""
    found = await queries.find_photo(ctx.db, photo_id)
    if found is None or (found.user_id != caller.user_id and not is_staff(caller)):
        raise contract.PhotoNotFound()
    return found.content
