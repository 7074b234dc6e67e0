"""Pictures: what they are by their content, made anew from their pixels, with thumbnails in modern formats. No I/O."""

from __future__ import annotations

import hashlib
import io
import re
from collections.abc import Iterator

import msgspec
from PIL import Image, ImageOps, UnidentifiedImageError, features

from patungan.providers.storage.svg import sanitised

MAX_IMAGE_BYTES = 2_000_000
"""Of a picture that is sent in one request."""
MAX_UPLOAD_BYTES = 10_000_000
"""Of a picture that is uploaded with a ticket."""
MAX_PIXELS = 40_000_000
"""A picture of a few kilobytes may unpack to gigabytes: more pixels than a good camera's are not unpacked."""
MAX_SIDE = 12_000

MEDIA_TYPES = {
    "svg": "image/svg+xml",
    "png": "image/png",
    "jpg": "image/jpeg",
    "webp": "image/webp",
    "avif": "image/avif",
}
THUMBNAIL_WIDTHS = (160, 320, 640, 1280)
THUMBNAIL_TYPES = (*(("avif",) if features.check("avif") else ()), "webp")
"""The smaller format first: a browser takes the first that it knows."""

IMAGE_NAME = re.compile(r"[0-9a-f]{64}(\.(svg|png|jpg|webp)|-(160|320|640|1280)\.(webp|avif))", re.ASCII)

_XML_START = re.compile(rb"^(\xef\xbb\xbf)?\s*<(\?xml|svg|!--)")
_KINDS = {"PNG": "png", "JPEG": "jpg", "WEBP": "webp"}


class UnknownPicture(Exception):
    """The bytes are none of the kinds of picture that are shown, or damaged; the message says what is wrong."""


class TooManyPixels(Exception):
    """The picture would unpack to more than is allowed."""


class Picture(msgspec.Struct, frozen=True):
    """A picture as it is kept: its kind (``svg``, ``png``, ``jpg``, ``webp``), its bytes and its size in pixels."""

    kind: str
    content: bytes
    width: int | None
    height: int | None
    thumbnails: dict[str, bytes]
    """By what follows the hash in their names: ``-320.webp``."""

    @property
    def digest(self) -> str:
        """The hash of the content, which names the picture and its thumbnails."""
        return hashlib.sha256(self.content).hexdigest()

    @property
    def name(self) -> str:
        """The name that the picture is kept and served under."""
        return f"{self.digest}.{self.kind}"

    @property
    def widths(self) -> list[int]:
        """The widths of the thumbnails, in pixels."""
        return sorted({int(suffix[1:].split(".")[0]) for suffix in self.thumbnails})

    @property
    def types(self) -> list[str]:
        """The formats of the thumbnails, the one to prefer first."""
        made = {suffix.split(".")[1] for suffix in self.thumbnails}
        return [each for each in THUMBNAIL_TYPES if each in made]


def recognised(content: bytes) -> Picture:
    """A picture by its content, whatever it was called. Nothing of the bytes is kept but what can be seen: no metadata,
    no second file behind the first.

    Raises UnknownPicture, TooManyPixels, or SvgRefused for an SVG that could do harm.
    """
    if _XML_START.match(content):
        return Picture("svg", sanitised(content), None, None, {})
    try:
        with Image.open(io.BytesIO(content), formats=tuple(_KINDS)) as opened:
            kind = _KINDS[str(opened.format)]
            # The header is enough for this, before anything is unpacked.
            if opened.width * opened.height > MAX_PIXELS or max(opened.size) > MAX_SIDE:
                raise TooManyPixels(f"{opened.width} by {opened.height} pixels")
            opened.load()
            pixels = _upright(opened)
    except Image.DecompressionBombError as error:
        raise TooManyPixels(str(error)) from None
    except (UnidentifiedImageError, OSError, SyntaxError, ValueError, EOFError) as error:
        raise UnknownPicture(str(error)) from None
    return Picture(kind, _saved(pixels, kind), pixels.width, pixels.height, dict(_thumbnails(pixels)))


def _upright(opened: Image.Image) -> Image.Image:
    """The first frame as the camera was held, in colours that every format has, with nothing attached."""
    turned = ImageOps.exif_transpose(opened)
    see_through = turned.mode in ("RGBA", "LA", "PA") or "transparency" in turned.info
    plain = turned.convert("RGBA" if see_through else "RGB")
    plain.info = {}
    return plain


def _saved(pixels: Image.Image, kind: str) -> bytes:
    written = io.BytesIO()
    if kind == "jpg":
        pixels.convert("RGB").save(written, "JPEG", quality=88, optimize=True, progressive=True)
    elif kind == "png":
        pixels.save(written, "PNG", optimize=pixels.width * pixels.height < 1_000_000)
    elif kind == "avif":
        pixels.save(written, "AVIF", quality=60, speed=8)
    else:
        pixels.save(written, "WEBP", quality=80, method=4)
    return written.getvalue()


def _thumbnails(pixels: Image.Image) -> Iterator[tuple[str, bytes]]:
    """Smaller ones only: a browser enlarges as well as we do. The smallest is made for every picture."""
    for width in THUMBNAIL_WIDTHS:
        if width < pixels.width or width == THUMBNAIL_WIDTHS[0]:
            height = max(1, round(pixels.height * width / pixels.width))
            if height > MAX_SIDE:
                continue
            small = pixels.resize((width, height), Image.Resampling.LANCZOS)
            for kind in THUMBNAIL_TYPES:
                yield f"-{width}.{kind}", _saved(small, kind)
