"""What each courier says of a parcel's states, and how it writes a moment."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone
from typing import Final

JAKARTA: Final = timezone(timedelta(hours=7))

JNE: Final = {
    "confirmed": ("PU0", "SHIPMENT ORDER CREATED [{city}]"),
    "picked": ("RC1", "SHIPMENT RECEIVED BY JNE COUNTER OFFICER AT [{city}]"),
    "dropping_off": ("IP3", "WITH DELIVERY COURIER [{city}]"),
    "delivered": ("D01", "DELIVERED TO [{receiver}]"),
    "on_hold": ("U05", "SHIPMENT ON HOLD [{city}]"),
    "return_in_transit": ("R25", "RETURN TO SHIPPER [{city}]"),
    "returned": ("R26", "RETURN DELIVERED [{city}]"),
    "cancelled": ("CR8", "CANCEL BY SHIPPER"),
}
"""What a trace says of each state; states without a line are not told."""

JNT: Final = {
    "confirmed": ("0", "Pesanan dibuat"),
    "picked": ("101", "Manifes"),
    "dropping_off": ("100", "Paket sedang diantar ke alamat penerima"),
    "delivered": ("200", "Paket telah diterima oleh [{receiver}]"),
    "on_hold": ("150", "Paket bermasalah"),
    "return_in_transit": ("151", "Paket diretur ke pengirim"),
    "returned": ("152", "Paket retur telah diterima pengirim"),
    "cancelled": ("162", "Pesanan dibatalkan"),
}
"""Code and line of a trace; only 100, 101 and 200 are known from public clients, the other codes are the sandbox's own."""

SICEPAT: Final = {
    "confirmed": "PICKREQ",
    "picked": "PICK",
    "dropping_off": "ANT",
    "delivered": "DELIVERED",
    "on_hold": "HOLD",
    "return_in_transit": "RETUR",
    "returned": "RETURN TO SHIPPER",
    "cancelled": "CANCEL",
}


def jne_time(at: int) -> str:
    """JNE's form, in Jakarta's time; to the minute."""
    return datetime.fromtimestamp(at / 1000, JAKARTA).strftime("%d-%m-%Y %H:%M")


def jnt_time(at: int) -> str:
    """J&T's form, in Jakarta's time."""
    return datetime.fromtimestamp(at / 1000, JAKARTA).strftime("%Y-%m-%d %H:%M:%S")


def sicepat_time(at: int) -> str:
    """SiCepat's form, in Jakarta's time; to the minute."""
    return datetime.fromtimestamp(at / 1000, JAKARTA).strftime("%Y-%m-%d %H:%M")


def line(courier: str, status: str, at: int, *, receiver: str, city: str) -> dict[str, str] | None:
    """A line of a courier's history as it is pushed: text, code and moment; None for states that it does not tell."""
    match courier:
        case "jne" if status in JNE:
            code, text = JNE[status]
            return {"code": code, "text": text.format(city=city, receiver=receiver), "at": jne_time(at)}
        case "jnt" if status in JNT:
            code, text = JNT[status]
            return {"code": code, "text": text.format(receiver=receiver), "at": jnt_time(at)}
        case "sicepat" if status in SICEPAT:
            return {"code": SICEPAT[status], "text": SICEPAT[status], "at": sicepat_time(at)}
    return None
