"""Pictures: sent as they are or uploaded with a ticket, served for ever, since a picture's name is its content's hash."""

from __future__ import annotations

from typing import Annotated, Any
from uuid import UUID

import msgspec
from litestar import Request, Response
from litestar.params import FromPath, FromQuery, JSONBody, QueryParameter
from msgspec import Meta

from patungan.kernel.http import Ctx, Input, SignedIn, delete, get, post, put
from patungan.kernel.identity import Audience
from patungan.providers.storage.pictures import MAX_IMAGE_BYTES, MAX_UPLOAD_BYTES, MEDIA_TYPES
from patungan.services.product.operations import pictures
from patungan.services.product.operations.pictures import Ticket
from patungan.services.product.queries.images import ImageView
from patungan.services.product.routes.owners import EDITORS

PICTURES = ("image/jpeg", "image/png", "image/svg+xml", "image/webp")

ImageName = Annotated[str, Meta(pattern=r"^[0-9a-f]{64}\.(svg|png|jpg|webp)$")]


class TicketInput(Input, frozen=True):
    """What is going to be uploaded."""

    content_type: Annotated[str, Meta(pattern=r"^image/(png|jpeg|webp)$")]
    size_bytes: Annotated[int, Meta(ge=1, le=MAX_UPLOAD_BYTES)]


class CompletionInput(Input, frozen=True):
    primary: bool = False


class ImageOrder(Input, frozen=True):
    """Every picture of the product, in the order that they shall have."""

    names: Annotated[list[ImageName], Meta(min_length=1, max_length=20)]


class Images(msgspec.Struct, frozen=True):
    items: list[ImageView]


@post(
    "/api/products/id/{product_id:uuid}/images",
    audience=EDITORS,
    status=201,
    request_max_body_size=MAX_IMAGE_BYTES,
    takes=PICTURES,
)
async def add_image(
    ctx: Ctx,
    caller: SignedIn,
    product_id: FromPath[UUID],
    request: Request[Any, Any, Any],
    primary: FromQuery[bool] = False,
) -> ImageView:
    return await pictures.add(ctx, caller, product_id, await request.body(), primary=primary)


@post("/api/products/id/{product_id:uuid}/image-tickets", audience=EDITORS, status=201)
async def issue_image_ticket(
    ctx: Ctx, caller: SignedIn, product_id: FromPath[UUID], data: JSONBody[TicketInput]
) -> Ticket:
    return await pictures.issue_ticket(ctx, caller, product_id, data.content_type, data.size_bytes)


@post("/api/products/id/{product_id:uuid}/image-tickets/{ticket_id:uuid}/completion", audience=EDITORS, status=201)
async def complete_image_ticket(
    ctx: Ctx,
    caller: SignedIn,
    product_id: FromPath[UUID],
    ticket_id: FromPath[UUID],
    data: JSONBody[CompletionInput],
) -> ImageView:
    return await pictures.complete_ticket(ctx, caller, product_id, ticket_id, primary=data.primary)


@put(
    "/api/products/uploads/{ticket_id:uuid}",
    audience=Audience.PUBLIC,
    request_max_body_size=MAX_UPLOAD_BYTES,
    takes=PICTURES,
)
async def upload_image(
    ctx: Ctx,
    ticket_id: FromPath[UUID],
    expires: Annotated[int, QueryParameter(ge=0, le=2**40)],
    signature: Annotated[str, QueryParameter(max_length=64)],
    request: Request[Any, Any, Any],
) -> None:
    content_type = request.headers.get("Content-Type", "")
    await pictures.take_upload(ctx, ticket_id, expires, signature, content_type, await request.body())


@put("/api/products/id/{product_id:uuid}/images/order", audience=EDITORS)
async def order_images(ctx: Ctx, caller: SignedIn, product_id: FromPath[UUID], data: JSONBody[ImageOrder]) -> Images:
    return Images(await pictures.reorder(ctx, caller, product_id, data.names))


@post("/api/products/id/{product_id:uuid}/images/{name:str}/primary", audience=EDITORS)
async def make_image_primary(ctx: Ctx, caller: SignedIn, product_id: FromPath[UUID], name: FromPath[str]) -> Images:
    return Images(await pictures.make_primary(ctx, caller, product_id, name))


@delete("/api/products/id/{product_id:uuid}/images/{name:str}", audience=EDITORS)
async def delete_image(ctx: Ctx, caller: SignedIn, product_id: FromPath[UUID], name: FromPath[str]) -> None:
    await pictures.remove(ctx, caller, product_id, name)


@get("/api/images/{name:str}", audience=Audience.PUBLIC, media_type="image/*", may_be_unchanged=True)
async def image(ctx: Ctx, name: FromPath[str], request: Request[Any, Any, Any]) -> Response[bytes]:
    digest, _, kind = name.partition(".")
    headers = {
        "Cache-Control": "public, max-age=31536000, immutable",
        "ETag": f'"{digest}"',
        "X-Content-Type-Options": "nosniff",
    }
    content = await pictures.picture(ctx, name)
    if headers["ETag"] in request.headers.get("If-None-Match", ""):
        return Response(b"", status_code=304, headers=headers, media_type=MEDIA_TYPES[kind])
    if kind == "svg":
        headers["Content-Security-Policy"] = "default-src 'none'; style-src 'unsafe-inline'; sandbox"
    return Response(content, headers=headers, media_type=MEDIA_TYPES[kind])


image_routes = [
    add_image,
    issue_image_ticket,
    complete_image_ticket,
    upload_image,
    order_images,
    make_image_primary,
    delete_image,
    image,
]
