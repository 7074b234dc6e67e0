"""What the demo plays on: its own factory and goods, put on sale by the same rules as everybody's."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from msgspec.structs import replace

from patungan.kernel.identity import Role
from patungan.operations import demonstration, seed_data
from patungan.operations.api import Api, Person
from patungan.operations.demo.figures import Terms
from patungan.operations.seed import catalogue, people
from patungan.operations.seed.catalogue import Offered
from patungan.operations.seed_data import SeedFactory, SeedProduct, SeedVariant
from patungan.operations.stack import RunningStack

WHOLESALE_UNIT = 12

OWNER = demonstration.Account(
    "factory owner", "+6281200000901", "Endang Purwanti", Role.FACTORY_OWNER, "DEMO_FACTORY_PASSWORD"
)


def _factory() -> SeedFactory:
    return replace(
        seed_data.factories()[0],
        key="pabrik-peragaan",
        name="Pabrik Peragaan",
        owner_name=OWNER.name,
        owner_phone=OWNER.phone,
        contact_phone="+6281200000902",
        email="halo@pabrik-peragaan.example",
        nib="9120000000901",
        npwp="091200090102000",
        wholesale_unit=WHOLESALE_UNIT,
        description="Pabrik contoh yang dimainkan oleh perintah demo.",
        description_en="A factory for show, played by the demo command.",
    )


def _product(number: int, like: str, name: str, name_en: str, prices: tuple[int, int, int, int]) -> SeedProduct:
    """A product of the demo's, drawn like one of the catalogue's; ``prices`` at 25, 50, 75 and 100 %."""
    base = next(each for each in seed_data.products() if each.sku == like)
    return replace(
        base,
        sku=f"DEMO-{number}",
        slug=f"peragaan-{number}-{base.slug}",
        factory="pabrik-peragaan",
        name=name,
        name_en=name_en,
        base_price=prices[0],
        price_tier_25=prices[0],
        price_tier_50=prices[1],
        price_tier_75=prices[2],
        price_tier_100=prices[3],
        cost_price=prices[3] // 2,
        min_order_quantity=20,
        # A session of the demo is over with the demo; none follows it the next day.
        renews=False,
        weight_grams=250,
        stock=0,
        variants=[],
    )


def _products() -> list[SeedProduct]:
    plain = {"name_en": "", "weight_grams": 250, "stock": 0}
    shirts = _product(1, "BTK-KMJ-PARANG", "Kemeja Peragaan", "Demo shirt", (100_000, 90_000, 80_000, 70_000))
    variants = [
        SeedVariant(sku="DEMO-1-M", name="Ukuran M", price_adjustment=0, size="M", **plain),  # type: ignore[arg-type]
        SeedVariant(sku="DEMO-1-XL", name="Ukuran XL", price_adjustment=7_500, size="XL", **plain),  # type: ignore[arg-type]
    ]
    return [
        replace(shirts, variants=variants),
        _product(2, "KPA-MUG-CELUP", "Mug Peragaan", "Demo mug", (45_000, 42_000, 39_999, 37_777)),
        _product(3, "LTM-WAJAN-36", "Wajan Peragaan", "Demo wok", (185_000, 180_000, 175_000, 170_000)),
        _product(4, "KEN-BUKU-58", "Buku Peragaan", "Demo notebook", (25_000, 24_000, 23_000, 22_000)),
    ]


@dataclass(frozen=True, slots=True)
class Stage:
    """The people who run things, and the goods that the acts are about, by act."""

    admin: Person
    owner: Person
    keeper: Person
    depot: str
    factory_id: str
    products: list[SeedProduct]
    offered: list[Offered]

    async def open_session(self, act: int, moq: int, bulk_shipping_cost: int) -> tuple[dict[str, Any], Terms]:
        """The factory opens a session of an act's product for the next two hours."""
        product = self.products[act - 1]
        prices = ("base_price", "price_tier_25", "price_tier_50", "price_tier_75", "price_tier_100")
        session = await self.owner.post(
            "/api/group-buying",
            {
                **{name: getattr(product, name) for name in prices},
                "product_id": self.offered[act - 1].product_id,
                "warehouse_id": self.depot,
                "target_moq": moq,
                "bulk_shipping_cost": bulk_shipping_cost,
                "ends_at": datetime.now(UTC) + timedelta(hours=2),
            },
        )
        tiers = {tier: getattr(product, f"price_tier_{tier}") for tier in (25, 50, 75, 100)}
        return session, Terms(moq, product.base_price, tiers, bulk_shipping_cost)

    async def session(self, session_id: str) -> dict[str, Any]:
        """A session as everybody sees it."""
        found: dict[str, Any] = await self.admin.get(f"/api/group-buying/{session_id}")
        return found

    async def free_stock(self, act: int, variant_id: str | None) -> int:
        """Units of an act's product that nobody has reserved."""
        rows = await self.keeper.all("/api/warehouse/inventory", product_id=self.offered[act - 1].product_id)
        mine = [each for each in rows if each["variant_id"] == variant_id and each["warehouse_id"] == self.depot]
        return sum(each["available"] for each in mine)

    async def lay_in(self, act: int, variant_id: str | None, units: int) -> None:
        """Bring the free stock of an act's product to so many units."""
        there = await self.free_stock(act, variant_id)
        if there != units:
            place = {"warehouse_id": self.depot, "product_id": self.offered[act - 1].product_id}
            change = {"operation": "add" if units > there else "remove", "quantity": abs(units - there)}
            given = {**place, **change, "variant_id": variant_id, "reason": "stock for the demo"}
            await self.keeper.post("/api/warehouse/inventory/adjustments", given)


async def set_up(stack: RunningStack, api: Api) -> Stage:
    """Make what is missing of the stage."""
    keeper_account = next(iter(demonstration.keepers().values()))
    registry = people.Registry(stack.environment, api, demonstration.passwords(stack.environment))
    known = await registry.ensure([demonstration.ADMIN, OWNER, keeper_account])
    admin, owner, keeper = known[demonstration.ADMIN.phone], known[OWNER.phone], known[keeper_account.phone]
    slugs, depots = await catalogue.categories(admin), await catalogue.warehouses(admin)
    depot = depots[next(iter(demonstration.keepers()))]
    factory_id = await catalogue.register_factory(stack.environment, admin, owner, _factory(), depot)
    mine = {each["sku"]: each["id"] for each in await owner.all("/api/products/mine")}
    products = _products()
    offered = [
        await catalogue.offer(owner, each, factory_id, slugs[each.category], mine.get(each.sku)) for each in products
    ]
    return Stage(admin, owner, keeper, depot, factory_id, products, offered)
