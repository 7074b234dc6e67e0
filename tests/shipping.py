"""Shipping for tests: orders that can be sent, a warehouse that sends them, and the sandbox's couriers."""

from __future__ import annotations

from typing import Any
from uuid import UUID, uuid4

import msgspec

from patungan.contracts import order
from patungan.contracts.address import Address
from patungan.kernel.contract import rows
from patungan.kernel.identity import Role, Scope
from patungan.kernel.money import Rupiah
from tests.house import House, Person

BANDUNG = Address(
    id=uuid4(), label="Rumah", recipient="Sari Wijaya", phone="+6281234567890", province="Jawa Barat",
    city="Kota Bandung", district="Coblong", postal_code="40132", line="Jl. Dago 1", notes="Rumah hijau",
)  # fmt: skip
SHIPMENTS = "/api/logistics/shipments"


class Yard:
    """A warehouse in Jakarta with its staff."""

    def __init__(self, house: House, admin: Person, worker: Person, warehouse: dict[str, Any]) -> None:
        self.house, self.admin, self.worker, self.warehouse = house, admin, worker, warehouse

    @classmethod
    async def open(cls, house: House) -> Yard:
        admin, worker = await house.admin(), await house.person(Role.OFFICE_STAFF, Scope.WAREHOUSE)
        place = {"city": "Jakarta Pusat", "province": "DKI Jakarta", "postal_code": "10310"}
        given = {"code": f"GD-{uuid4().hex[:8].upper()}", "name": "Gudang Menteng", **place}
        return cls(house, admin, worker, await admin.post("warehouse", "/api/warehouse/warehouses", given))

    async def orders(self, person: Person, count: int = 1, **other: Any) -> list[order.CreatedOrder]:
        """Paid orders of a session of its own, two units of 250 g each."""
        lines = [
            order.SessionOrder(
                participant_id=uuid4(),
                user_id=person.id,
                variant_id=None,
                variant_name="L, Biru",
                sku="BATIK-L",
                quantity=2,
                unit_price=Rupiah(80_000),
                shipping_cost=Rupiah(15_000),
                fee=Rupiah(4_800),
                courier_service=other.get("courier_service", "jne:reg"),
                address=other.get("address", BANDUNG),
            )
            for _ in range(count)
        ]
        request = order.CreateSessionOrders(
            session_id=other.get("session_id") or uuid4(),
            session_code="GB-20261123-ABCDE",
            factory_id=other.get("factory_id") or uuid4(),
            factory_name="Pabrik Contoh",
            product_id=uuid4(),
            product_name="Kemeja Batik Pria",
            product_slug="kemeja-batik-pria",
            image_url=None,
            unit_weight_grams=250,
            unit_length_cm=20,
            unit_width_cm=15,
            unit_height_cm=5,
            warehouse_id=UUID(self.warehouse["id"]),
            orders=rows(lines),
        )
        made = await self.house.context("group-buying").call(order.create_session_orders, request)
        return msgspec.json.decode(made.orders, type=list[order.CreatedOrder])

    async def one(self, person: Person, **other: Any) -> UUID:
        """One paid order."""
        (made,) = await self.orders(person, **other)
        return made.order_id

    async def book(self, order_id: UUID, **other: Any) -> Any:
        """Have an order's parcel booked; answers it."""
        return await self.worker.post("logistics", SHIPMENTS, {"order_id": str(order_id), **other})

    async def do(self, shipment: Any, what: str, body: Any, *, by: Person | None = None, key: str | None = None) -> Any:
        """Do something with a parcel; answers status code and body."""
        path = f"{SHIPMENTS}/{shipment['id']}/{what}"
        answer = await (by or self.worker).request("POST", "logistics", path, body, key=key)
        return answer.status_code, answer.json()

    async def look(self, shipment: Any) -> Any:
        """The parcel as it stands."""
        return await self.worker.get("logistics", f"{SHIPMENTS}/{shipment['id']}")

    async def advance(self, shipment: Any, *statuses: str) -> None:
        """Move a parcel on at the sandbox's courier."""
        for status in statuses:
            path = f"{self.house.sandbox_url}/_sandbox/couriers/shipments/{shipment['waybill']}/advance"
            answer = await self.house.client.post(path, json={"status": status})
            assert answer.status_code == 200, answer.text

    async def faults(self, *rules: dict[str, Any]) -> None:
        """Lay down these rules at the sandbox and no others."""
        answer = await self.house.client.put(f"{self.house.sandbox_url}/_sandbox/faults", json={"faults": list(rules)})
        assert answer.status_code == 200, answer.text

    async def reaches(self, shipment: Any, status: str) -> Any:
        """Wait until the parcel has that status; answers it."""

        async def there() -> bool:
            return bool((await self.look(shipment))["status"] == status)

        await self.house.eventually(there, seconds=30)
        return await self.look(shipment)

    async def order_reaches(self, order_id: UUID, status: str) -> Any:
        """Wait until an order has that status; answers it."""

        async def there() -> bool:
            return bool((await self.order(order_id))["status"] == status)

        await self.house.eventually(there, seconds=30)
        return await self.order(order_id)

    async def order(self, order_id: UUID) -> Any:
        return await self.admin.get("order", f"/api/orders/{order_id}")

    async def callback(self, body: Any, *, secret: str | None = "", **headers: str) -> Any:
        """Send a callback as Biteship; with the right secret unless another, or None, is given."""
        raw = body if isinstance(body, bytes) else msgspec.json.encode(body)
        if secret is not None:
            headers["x-biteship-signature"] = secret or self.house.environment["BITESHIP_WEBHOOK_SIGNATURE_SECRET"]
        url = self.house.url("logistics", "/api/webhooks/logistics")
        answer = await self.house.client.post(url, content=raw, headers=headers)
        return answer.status_code, answer.json()

    async def provider_order(self, shipment: Any) -> str:
        """Biteship's id of a parcel."""
        row = await self.house.context("logistics").db.fetchrow(
            "select provider_order_id from shipments where id = $1", UUID(shipment["id"])
        )
        return str(row[0])

    async def events(self, kind: str, order_id: UUID, service: str = "logistics") -> list[dict[str, Any]]:
        """The bodies of a service's events about an order, in order."""
        rows = await self.house.context(service).db.fetch(
            "select payload::text from events where type = $1 and payload->>'order_id' = $2 order by xid, position",
            kind,
            str(order_id),
        )
        return [msgspec.json.decode(row[0]) for row in rows]
