"""Logos and specimen licences of the demonstration's factories, kept where the platform serves pictures from."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from pathlib import Path

from patungan.operations.layout import REPOSITORY, write_private


def keep(environment: Mapping[str, str], svg: str) -> str:
    """Keep a drawing of our own beside the catalogue's pictures, under the hash of its content; answers its path."""
    named = environment.get("IMAGE_FOLDER") or Path(environment["PATUNGAN_DATA"]) / "images"
    # A relative path is meant from where the services run.
    folder = REPOSITORY / named
    folder.mkdir(parents=True, exist_ok=True)
    content = svg.encode()
    name = f"{hashlib.sha256(content).hexdigest()}.svg"
    if not (folder / name).exists():
        write_private(folder / name, content)
        (folder / name).chmod(0o644)
    return f"/api/images/{name}"
