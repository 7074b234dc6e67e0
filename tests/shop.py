"""A shop for tests: factories that may sell and products that are published, made through the public API."""

from __future__ import annotations

import itertools
import tempfile
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx

from patungan.kernel.identity import Caller, Role
from patungan.providers.storage.stores import FolderStore
from tests.house import House, Person

_numbers = itertools.count(1)


def factory_input(**other: Any) -> dict[str, Any]:
    """A registration with every document, with an NIB of its own."""
    number = next(_numbers)
    return {
        "name": f"Pabrik Contoh {number}",
        "nib": f"81{number:011d}",
        "npwp": "091200001502000",
        "licence_url": "/assets/licence.svg",
        "logo_url": "/assets/logo.svg",
        "line": "Jl. Sekar Pesisir No. 18",
        "district": "Pekalongan Timur",
        "city": "Kota Pekalongan",
        "province": "Jawa Tengah",
        "postal_code": "51127",
        "wholesale_unit": 12,
        "bank": {"code": "BCA", "account_number": "8410000101", "account_name": "Pabrik Contoh"},
        **other,
    }


async def registered_factory(owner: Person, **other: Any) -> dict[str, Any]:
    """A factory as it stands after registration; the person's token speaks for a factory owner from then on."""
    answer: dict[str, Any] = await owner.post("factory", "/api/factories", factory_input(**other))
    owner.caller = Caller(owner.id, Role.FACTORY_OWNER)
    return answer


async def selling_factory(house: House, **other: Any) -> tuple[Person, dict[str, Any]]:
    """A verified and active factory, with its owner."""
    owner, admin = await house.person(), await house.admin()
    factory = await registered_factory(owner, **other)
    path = f"/api/factories/{factory['id']}"
    await admin.post("factory", f"{path}/verification", {"decision": "verified"})
    return owner, await admin.post("factory", f"{path}/status", {"status": "active"})


PICTURE = '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 8 8"><title>{}</title><path d="M0 0h8v8H0z"/></svg>'


_pictures = tempfile.TemporaryDirectory(prefix="patungan-pictures-")


def keep_pictures_apart(house: House) -> None:
    """Have the house keep its pictures in a folder of this test run instead of the platform's data directory."""
    local = house.context("product").local
    if "pictures_apart" not in local:
        local["pictures_apart"] = True
        local["images"] = FolderStore(Path(_pictures.name))


async def category(house: House, **other: Any) -> dict[str, Any]:
    """A category of its own."""
    keep_pictures_apart(house)
    admin = await house.admin()
    given = {"slug": f"kategori-{uuid4().hex[:12]}", "name": "Kategori", "name_en": "Category", **other}
    answer: dict[str, Any] = await admin.post("product", "/api/categories", given)
    return answer


def product_input(factory_id: str, category_id: str, **other: Any) -> dict[str, Any]:
    """A product with the prices of DOMAIN.md 6.2: 100,000 and tiers of 100, 90, 80 and 70 thousand; MOQ 100."""
    return {
        "factory_id": factory_id,
        "category_id": category_id,
        "sku": f"SKU-{uuid4().hex[:12].upper()}",
        "name": "Kemeja Batik Pria",
        "name_en": "Batik Shirt",
        "base_price": 100_000,
        "price_tier_25": 100_000,
        "price_tier_50": 90_000,
        "price_tier_75": 80_000,
        "price_tier_100": 70_000,
        "min_order_quantity": 100,
        "weight_grams": 250,
        **other,
    }


async def upload(person: Person, product_id: str, content: bytes, **params: Any) -> httpx.Response:
    """Send a picture of a product."""
    return await person.house.client.post(
        person.house.url("product", f"/api/products/id/{product_id}/images"),
        content=content,
        headers={"Authorization": f"Bearer {person.house.token(person.caller)}", "Idempotency-Key": str(uuid4())},
        params=params or None,
    )


async def published_product(
    house: House, owner: Person, factory_id: str, *, variants: list[dict[str, Any]] | None = None, **other: Any
) -> dict[str, Any]:
    """A product on sale, as its owner sees it, with a picture and the given variants (``sku`` and weight are filled up)."""
    category_id = other.pop("category_id", None) or (await category(house))["id"]
    product = await owner.post("product", "/api/products", product_input(factory_id, category_id, **other))
    path = f"/api/products/id/{product['id']}"
    for number, variant in enumerate(variants or [], 1):
        given = {"sku": f"{product['sku']}-{number}", "weight_grams": 250, **variant}
        await owner.post("product", f"{path}/variants", given)
    uploaded = await upload(owner, product["id"], PICTURE.format(product["sku"]).encode())
    assert uploaded.status_code == 201, uploaded.text
    answer: dict[str, Any] = await owner.post("product", f"{path}/publish")
    return answer
