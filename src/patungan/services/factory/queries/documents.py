"""The SQL of a factory's documents."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

import msgspec

from patungan.kernel import sql
from patungan.services.factory.rules import DocumentKind


class DocumentRow(msgspec.Struct, frozen=True):
    """A document as it is kept; ``name`` is where in the store."""

    id: UUID
    factory_id: UUID
    kind: DocumentKind
    name: str
    media_type: str
    bytes: int
    uploaded_by: UUID
    uploaded_at: datetime


_ROW = "id, factory_id, kind, name, media_type, bytes, uploaded_by, uploaded_at"
insert_document = sql.run(f"insert into factory_documents ({_ROW}) values ($1, $2, $3, $4, $5, $6, $7, $8)")
find_document = sql.maybe(DocumentRow, f"select {_ROW} from factory_documents where id = $1")
list_documents = sql.many(
    DocumentRow,
    f"select {_ROW} from factory_documents where factory_id = $1 order by uploaded_at desc, id desc limit 100",
)
count_recent = sql.one(int, "select count(*) from factory_documents where factory_id = $1 and uploaded_at > $2")
logo_is_known = sql.one(bool, "select exists (select from factory_documents where kind = 'logo' and name = $1)")
