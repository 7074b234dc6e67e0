"""A factory's papers: taken in by their content, private but for the logo, opened by links that end."""

from __future__ import annotations

import hashlib
from datetime import timedelta
from uuid import UUID

import msgspec

from patungan.contracts import factory as contract
from patungan.contracts.factory import Right
from patungan.kernel.errors import Conflict, ImageRefused, NotFound
from patungan.kernel.identity import Caller
from patungan.kernel.service import Context
from patungan.providers.storage.keeping import examined, store_of
from patungan.providers.storage.links import link_holds, signed_link
from patungan.providers.storage.pictures import MEDIA_TYPES
from patungan.services.factory.operations.factories import locked, note, save_profile, with_right, with_right_or_admin
from patungan.services.factory.queries import documents as queries
from patungan.services.factory.queries.documents import DocumentRow
from patungan.services.factory.rules import DocumentKind, documents_complete, verification_after

MAX_DOCUMENT_BYTES = 8_000_000
UPLOADS_A_DAY = 30

PAPERS = "factory-papers"
LOGOS = "factory-logos"
"""Folders of the store: only what is among the logos is ever shown to the public."""

_FIELD_OF = {DocumentKind.LICENCE: "licence_url", DocumentKind.LOGO: "logo_url"}


class Document(msgspec.Struct, frozen=True):
    """A document with the link that opens it for five minutes."""

    id: UUID
    kind: DocumentKind
    media_type: str
    bytes: int
    uploaded_at: str
    url: str


async def upload(ctx: Context, caller: Caller, factory_id: UUID, kind: DocumentKind, content: bytes) -> DocumentRow:
    """Keep a document of the caller's factory; the newest of its kind counts, and a verified factory whose licence
    changes waits for verification again.

    Raises FactoryNotFound for another's, DocumentRefused, Conflict past thirty a day.
    """
    await with_right(ctx, caller, factory_id, Right.OWN)
    kept, media, extension = await _recognised(content, kind)
    now, document_id = ctx.clock.now(), ctx.chance.new_id()
    if await queries.count_recent(ctx.db, factory_id, now - timedelta(days=1)) >= UPLOADS_A_DAY:
        raise Conflict(f"A factory uploads at most {UPLOADS_A_DAY} documents a day")
    digest = hashlib.sha256(kept).hexdigest()
    name = f"{digest}.{extension}" if kind is DocumentKind.LOGO else f"{document_id}.{extension}"
    await store_of(ctx).put(f"{LOGOS if kind is DocumentKind.LOGO else PAPERS}/{name}", kept)
    async with ctx.db.transaction() as tx:
        factory = await locked(tx, factory_id)
        await queries.insert_document(tx, document_id, factory_id, kind, name, media, len(kept), caller.user_id, now)
        await note(ctx, tx, factory_id, caller.user_id, "documents", None, kind, digest)
        field = _FIELD_OF.get(kind)
        if field is not None:
            address = (
                f"/api/factories/logos/{name}"
                if kind is DocumentKind.LOGO
                else f"/api/factories/{factory_id}/documents/{document_id}"
            )
            after = msgspec.structs.replace(factory, **{field: address})
        else:
            after = factory
        changed = {field or "npwp"}
        complete = documents_complete(after.npwp, after.licence_url, after.logo_url)
        verification = verification_after(factory.verification_status, changed, complete=complete)
        await save_profile(ctx, tx, msgspec.structs.replace(after, verification_status=verification))
        if verification is not factory.verification_status:
            why = f"uploaded: {kind}"
            await note(
                ctx, tx, factory_id, caller.user_id, "verification", factory.verification_status, verification, why
            )
    return DocumentRow(document_id, factory_id, kind, name, media, len(kept), caller.user_id, now)


async def _recognised(content: bytes, kind: DocumentKind) -> tuple[bytes, str, str]:
    """What is kept of a document, its media type and its ending, by its content, whatever it was called."""
    if kind is not DocumentKind.LOGO and content.startswith(b"%PDF-1.") and b"%%EOF" in content[-1024:]:
        return content, "application/pdf", "pdf"
    try:
        picture = await examined(content)
    except ImageRefused as refusal:
        raise contract.DocumentRefused(str(refusal.detail)) from None
    if picture.kind == "svg" and kind is not DocumentKind.LOGO:
        raise contract.DocumentRefused("A paper is a PDF, PNG, JPEG or WebP")
    return picture.content, MEDIA_TYPES[picture.kind], picture.kind


def _path(document: DocumentRow) -> str:
    return f"/api/factories/{document.factory_id}/documents/{document.id}/file"


def linked(ctx: Context, document: DocumentRow) -> Document:
    """The document with a link that opens it from now on for five minutes."""
    url = signed_link(ctx.settings.service_token_secret, _path(document), ctx.clock.now())
    return Document(
        document.id, document.kind, document.media_type, document.bytes, document.uploaded_at.isoformat(), url
    )


async def list_documents(ctx: Context, caller: Caller, factory_id: UUID) -> list[Document]:
    """A factory's documents with links, newest first, for its owner and administrators; raises FactoryNotFound."""
    await with_right_or_admin(ctx, caller, factory_id, Right.OWN)
    return [linked(ctx, each) for each in await queries.list_documents(ctx.db, factory_id)]


async def one_document(ctx: Context, caller: Caller, factory_id: UUID, document_id: UUID) -> Document:
    """A document with a link, for the factory's owner and administrators; raises FactoryNotFound, DocumentNotFound."""
    await with_right_or_admin(ctx, caller, factory_id, Right.OWN)
    found = await queries.find_document(ctx.db, document_id)
    if found is None or found.factory_id != factory_id:
        raise contract.DocumentNotFound()
    return linked(ctx, found)


async def open_document(
    ctx: Context, factory_id: UUID, document_id: UUID, expires: int, signature: str
) -> tuple[DocumentRow, bytes]:
    """What a link opens; raises DocumentNotFound where it was not made here or has ended."""
    path = f"/api/factories/{factory_id}/documents/{document_id}/file"
    secret = ctx.settings.service_token_secret
    if not link_holds(secret, path, expires, signature, ctx.clock.now()):
        raise contract.DocumentNotFound()
    found = await queries.find_document(ctx.db, document_id)
    if found is None or found.factory_id != factory_id:
        raise contract.DocumentNotFound()
    folder = LOGOS if found.kind is DocumentKind.LOGO else PAPERS
    content = await store_of(ctx).get(f"{folder}/{found.name}")
    if content is None:
        raise contract.DocumentNotFound()
    return found, content


async def logo(ctx: Context, name: str) -> bytes:
    """A factory's logo by its name; raises NotFound."""
    content = await store_of(ctx).get(f"{LOGOS}/{name}") if await queries.logo_is_known(ctx.db, name) else None
    if content is None:
        raise NotFound("There is no such logo")
    return content
