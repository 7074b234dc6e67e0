"""Goods and sessions for a benchmark: one of each through the API, any number of copies straight in the tables."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import asyncpg
import httpx

from benchmarks.frame.crowd import CHANCE, make_user
from benchmarks.frame.platform import BenchPlatform
from patungan.kernel.identity import Role, Scope

PICTURE = (
    b'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 8 8"><title>Kemeja</title><path d="M0 0h8v8H0z"/></svg>'
)


class Market:
    """A factory that may sell, a warehouse, a product on sale; ``client`` speaks to every service by its own port."""

    def __init__(self, platform: BenchPlatform, client: httpx.AsyncClient, admin: str, owner: str) -> None:
        self.platform = platform
        self.client = client
        self._admin, self._owner = admin, owner
        self.warehouse: Any = None
        self.product: Any = None

    @classmethod
    async def open(cls, platform: BenchPlatform, client: httpx.AsyncClient, *variants: str, **product: Any) -> Market:
        """Set up a market; ``product`` changes the product's terms."""
        _, admin = await make_user(platform, Role.ADMIN, Scope.SUPER_ADMIN, Scope.FINANCE, Scope.WAREHOUSE)
        _, owner = await make_user(platform, Role.FACTORY_OWNER)
        market = cls(platform, client, admin, owner)
        factory = await market.send("factory", "/api/factories", _factory(), as_owner=True)
        path = f"/api/factories/{factory['id']}"
        await market.send("factory", f"{path}/verification", {"decision": "verified"})
        await market.send("factory", f"{path}/status", {"status": "active"})
        await market._put_on_sale(factory["id"], variants, product)
        market.warehouse = await market.send(
            "warehouse",
            "/api/warehouse/warehouses",
            {
                "code": "WH-BENCH",
                "name": "Gudang Cikarang",
                "city": "Kab. Bekasi",
                "province": "Jawa Barat",
                "postal_code": "17530",
            },
        )
        return market

    async def send(self, service: str, path: str, body: Any = None, *, as_owner: bool = False) -> Any:
        """Write something through a service's API as the administrator, or as the factory's owner."""
        headers = self.headers(as_owner=as_owner)
        answer = await self.client.post(self.platform.url(service, path), json=body, headers=headers)
        answer.raise_for_status()
        return answer.json() if answer.content else None

    def headers(self, *, as_owner: bool) -> dict[str, str]:
        """The headers of a write by the administrator, or by the factory's owner."""
        return {
            "Authorization": f"Bearer {self._owner if as_owner else self._admin}",
            "Idempotency-Key": uuid4().hex,
        }

    async def _put_on_sale(self, factory_id: str, variants: tuple[str, ...], terms: dict[str, Any]) -> None:
        category = await self.send(
            "product", "/api/categories", {"slug": "kemeja-bench", "name": "Kemeja", "name_en": "Shirts"}
        )
        wanted = {**_product(factory_id, category["id"]), **terms}
        product = await self.send("product", "/api/products", wanted, as_owner=True)
        path = f"/api/products/id/{product['id']}"
        for number, name in enumerate(variants, 1):
            given = {"sku": f"{product['sku']}-{number}", "name": name, "weight_grams": 250}
            await self.send("product", f"{path}/variants", given, as_owner=True)
        url = self.platform.url("product", f"{path}/images")
        answer = await self.client.post(url, content=PICTURE, headers=self.headers(as_owner=True))
        answer.raise_for_status()
        self.product = await self.send("product", f"{path}/publish", as_owner=True)

    async def stock(self, quantity: int, variant_id: str | None = None) -> None:
        """Put units on the shelf."""
        body = {
            "warehouse_id": self.warehouse["id"],
            "product_id": self.product["id"],
            "operation": "set",
            "quantity": quantity,
            "reason": "first count",
            **({"variant_id": variant_id} if variant_id else {}),
        }
        await self.send("warehouse", "/api/warehouse/inventory/adjustments", body)

    async def session(self, *, hours: float = 24, **terms: Any) -> Any:
        """Open a session: a million units at 100,000, tiers of 100, 90, 80 and 70 thousand."""
        body = {
            "product_id": self.product["id"],
            "warehouse_id": self.warehouse["id"],
            "target_moq": 1_000_000,
            "base_price": 100_000,
            "price_tier_25": 100_000,
            "price_tier_50": 90_000,
            "price_tier_75": 80_000,
            "price_tier_100": 70_000,
            "bulk_shipping_cost": 500_000,
            "ends_at": (datetime.now(UTC) + timedelta(hours=hours)).isoformat(),
            **terms,
        }
        return await self.send("group-buying", "/api/group-buying", body, as_owner=True)


def _factory() -> dict[str, Any]:
    return {
        "name": "Pabrik Contoh",
        "nib": "8100000000001",
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
    }


def _product(factory_id: str, category_id: str) -> dict[str, Any]:
    return {
        "factory_id": factory_id,
        "category_id": category_id,
        "sku": "KEMEJA-BATIK",
        "name": "Kemeja Batik Pria",
        "name_en": "Batik Shirt",
        "base_price": 100_000,
        "price_tier_25": 100_000,
        "price_tier_50": 90_000,
        "price_tier_75": 80_000,
        "price_tier_100": 70_000,
        "min_order_quantity": 100,
        "weight_grams": 250,
    }


async def copy_rows(
    owner: asyncpg.Connection[asyncpg.Record], table: str, key: str, of: UUID, copies: list[UUID], **changes: str
) -> None:
    """Copy the rows whose ``key`` is ``of`` for each new key. ``changes`` are SQL expressions by column; in them
    ``copies.number`` counts from 1 and ``copies.id`` is the new key. Columns that PostgreSQL fills itself are left to it.
    """
    columns = [
        row["attname"]
        for row in await owner.fetch(
            """
            select attname from pg_attribute
            where attrelid = $1::text::regclass and attnum > 0 and not attisdropped and attgenerated = ''
              and attidentity = ''
            """,
            table,
        )
    ]
    expressions = {key: "copies.id", **changes}
    chosen = ", ".join(expressions.get(column, f"source.{column}") for column in columns)
    await owner.execute(
        f"insert into {table} ({', '.join(columns)}) select {chosen} from {table} source,"
        f" unnest($2::uuid[]) with ordinality as copies(id, number) where source.{key} = $1",
        of,
        copies,
    )


async def copy_products(platform: BenchPlatform, product_id: str, count: int) -> list[UUID]:
    """More products like one, with their pictures; each has a name, SKU and slug of its own."""
    copies = [CHANCE.new_id() for _ in range(count)]
    source = UUID(product_id)
    owner = await platform.owner()
    try:
        await copy_rows(
            owner,
            *("product.products", "id", source, copies),
            sku="'BENCH-' || copies.number",
            slug="'bench-' || copies.number",
            name="source.name || ' ' || copies.number",
        )
        await copy_rows(owner, "product.product_images", "product_id", source, copies)
        await copy_rows(owner, "product.search_documents", "product_id", source, copies)
    finally:
        await owner.close()
    return copies


async def copy_sessions(platform: BenchPlatform, session_id: str, count: int) -> list[UUID]:
    """More sessions like one, with their variants and history; they end one second after the other."""
    copies = [CHANCE.new_id() for _ in range(count)]
    source = UUID(session_id)
    owner = await platform.owner()
    try:
        await copy_rows(
            owner,
            *("group_buying.sessions", "id", source, copies),
            code="source.code || '-' || copies.number",
            ends_at="source.ends_at + copies.number * interval '1 second'",
        )
        await copy_rows(owner, "group_buying.session_variants", "session_id", source, copies)
        await copy_rows(owner, "group_buying.session_history", "session_id", source, copies)
    finally:
        await owner.close()
    return copies
