"""News that JNE, J&T and SiCepat push by contract, in the form in which they are handed on to us, signed with HMAC-SHA256."""

from __future__ import annotations

import hmac

import msgspec

from patungan.sandbox.callbacks import Callback
from patungan.sandbox.context import Sandbox
from patungan.sandbox.couriers import words
from patungan.sandbox.couriers.shipments import Shipment
from patungan.sandbox.settings import SandboxSettings


def announce(sandbox: Sandbox, shipment: Shipment) -> None:
    """Put the newest line of a parcel's history into the outbox, where the platform takes such news."""
    base = sandbox.settings.courier_push_url
    if not base or shipment.provider == "biteship":
        return
    told = msgspec.json.decode(shipment.request, type=dict[str, object])
    receiver = str(told.get("OLSHOP_RECEIVER_NAME") or told.get("receiver_name") or "")
    city = str(told.get("OLSHOP_RECEIVER_CITY") or "")
    line = words.line(shipment.courier, shipment.status, shipment.updated, receiver=receiver, city=city)
    if line is None:
        return
    body = msgspec.json.encode({"waybill": shipment.waybill, **line})
    sandbox.outbox.enqueue(shipment.provider, "tracking", shipment.id, f"{base}/{shipment.courier}", body)


def sign(settings: SandboxSettings, callback: Callback) -> dict[str, str]:
    """The signature over the body as it goes out."""
    secret = settings.courier_push_secret.encode()
    return {"x-callback-signature": hmac.new(secret, callback.body, "sha256").hexdigest()}
