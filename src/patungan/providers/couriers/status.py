"""The states of a parcel in our terms, and how each courier's words map to them."""

from __future__ import annotations

from enum import StrEnum


class ShipmentStatus(StrEnum):
    PENDING = "pending"
    PICKED_UP = "picked_up"
    IN_TRANSIT = "in_transit"
    OUT_FOR_DELIVERY = "out_for_delivery"
    DELIVERED = "delivered"
    FAILED = "failed"
    RETURNED = "returned"


# Biteship's fourteen states, and two that its trackings use besides.
_BITESHIP = {
    "confirmed": ShipmentStatus.PENDING,
    "scheduled": ShipmentStatus.PENDING,
    "allocated": ShipmentStatus.PENDING,
    "picking_up": ShipmentStatus.PENDING,
    "picked": ShipmentStatus.PICKED_UP,
    "dropping_off": ShipmentStatus.IN_TRANSIT,
    "on_transit": ShipmentStatus.IN_TRANSIT,
    "on_hold": ShipmentStatus.IN_TRANSIT,
    "delivering": ShipmentStatus.OUT_FOR_DELIVERY,
    "delivered": ShipmentStatus.DELIVERED,
    "cancelled": ShipmentStatus.FAILED,
    "rejected": ShipmentStatus.FAILED,
    "courier_not_found": ShipmentStatus.FAILED,
    "disposed": ShipmentStatus.FAILED,
    # Not yet back, but no longer on its way to the buyer.
    "return_in_transit": ShipmentStatus.FAILED,
    "returned": ShipmentStatus.RETURNED,
}

# J&T Express's codes of which more than one public client agrees; its other lines are read by their words.
_JNT = {
    "101": ShipmentStatus.PICKED_UP,
    "100": ShipmentStatus.IN_TRANSIT,
    "200": ShipmentStatus.DELIVERED,
}

_SICEPAT = {
    "PICKREQ": ShipmentStatus.PENDING,
    "PICK": ShipmentStatus.PICKED_UP,
    "IN": ShipmentStatus.IN_TRANSIT,
    "OUT": ShipmentStatus.IN_TRANSIT,
    "ANT": ShipmentStatus.OUT_FOR_DELIVERY,
    "DELIVERED": ShipmentStatus.DELIVERED,
}

# Words of the couriers' own histories, the more telling first: "gagal kirim, diretur" is a return. That a hub has
# received a parcel ("RECEIVED AT WAREHOUSE", "diterima di") is no delivery.
_WORDS: tuple[tuple[ShipmentStatus, tuple[str, ...]], ...] = (
    (ShipmentStatus.RETURNED, ("return", "retur", "dikembalikan")),
    (ShipmentStatus.FAILED, ("cancel", "batal", "undelivered", "gagal", "hilang", "rusak", "reject")),
    (ShipmentStatus.DELIVERED, ("delivered", "terkirim", "diterima oleh [")),
    (ShipmentStatus.OUT_FOR_DELIVERY, ("with delivery courier", "out for delivery", "akan diantar", "sedang diantar")),
    (ShipmentStatus.PICKED_UP, ("picked up", "received by jne counter", "telah dijemput", "manifes")),
    (ShipmentStatus.PENDING, ("order created", "pesanan dibuat", "permintaan pick up")),
)


def biteship_status(status: str) -> ShipmentStatus:
    """Our state for one of Biteship's; one it added since counts as under way."""
    return _BITESHIP.get(status.strip().lower().replace(" ", "_"), ShipmentStatus.IN_TRANSIT)


def jnt_status(code: str, text: str) -> ShipmentStatus:
    """Our state for a line of J&T Express's history."""
    return _JNT.get(code.strip()) or status_from_words(text)


def sicepat_status(code: str, text: str) -> ShipmentStatus:
    """Our state for a line of SiCepat's history."""
    return _SICEPAT.get(code.strip().upper()) or status_from_words(f"{code} {text}")


def status_from_words(text: str) -> ShipmentStatus:
    """Our state for a line of a courier's history, by its telling words; without any the parcel is under way."""
    lowered = text.lower()
    for status, words in _WORDS:
        if any(word in lowered for word in words):
            return status
    return ShipmentStatus.IN_TRANSIT
