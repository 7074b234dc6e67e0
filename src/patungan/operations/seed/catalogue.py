"""Categories, warehouses, factories and their products, through the public API as the people whose work it is.

Each step looks first and makes only what is missing, so that a second run changes nothing and a broken one goes on.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from patungan.operations import seed_data
from patungan.operations.api import Person
from patungan.operations.seed import emblems
from patungan.operations.seed_data import SeedFactory, SeedProduct, SeedVariant, pictures
from patungan.operations.seed_data.emblems import draw_licence, draw_logo

Say = Callable[[str], None]
Known = dict[str, str]
"""Ids by the name that the demonstration's data give: a category's slug, a warehouse's code, a factory's key."""


async def categories(admin: Person) -> Known:
    """The categories of the menu."""
    known = {each["slug"]: each["id"] for each in (await admin.get("/api/categories"))["items"]}
    for each in seed_data.categories():
        if each.slug not in known:
            given = {"slug": each.slug, "name": each.name, "name_en": each.name_en}
            made = await admin.post("/api/categories", {**given, "display_order": each.display_order})
            known[each.slug] = made["id"]
    return known


async def warehouses(admin: Person) -> Known:
    """The platform's warehouses."""
    known = {each["code"]: each["id"] for each in await admin.all("/api/warehouse/warehouses")}
    for each in seed_data.warehouses():
        if each.code not in known:
            place = {"city": each.address.regency, "province": each.address.province}
            given = {"code": each.code, "name": each.name, **place, "postal_code": each.address.postal_code}
            known[each.code] = (await admin.post("/api/warehouse/warehouses", given))["id"]
    return known


async def factories(
    environment: Mapping[str, str], admin: Person, owners: Mapping[str, Person], depots: Known
) -> Known:
    """The factories: registered by their owners with all papers, verified and activated by the administrator."""
    made = await asyncio.gather(
        *(
            register_factory(environment, admin, owners[each.key], each, depots[each.warehouse])
            for each in seed_data.factories()
        )
    )
    return {each.key: factory_id for each, factory_id in zip(seed_data.factories(), made, strict=True)}


async def register_factory(
    environment: Mapping[str, str], admin: Person, owner: Person, wanted: SeedFactory, depot: str
) -> str:
    """A factory that may sell; answers its id."""
    mine = [each for each in await owner.all("/api/factories/mine") if each["nib"] == wanted.nib]
    found = mine[0] if mine else await owner.post("/api/factories", _registration(environment, wanted, depot))
    path = f"/api/factories/{found['id']}"
    if found["verification_status"] == "pending":
        found = await admin.post(f"{path}/verification", {"decision": "verified"})
    if found["status"] == "pending" and found["verification_status"] == "verified":
        await admin.post(f"{path}/status", {"status": "active"})
    return str(found["id"])


def _registration(environment: Mapping[str, str], factory: SeedFactory, depot: str) -> dict[str, Any]:
    address = factory.address
    return {
        "name": factory.name,
        "nib": factory.nib,
        "npwp": factory.npwp,
        "licence_url": emblems.keep(environment, draw_licence(factory)),
        "logo_url": emblems.keep(environment, draw_logo(factory)),
        "line": address.line,
        "district": address.district,
        "city": address.regency,
        "province": address.province,
        "postal_code": address.postal_code,
        "phone": factory.contact_phone,
        "email": factory.email,
        "description": factory.description,
        "description_en": factory.description_en,
        "wholesale_unit": factory.wholesale_unit,
        "default_warehouse_id": depot,
        "bank": {
            "code": factory.bank_code,
            "account_number": factory.bank_account_number,
            "account_name": factory.bank_account_name,
        },
    }


@dataclass(frozen=True, slots=True)
class Offered:
    """A product on sale, its variants' ids by SKU, and whether it was put on sale just now."""

    product_id: str
    variants: Known
    fresh: bool


async def offer(owner: Person, product: SeedProduct, factory_id: str, category_id: str, known: str | None) -> Offered:
    """Put a product on sale with its variants, picture and bundle; ``known`` is its id where it is there already."""
    if known is None:
        found = await owner.post("/api/products", _offer(product, factory_id, category_id))
    else:
        found = await owner.get(f"/api/products/mine/{known}")
    path = f"/api/products/id/{found['id']}"
    variants = {each["sku"]: each["id"] for each in found["variants"]}
    for variant in product.variants:
        if variant.sku not in variants:
            variants[variant.sku] = (await owner.post(f"{path}/variants", _variant(variant)))["id"]
    if not found["images"]:
        await owner.upload(f"{path}/images", pictures.draw(product))
    fresh = found["status"] == "draft"
    if fresh:
        await owner.post(f"{path}/publish")
        # The bundle is composed once, with the product: what people changed since stays as they left it.
        await _compose(owner, found["id"], product, variants)
    return Offered(found["id"], variants, fresh)


def _offer(product: SeedProduct, factory_id: str, category_id: str) -> dict[str, Any]:
    same = (
        *("sku", "slug", "name", "name_en", "description", "description_en", "base_price", "price_tier_25"),
        *("price_tier_50", "price_tier_75", "price_tier_100", "cost_price", "min_order_quantity", "renews"),
        *("group_duration_hours", "weight_grams", "length_cm", "width_cm", "height_cm"),
    )
    return {
        **{name: getattr(product, name) for name in same},
        "factory_id": factory_id,
        "category_id": category_id,
        "has_variants": bool(product.variants),
    }


class Shelves:
    """Puts products on sale, each by its factory's owner, and its first stock on the shelf by the warehouse's keeper."""

    def __init__(
        self, owners: Mapping[str, Person], keepers: Mapping[str, Person], known: tuple[Known, Known, Known], say: Say
    ) -> None:
        self._owners = owners
        self._keepers = keepers
        self._categories, self._depots, self._factories = known
        self._say = say
        self._done = 0

    async def fill(self) -> Known:
        """All products; answers their ids by SKU."""
        by_factory = [
            [each for each in seed_data.products() if each.factory == factory.key] for factory in seed_data.factories()
        ]
        made = await asyncio.gather(
            *(self._factory(factory, own) for factory, own in zip(seed_data.factories(), by_factory, strict=True))
        )
        return {sku: product_id for ids in made for sku, product_id in ids.items()}

    async def _factory(self, factory: SeedFactory, products: list[SeedProduct]) -> Known:
        owner = self._owners[factory.key]
        mine = {each["sku"]: each["id"] for each in await owner.all("/api/products/mine")}
        shown = await asyncio.gather(*(self._product(owner, factory, each, mine.get(each.sku)) for each in products))
        return {each.sku: product_id for each, product_id in zip(products, shown, strict=True)}

    async def _product(self, owner: Person, factory: SeedFactory, product: SeedProduct, known: str | None) -> str:
        place = (self._factories[product.factory], self._categories[product.category])
        offered = await offer(owner, product, *place, known)
        if offered.fresh:
            await self._stock(factory, product, offered)
        self._done += 1
        self._say(f"{self._done} of {len(seed_data.products())} products")
        return offered.product_id

    async def _stock(self, factory: SeedFactory, product: SeedProduct, offered: Offered) -> None:
        keeper = self._keepers[factory.warehouse]
        shelves: list[tuple[str, str | None, int]] = [
            (each.sku, offered.variants[each.sku], each.stock) for each in product.variants
        ] or [(product.sku, None, product.stock)]
        for sku, variant_id, units in shelves:
            if units:
                place = {"warehouse_id": self._depots[factory.warehouse], "product_id": offered.product_id}
                first = {**place, "operation": "set"}
                given = {**first, "variant_id": variant_id, "quantity": units, "reason": "opening stock"}
                await keeper.post("/api/warehouse/inventory/adjustments", given, key=f"opening-stock-{sku}")


def _variant(variant: SeedVariant) -> dict[str, Any]:
    told = {"size": variant.size, "colour": variant.colour, "material": variant.material}
    return {
        "sku": variant.sku,
        "name": variant.name,
        "name_en": variant.name_en,
        "weight_grams": variant.weight_grams,
        "price_adjustment": variant.price_adjustment,
        "attributes": {name: value for name, value in told.items() if value},
    }


async def _compose(owner: Person, product_id: str, product: SeedProduct, variants: Known) -> None:
    """The bundle that the factory sells the product in, where it does."""
    shares = [
        {
            "variant_id": variants[each.sku],
            "units_per_bundle": each.units_per_bundle,
            "max_excess_units": each.max_excess_units or 0,
        }
        for each in product.variants
        if each.units_per_bundle is not None
    ]
    if shares:
        await owner.put(f"/api/warehouse/bundles/{product_id}", {"variants": shares})
