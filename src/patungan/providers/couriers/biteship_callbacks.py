"""Biteship's callbacks: their proof, a fixed secret in a header of our naming, and their reading into typed values."""

from __future__ import annotations

from datetime import datetime

import msgspec

from patungan.providers.couriers.status import ShipmentStatus, biteship_status
from patungan.providers.errors import UnreadableCallback, without_personal_data
from patungan.providers.signatures import same_secret


class StatusCallback(msgspec.Struct, frozen=True, kw_only=True, tag_field="event", tag="order.status"):
    """An order moved on; ``updated_at`` is when, where Biteship says so. The driver's data is left out."""

    order_id: str
    updated_at: datetime | None = None
    provider_status: str = msgspec.field(name="status")
    tracking_id: str = msgspec.field(default="", name="courier_tracking_id")
    waybill: str = msgspec.field(default="", name="courier_waybill_id")

    @property
    def status(self) -> ShipmentStatus:
        return biteship_status(self.provider_status)

    @property
    def dedupe_key(self) -> str:
        """The same for every delivery of this news."""
        return f"biteship:{self.order_id}:{self.provider_status}"


class PriceCallback(msgspec.Struct, frozen=True, kw_only=True, tag_field="event", tag="order.price"):
    """The courier weighed again: the price in rupiah is another."""

    order_id: str
    price: int

    @property
    def dedupe_key(self) -> str:
        """The same for every delivery of this news."""
        return f"biteship:{self.order_id}:price:{self.price}"


class WaybillCallback(msgspec.Struct, frozen=True, kw_only=True, tag_field="event", tag="order.waybill_id"):
    """The courier gave the parcel its number, or another one."""

    order_id: str
    waybill: str = msgspec.field(name="courier_waybill_id")
    tracking_id: str = msgspec.field(default="", name="courier_tracking_id")

    @property
    def dedupe_key(self) -> str:
        """The same for every delivery of this news."""
        return f"biteship:{self.order_id}:waybill:{self.waybill}"


BiteshipCallback = StatusCallback | PriceCallback | WaybillCallback


def verify_callback_secret(expected: str, given: str | None) -> bool:
    """Whether the header that we named in Biteship's dashboard carries its fixed secret; never true without one."""
    return same_secret(expected, given)


def parse_callback(raw: bytes) -> BiteshipCallback | None:
    """Read a callback; None for the empty one that checks our address, and for events newer than this client.

    Raises UnreadableCallback when a known event is not what it promises.
    """
    if not raw.strip():
        return None
    try:
        event = msgspec.json.decode(raw, type=_CallbackEvent).event
    except msgspec.DecodeError:
        raise UnreadableCallback("the callback is not one of Biteship's") from None
    if event not in ("order.status", "order.price", "order.waybill_id"):
        return None
    try:
        return msgspec.json.decode(raw, type=StatusCallback | PriceCallback | WaybillCallback, strict=False)
    except msgspec.ValidationError as error:
        reason = without_personal_data(str(error))
    raise UnreadableCallback(f"the callback {event} cannot be read: {reason}")


class _CallbackEvent(msgspec.Struct, frozen=True):
    event: str = ""
