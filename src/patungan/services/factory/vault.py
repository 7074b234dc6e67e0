"""Bank account numbers at rest: AES-256-GCM, bound to the factory that they belong to."""

from __future__ import annotations

import os
from uuid import UUID

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

_FORMAT = b"\x01"
"""First byte of what is stored, so that another cipher or key can follow."""
_NONCE_BYTES = 12


class VaultUnreadable(Exception):
    """What is stored cannot be read with this key for this factory: another key, or bytes that were moved or changed."""


class Vault:
    """Encrypts with a key derived from the platform's data encryption key (HKDF-SHA256), for this purpose alone."""

    def __init__(self, secret: str) -> None:
        key = HKDF(algorithm=SHA256(), length=32, salt=None, info=b"patungan factory bank accounts").derive(
            secret.encode()
        )
        self._cipher = AESGCM(key)

    def seal(self, account_number: str, factory_id: UUID) -> bytes:
        """What is stored of an account number; never the same twice."""
        nonce = os.urandom(_NONCE_BYTES)
        return _FORMAT + nonce + self._cipher.encrypt(nonce, account_number.encode(), factory_id.bytes)

    def open(self, sealed: bytes, factory_id: UUID) -> str:
        """The account number; raises VaultUnreadable."""
        if sealed[:1] != _FORMAT:
            raise VaultUnreadable("unknown format")
        nonce, encrypted = sealed[1 : 1 + _NONCE_BYTES], sealed[1 + _NONCE_BYTES :]
        try:
            return self._cipher.decrypt(nonce, encrypted, factory_id.bytes).decode()
        except InvalidTag:
            raise VaultUnreadable("wrong key, or not this factory's") from None
