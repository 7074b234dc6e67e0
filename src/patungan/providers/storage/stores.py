"""Where files are kept: a folder, or a bucket of S3, behind one client; and leave to upload to it."""

from __future__ import annotations

import hashlib
import hmac
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, Protocol
from uuid import UUID

import msgspec
import obstore
from obstore.exceptions import BaseError
from obstore.store import LocalStore, S3Store

from patungan.kernel.errors import Unavailable
from patungan.kernel.settings import Secret

UPLOADS = "uploads/"
"""Below this pictures wait, as they came, to be looked at."""


class Upload(msgspec.Struct, frozen=True):
    """How to upload a picture: one request with these headers and the picture as its body."""

    method: str
    url: str
    headers: dict[str, str]


class ObjectStore(Protocol):
    """Where files are kept. A name holds the hash of its content, so that what is there never changes."""

    async def put(self, name: str, content: bytes) -> None:
        """Keep a picture; keeping it again changes nothing."""
        ...

    async def get(self, name: str) -> bytes | None:
        """The picture, or None where there is none of that name."""
        ...

    async def size(self, name: str) -> int | None:
        """How many bytes it has, without reading them; None where there is none of that name."""
        ...

    async def delete(self, name: str) -> None:
        """Forget a picture; forgetting one that is not there changes nothing."""
        ...

    async def upload(self, ticket_id: UUID, content_type: str, size: int, now: datetime, lasts: timedelta) -> Upload:
        """Leave to put one picture below ``uploads/``, for as long as it lasts."""
        ...


class _ObjectStore:
    """What a folder and a bucket have in common; raises Unavailable where the store does not answer."""

    def __init__(self, store: Any) -> None:
        self._store = store

    async def put(self, name: str, content: bytes) -> None:
        try:
            await obstore.put_async(self._store, name, content)
        except BaseError as error:
            raise Unavailable(f"The pictures cannot be reached: {type(error).__name__}") from error

    async def get(self, name: str) -> bytes | None:
        try:
            found = await obstore.get_async(self._store, name)
            return bytes(await found.bytes_async())
        except FileNotFoundError:
            return None
        except BaseError as error:
            raise Unavailable(f"The pictures cannot be reached: {type(error).__name__}") from error

    async def size(self, name: str) -> int | None:
        try:
            return int((await obstore.head_async(self._store, name))["size"])
        except FileNotFoundError:
            return None
        except BaseError as error:
            raise Unavailable(f"The pictures cannot be reached: {type(error).__name__}") from error

    async def delete(self, name: str) -> None:
        try:
            await obstore.delete_async(self._store, name)
        except FileNotFoundError:
            return
        except BaseError as error:
            raise Unavailable(f"The pictures cannot be reached: {type(error).__name__}") from error


class FolderStore(_ObjectStore):
    """Pictures in a folder, written whole or not at all; uploads come through the service, by signed addresses."""

    def __init__(self, folder: Path, secret: str = "", public_url: str = "") -> None:
        super().__init__(LocalStore(folder, mkdir=True))
        self._key = hmac.digest(secret.encode(), b"uploads of pictures", "sha256")
        self._public_url = public_url

    async def upload(self, ticket_id: UUID, content_type: str, size: int, now: datetime, lasts: timedelta) -> Upload:
        expires = int((now + lasts).timestamp())
        signature = self.signature(ticket_id, content_type, size, expires)
        url = f"{self._public_url}/api/products/uploads/{ticket_id}?expires={expires}&signature={signature}"
        return Upload("PUT", url, {"Content-Type": content_type})

    def signature(self, ticket_id: UUID, content_type: str, size: int, expires: int) -> str:
        """What an upload's address is signed with: HMAC-SHA256 of everything that it allows."""
        allowed = f"PUT\n{ticket_id}\n{content_type}\n{size}\n{expires}"
        return hmac.new(self._key, allowed.encode(), hashlib.sha256).hexdigest()


class BucketStore(_ObjectStore):
    """Pictures in a bucket of S3; uploads go there straight, by presigned addresses."""

    def __init__(self, bucket: str, region: str, key_id: str, secret: Secret, endpoint: str = "") -> None:
        configuration: dict[str, Any] = {
            "region": region,
            "access_key_id": key_id,
            "secret_access_key": str(secret),
            "client_options": {"timeout": "30s", "allow_http": endpoint.startswith("http://")},
        }
        if endpoint:
            configuration["endpoint"] = endpoint
            configuration["virtual_hosted_style_request"] = False
        super().__init__(S3Store(bucket, **configuration))

    async def upload(self, ticket_id: UUID, content_type: str, size: int, now: datetime, lasts: timedelta) -> Upload:
        url = await obstore.sign_async(self._store, "PUT", f"{UPLOADS}{ticket_id}", lasts)
        return Upload("PUT", url, {"Content-Type": content_type})
