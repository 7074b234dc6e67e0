"""Biteship's webhooks: the state of an order, with a constant secret in a header of the merchant's naming."""

from __future__ import annotations

from datetime import datetime

import msgspec

from patungan.sandbox.callbacks import Callback
from patungan.sandbox.context import Sandbox
from patungan.sandbox.couriers.shipments import Shipment
from patungan.sandbox.couriers.words import JAKARTA
from patungan.sandbox.settings import SandboxSettings


def announce(sandbox: Sandbox, shipment: Shipment) -> None:
    """Put the order.status webhook into the outbox; JNE, J&T and SiCepat have none of this kind."""
    if shipment.provider != "biteship":
        return
    body = {
        "event": "order.status",
        "order_id": shipment.id,
        "status": shipment.status,
        "courier_tracking_id": shipment.tracking_id,
        "courier_waybill_id": shipment.waybill,
        "courier_company": shipment.courier,
        "courier_type": shipment.service,
        "courier_driver_name": "",
        "courier_driver_phone": "",
        "courier_driver_photo_url": "",
        "courier_driver_plate_number": "",
        "courier_link": "",
        "order_price": shipment.price,
        "updated_at": datetime.fromtimestamp(shipment.updated / 1000, JAKARTA).isoformat(timespec="seconds"),
    }
    url = sandbox.settings.logistics_callback_url
    sandbox.outbox.enqueue("biteship", "order.status", shipment.id, url, msgspec.json.encode(body))


def sign(settings: SandboxSettings, _: Callback) -> dict[str, str]:
    """Biteship's proof: a header of the merchant's own naming with a constant secret."""
    return {settings.logistics_webhook_header.lower(): settings.logistics_webhook_secret}
