"""A factory's papers: uploaded by its owner, opened by its owner and administrators through links that end."""

from __future__ import annotations

from typing import Annotated, Any
from uuid import UUID

import msgspec
from litestar import Request, Response
from litestar.params import FromPath, QueryParameter

from patungan.kernel.http import Ctx, SignedIn, get, put
from patungan.kernel.identity import Audience
from patungan.providers.storage.keeping import media_type
from patungan.services.factory.operations import documents
from patungan.services.factory.operations.documents import MAX_DOCUMENT_BYTES, Document
from patungan.services.factory.rules import DocumentKind

OWNER_AND_ADMIN = [Audience.FACTORY_OWNER, Audience.ADMIN]


class Documents(msgspec.Struct, frozen=True):
    items: list[Document]


@put(
    "/api/factories/{factory_id:uuid}/documents/kinds/{kind:str}",
    audience=Audience.FACTORY_OWNER,
    request_max_body_size=MAX_DOCUMENT_BYTES,
)
async def upload_document(
    ctx: Ctx,
    caller: SignedIn,
    factory_id: FromPath[UUID],
    kind: FromPath[DocumentKind],
    request: Request[Any, Any, Any],
) -> Document:
    """Send a licence, npwp_card or logo as the body; the newest of its kind counts."""
    kept = await documents.upload(ctx, caller, factory_id, kind, await request.body())
    return documents.linked(ctx, kept)


@get("/api/factories/{factory_id:uuid}/documents", audience=OWNER_AND_ADMIN)
async def list_documents(ctx: Ctx, caller: SignedIn, factory_id: FromPath[UUID]) -> Documents:
    return Documents(await documents.list_documents(ctx, caller, factory_id))


@get("/api/factories/{factory_id:uuid}/documents/{document_id:uuid}", audience=OWNER_AND_ADMIN)
async def one_document(ctx: Ctx, caller: SignedIn, factory_id: FromPath[UUID], document_id: FromPath[UUID]) -> Document:
    """A document with a fresh link."""
    return await documents.one_document(ctx, caller, factory_id, document_id)


@get("/api/factories/{factory_id:uuid}/documents/{document_id:uuid}/file", audience=Audience.PUBLIC)
async def open_document(
    ctx: Ctx,
    factory_id: FromPath[UUID],
    document_id: FromPath[UUID],
    expires: Annotated[int, QueryParameter(ge=0, le=2**40)],
    signature: Annotated[str, QueryParameter(max_length=64)],
) -> Response[bytes]:
    """What a link opens; the signature is what lets in."""
    found, content = await documents.open_document(ctx, factory_id, document_id, expires, signature)
    ending = found.name.rpartition(".")[2]
    headers = {
        "Cache-Control": "private, no-store",
        "Content-Disposition": f'attachment; filename="{found.kind}.{ending}"',
        "Content-Security-Policy": "default-src 'none'; sandbox",
        "X-Content-Type-Options": "nosniff",
    }
    return Response(content, headers=headers, media_type=found.media_type)


@get("/api/factories/logos/{name:str}", audience=Audience.PUBLIC)
async def factory_logo(ctx: Ctx, name: FromPath[str]) -> Response[bytes]:
    content = await documents.logo(ctx, name)
    headers = {
        "Cache-Control": "public, max-age=31536000, immutable",
        "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'; sandbox",
        "X-Content-Type-Options": "nosniff",
    }
    return Response(content, headers=headers, media_type=media_type(name))


document_routes = [upload_document, list_documents, one_document, open_document, factory_logo]
