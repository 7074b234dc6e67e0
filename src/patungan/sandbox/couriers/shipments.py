"""Parcels that were booked, whoever took the order, and their way through Biteship's states."""

from __future__ import annotations

import secrets
from typing import Final, Literal, get_args

import msgspec

from patungan.sandbox.clock import iso
from patungan.sandbox.context import Sandbox

SCHEMA: Final = """
create table if not exists shipments (
    id text primary key,
    provider text not null check (provider in ('biteship', 'jne', 'jnt', 'sicepat')),
    courier text not null,
    service text not null,
    waybill text not null unique,
    tracking_id text not null unique,
    reference text,
    status text not null,
    price integer not null,
    kilograms integer not null,
    request text not null,
    steps text not null,
    due integer,
    created integer not null,
    updated integer not null
) strict;
create unique index if not exists shipments_reference on shipments (provider, reference) where reference is not null;
create index if not exists shipments_due on shipments (due) where due is not null;
"""

Status = Literal[
    "confirmed",
    "scheduled",
    "allocated",
    "picking_up",
    "picked",
    "dropping_off",
    "delivered",
    "on_hold",
    "return_in_transit",
    "returned",
    "rejected",
    "disposed",
    "courier_not_found",
    "cancelled",
]
STATUSES: Final[tuple[str, ...]] = get_args(Status)

WAY: Final[dict[str, Status]] = {
    "confirmed": "allocated",
    "scheduled": "allocated",
    "allocated": "picking_up",
    "picking_up": "picked",
    "picked": "dropping_off",
    "dropping_off": "delivered",
    "on_hold": "dropping_off",
    "return_in_transit": "returned",
}
"""What comes next when nothing goes wrong."""

CANCELLABLE: Final = frozenset({"confirmed", "scheduled", "allocated", "picking_up"})

NOTES: Final = {
    "confirmed": "Pesanan dibuat / Order created",
    "scheduled": "Penjemputan dijadwalkan / Pick-up scheduled",
    "allocated": "Kurir ditugaskan / Courier has been allocated",
    "picking_up": "Kurir menuju lokasi penjemputan / Courier is on the way to pick up the parcel",
    "picked": "Paket telah dijemput / Parcel has been picked up",
    "dropping_off": "Paket sedang diantar / Parcel is out for delivery",
    "delivered": "Paket terkirim / Parcel has been delivered",
    "on_hold": "Paket tertahan / Parcel is on hold",
    "return_in_transit": "Paket dikembalikan ke pengirim / Parcel is on its way back",
    "returned": "Paket diretur / Parcel has been returned",
    "rejected": "Paket ditolak / Parcel was rejected",
    "disposed": "Paket dimusnahkan / Parcel was disposed of",
    "courier_not_found": "Kurir tidak ditemukan / No courier was found",
    "cancelled": "Pesanan dibatalkan / Order was cancelled",
}


class Step(msgspec.Struct):
    """A state and when it was reached, milliseconds since 1970."""

    status: str
    at: int


class Shipment(msgspec.Struct, kw_only=True):
    """A parcel as stored; ``request`` is the order as it came, ``steps`` the way so far."""

    id: str
    provider: str
    courier: str
    service: str
    waybill: str
    tracking_id: str
    reference: str | None
    status: str
    price: int
    kilograms: int
    request: str
    steps: str
    due: int | None
    created: int
    updated: int

    @property
    def way(self) -> list[Step]:
        return msgspec.json.decode(self.steps, type=list[Step])


def _waybill(courier: str) -> str:
    """A number in the courier's form; those of couriers without a known form begin with WYB."""
    number = secrets.randbelow(10**10)
    match courier:
        case "jne":
            return f"5{number:010d}{secrets.randbelow(10**5):05d}"
        case "jnt":
            return f"JP{number:010d}"
        case "sicepat":
            return f"00{number:010d}"
        case _:
            return f"WYB-{number:010d}"


def book(
    sandbox: Sandbox,
    *,
    provider: str,
    courier: str,
    service: str,
    reference: str | None,
    price: int,
    kilograms: int,
    request: dict[str, object],
) -> Shipment:
    """Take an order; the caller has looked for an earlier one of the same reference."""
    now = sandbox.now()
    shipment_id = f"{now // 1000:08x}{secrets.token_hex(8)}"
    sandbox.store.execute(
        "insert into shipments (id, provider, courier, service, waybill, tracking_id, reference, status, price,"
        " kilograms, request, steps, due, created, updated)"
        " values (?, ?, ?, ?, ?, ?, ?, 'confirmed', ?, ?, ?, ?, ?, ?, ?)",
        *(shipment_id, provider, courier, service, _waybill(courier), secrets.token_hex(12), reference, price),
        *(kilograms, msgspec.json.encode(request).decode(), _encoded([Step("confirmed", now)])),
        *(_next_step(sandbox, "confirmed"), now, now),
    )
    booked = find(sandbox, shipment_id)
    if booked is None:
        raise LookupError(f"shipment {shipment_id} is not in the store")
    return booked


def _encoded(steps: list[Step]) -> str:
    return msgspec.json.encode(steps).decode()


def _next_step(sandbox: Sandbox, status: str) -> int | None:
    """When the parcel moves on by itself; never, unless a delay is set."""
    delay = sandbox.settings.courier_step_delay
    return sandbox.now() + round(delay * 1000) if delay > 0 and status in WAY else None


def find(sandbox: Sandbox, shipment_id: str) -> Shipment | None:
    return sandbox.store.one(Shipment, "select * from shipments where id = ?", shipment_id)


def by_reference(sandbox: Sandbox, provider: str, reference: str) -> Shipment | None:
    return sandbox.store.one(
        Shipment, "select * from shipments where provider = ? and reference = ?", provider, reference
    )


def by_waybill(sandbox: Sandbox, waybill: str, courier: str) -> Shipment | None:
    return sandbox.store.one(Shipment, "select * from shipments where waybill = ? and courier = ?", waybill, courier)


def of_waybill(sandbox: Sandbox, waybill: str) -> Shipment | None:
    return sandbox.store.one(Shipment, "select * from shipments where waybill = ?", waybill)


def by_tracking_id(sandbox: Sandbox, tracking_id: str) -> Shipment | None:
    return sandbox.store.one(Shipment, "select * from shipments where tracking_id = ?", tracking_id)


def recent(sandbox: Sandbox, limit: int = 100) -> list[Shipment]:
    """Newest first."""
    return sandbox.store.all(Shipment, "select * from shipments order by created desc, id desc limit ?", limit)


def due(sandbox: Sandbox, limit: int = 200) -> list[Shipment]:
    return sandbox.store.all(
        Shipment, "select * from shipments where due <= ? order by due limit ?", sandbox.now(), limit
    )


def move(sandbox: Sandbox, shipment: Shipment, status: str) -> Shipment:
    """Bring a parcel to a state; returns it as it is now."""
    now = sandbox.now()
    moved = msgspec.structs.replace(
        shipment,
        status=status,
        steps=_encoded([*shipment.way, Step(status, now)]),
        due=_next_step(sandbox, status),
        updated=now,
    )
    sandbox.store.execute(
        "update shipments set status = ?, steps = ?, due = ?, updated = ? where id = ?",
        *(moved.status, moved.steps, moved.due, moved.updated, moved.id),
    )
    return moved


def rendered(shipment: Shipment) -> dict[str, object]:
    return {
        "id": shipment.id,
        "provider": shipment.provider,
        "courier": shipment.courier,
        "service": shipment.service,
        "waybill": shipment.waybill,
        "tracking_id": shipment.tracking_id,
        "reference": shipment.reference,
        "status": shipment.status,
        "price": shipment.price,
        "kilograms": shipment.kilograms,
        "steps": [{"status": step.status, "at": iso(step.at)} for step in shipment.way],
        "created": iso(shipment.created),
    }
