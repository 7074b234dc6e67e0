"""Uploads by ticket: to the folder by signed addresses, to S3 by presigned ones; and what is done to pictures that come."""

from __future__ import annotations

import asyncio
import io
import os
import random
import struct
import subprocess
import sys
import time
import zlib
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx
import obstore
import pytest
from PIL import Image

from patungan.kernel.errors import Unavailable
from patungan.kernel.identity import Role
from patungan.kernel.settings import Secret
from patungan.operations.ports import free_port
from patungan.providers.storage.pictures import MAX_SIDE, TooManyPixels, UnknownPicture, recognised
from patungan.providers.storage.stores import BucketStore, FolderStore
from patungan.services.product.operations import pictures
from tests.house import House, Person
from tests.shop import category, keep_pictures_apart, product_input, published_product, selling_factory, upload


def drawn(kind: str = "JPEG", size: tuple[int, int] = (400, 300), seed: int = 1, **options: Any) -> bytes:
    """A picture of coarse noise, different for each seed."""
    chance = random.Random(seed)
    small = Image.frombytes("RGB", (8, 6), chance.randbytes(8 * 6 * 3))
    written = io.BytesIO()
    small.resize(size).save(written, kind, **options)
    return written.getvalue()


@dataclass(frozen=True)
class Desk:
    """An owner with a draft, and where the house keeps its pictures."""

    house: House
    owner: Person
    product_id: str
    folder: Path

    @property
    def path(self) -> str:
        return f"/api/products/id/{self.product_id}"

    async def ticket(self, content: bytes, content_type: str = "image/jpeg", **other: Any) -> dict[str, Any]:
        given = {"content_type": content_type, "size_bytes": len(content), **other}
        answer: dict[str, Any] = await self.owner.post("product", f"{self.path}/image-tickets", given)
        return answer

    async def send(self, ticket: dict[str, Any], content: bytes, **changed: str) -> httpx.Response:
        """Upload as the ticket says; ``changed`` replaces the address or the headers' type."""
        url = changed.get("url") or ticket["upload"]["url"]
        # The address is the gateway's; here there is none, so that the service itself is asked.
        own = self.house.url("product", "") + "/api/" + url.partition("/api/")[2] if "/api/" in url else url
        headers = {**ticket["upload"]["headers"], **({"Content-Type": changed["type"]} if "type" in changed else {})}
        return await self.house.client.request(ticket["upload"]["method"], own, content=content, headers=headers)

    async def complete(self, ticket: dict[str, Any], **body: Any) -> httpx.Response:
        return await self.owner.request(
            "POST", "product", f"{self.path}/image-tickets/{ticket['ticket_id']}/completion", body
        )

    async def images(self) -> list[dict[str, Any]]:
        seen = await self.owner.get("product", f"/api/products/mine/{self.product_id}")
        found: list[dict[str, Any]] = seen["images"]
        return found


@pytest.fixture
async def desk(one_house: House, tmp_path: Path) -> AsyncIterator[Desk]:
    owner, factory = await selling_factory(one_house)
    product = await owner.post(
        "product", "/api/products", product_input(factory["id"], (await category(one_house))["id"])
    )
    local = one_house.context("product").local
    before = local["images"]
    local["images"] = FolderStore(tmp_path, "a secret of the test", "http://shop.example")
    yield Desk(one_house, owner, product["id"], tmp_path)
    local["images"] = before


async def test_a_picture_is_uploaded_with_a_ticket(desk: Desk) -> None:
    content = drawn()
    ticket = await desk.ticket(content)
    assert ticket["max_bytes"] == len(content)
    assert (ticket["upload"]["method"], ticket["upload"]["headers"]) == ("PUT", {"Content-Type": "image/jpeg"})
    assert ticket["upload"]["url"].startswith(
        f"http://shop.example/api/products/uploads/{ticket['ticket_id']}?expires="
    )
    early = await desk.complete(ticket)
    assert (early.status_code, early.json()["code"]) == (409, "upload_missing")
    assert (await desk.send(ticket, content)).status_code == 200
    done = await desk.complete(ticket)
    assert done.status_code == 201
    image = done.json()
    assert (image["width"], image["height"], image["is_primary"]) == (400, 300, True)
    assert image["url"] == f"/api/images/{image['name']}"
    stem = image["name"].split(".")[0]
    assert image["sources"] == [
        {"type": f"image/{kind}", "srcset": ", ".join(f"/api/images/{stem}-{w}.{kind} {w}w" for w in (160, 320))}
        for kind in ("avif", "webp")
    ]
    for source in image["sources"]:
        for address, width in (part.split() for part in source["srcset"].split(", ")):
            served = await desk.house.request("GET", "product", address)
            assert (served.status_code, served.headers["content-type"]) == (200, source["type"])
            with Image.open(io.BytesIO(served.content)) as opened:
                assert (f"{opened.width}w", opened.height) == (width, round(opened.width * 3 / 4))
    again = await desk.complete(ticket)
    assert (again.status_code, again.json()) == (201, image)
    assert await desk.images() == [image]
    assert not (desk.folder / "uploads" / ticket["ticket_id"]).exists()
    replayed = await desk.send(ticket, content)
    assert (replayed.status_code, replayed.json()["code"]) == (403, "upload_refused")


async def test_a_tampered_ticket_is_refused(desk: Desk) -> None:
    content = drawn()
    ticket, other = await desk.ticket(content), await desk.ticket(content)
    url = ticket["upload"]["url"]
    expires = int(url.partition("expires=")[2].partition("&")[0])
    for changed in (
        {"url": url.replace(str(expires), str(expires + 1))},
        {"url": url[:-1] + ("0" if url[-1] != "0" else "1")},
        {"url": url.replace(ticket["ticket_id"], other["ticket_id"])},
        {"url": url.replace(ticket["ticket_id"], str(uuid4()))},
        {"url": url.partition("signature=")[0] + "signature="},
        {"type": "image/png"},
        {"type": "text/html"},
    ):
        answer = await desk.send(ticket, content, **changed)
        assert (answer.status_code, answer.json()["code"]) == (403, "upload_refused"), changed
    large = await desk.send(ticket, content + b"\x00")
    assert (large.status_code, large.json()["code"]) == (413, "payload_too_large")
    for query in ("", "?expires=soon&signature=x", f"?expires={expires}", "?expires=-1&signature=x"):
        malformed = await desk.house.client.put(
            desk.house.url("product", f"/api/products/uploads/{ticket['ticket_id']}{query}"), content=content
        )
        assert (malformed.status_code, malformed.json()["code"]) == (400, "invalid_input"), query
    assert not (desk.folder / "uploads").exists()
    assert (await desk.send(ticket, content)).status_code == 200


async def test_a_ticket_lasts_a_quarter_of_an_hour_and_its_upload_no_longer(desk: Desk) -> None:
    content = drawn()
    left, late = await desk.ticket(content), await desk.ticket(content)
    await desk.send(left, content)
    desk.house.later(minutes=15, seconds=1)
    answer = await desk.send(late, content)
    assert (answer.status_code, answer.json()["code"]) == (403, "upload_refused")
    ctx = desk.house.context("product")
    assert (desk.folder / "uploads" / left["ticket_id"]).is_file()
    desk.house.later(hours=1)
    assert await pictures.forget_uploads(ctx) >= 2
    assert not (desk.folder / "uploads" / left["ticket_id"]).exists()
    gone = await desk.complete(left)
    assert (gone.status_code, gone.json()["code"]) == (404, "ticket_not_found")


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"content_type": "image/svg+xml", "size_bytes": 10}, "content_type"),
        ({"content_type": "image/gif", "size_bytes": 10}, "content_type"),
        ({"content_type": "image/png", "size_bytes": 0}, "size_bytes"),
        ({"content_type": "image/png", "size_bytes": 10_000_001}, "size_bytes"),
        ({"content_type": "image/png"}, "size_bytes"),
    ],
)
async def test_a_bad_ticket_is_not_issued(desk: Desk, body: dict[str, Any], field: str) -> None:
    answer = await desk.owner.request("POST", "product", f"{desk.path}/image-tickets", body)
    assert (answer.status_code, answer.json()["code"]) == (400, "invalid_input")
    assert field in str(answer.json())


async def test_twenty_uploads_of_a_product_may_be_under_way(desk: Desk) -> None:
    given = {"content_type": "image/png", "size_bytes": 10}
    path = f"{desk.path}/image-tickets"
    answers = await asyncio.gather(*(desk.owner.request("POST", "product", path, given) for _ in range(23)))
    assert sorted(each.status_code for each in answers) == [201] * 20 + [409] * 3
    desk.house.later(minutes=16)
    assert (await desk.owner.request("POST", "product", path, given)).status_code == 201


async def test_only_the_owner_touches_the_pictures(desk: Desk) -> None:
    content = drawn()
    ticket = await desk.ticket(content)
    await desk.send(ticket, content)
    stranger, factory = await selling_factory(desk.house)
    kind = (await category(desk.house))["id"]
    theirs = await stranger.post("product", "/api/products", product_input(factory["id"], kind))
    name = f"{'0' * 64}.png"
    calls: list[tuple[str, str, Any]] = [
        ("POST", f"{desk.path}/image-tickets", {"content_type": "image/png", "size_bytes": 1}),
        ("POST", f"{desk.path}/image-tickets/{ticket['ticket_id']}/completion", {}),
        ("PUT", f"{desk.path}/images/order", {"names": [name]}),
        ("POST", f"{desk.path}/images/{name}/primary", None),
        ("DELETE", f"{desk.path}/images/{name}", None),
    ]
    customer = await desk.house.person()
    seller, keeper = await desk.house.person(Role.SELLER), await desk.house.person(Role.OFFICE_STAFF)
    for method, path, body in calls:
        assert (await desk.house.request(method, "product", path, body)).status_code == 401
        for person in (customer, seller, keeper):
            assert (await person.request(method, "product", path, body)).status_code == 403
        answer = await stranger.request(method, "product", path, body)
        assert (answer.status_code, answer.json()["code"]) == (404, "product_not_found")
    # A ticket is for one product: it does not open another, not even one of the caller's own.
    moved = f"/api/products/id/{theirs['id']}/image-tickets/{ticket['ticket_id']}/completion"
    answer = await stranger.request("POST", "product", moved, {})
    assert (answer.status_code, answer.json()["code"]) == (404, "ticket_not_found")
    assert (await desk.complete(ticket)).status_code == 201


async def test_pictures_in_order(desk: Desk) -> None:
    names = []
    for seed in range(4):
        sent = await upload(desk.owner, desk.product_id, drawn(size=(40, 30), seed=seed))
        names.append(sent.json()["name"])
    first, second, third, fourth = names
    path = f"{desk.path}/images"
    for wrong in ([first, second, third], [*names, first], [first, second, third, third]):
        refused = await desk.owner.request("PUT", "product", f"{path}/order", {"names": wrong})
        assert (refused.status_code, refused.json()["field"]) == (400, "names")
    ordered = await desk.owner.request("PUT", "product", f"{path}/order", {"names": [fourth, first, third, second]})
    assert [each["name"] for each in ordered.json()["items"]] == [first, fourth, third, second]
    chosen = await desk.owner.request("POST", "product", f"{path}/{third}/primary")
    assert [(each["name"], each["is_primary"]) for each in chosen.json()["items"]] == [
        (third, True),
        (fourth, False),
        (first, False),
        (second, False),
    ]
    assert (await desk.owner.request("DELETE", "product", f"{path}/{third}")).status_code == 204
    assert [(each["name"], each["is_primary"]) for each in await desk.images()] == [
        (fourth, True),
        (first, False),
        (second, False),
    ]
    for method, tail in (("DELETE", third), ("POST", f"{third}/primary"), ("DELETE", "nothing")):
        missing = await desk.owner.request(method, "product", f"{path}/{tail}")
        assert (missing.status_code, missing.json()["code"]) == (404, "image_not_found")
    # What was bought with it is still shown by the order.
    assert (await desk.house.request("GET", "product", f"/api/images/{third}")).status_code == 200


async def test_a_product_on_sale_keeps_its_last_picture(one_house: House) -> None:
    keep_pictures_apart(one_house)
    owner, factory = await selling_factory(one_house)
    product = await published_product(one_house, owner, factory["id"])
    path = f"/api/products/id/{product['id']}"
    name = product["images"][0]["name"]
    refused = await owner.request("DELETE", "product", f"{path}/images/{name}")
    assert (refused.status_code, refused.json()["code"]) == (409, "conflict")
    await owner.request("DELETE", "product", path)
    assert (await owner.request("DELETE", "product", f"{path}/images/{name}")).status_code == 204
    republished = await owner.request("POST", "product", f"{path}/publish")
    assert republished.json()["data"] == {"lacks": ["image"]}


async def test_of_two_that_delete_at_once_one_picture_stays_on_sale(one_house: House) -> None:
    keep_pictures_apart(one_house)
    owner, factory = await selling_factory(one_house)
    product = await published_product(one_house, owner, factory["id"])
    await upload(owner, product["id"], drawn(size=(30, 20)))
    names = [each["name"] for each in (await owner.get("product", f"/api/products/mine/{product['id']}"))["images"]]
    path = f"/api/products/id/{product['id']}/images"
    answers = await asyncio.gather(*(owner.request("DELETE", "product", f"{path}/{name}") for name in names))
    assert sorted(each.status_code for each in answers) == [204, 409]


# What attackers send.


@pytest.mark.parametrize("announced", ["image/png", "image/webp"])
async def test_another_type_than_announced_is_refused_and_not_kept(desk: Desk, announced: str) -> None:
    content = drawn("JPEG")
    ticket = await desk.ticket(content, announced)
    await desk.send(ticket, content)
    answer = await desk.complete(ticket)
    assert (answer.status_code, answer.json()["code"]) == (400, "image_refused")
    assert await desk.images() == []
    assert not (desk.folder / "uploads" / ticket["ticket_id"]).exists()
    assert (await desk.complete(ticket)).json()["code"] == "upload_missing"


@pytest.mark.parametrize(
    "content",
    [
        b"<html><script>alert(1)</script></html>",
        b"%PDF-1.7",
        b"GIF89a\x01\x00",
        b"PK\x03\x04",
        b"\xff\xd8\xff\xe0",
        b"BM",
    ],
)
async def test_what_is_no_picture_is_refused(desk: Desk, content: bytes) -> None:
    ticket = await desk.ticket(content)
    await desk.send(ticket, content)
    answer = await desk.complete(ticket)
    assert (answer.status_code, answer.json()["code"]) == (400, "image_refused")
    assert await desk.images() == []


def test_nothing_but_pixels_is_kept() -> None:
    """A second file behind or inside the first, and where the picture was taken, are gone."""
    exif = Image.Exif()
    exif[0x010E] = "SECRET-DESCRIPTION"
    exif[0x0112] = 6
    payload = b"PK\x03\x04SECRET-ARCHIVE<script>alert(1)</script>"
    for kind in ("JPEG", "PNG", "WEBP"):
        content = drawn(kind, (64, 48), exif=exif) + payload
        assert b"SECRET-DESCRIPTION" in content
        kept = recognised(content)
        for each in (kept.content, *kept.thumbnails.values()):
            assert b"SECRET" not in each and b"script" not in each
            with Image.open(io.BytesIO(each)) as opened:
                assert not opened.getexif() and "exif" not in opened.info
        # Orientation 6 is lying on its side: shown upright.
        assert (kept.width, kept.height) == (48, 64)


def _png_of(width: int, height: int) -> bytes:
    """A PNG whose header promises so many pixels; they come as a few bytes of zeros."""

    def chunk(kind: bytes, body: bytes) -> bytes:
        return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))

    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    parts = chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(bytes(100_000))) + chunk(b"IEND", b"")
    return b"\x89PNG\r\n\x1a\n" + parts


@pytest.mark.parametrize("size", [(60_000, 60_000), (10_000, 4_001), (MAX_SIDE + 1, 1), (1, MAX_SIDE + 1)])
def test_a_bomb_is_not_unpacked(size: tuple[int, int]) -> None:
    content = _png_of(*size)
    assert len(content) < 1_000
    with pytest.raises(TooManyPixels):
        recognised(content)


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP"])
def test_half_a_picture_is_none(kind: str) -> None:
    content = drawn(kind, (200, 200))
    with pytest.raises(UnknownPicture):
        recognised(content[: len(content) // 2])


@pytest.mark.parametrize("mode", ["RGBA", "LA", "P", "L", "1", "CMYK"])
def test_every_kind_of_colour_becomes_one_that_browsers_show(mode: str) -> None:
    written = io.BytesIO()
    Image.new(mode, (20, 10)).save(written, "JPEG" if mode == "CMYK" else "PNG")
    kept = recognised(written.getvalue())
    with Image.open(io.BytesIO(kept.content)) as opened:
        assert (opened.size, opened.mode) == ((20, 10), "RGBA" if mode in ("RGBA", "LA") else "RGB")


def test_an_animation_is_shown_by_its_first_frame() -> None:
    frames = [Image.new("RGB", (10, 10), colour) for colour in ("red", "blue")]
    written = io.BytesIO()
    frames[0].save(written, "WEBP", save_all=True, append_images=frames[1:], lossless=True)
    kept = recognised(written.getvalue())
    with Image.open(io.BytesIO(kept.content)) as opened:
        assert getattr(opened, "n_frames", 1) == 1
        red, _, blue = opened.convert("RGB").getpixel((5, 5))  # type: ignore[misc]
        assert (red > 200, blue < 50) == (True, True)


def test_the_same_picture_has_the_same_name() -> None:
    content = drawn(size=(50, 50))
    assert recognised(content).name == recognised(content).name != recognised(drawn(size=(50, 50), seed=2)).name


# The bucket.

KEY_ID, SECRET = "patungan-tests", "a-secret-of-the-tests-1234567890"


@dataclass(frozen=True)
class Bucket:
    endpoint: str
    folder: Path

    def store(self, secret: str = SECRET) -> BucketStore:
        return BucketStore("pictures", "ap-southeast-1", KEY_ID, Secret(secret), self.endpoint)


@pytest.fixture(scope="module")
def bucket(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bucket]:
    """A server that speaks S3 and checks signatures, with one bucket."""
    folder, port = tmp_path_factory.mktemp("s3"), free_port()
    (folder / "pictures").mkdir()
    environment = {
        **os.environ,
        "NANIO_ACCESS_KEY": KEY_ID,
        "NANIO_SECRET_KEY": SECRET,
    }
    command = [sys.executable, "-m", "nanio", "serve", "--data-dir", str(folder), "--host", "127.0.0.1"]
    command += ["--port", str(port), "--region", "ap-southeast-1", "--log-level", "error", "--no-access-log"]
    process = subprocess.Popen(command, env=environment)
    try:
        until = time.monotonic() + 30
        while True:
            try:
                httpx.get(f"http://127.0.0.1:{port}/")
                break
            except httpx.TransportError:
                assert time.monotonic() < until, "the S3 server did not start"
                time.sleep(0.1)
        yield Bucket(f"http://127.0.0.1:{port}", folder)
    finally:
        process.terminate()
        process.wait(10)


async def test_an_upload_goes_straight_to_the_bucket(desk: Desk, bucket: Bucket) -> None:
    desk.house.context("product").local["images"] = bucket.store()
    content = drawn(size=(200, 150), seed=7)
    ticket = await desk.ticket(content)
    url = ticket["upload"]["url"]
    assert url.startswith(f"{bucket.endpoint}/pictures/uploads/{ticket['ticket_id']}?") and "X-Amz-Signature=" in url
    assert ticket["upload"]["headers"] == {"Content-Type": "image/jpeg"}
    tampered = [
        url[:-1] + ("0" if url[-1] != "0" else "1"),
        url.replace(ticket["ticket_id"], str(uuid4())),
        url.replace("X-Amz-Expires=900", "X-Amz-Expires=9000"),
        url.partition("?")[0],
    ]
    for changed in tampered:
        assert changed != url
        assert (await desk.send(ticket, content, url=changed)).status_code == 403
    assert (await desk.complete(ticket)).json()["code"] == "upload_missing"
    assert (await desk.send(ticket, content)).status_code == 200
    image = (await desk.complete(ticket)).json()
    assert (image["width"], image["height"]) == (200, 150)
    served = await desk.house.request("GET", "product", image["url"])
    with Image.open(io.BytesIO(served.content)) as opened:
        assert opened.size == (200, 150)
    smaller = image["sources"][0]["srcset"].split()[0]
    assert (await desk.house.request("GET", "product", smaller)).status_code == 200
    assert (await desk.house.request("GET", "product", f"/api/images/{'0' * 64}.png")).status_code == 404
    kept = sorted(each["path"] for each in obstore.list(bucket.store()._store).collect())
    stem = image["name"].split(".")[0]
    assert kept == sorted([image["name"], f"{stem}-160.avif", f"{stem}-160.webp"])


async def test_more_than_the_ticket_allows_is_refused_at_the_bucket_too(desk: Desk, bucket: Bucket) -> None:
    store = bucket.store()
    desk.house.context("product").local["images"] = store
    content = drawn(seed=8)
    ticket = await desk.ticket(content)
    assert (await desk.send(ticket, content + bytes(1))).status_code == 200
    answer = await desk.complete(ticket)
    assert (answer.status_code, answer.json()["code"]) == (413, "payload_too_large")
    assert await store.size(f"uploads/{ticket['ticket_id']}") is None
    direct = await desk.house.client.put(
        desk.house.url("product", f"/api/products/uploads/{ticket['ticket_id']}?expires=99999999999&signature=x"),
        content=content,
        headers={"Content-Type": "image/jpeg"},
    )
    assert (direct.status_code, direct.json()["code"]) == (403, "upload_refused")


async def test_a_wrong_secret_opens_nothing(bucket: Bucket) -> None:
    stranger = bucket.store("another-secret-1234567890")
    for work in (stranger.put("a.png", b"x"), stranger.get("a.png"), stranger.size("a.png"), stranger.delete("a.png")):
        with pytest.raises(Unavailable):
            await work
    store = bucket.store()
    assert await store.get("a.png") is None
    await store.delete("a.png")
