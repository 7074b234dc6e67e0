"""The SQL of pictures and of the tickets to upload them."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

import msgspec

from patungan.kernel import sql


class ImageSource(msgspec.Struct, frozen=True):
    """Thumbnails of one media type, as the ``srcset`` of a picture's ``source``."""

    type: str
    srcset: str


class ImageView(msgspec.Struct, frozen=True):
    """A picture as it is shown; sizes in pixels, None where they are not known (drawings, pictures of old)."""

    name: str
    url: str
    is_primary: bool
    width: int | None
    height: int | None
    sources: list[ImageSource]


class TicketRow(msgspec.Struct, frozen=True):
    """Leave to upload one picture; ``image_name`` is what came of it."""

    id: UUID
    product_id: UUID
    content_type: str
    size_bytes: int
    expires_at: datetime
    image_name: str | None


insert_image = sql.run(
    """
    insert into product_images (
        product_id, name, is_primary, display_order, created_at, width, height, thumbnail_widths, thumbnail_types)
    select $1, $2, count(*) = 0, coalesce(max(display_order) + 1, 0), $3, $4, $5, $6, $7
    from product_images where product_id = $1
    on conflict (product_id, name) do update set width = excluded.width, height = excluded.height,
        thumbnail_widths = excluded.thumbnail_widths, thumbnail_types = excluded.thumbnail_types
    """
)
clear_primary_image = sql.run("update product_images set is_primary = false where product_id = $1 and is_primary")
set_primary_image = sql.run("update product_images set is_primary = true where product_id = $1 and name = $2")
order_images = sql.run(
    """
    update product_images i set display_order = wanted.place
    from unnest($2::text[]) with ordinality as wanted(name, place)
    where i.product_id = $1 and i.name = wanted.name
    """
)
delete_image = sql.run("delete from product_images where product_id = $1 and name = $2")
promote_first_image = sql.run(
    """
    update product_images set is_primary = true
    where product_id = $1 and name = (
        select name from product_images where product_id = $1 order by display_order, name limit 1)
      and not exists (select from product_images where product_id = $1 and is_primary)
    """
)

insert_ticket = sql.run(
    """
    insert into image_tickets (id, product_id, issued_to, content_type, size_bytes, expires_at, created_at)
    values ($1, $2, $3, $4, $5, $6, $7)
    """
)
_TICKET = "select id, product_id, content_type, size_bytes, expires_at, image_name from image_tickets"
find_ticket = sql.maybe(TicketRow, f"{_TICKET} where id = $1")
complete_ticket = sql.run("update image_tickets set image_name = $2 where id = $1")
count_open_tickets = sql.one(
    int, "select count(*) from image_tickets where product_id = $1 and expires_at > $2 and image_name is null"
)
find_stale_tickets = sql.many(UUID, "select id from image_tickets where expires_at < $1 order by expires_at limit 500")
delete_tickets = sql.run("delete from image_tickets where id = any($1::uuid[])")
