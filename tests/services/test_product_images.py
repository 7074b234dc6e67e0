"""Pictures of products: what is taken, what is refused, and how they are served."""

from __future__ import annotations

import asyncio
import hashlib
import io
import struct
import zlib
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from patungan.operations.seed_data import emblems, factories, pictures, products
from patungan.providers.storage.pictures import UnknownPicture, recognised
from patungan.providers.storage.stores import FolderStore
from patungan.providers.storage.svg import SvgRefused, sanitised
from tests.house import House
from tests.shop import PICTURE, category, keep_pictures_apart, product_input, published_product, selling_factory, upload


def png(width: int = 1, height: int = 1) -> bytes:
    def chunk(kind: bytes, body: bytes) -> bytes:
        return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))

    rows = b"".join(b"\x00" + b"\x20\x40\x60" * width for _ in range(height))
    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    parts = chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b"")
    return b"\x89PNG\r\n\x1a\n" + parts


def saved(kind: str, width: int = 8, height: int = 6, **options: Any) -> bytes:
    """A picture of one colour."""
    written = io.BytesIO()
    Image.new("RGB", (width, height), (32, 64, 96)).save(written, kind, **options)
    return written.getvalue()


JPEG = saved("JPEG")
WEBP = saved("WEBP")


@pytest.fixture(autouse=True)
def _folder(one_house: House, tmp_path: Path) -> Path:
    keep_pictures_apart(one_house)
    one_house.context("product").local["images"] = FolderStore(tmp_path)
    return tmp_path


@pytest.mark.parametrize(
    ("content", "kind", "media_type"),
    [
        (png(), "png", "image/png"),
        (JPEG, "jpg", "image/jpeg"),
        (WEBP, "webp", "image/webp"),
        (PICTURE.format("a").encode(), "svg", "image/svg+xml"),
        (b'\xef\xbb\xbf<?xml version="1.0"?>\n' + PICTURE.format("b").encode(), "svg", "image/svg+xml"),
    ],
    ids=["png", "jpeg", "webp", "svg", "svg with byte order mark"],
)
async def test_pictures_are_known_by_their_content(
    one_house: House, _folder: Path, content: bytes, kind: str, media_type: str
) -> None:
    owner, factory = await selling_factory(one_house)
    product = await published_product(one_house, owner, factory["id"])
    sent = await upload(owner, product["id"], content)
    assert sent.status_code == 201
    url = sent.json()["url"]
    assert (_folder / url.rsplit("/")[-1]).is_file()
    assert (url[-len(kind) - 1 :], sent.json()["is_primary"]) == (f".{kind}", False)
    served = await one_house.request("GET", "product", url)
    assert (served.status_code, served.headers["content-type"]) == (200, media_type)
    assert served.headers["cache-control"] == "public, max-age=31536000, immutable"
    assert served.headers["x-content-type-options"] == "nosniff"
    assert ("content-security-policy" in served.headers) == (kind == "svg")
    digest = hashlib.sha256(served.content).hexdigest()
    assert (served.headers["etag"], url) == (f'"{digest}"', f"/api/images/{digest}.{kind}")
    again = await one_house.request("GET", "product", url, headers={"If-None-Match": f'"{digest}"'})
    assert (again.status_code, again.content, again.headers["etag"]) == (304, b"", f'"{digest}"')


async def test_an_svg_is_served_where_it_can_do_nothing(one_house: House) -> None:
    owner, factory = await selling_factory(one_house)
    product = await published_product(one_house, owner, factory["id"])
    served = await one_house.request("GET", "product", product["image_url"])
    assert served.headers["content-security-policy"] == "default-src 'none'; style-src 'unsafe-inline'; sandbox"


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"no picture",
        b"GIF89a\x01\x00\x01\x00\x00\x00\x00;",
        b"<html><script>alert(1)</script></html>",
        b"\x89PNG\r\n\x1a\nrest",
        b'<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>',
    ],
)
async def test_what_is_no_picture_is_refused(one_house: House, _folder: Path, content: bytes) -> None:
    owner, factory = await selling_factory(one_house)
    given = product_input(factory["id"], (await category(one_house))["id"])
    product = await owner.post("product", "/api/products", given)
    answer = await upload(owner, product["id"], content)
    assert (answer.status_code, answer.json()["code"]) == (400, "image_refused")
    assert (await owner.get("product", f"/api/products/mine/{product['id']}"))["images"] == []
    assert list(_folder.iterdir()) == []


async def test_a_picture_has_two_megabytes_at_most(one_house: House) -> None:
    owner, factory = await selling_factory(one_house)
    product = await published_product(one_house, owner, factory["id"])
    fits = await upload(owner, product["id"], JPEG.ljust(2_000_000, b"\x00"))
    assert fits.status_code == 201
    large = await upload(owner, product["id"], JPEG.ljust(2_000_001, b"\x00"))
    assert (large.status_code, large.json()["code"]) == (413, "payload_too_large")


async def test_the_first_picture_is_the_primary_one_until_another_is_chosen(one_house: House) -> None:
    owner, factory = await selling_factory(one_house)
    product = await published_product(one_house, owner, factory["id"])
    first = product["image_url"]
    await upload(owner, product["id"], JPEG)
    chosen = (await upload(owner, product["id"], png(), primary="true")).json()
    assert chosen["is_primary"] is True
    seen = (await one_house.request("GET", "product", f"/api/products/{product['slug']}")).json()
    assert seen["image_url"] == chosen["url"]
    assert [each["is_primary"] for each in seen["images"]] == [True, False, False]
    same = (await upload(owner, product["id"], PICTURE.format(product["sku"]).encode())).json()
    assert (same["url"], same["is_primary"]) == (first, False)
    assert len((await owner.get("product", f"/api/products/mine/{product['id']}"))["images"]) == 3


async def test_a_product_has_ten_pictures_at_most_even_at_once(one_house: House) -> None:
    owner, factory = await selling_factory(one_house)
    product = await published_product(one_house, owner, factory["id"])
    answers = await asyncio.gather(*(upload(owner, product["id"], png(width, 2)) for width in range(1, 13)))
    assert sorted(answer.status_code for answer in answers) == [201] * 9 + [409] * 3
    seen = await owner.get("product", f"/api/products/mine/{product['id']}")
    assert (len(seen["images"]), sum(each["is_primary"] for each in seen["images"])) == (10, 1)


@pytest.mark.parametrize("name", ["x.png", "..%2F..%2Fetc%2Fpasswd", f"{'0' * 64}.png", f"{'0' * 64}.exe", "0" * 64])
async def test_no_other_file_is_served(one_house: House, name: str) -> None:
    answer = await one_house.request("GET", "product", f"/api/images/{name}")
    assert (answer.status_code, answer.json()["code"]) == (404, "not_found")


HEAD = '<svg xmlns="http://www.w3.org/2000/svg">'


@pytest.mark.parametrize(
    "inside",
    [
        "<script>alert(1)</script>",
        "<SCRIPT>alert(1)</SCRIPT>",
        '<script xmlns="http://www.w3.org/1999/xhtml">alert(1)</script>',
        "<style>@import url(https://evil.example/x.css)</style>",
        "<foreignObject><p>x</p></foreignObject>",
        '<image href="https://evil.example/x.png"/>',
        '<use href="https://evil.example/x.svg#a"/>',
        '<use href="#a"/>',
        '<a href="javascript:alert(1)"><path d="M0 0"/></a>',
        '<animate attributeName="href" values="javascript:alert(1)"/>',
        '<set attributeName="onload" to="alert(1)"/>',
        '<feImage href="https://evil.example/x.png"/>',
        '<path onclick="alert(1)" d="M0 0"/>',
        '<path ONLOAD="alert(1)" d="M0 0"/>',
        '<path style="fill:url(https://evil.example/x)" d="M0 0"/>',
        '<path fill="url(https://evil.example/x#a)" d="M0 0"/>',
        '<path fill="URL( \'https://evil.example/x#a\')" d="M0 0"/>',
        '<path fill="u\\72l(https://evil.example/x#a)" d="M0 0"/>',
        '<path fill="url(#a) url(https://evil.example/x)" d="M0 0"/>',
        '<path fill="&#117;rl(https://evil.example/x)" d="M0 0"/>',
        '<path mask="image-set(\'https://evil.example/x.png\' 1x)" d="M0 0"/>',
        '<path filter="src(\'https://evil.example/x\')" d="M0 0"/>',
        '<pattern id="a"><path fill="url(#b)" d="M0 0"/></pattern>',
        '<x:script xmlns:x="http://www.w3.org/2000/svg">alert(1)</x:script>',
        '<g xmlns="http://www.w3.org/1999/xhtml"><path d="M0 0"/></g>',
        '<?xml-stylesheet href="https://evil.example/x.css"?>',
        "<g>" * 70 + "</g>" * 70,
        "<g/>" * 20_001,
        "<path",
    ],
)
def test_an_svg_that_could_do_harm_is_refused(inside: str) -> None:
    with pytest.raises(SvgRefused):
        sanitised(f"{HEAD}{inside}</svg>".encode())


@pytest.mark.parametrize(
    "text",
    [
        "<svg><path d='M0 0'/></svg>",
        "<html xmlns='http://www.w3.org/2000/svg'/>",
        "<svg xmlns='http://www.w3.org/1999/xhtml'/>",
        f"<!DOCTYPE svg>{HEAD}</svg>",
        f"<!DOCTYPE svg [<!ENTITY a 'aa'><!ENTITY b '&a;&a;'>]>{HEAD}<title>&b;</title></svg>",
        f"<!DOCTYPE svg SYSTEM 'file:///etc/passwd'>{HEAD}</svg>",
        f"{HEAD}<title>&undeclared;</title></svg>",
        f"{HEAD}</svg>{HEAD}</svg>",
        f"<?xml version='1.0' encoding='no-such'?>{HEAD}</svg>",
    ],
)
def test_a_document_that_is_not_plain_svg_is_refused(text: str) -> None:
    with pytest.raises(SvgRefused):
        sanitised(text.encode())


def test_what_is_served_was_written_here() -> None:
    text = (
        "<?xml version='1.0' encoding='UTF-8'?><!-- a comment <script>x</script> -->"
        "<svg xmlns='http://www.w3.org/2000/svg' xmlns:xlink='http://www.w3.org/1999/xlink' viewBox='0 0 8 8'>"
        "<title>Kopi &lt;Gayo&gt; &amp; <![CDATA[<b>]]></title><defs><linearGradient id='curl-1'>"
        "<stop offset='0' stop-color='rgb(1, 2, 3)'/></linearGradient></defs>"
        "<path fill='url(#curl-1)' transform='translate(1 2) scale(.5)' aria-label='a &quot;b&quot; (c)' d='M0 0'/></svg>"
    )
    assert sanitised(text.encode()).decode() == (
        '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 8 8">'
        '<title>Kopi &lt;Gayo&gt; &amp; &lt;b&gt;</title><defs><linearGradient id="curl-1">'
        '<stop offset="0" stop-color="rgb(1, 2, 3)"></stop></linearGradient></defs>'
        '<path fill="url(#curl-1)" transform="translate(1 2) scale(.5)" aria-label=\'a "b" (c)\' d="M0 0"></path></svg>'
    )


def test_rebuilding_twice_changes_nothing_more() -> None:
    for text in [pictures.draw(product) for product in products()]:
        once = sanitised(text.encode())
        assert sanitised(once) == once


def test_the_demonstration_pictures_are_all_harmless() -> None:
    drawn = [draw(factory) for factory in factories() for draw in (emblems.draw_logo, emblems.draw_licence)]
    for text in drawn:
        picture = recognised(text.encode())
        assert (picture.kind, picture.content[:4], picture.thumbnails) == ("svg", b"<svg", {})


@pytest.mark.parametrize("content", [b"RIFF\x00\x00\x00\x00WAVEfmt ", b"\xff\xd8", b"%PDF-1.7", b"BM\x00\x00"])
def test_other_kinds_of_file_are_unknown(content: bytes) -> None:
    with pytest.raises(UnknownPicture):
        recognised(content)


async def test_the_folder_holds_whole_pictures_only(tmp_path: Path) -> None:
    store = FolderStore(tmp_path / "not" / "there" / "yet")
    name = f"{'a' * 64}.png"
    assert await store.get(name) is None
    await asyncio.gather(*(store.put(name, png()) for _ in range(8)))
    assert await store.get(name) == png()
    assert [each.name for each in (tmp_path / "not" / "there" / "yet").iterdir()] == [name]
