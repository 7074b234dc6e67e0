"""Static files under names that change with their content, so that a browser may keep them for ever."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from litestar import Response, get
from litestar.exceptions import NotFoundException
from litestar.params import FromPath

FOLDER = Path(__file__).parent / "static"
MEDIA_TYPES = {
    ".css": "text/css",
    ".js": "text/javascript",
    ".svg": "image/svg+xml",
    ".woff2": "font/woff2",
    ".txt": "text/plain",
}


@dataclass(frozen=True, slots=True)
class Asset:
    content: bytes
    media_type: str


@cache
def assets() -> dict[str, Asset]:
    """Every static file by its path below the folder, in memory: together they are smaller than one photograph."""
    return {
        file.relative_to(FOLDER).as_posix(): Asset(file.read_bytes(), MEDIA_TYPES[file.suffix])
        for file in sorted(FOLDER.rglob("*"))
        if file.suffix in MEDIA_TYPES
    }


@cache
def version() -> str:
    """A digest of all static files. One for all, so that the relative addresses inside a style sheet carry it too."""
    digest = hashlib.sha256()
    for name, asset in assets().items():
        digest.update(name.encode() + b"\0" + asset.content)
    return digest.hexdigest()[:12]


def asset_url(name: str) -> str:
    """Where a static file is; raises KeyError for a file that is not there."""
    if name not in assets():
        raise KeyError(f"there is no static file {name}")
    return f"/static/{version()}/{name}"


@get("/static/{digest:str}/{name:path}")
async def static_file(digest: FromPath[str], name: FromPath[Path]) -> Response[bytes]:
    asset = assets().get(name.as_posix().lstrip("/"))
    if asset is None:
        raise NotFoundException
    # Another version's address, during a rolling update, answers with ours, but only for a moment.
    kept = "public, max-age=31536000, immutable" if digest == version() else "public, max-age=60"
    return Response(asset.content, media_type=asset.media_type, headers={"Cache-Control": kept})
