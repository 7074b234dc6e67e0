"""News that couriers push by contract. Their forms are not public: whoever receives them for us hands them on in this one,
signed with HMAC-SHA256 over the body."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime

import msgspec

from patungan.providers.couriers.status import ShipmentStatus, jnt_status, sicepat_status, status_from_words
from patungan.providers.couriers.times import moment
from patungan.providers.errors import UnreadableCallback, without_personal_data
from patungan.providers.messages import Private
from patungan.providers.signatures import verify_hmac_sha256

verify_push_signature = verify_hmac_sha256

_READERS: Mapping[str, Callable[[str, str], ShipmentStatus]] = {
    "jne": lambda _, text: status_from_words(text),
    "jnt": jnt_status,
    "sicepat": sicepat_status,
}
PUSHING = frozenset(_READERS)
"""Couriers of our own keys whose news can be read."""


class Push(msgspec.Struct, frozen=True, kw_only=True):
    """A line of a courier's history as it arose, in UTC."""

    waybill: str
    status: ShipmentStatus
    at: datetime
    text: str


def parse_push(courier: str, raw: bytes) -> Push:
    """Read a courier's news; raises UnreadableCallback."""
    try:
        body = msgspec.json.decode(raw, type=_Body)
        return Push(
            waybill=body.waybill, status=_READERS[courier](body.code, body.text), at=moment(body.at), text=body.text
        )
    except msgspec.DecodeError as error:
        reason = without_personal_data(str(error))
    except ValueError as error:
        reason = str(error)
    raise UnreadableCallback(f"the news of {courier} cannot be read: {reason}")


class _Body(Private, frozen=True, kw_only=True):
    waybill: str
    at: str
    text: str
    code: str = ""
