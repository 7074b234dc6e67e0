"""Idempotency keys: the same key and body give the first object again, the same key with another body a conflict."""

from __future__ import annotations

import hashlib
from typing import Final

import msgspec

from patungan.sandbox.context import Sandbox
from patungan.sandbox.xendit.errors import XenditError

SCHEMA: Final = """
create table if not exists idempotency_keys (
    scope text not null,
    key text not null,
    fingerprint text not null,
    object_id text not null,
    created integer not null,
    primary key (scope, key)
) strict, without rowid;
"""


class _Claim(msgspec.Struct):
    fingerprint: str
    object_id: str


def fingerprint(request: msgspec.Struct) -> str:
    """A digest of what was asked, whatever the order of its fields was on the wire."""
    return hashlib.sha256(msgspec.json.encode(request, order="deterministic")).hexdigest()


def earlier(sandbox: Sandbox, scope: str, key: str, digest: str, conflict_code: str) -> str | None:
    """The object that this key made before; raises 409 when it was made from another body."""
    claim = sandbox.store.one(
        _Claim, "select fingerprint, object_id from idempotency_keys where scope = ? and key = ?", scope, key
    )
    if claim is None:
        return None
    if claim.fingerprint != digest:
        raise XenditError(409, conflict_code, "The idempotency key was used before, with a different request body")
    return claim.object_id


def remember(sandbox: Sandbox, scope: str, key: str, digest: str, object_id: str) -> None:
    sandbox.store.execute(
        "insert into idempotency_keys (scope, key, fingerprint, object_id, created) values (?, ?, ?, ?, ?)",
        *(scope, key, digest, object_id, sandbox.now()),
    )
