"""Bank data at rest: AES-256-GCM, under a key for one purpose, bound to the row that it belongs to."""

from __future__ import annotations

import hashlib
import hmac
import os
from typing import TYPE_CHECKING
from uuid import UUID

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

if TYPE_CHECKING:
    from patungan.kernel.service import Context

_FORMAT = b"\x01"
"""First byte of what is stored, so that another cipher or key can follow."""
_NONCE_BYTES = 12


class VaultUnreadable(Exception):
    """What is stored cannot be read with this key for this row: another key, or bytes that were moved or changed."""


class Vault:
    """Encrypts with a key derived from the platform's data encryption key (HKDF-SHA256), for one purpose alone."""

    def __init__(self, secret: str, purpose: str) -> None:
        self._cipher = AESGCM(_derived(secret, f"patungan {purpose}"))
        self._fingerprint_key = _derived(secret, f"patungan {purpose} fingerprints")

    def seal(self, text: str, row_id: UUID) -> bytes:
        """What is stored of a text; never the same twice."""
        nonce = os.urandom(_NONCE_BYTES)
        return _FORMAT + nonce + self._cipher.encrypt(nonce, text.encode(), row_id.bytes)

    def open(self, sealed: bytes, row_id: UUID) -> str:
        """The text; raises VaultUnreadable."""
        if sealed[:1] != _FORMAT:
            raise VaultUnreadable("unknown format")
        nonce, encrypted = sealed[1 : 1 + _NONCE_BYTES], sealed[1 + _NONCE_BYTES :]
        try:
            return self._cipher.decrypt(nonce, encrypted, row_id.bytes).decode()
        except InvalidTag:
            raise VaultUnreadable("wrong key, or another row's") from None

    def fingerprint(self, text: str, owner_id: UUID) -> bytes:
        """The same for the same text of one owner, and telling nothing of it without the key (HMAC-SHA256)."""
        return hmac.new(self._fingerprint_key, owner_id.bytes + text.encode(), hashlib.sha256).digest()


def _derived(secret: str, info: str) -> bytes:
    return HKDF(algorithm=SHA256(), length=32, salt=None, info=info.encode()).derive(secret.encode())


def vault_of(ctx: Context, purpose: str) -> Vault:
    """The vault of this process; outside production the service secret serves where no encryption key is set."""
    vault = ctx.local.get("vault")
    if not isinstance(vault, Vault):
        vault = Vault(ctx.settings.data_encryption_key or ctx.settings.service_token_secret, purpose)
        ctx.local["vault"] = vault
    return vault
