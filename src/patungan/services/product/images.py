"""Pictures: what they are by their content, and where they are kept, under the hash of it."""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import os
import re
import tempfile
from pathlib import Path
from typing import Protocol

from patungan.services.product.svg import sanitised

MAX_IMAGE_BYTES = 2_000_000

MEDIA_TYPES = {"svg": "image/svg+xml", "png": "image/png", "jpg": "image/jpeg", "webp": "image/webp"}

IMAGE_NAME = re.compile(r"[0-9a-f]{64}\.(svg|png|jpg|webp)", re.ASCII)

_XML_START = re.compile(rb"^(\xef\xbb\xbf)?\s*<(\?xml|svg|!--)")


class UnknownPicture(Exception):
    """The bytes are none of the kinds of picture that are shown."""


class ImageStore(Protocol):
    """Where pictures are kept. A name is the hash of its content, so that what is there never changes."""

    async def put(self, name: str, content: bytes) -> None:
        """Keep a picture; keeping it again changes nothing."""
        ...

    async def get(self, name: str) -> bytes | None:
        """The picture, or None where there is none of that name."""
        ...


class FolderStore:
    """Pictures in a folder, written whole or not at all."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    async def put(self, name: str, content: bytes) -> None:
        await asyncio.to_thread(self._write, name, content)

    async def get(self, name: str) -> bytes | None:
        return await asyncio.to_thread(self._read, name)

    def _write(self, name: str, content: bytes) -> None:
        target = self._folder / name
        if target.exists():
            return
        self._folder.mkdir(parents=True, exist_ok=True)
        handle, unfinished = tempfile.mkstemp(dir=self._folder, prefix=".unfinished-")
        try:
            with os.fdopen(handle, "wb") as file:
                file.write(content)
                file.flush()
                os.fsync(file.fileno())
            Path(unfinished).chmod(0o644)
            Path(unfinished).replace(target)
        except BaseException:
            with contextlib.suppress(FileNotFoundError):
                Path(unfinished).unlink()
            raise

    def _read(self, name: str) -> bytes | None:
        try:
            return (self._folder / name).read_bytes()
        except FileNotFoundError:
            return None


def recognised(content: bytes) -> tuple[str, bytes]:
    """The kind of a picture (``svg``, ``png``, ``jpg``, ``webp``) by its content, and the bytes to keep.

    Raises UnknownPicture, or SvgRefused for an SVG that could do harm.
    """
    if content.startswith(b"\x89PNG\r\n\x1a\n") and content[12:16] == b"IHDR":
        return "png", content
    if content.startswith(b"\xff\xd8\xff"):
        return "jpg", content
    if content[:4] == b"RIFF" and content[8:12] == b"WEBP" and content[12:16] in (b"VP8 ", b"VP8L", b"VP8X"):
        return "webp", content
    if _XML_START.match(content):
        return "svg", sanitised(content)
    raise UnknownPicture


def image_name(kind: str, content: bytes) -> str:
    """The name that a picture is kept and served under."""
    return f"{hashlib.sha256(content).hexdigest()}.{kind}"
