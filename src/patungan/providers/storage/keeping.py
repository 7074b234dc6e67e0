"""What every service with files needs: the settings of the store, the store itself, and pictures made harmless."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Annotated

from patungan.kernel.errors import ImageRefused
from patungan.kernel.service import Context
from patungan.kernel.settings import Common, Secret
from patungan.providers.storage.pictures import MEDIA_TYPES, Picture, TooManyPixels, UnknownPicture, recognised
from patungan.providers.storage.stores import BucketStore, FolderStore, ObjectStore
from patungan.providers.storage.svg import SvgRefused

MAX_PHOTO_BYTES = 8_000_000
"""Of a photo from a telephone, sent in one request."""


class StorageSettings(Common, frozen=True, kw_only=True):
    """Where files are kept: the same for every service that keeps any."""

    patungan_data: Annotated[str, "PATUNGAN_DATA: the platform's data directory"] = ".data"
    image_folder: Annotated[str, "IMAGE_FOLDER: where pictures are kept; by default images/ in PATUNGAN_DATA"] = ""
    s3_bucket: Annotated[str, "S3_BUCKET: the bucket of pictures; without it they are kept in the folder"] = ""
    aws_region: Annotated[str, "AWS_REGION: where the bucket is"] = "ap-southeast-1"
    aws_access_key_id: Annotated[str, "AWS_ACCESS_KEY_ID: of the account that may use the bucket"] = ""
    aws_secret_access_key: Annotated[Secret, "AWS_SECRET_ACCESS_KEY: of the same account"] = Secret("")
    aws_endpoint_url: Annotated[str, "AWS_ENDPOINT_URL: another server that speaks S3"] = ""


def open_store(settings: StorageSettings) -> ObjectStore:
    """The store that the settings name: a bucket where there is one, else a folder."""
    if settings.s3_bucket:
        return BucketStore(
            settings.s3_bucket,
            settings.aws_region,
            settings.aws_access_key_id,
            settings.aws_secret_access_key,
            settings.aws_endpoint_url,
        )
    folder = Path(settings.image_folder or Path(settings.patungan_data) / "images")
    return FolderStore(folder, settings.service_token_secret, settings.public_url)


async def open_storage(ctx: Context) -> None:
    """A service's ``on_start``: keep the store at hand."""
    ctx.local["store"] = open_store(ctx.settings)


def store_of(ctx: Context) -> ObjectStore:
    """The store that ``open_storage`` opened."""
    store: ObjectStore = ctx.local["store"]
    return store


async def examined(content: bytes) -> Picture:
    """A picture by its content, made anew from its pixels; raises ImageRefused."""
    try:
        return await asyncio.to_thread(recognised, content)
    except UnknownPicture:
        raise ImageRefused("A picture is a whole SVG, PNG, JPEG or WebP") from None
    except TooManyPixels as large:
        raise ImageRefused(f"The picture is too large: {large}") from None
    except SvgRefused as refusal:
        raise ImageRefused(f"This SVG is refused: {refusal}") from None


async def keep_photo(ctx: Context, folder: str, content: bytes) -> str:
    """Keep a photo below a folder without what the camera wrote into it; answers its name, the hash of its content.

    Raises ImageRefused for anything but a PNG, JPEG or WebP.
    """
    picture = await examined(content)
    if picture.kind == "svg":
        raise ImageRefused("A photo is a PNG, JPEG or WebP")
    await store_of(ctx).put(f"{folder}/{picture.name}", picture.content)
    return picture.name


def media_type(name: str) -> str:
    """The media type that a kept picture's name tells."""
    return MEDIA_TYPES[name.rpartition(".")[2]]
