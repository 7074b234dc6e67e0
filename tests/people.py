"""Reviewers and agents for tests: goods that were received, pictures, offices with their staff."""

from __future__ import annotations

import io
from typing import Any
from uuid import UUID, uuid4

import httpx
from PIL import Image

from patungan.contracts.order import DeliveredItem, OrderDelivered
from patungan.kernel.events import Received
from patungan.kernel.identity import Caller, Role
from patungan.kernel.money import Rupiah
from patungan.services.review.operations import receiving
from tests.house import House, Person


def jpeg(colour: int = 40) -> bytes:
    """A photo with something in it that the camera wrote."""
    written = io.BytesIO()
    exif = Image.Exif()
    exif[0x010F] = "Kamera Rahasia"
    Image.new("RGB", (60, 40), (colour, 90, 120)).save(written, "JPEG", exif=exif)
    return written.getvalue()


async def send(person: Person, method: str, service: str, path: str, content: bytes) -> httpx.Response:
    """Send bytes as the body."""
    headers = {"Authorization": f"Bearer {person.house.token(person.caller)}", "Idempotency-Key": str(uuid4())}
    return await person.house.client.request(method, person.house.url(service, path), content=content, headers=headers)


async def received(
    house: House, person: Person, product_id: UUID | None = None, factory_id: UUID | None = None
) -> OrderDelivered:
    """An order that the person has received."""
    product_id, factory_id = product_id or uuid4(), factory_id or uuid4()
    item = DeliveredItem(
        order_item_id=uuid4(),
        product_id=product_id,
        variant_id=None,
        factory_id=factory_id,
        quantity=2,
        unit_price=Rupiah(80_000),
        subtotal=Rupiah(160_000),
    )
    delivered = OrderDelivered(
        order_id=uuid4(),
        number=f"ORD-20261125-{uuid4().hex[:7].upper()}",
        user_id=person.id,
        factory_id=factory_id,
        session_id=None,
        items=[item],
        product_value=Rupiah(160_000),
        delivered_at=house.clock.now(),
    )
    async with house.context("review").db.transaction() as tx:
        await receiving.note(tx, [Received(uuid4(), house.clock.now(), delivered)])
    return delivered


async def reviewed(person: Person, order: OrderDelivered, rating: int = 5, **other: Any) -> Any:
    """A review of the goods of an order."""
    body = {"order_item_id": str(order.items[0].order_item_id), "rating": rating, **other}
    return await person.post("review", "/api/reviews/products", body)


OFFICE = {
    "name": "Kantor Pekalongan",
    "phone": "081234500001",
    "line": "Jl. Hayam Wuruk 5",
    "city": "Kota Pekalongan",
    "province": "Jawa Tengah",
    "postal_code": "51111",
    "regions": ["33", "3375"],
}


async def office_with(
    house: House, admin: Person, *roles: str, **other: Any
) -> tuple[dict[str, Any], list[tuple[Person, dict[str, Any]]]]:
    """An office and people who work there, at work and available."""
    office = await admin.post("office", "/api/offices", {**OFFICE, **other})
    people = []
    for role in roles:
        person = await house.person()
        given = {"phone": person.phone, "role": role}
        staff = await admin.post("office", f"/api/offices/{office['id']}/staff", given)
        person.caller = Caller(person.id, Role.OFFICE_STAFF)
        await person.post("office", "/api/offices/staff/check-ins", {"latitude": -6.89, "longitude": 109.67})
        people.append((person, staff))
    return office, people
