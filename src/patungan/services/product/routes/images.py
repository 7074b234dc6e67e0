"""Pictures: sent as they are, served for ever, since a picture's name is the hash of its content."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from litestar import Request, Response
from litestar.params import FromPath, FromQuery

from patungan.kernel.http import Ctx, SignedIn, get, post
from patungan.kernel.identity import Audience
from patungan.services.product.images import MAX_IMAGE_BYTES, MEDIA_TYPES
from patungan.services.product.operations import pictures
from patungan.services.product.queries import ImageView
from patungan.services.product.routes.owners import EDITORS


@post(
    "/api/products/id/{product_id:uuid}/images",
    audience=EDITORS,
    status=201,
    request_max_body_size=MAX_IMAGE_BYTES,
)
async def add_image(
    ctx: Ctx,
    caller: SignedIn,
    product_id: FromPath[UUID],
    request: Request[Any, Any, Any],
    primary: FromQuery[bool] = False,
) -> ImageView:
    return await pictures.add(ctx, caller, product_id, await request.body(), primary=primary)


@get("/api/images/{name:str}", audience=Audience.PUBLIC)
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


image_routes = [add_image, image]
