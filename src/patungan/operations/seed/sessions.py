"""Group-buying sessions: opened by the factories, joined and paid for by demonstration buyers through the sandbox."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from itertools import count
from typing import Any

from patungan.operations import seed_data
from patungan.operations.api import ApiRefused, Person, Sandbox
from patungan.operations.seed.catalogue import Known, Say
from patungan.operations.seed.people import addresses
from patungan.operations.seed_data import SeedProduct, SeedSession

JOINS_A_VARIANT = 2
"""In how many joins the demonstration's buyers take the units of a variant, at least: enough to look lived in, and soon done."""


async def open_sessions(owners: Mapping[str, Person], products: Known, depots: Known) -> dict[str, str]:
    """Open a session of each product that never had one; answers, by SKU, the ids of those that are the first and open."""
    factories = {each.key: each for each in seed_data.factories()}
    goods = {each.sku: each for each in seed_data.products()}
    opened = await asyncio.gather(
        *(
            _open(
                owners[goods[each.product].factory],
                each,
                goods[each.product],
                products[each.product],
                depots[factories[goods[each.product].factory].warehouse],
            )
            for each in seed_data.sessions()
        )
    )
    return {each.product: session for each, session in zip(seed_data.sessions(), opened, strict=True) if session}


async def _open(owner: Person, session: SeedSession, product: SeedProduct, product_id: str, depot: str) -> str | None:
    found = await owner.get("/api/group-buying", product_id=product_id)
    if found["total"]:
        first = found["items"][0]
        return first["id"] if found["total"] == 1 and first["status"] in ("forming", "moq_reached") else None
    now = datetime.now(UTC).replace(microsecond=0)
    prices = ("base_price", "price_tier_25", "price_tier_50", "price_tier_75", "price_tier_100")
    made = await owner.post(
        "/api/group-buying",
        {
            **{name: getattr(product, name) for name in prices},
            "product_id": product_id,
            "warehouse_id": depot,
            "target_moq": product.min_order_quantity,
            "bulk_shipping_cost": product.bulk_shipping_cost,
            "starts_at": now + timedelta(hours=session.starts_in_hours),
            "ends_at": now + timedelta(hours=session.ends_in_hours),
        },
    )
    return str(made["id"])


class Crowd:
    """The demonstration's buyers, taking turns."""

    def __init__(self, buyers: Sequence[Person], sandbox: Sandbox, say: Say) -> None:
        self._buyers = buyers
        self._sandbox = sandbox
        self._say = say
        self._turn = count()
        self._homes: dict[str, str] = {}
        self._taken: dict[tuple[str, str | None], int] = {}
        self._joins = 0

    async def settle_in(self) -> None:
        """Give every buyer an address, and read what they joined already."""
        await asyncio.gather(*(self._settle(place, buyer) for place, buyer in enumerate(self._buyers)))

    async def _settle(self, place: int, buyer: Person) -> None:
        own = (await buyer.get("/api/addresses"))["items"]
        address = addresses()[place % len(addresses())]
        if not own:
            given = {"label": "Rumah", "recipient": buyer.name, "phone": buyer.phone, "line": address.line}
            area = {"province": address.province, "city": address.regency, "district": address.district}
            own = [await buyer.post("/api/addresses", {**given, **area, "postal_code": address.postal_code})]
        self._homes[buyer.user_id] = own[0]["id"]
        for each in await buyer.all("/api/group-buying/mine"):
            if each["status"] != "released":
                place_taken = (each["session"]["id"], each["variant_id"])
                self._taken[place_taken] = self._taken.get(place_taken, 0) + each["quantity"]

    async def fill(self, session_ids: Mapping[str, str]) -> int:
        """Join and pay until each session has the units that its stage asks for; answers the number of joins."""
        await asyncio.gather(
            *(
                self._fill(each, session_ids[each.product])
                for each in seed_data.sessions()
                if each.product in session_ids
            )
        )
        return self._joins

    async def _fill(self, wanted: SeedSession, session_id: str) -> None:
        """Bundles make variants wait for each other, so each takes its turn with as many units as may be joined."""
        view = await self._buyers[0].get(f"/api/group-buying/{session_id}")
        left = {
            each["id"]: wanted.paid_units.get(each["sku"], 0) - self._taken.get((session_id, each["id"]), 0)
            for each in view["variants"]
        }
        most = {each["id"]: -(-wanted.paid_units.get(each["sku"], 0) // JOINS_A_VARIANT) for each in view["variants"]}
        while any(units > 0 for units in left.values()):
            moved = False
            for each in (await self._buyers[0].get(f"/api/group-buying/{session_id}"))["variants"]:
                free = left[each["id"]] if each["available"] is None else each["available"]
                units = min(left[each["id"]], free, most[each["id"]])
                if units > 0 and await self._take(session_id, each["id"], units):
                    left[each["id"]] -= units
                    moved = True
            if not moved:
                return

    async def _take(self, session_id: str, variant_id: str | None, units: int) -> bool:
        buyer = self._buyers[next(self._turn) % len(self._buyers)]
        home = self._homes[buyer.user_id]
        path = f"/api/group-buying/{session_id}"
        options = await buyer.get(f"{path}/shipping-options", address_id=home, quantity=units, variant_id=variant_id)
        courier = options["items"][0]["service"]
        wish = {"quantity": units, "variant_id": variant_id, "address_id": home, "courier_service": courier}
        try:
            joined = await buyer.post(f"{path}/join", wish)
        except ApiRefused as refusal:
            # Somebody else took the units, or the session ended meanwhile: nothing to insist on.
            if refusal.code in ("quantity_refused", "session_ended", "session_not_open", "too_many_holds"):
                return False
            raise
        await self._pay(buyer, joined)
        self._joins += 1
        self._say(f"{self._joins} joins paid")
        return True

    async def _pay(self, buyer: Person, joined: Mapping[str, Any]) -> None:
        invoice = await buyer.post(f"/api/payments/{joined['payment']['id']}/invoice")
        await self._sandbox.pay(invoice["invoice_url"])
